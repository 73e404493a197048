"""What a seal hides is opened by named city staff, with a reason, for one page; noted and told before it is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from engine.domain.roles import Role
from engine.storage.sealing import seal
from engine.storage.tables import case_staff, membership, person, support_case
from tests.support.casework import a_form
from tests.web.site import PROCESS, Site, Thing

PHONE, ADDRESS = "090-0000-1234", "架空町1-2-3"
SECRET = "訪問した。"  #: what the case's record says
REASON = "安否を確かめるため"
OFFICER = "officer"
NOTED = "SELECT count(*) FROM audit_event WHERE act = 'sealed.opened'"


@dataclass(frozen=True)
class Sealed:
    """A sealed case of 寄り添い支援係 with a telephone number, and a record that hides a value."""

    case: Thing

    def household(self) -> str:
        """Where its contact details are opened."""
        return f"/cases/{self.case.number}/household/open"

    def record(self) -> str:
        """Where its record is opened."""
        return f"/cases/{self.case.number}/records/{self.case.record_id}/open"


@pytest.fixture
def sealed(site: Site) -> Sealed:
    """A case of the home office, sealed, in which the emergency office takes part."""
    site.employ(Role.EMERGENCY_OFFICER, "AG-06", OFFICER)
    asked = json.loads(a_form("note", optional=("note",)))
    asked["schema"]["properties"]["note"]["x-sealed"] = True
    site.office.deploy("visit", PROCESS + b"\n", {"note": json.dumps(asked).encode()})
    case = site.a_case()
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).where(support_case.c.id == case.case_id).values(seal_level=2))
        subject = select(support_case.c.subject_id).where(support_case.c.id == case.case_id).scalar_subquery()
        known = {"address": seal(ADDRESS), "phone_mobile": seal(PHONE)}
        connection.execute(update(person).where(person.c.id == subject).values(**known))
    site.invite(case.case_id, "AG-06", "lead")
    return Sealed(case)


def name(site: Site, sealed: Sealed, login: str) -> None:
    """Name somebody on the case."""
    about = {"case_id": sealed.case.case_id, "staff_id": site.office.staff[login], "reason": "担当"}
    with site.office.engine.database.write() as connection:
        connection.execute(insert(case_staff).values(**about, since=site.clock.moment))


def test_an_officer_gives_a_reason_and_sees_it_on_this_page_only(site: Site, sealed: Sealed) -> None:
    officer = site.browser(OFFICER)
    closed = officer.get(f"/cases/{sealed.case.number}/household")
    assert PHONE not in closed.text
    assert "理由を書いて開く" in closed.words
    asked = officer.post(sealed.household())
    assert asked.status == 200
    assert PHONE not in asked.text
    assert site.count(NOTED) == 0
    empty = officer.post(sealed.household(), {"reason": "　 "})
    assert empty.status == 422
    assert "開く理由を入力してください。" in empty.words
    assert PHONE not in empty.text
    opened = officer.post(sealed.household(), {"reason": REASON})
    assert PHONE in opened.words
    assert ADDRESS in opened.words
    assert opened.response.headers["Cache-Control"] == "no-store"
    assert PHONE not in officer.get(f"/cases/{sealed.case.number}/household").text


def test_a_record_shows_its_sealed_values_once(site: Site, sealed: Sealed) -> None:
    officer, address = site.browser(OFFICER), f"/cases/{sealed.case.number}/records/{sealed.case.record_id}"
    closed = officer.get(address)
    assert "（秘匿）" in closed.words
    assert SECRET not in closed.text
    assert "理由を書いて開く" in closed.words
    opened = officer.post(sealed.record(), {"reason": REASON})
    assert SECRET in opened.words
    assert SECRET not in officer.get(address).text
    (event,) = site.office.rows("SELECT data FROM audit_event WHERE act = 'sealed.opened'")
    assert json.loads(event.data)["what"] == sealed.case.record_id


def test_it_is_in_the_trail_and_in_the_access_log_and_those_concerned_are_told(site: Site, sealed: Sealed) -> None:
    colleague = site.employ(Role.EMERGENCY_OFFICER, "AG-06", "second-officer")
    site.employ(Role.SUPERVISOR, "DV-04", "named-chief")
    name(site, sealed, "named-chief")
    asked = site.browser(OFFICER).post(sealed.household())
    assert "職員 second-officer" in asked.words
    assert "職員 officer" not in asked.words
    site.browser(OFFICER).post(sealed.household(), {"reason": REASON})
    (event,) = site.office.rows("SELECT actor, chain, data FROM audit_event WHERE act = 'sealed.opened'")
    told = {site.office.staff[one] for one in (colleague, "named-chief")}
    data = json.loads(event.data)
    assert (event.actor, event.chain) == (site.office.staff[OFFICER], sealed.case.case_id)
    assert (data["what"], data["reason"], set(data["told"])) == ("contact", REASON, told)
    rows = site.office.rows("SELECT staff_id, what, reason FROM access_log WHERE act = 'sealed_opened'")
    assert [tuple(row) for row in rows] == [(site.office.staff[OFFICER], "contact", REASON)]
    notices = site.office.rows("SELECT staff_id FROM notification WHERE about = 'sealed_opened'")
    assert {row.staff_id for row in notices} == told
    assert "秘匿の内容が開かれました" in site.browser(colleague).get("/notices").words


def test_each_opening_is_an_event_of_its_own(site: Site, sealed: Sealed) -> None:
    officer = site.browser(OFFICER)
    for _ in range(2):
        officer.post(sealed.household(), {"reason": REASON})
    assert site.count(NOTED) == 2


def test_what_cannot_be_noted_is_not_shown(site: Site, sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = site.browser(OFFICER)

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr("engine.services.sealed.audit.append", refuse)
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = officer.client.post(sealed.household(), data={"csrf_token": officer.csrf, "reason": REASON})
    assert answer.status_code == 500
    assert PHONE not in answer.get_data(as_text=True)
    assert site.count("SELECT count(*) FROM access_log WHERE act = 'sealed_opened'") == 0


def test_a_named_person_of_the_city_opens_it_and_prints_without_the_address(site: Site, sealed: Sealed) -> None:
    site.employ(Role.DIVISION_OFFICER, "DV-04", "named-officer")
    name(site, sealed, "named-officer")
    opened = site.browser("named-officer").post(sealed.household(), {"reason": REASON})
    assert PHONE in opened.words
    assert opened.text.count('<div class="no-print"><dt>') == 2
    printed = site.browser(OFFICER).post(sealed.household(), {"reason": REASON})
    assert '<div class="no-print"><dt>' not in printed.text


#: people who never open it: (role, organisation, named on the case)
NEVER = {
    "a supervisor who is not named": (Role.SUPERVISOR, "DV-04", False),
    "a supervisor of another division": (Role.SUPERVISOR, "DV-02", False),
    "a contractor who is named": (Role.INTAKE_WORKER, "AG-04", True),
    "a contractor's manager": (Role.AGENCY_MANAGER, "AG-04", True),
    "an emergency officer of a contractor": (Role.EMERGENCY_OFFICER, "AG-04", True),
    "a process owner": (Role.PROCESS_OWNER, "DV-07", True),
    "an administrator": (Role.SYSADMIN, "DV-07", True),
    "an auditor": (Role.AUDITOR, "DV-07", True),
    "another office": (Role.INTAKE_WORKER, "AG-02", False),
    "a guest of a conference": (Role.CONFERENCE_MEMBER, "AG-13", False),
}


@pytest.mark.parametrize("who", NEVER)
def test_nobody_else_opens_it_by_a_forged_request(site: Site, sealed: Sealed, who: str) -> None:
    role, org, named = NEVER[who]
    hostile = site.browser(site.employ(role, org, "hostile"))
    if named:
        name(site, sealed, "hostile")
    site.invite(sealed.case.case_id, "AG-13", "conference_member")
    for path in (sealed.household(), sealed.record()):
        for data in ({}, {"reason": REASON}):
            answer = hostile.post(path, data)
            assert answer.status in (403, 404), path
            assert not any(word in answer.text for word in (PHONE, ADDRESS, SECRET))
        absent = hostile.post(path.replace(sealed.case.number, "R8-9999"), {"reason": REASON})
        assert answer.text == absent.text
    assert "理由を書いて開く" not in hostile.get(f"/cases/{sealed.case.number}/household").text
    assert site.count(NOTED) == site.count("SELECT count(*) FROM notification WHERE about = 'sealed_opened'") == 0


def test_a_role_that_has_ended_opens_nothing_more(site: Site, sealed: Sealed) -> None:
    officer = site.browser(OFFICER)
    assert officer.post(sealed.household(), {"reason": REASON}).status == 200
    with site.office.engine.database.write() as connection:
        mine = membership.c.staff_id == site.office.staff[OFFICER]
        connection.execute(update(membership).where(mine).values(valid_until=date(2026, 3, 31)))
    assert officer.post(sealed.household(), {"reason": REASON}).status in (403, 404)
    assert site.count(NOTED) == 1


def test_a_request_without_the_token_opens_nothing(site: Site, sealed: Sealed) -> None:
    answer = site.browser(OFFICER).post(sealed.household(), {"reason": REASON, "csrf_token": "forged"})
    assert answer.status == 400
    assert site.count(NOTED) == 0
