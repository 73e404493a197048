"""Somebody with roles in two organisations works for one of them at a time."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import insert, update

from engine.domain.roles import Role
from engine.services import absences, tasks
from engine.storage.tables import membership, notification
from tests.support.casework import tokyo
from tests.web.site import PASSWORD, Site, Visitor

BOTH = "two-offices"


@pytest.fixture
def person(site: Site) -> Visitor:
    """A worker of the home office who also works for another one."""
    site.employ(Role.INTAKE_WORKER, login=BOTH)
    second_role(site, "AG-02", Role.INTAKE_WORKER)
    return site.browser(BOTH)


def second_role(site: Site, org: str, role: Role) -> None:
    """A further role, somewhere else."""
    with site.office.engine.database.write() as connection:
        connection.execute(
            insert(membership).values(
                id=f"m-{org}",
                staff_id=site.office.staff[BOTH],
                org_id=org,
                role=role.value,
                valid_from=date(2025, 4, 1),
            )
        )


def test_inbox_and_permissions_follow_the_organisation_chosen(site: Site, person: Visitor) -> None:
    here, there = site.a_case("worker"), site.a_case("stranger")
    both = person.get("/inbox?view=claimable").words
    assert here.number in both
    assert there.number in both
    person.post("/capacity", {"org": "AG-02"})
    page = person.get("/inbox?view=claimable")
    assert there.number in page.words
    assert here.number not in page.words
    assert person.get(f"/cases/{here.number}").status == 404
    assert person.get(f"/cases/{there.number}").status == 200
    assert site.browser(BOTH).get(f"/cases/{here.number}").status == 404  # kept for the next session
    person.post("/capacity", {"org": "AG-04"})
    assert person.get(f"/cases/{here.number}").status == 200


def test_the_trail_says_for_which_organisation_an_act_was_done(site: Site, person: Visitor) -> None:
    case = site.a_case("stranger")
    for _ in range(2):
        person.post("/capacity", {"org": "AG-02"})
    person.post(f"/tasks/{case.task_id}/claim")
    person.post(f"/tasks/{case.task_id}/complete", {})
    rows = site.office.rows(
        "SELECT act, data FROM audit_event WHERE actor = :s ORDER BY at, seq", s=site.office.staff[BOTH]
    )
    acts = {row.act: json.loads(row.data) for row in rows}
    assert acts["capacity.chosen"] == {"org": "AG-02"}
    assert acts["task.claimed"]["capacity"] == acts["task.completed"]["capacity"] == "AG-02"
    assert acts["task.completed"]["org"] == "AG-02"
    assert [row.act for row in rows].count("capacity.chosen") == 1


def test_work_of_the_other_organisation_is_told_and_done_after_switching(site: Site, person: Visitor) -> None:
    case = site.a_case("worker")
    tasks.claim(site.office.engine, site.office.person(BOTH), case.task_id, now=site.clock.moment)
    person.post("/capacity", {"org": "AG-02"})
    inbox = person.get("/inbox?view=mine")
    assert "ほかの所属の仕事が1件あります" in inbox.words
    assert case.number not in inbox.words
    page = person.get(f"/tasks/{case.task_id}")
    assert "この仕事は「生活相談センターさぽーと」の職員として行います" in page.words
    assert "提出して次へ進める" not in page.words
    assert person.post(f"/tasks/{case.task_id}/complete", {}).status == 403
    led = person.post("/capacity", page.fields("/capacity") | {"org": "AG-04", "next": f"/tasks/{case.task_id}"})
    assert "提出して次へ進める" in person.get(led.location).words


def test_after_signing_in_the_organisation_is_chosen_the_last_one_first(site: Site) -> None:
    site.employ(Role.INTAKE_WORKER, login=BOTH, password=PASSWORD)
    second_role(site, "AG-02", Role.INTAKE_WORKER)
    visitor = site.visitor()
    led = visitor.sign_in(BOTH)
    assert led.location.startswith("/capacity?next=")
    page = visitor.get(led.location)
    assert "どの所属で仕事をするか" in page.words
    visitor.post("/capacity", {"org": "AG-04"})
    again = visitor.get("/capacity")
    assert again.words.index("生活相談センターさぽーと") < again.words.index("前回の所属")
    assert 'name="org" value="AG-04"' in again.text.split('name="org" value="AG-02"')[-2]


def test_an_organisation_that_is_not_ones_own_is_not_chosen(site: Site, person: Visitor) -> None:
    assert person.post("/capacity", {"org": "AG-07"}).status == 404
    assert person.post("/capacity", {"org": "AG-02", "next": "https://elsewhere.example/"}).location == "/"
    one = site.browser(site.employ(Role.INTAKE_WORKER))
    assert one.get("/capacity").status == 302
    assert one.post("/capacity", {"org": "AG-04"}).status == 404


def test_a_role_that_has_ended_counts_in_no_capacity(site: Site, person: Visitor) -> None:
    case = site.a_case("stranger")
    person.post("/capacity", {"org": "AG-02"})
    assert person.get(f"/cases/{case.number}").status == 200
    with site.office.engine.database.write() as connection:
        ended = update(membership).where(membership.c.id == "m-AG-02").values(valid_until=date(2026, 3, 31))
        connection.execute(ended)
    assert person.get(f"/cases/{case.number}").status == 404
    assert "切り替える" not in person.get("/inbox?view=mine").text


def test_a_deputy_is_told_of_a_task_that_was_given_to_who_is_away(site: Site) -> None:
    engine, now = site.office.engine, tokyo("2026-04-01T09:00")
    manager, away, deputy = (site.office.person(name) for name in ("manager", "other_worker", "worker"))
    absences.register(engine, manager, away.staff_id, deputy.staff_id, date(2026, 4, 1), date(2026, 4, 30), now=now)
    case = site.a_case("worker")
    tasks.reassign(engine, manager, case.task_id, away.staff_id, now=now)
    with engine.database.read() as connection:
        told = connection.execute(notification.select().where(notification.c.task_id == case.task_id)).all()
    assert {(row.staff_id, row.about) for row in told} == {
        (away.staff_id, "assigned"), (deputy.staff_id, "assigned_absent"),
    }  # fmt: skip
    assert "代理をしている人に仕事が届きました" in site.browser("worker").get("/notices").words
