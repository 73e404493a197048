"""Personal tokens: made on the own page and shown once, good for programs alone, and gone when they should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from engine.domain.roles import Role
from engine.services import passwords, staff_accounts, staff_admin
from engine.storage.tables import membership
from tests.web.api.client import Program, a_token
from tests.web.site import PASSWORD, Page, Site, Visitor

PATH = "/settings/tokens"


@pytest.fixture
def browser(site: Site, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A consultation worker on the pages; passwords are compared without being hashed."""
    monkeypatch.setattr(passwords, "matches", lambda stored, given: given == PASSWORD)
    return site.browser(site.employ(Role.INTAKE_WORKER))


def make(browser: Visitor, **changed: str) -> Page:
    """Fill in the form and send it."""
    fields = browser.get(PATH).fields(PATH)
    return browser.post(PATH, {**fields, "name": "表計算への書き出し", "days": "30", "password": PASSWORD, **changed})


def test_a_token_is_shown_once_and_its_program_acts_for_the_person(site: Site, browser: Visitor) -> None:
    page = make(browser)
    token = re.search(r">(tsunagu_[\w-]{43})<", page.text)[1]
    thing = site.a_case("worker")
    assert Program(site, token).get(f"/cases/{thing.number}").status == 200
    listing = browser.get(PATH)
    assert "表計算への書き出し" in listing.words
    assert token not in listing.text
    (row,) = site.office.rows("SELECT * FROM api_token")
    assert token not in str(row)
    assert row.last_used_at is not None
    (event,) = site.office.rows("SELECT data FROM audit_event WHERE act = 'token.created'")
    assert row.id in event.data
    assert token not in event.data


def test_the_same_form_sent_twice_makes_one_token(site: Site, browser: Visitor) -> None:
    fields = browser.get(PATH).fields(PATH)
    for _ in range(2):
        page = browser.post(PATH, {**fields, "name": "一つだけ", "days": "90", "password": PASSWORD})
    assert page.location == f"{PATH}?again=1"
    assert "1つだけ" in browser.get(page.location).words
    assert site.count("SELECT count(*) FROM api_token") == 1


FAULTS = (
    ({"password": "another"}, "パスワードが違います"),
    ({"name": " "}, "何に使うかを"),
    ({"name": "x" * 61}, "60文字まで"),
    ({"days": "9999"}, "期間を"),
    ({"days": "x"}, "期間を"),
)


def test_a_form_with_faults_makes_nothing_and_names_them(site: Site, browser: Visitor) -> None:
    for changed, said in FAULTS:
        page = make(browser, **changed)
        assert page.status == 422
        assert said in page.words
    assert site.count("SELECT count(*) FROM api_token") == 0


def test_nobody_has_more_than_ten(site: Site, browser: Visitor) -> None:
    login = site.logins[Role.INTAKE_WORKER]
    for _ in range(10):
        a_token(site, login)
    page = make(browser)
    assert page.status == 422
    assert "10個まで" in page.words
    assert site.count("SELECT count(*) FROM api_token") == 10


def test_a_revoked_token_is_refused_at_once(site: Site, browser: Visitor) -> None:
    program = Program(site, a_token(site, site.logins[Role.INTAKE_WORKER]))
    assert program.get("/inbox").status == 200
    (action,) = re.findall(r'action="(/settings/tokens/\w+/revoke)"', browser.get(PATH).text)
    for _ in range(2):
        assert browser.post(action).location == f"{PATH}?revoked=1"
    answer = program.get("/inbox")
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert "invalid_token" in answer.response.headers["WWW-Authenticate"]
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'token.revoked'") == 1


def test_others_tokens_are_not_there(site: Site, browser: Visitor) -> None:
    a_token(site, "worker")
    (row,) = site.office.rows("SELECT id FROM api_token")
    foreign, absent = browser.post(f"{PATH}/{row.id}/revoke"), browser.post(f"{PATH}/{'0' * 32}/revoke")
    assert foreign.status == absent.status == 404
    assert foreign.text == absent.text
    assert site.count("SELECT count(*) FROM api_token WHERE revoked_at IS NOT NULL") == 0


def by_closing(site: Site, staff_id: str) -> None:
    """An administrator closes the account."""
    staff_accounts.deactivate(site.office.engine, staff_id, now=site.clock.moment)


def by_a_password(site: Site, staff_id: str) -> None:
    """The password is set anew."""
    staff_accounts.set_password(site.office.engine, staff_id, PASSWORD, now=site.clock.moment)


def by_signing_out(site: Site, staff_id: str) -> None:
    """An administrator signs the person out everywhere."""
    staff_admin.end_sessions(site.office.engine, site.office.person("supervisor"), staff_id, now=site.clock.moment)


@pytest.mark.parametrize("end", [by_closing, by_a_password, by_signing_out])
def test_a_token_ends_with_what_it_rests_on(
    end: Callable[[Site, str], None], office: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: "hash")
    login = office.employ(Role.INTAKE_WORKER, login=end.__name__.replace("_", "-"))
    program = Program.of(office, login)
    assert program.get("/inbox").status == 200
    end(office, office.office.staff[login])
    assert program.get("/inbox").code == "unauthenticated"


def test_a_token_counts_until_its_end(site: Site) -> None:
    program = Program.of(site, "worker")
    site.clock.moment += timedelta(days=89)
    assert program.get("/definitions").status == 200
    site.clock.moment += timedelta(days=1)
    assert program.get("/definitions").code == "unauthenticated"


def test_roles_are_those_of_the_moment(site: Site) -> None:
    program = Program.of(site, "worker")
    thing = site.a_case("worker")
    with site.office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE membership SET valid_until = '2026-03-01'")
    assert program.get("/inbox").status == 403
    assert program.get(f"/cases/{thing.number}").status == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer tsunagu_guessed", "Bearer " + "x" * 500, "Basic d29ya2VyOng="],
    ids=["none", "empty", "guessed", "long", "another scheme"],
)  # fmt: skip
def test_nobody_reads_without_a_token_that_counts(header: str, office: Site) -> None:
    program = Program(office)
    answer = program.get("/inbox", **({"Authorization": header} if header else {}))
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.response.headers["WWW-Authenticate"].startswith('Bearer realm="tsunagu"')


def test_a_session_is_no_token_and_a_token_no_session(site: Site, browser: Visitor) -> None:
    thing = site.a_case("worker")
    assert browser.client.get("/api/v1/inbox").status_code == 401
    assert browser.client.post(f"/api/v1/tasks/{thing.task_id}/claim").status_code == 401
    program = Program.of(site, "worker")
    page = program.client.get("/inbox", headers={"Authorization": f"Bearer {program.token}"})
    assert page.status_code == 302
    assert program.client.get(f"/api/v1/inbox?token={program.token}").status_code == 401


def test_an_administrator_sees_that_there_are_tokens_and_no_more(site: Site) -> None:
    a_token(site, "worker")
    page = site.browser(site.employ(Role.SYSADMIN)).get(f"/admin/staff/{site.office.staff['worker']}")
    assert "トークンが1個" in page.words
    assert "試験（架空）" not in page.words


def test_a_program_works_for_the_office_that_its_person_works_for(site: Site) -> None:
    login, here, there = site.employ(Role.INTAKE_WORKER), site.a_case("worker"), site.a_case("stranger")
    with site.office.engine.database.write() as connection:
        row = {"id": "second", "staff_id": site.office.staff[login], "org_id": "AG-02", "role": "intake_worker"}
        connection.execute(insert(membership).values(**row, valid_from=date(2025, 4, 1)))
    program = Program.of(site, login)
    assert {program.get(f"/cases/{thing.number}").status for thing in (here, there)} == {200}
    site.browser(login).post("/capacity", {"org": "AG-02"})
    assert [program.get(f"/cases/{thing.number}").status for thing in (here, there)] == [404, 200]
