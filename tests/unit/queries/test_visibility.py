"""Who may know of what: relation, division, role, seal and scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from engine.domain.staff import Actor, Membership
from engine.queries import visibility
from engine.queries.visibility import SEALED
from engine.services import tasks
from engine.storage.tables import (
    case_organisation,
    case_staff,
    process_instance,
    record,
    support_case,
    task_candidate,
    user_task,
)
from tests.support.casework import Casework, a_process, a_task, flow

CASE_WORKERS = ("intake_worker", "agency_manager", "mac_coordinator", "outreach_worker", "participation_coordinator",
                "division_officer", "emergency_officer", "supervisor", "programme_lead")  # fmt: skip
NO_CASE_DATA = ("process_owner", "sysadmin", "auditor", "community_developer")


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Casework]:
    """An office with one case of AG-04, on whose second task somebody has to work."""
    opened = Casework.open(sqlite_url)
    body = a_task("first") + a_task("second") + '<bpmn:endEvent id="e"/>'
    opened.deploy(
        "visit", a_process("visit", body + flow("st", "first") + flow("first", "second") + flow("second", "e"))
    )
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def case_id(office: Casework) -> str:
    """The case."""
    return office.start("visit", "worker", {"note": "訪問"}).case_id


def who(org: str, role: str, *, city: bool = False, staff_id: str = "somebody") -> Actor:
    """A person with one membership."""
    return Actor(staff_id, "人", (Membership(org, role, city),))


def sees(office: Casework, actor: Actor, case_id: str) -> bool:
    """Whether the actor may know of the case now."""
    with office.engine.database.read() as connection:
        return visibility.sees_case(connection, actor, case_id, office.now)


def acts(office: Casework, actor: Actor, case_id: str) -> bool:
    """Whether the actor may take the case's open task."""
    query = (
        select(user_task.c.id)
        .join(support_case, support_case.c.id == user_task.c.case_id)
        .where(
            user_task.c.case_id == case_id, user_task.c.state == "open", visibility.task_actionable(actor, office.now)
        )
    )
    with office.engine.database.read() as connection:
        return connection.execute(query).first() is not None


def take_part(office: Casework, case_id: str, org: str, relation: str, **values: object) -> None:
    """Let an organisation take part."""
    row = {"id": f"{org}{relation}", "case_id": case_id, "org_id": org, "relation": relation, "legal_basis": "consent",
           "scope_items": [], "since": office.now, **values}  # fmt: skip
    with office.engine.database.write() as connection:
        connection.execute(insert(case_organisation).values(**row))


def seal(office: Casework, case_id: str, level: int) -> None:
    """Put a seal on the case."""
    with office.engine.database.write() as connection:
        connection.execute(update(support_case).where(support_case.c.id == case_id).values(seal_level=level))


# ---------------------------------------------------------------- roles and relations


@pytest.mark.parametrize("role", CASE_WORKERS)
def test_case_work_of_the_own_office_sees_the_case(role: str, office: Casework, case_id: str) -> None:
    assert sees(office, who("AG-04", role), case_id)


@pytest.mark.parametrize("role", NO_CASE_DATA)
def test_roles_without_case_data_see_no_case_not_even_of_their_office(
    role: str, office: Casework, case_id: str
) -> None:
    assert not sees(office, who("AG-04", role), case_id)
    assert not sees(office, who("DV-04", role, city=True), case_id)


def test_another_office_sees_nothing(office: Casework, case_id: str) -> None:
    assert not sees(office, who("AG-02", "intake_worker"), case_id)
    assert not sees(office, Actor("nobody", "人"), case_id)


@pytest.mark.parametrize("relation", ["lead", "carries", "accepted", "asked", "consented", "granted", "plan_member"])
def test_an_office_that_takes_part_sees_the_case(relation: str, office: Casework, case_id: str) -> None:
    take_part(office, case_id, "AG-02", relation)
    assert sees(office, who("AG-02", "intake_worker"), case_id)


def test_taking_part_begins_and_ends(office: Casework, case_id: str) -> None:
    worker = who("AG-02", "intake_worker")
    take_part(
        office, case_id, "AG-02", "granted", since=office.now + timedelta(days=1), until=office.now + timedelta(days=3)
    )
    assert not sees(office, worker, case_id)
    office.now += timedelta(days=1)
    assert sees(office, worker, case_id)
    office.now += timedelta(days=2)
    assert not sees(office, worker, case_id)


def test_an_ended_part_gives_nothing(office: Casework, case_id: str) -> None:
    take_part(office, case_id, "AG-02", "consented", ended_at=office.now)
    assert not sees(office, who("AG-02", "intake_worker"), case_id)


def test_a_conference_member_sees_the_case_only_by_the_conference(office: Casework, case_id: str) -> None:
    guest = who("AG-13", "conference_member")
    take_part(office, case_id, "AG-13", "consented")
    assert not sees(office, guest, case_id)
    take_part(office, case_id, "AG-13", "conference_member", until=office.now + timedelta(days=1))
    assert sees(office, guest, case_id)
    office.now += timedelta(days=1)
    assert not sees(office, guest, case_id)


def test_a_conference_gives_its_office_no_more_than_the_member(office: Casework, case_id: str) -> None:
    take_part(office, case_id, "AG-02", "conference_member")
    assert not sees(office, who("AG-02", "intake_worker"), case_id)


# ---------------------------------------------------------------- divisions


@pytest.mark.parametrize("role", ["division_officer", "supervisor"])
def test_the_division_in_charge_sees_the_cases_of_its_agencies(role: str, office: Casework, case_id: str) -> None:
    assert sees(office, who("DV-04", role, city=True), case_id)
    assert sees(office, who("SC-03", role, city=True), case_id)
    assert not sees(office, who("DV-02", role, city=True), case_id)


def test_other_roles_of_the_division_do_not(office: Casework, case_id: str) -> None:
    assert not sees(office, who("DV-04", "intake_worker", city=True), case_id)


# ---------------------------------------------------------------- seals


def test_a_seal_keeps_the_own_office_out_except_named_people(office: Casework, case_id: str) -> None:
    seal(office, case_id, SEALED)
    worker = who("AG-04", "intake_worker", staff_id=office.staff["other_worker"])
    assert not sees(office, worker, case_id)
    with office.engine.database.write() as connection:
        name = {"case_id": case_id, "staff_id": worker.staff_id, "reason": "担当", "since": office.now}
        connection.execute(insert(case_staff).values(**name))
    assert sees(office, worker, case_id)
    colleague = who("AG-04", "intake_worker", staff_id=office.staff["worker"])
    assert not sees(office, colleague, case_id)  # the same memberships, so the same statement, but another person


def test_being_named_does_not_replace_taking_part(office: Casework, case_id: str) -> None:
    stranger = who("AG-02", "intake_worker", staff_id=office.staff["stranger"])
    with office.engine.database.write() as connection:
        name = {"case_id": case_id, "staff_id": stranger.staff_id, "reason": "", "since": office.now}
        connection.execute(insert(case_staff).values(**name))
    seal(office, case_id, 1)
    assert not sees(office, stranger, case_id)


@pytest.mark.parametrize(("level", "expected"), [(0, False), (1, False), (2, True)])
def test_the_seal_office_sees_sealed_households_wherever_they_came_from(
    level: int, expected: bool, office: Casework, case_id: str
) -> None:
    seal(office, case_id, level)
    assert sees(office, who("AG-06", "emergency_officer", city=True), case_id) is expected
    assert sees(office, who("SC-04", "emergency_officer", city=True), case_id) is expected
    assert not sees(office, who("AG-06", "intake_worker", city=True), case_id)


def test_supervisors_concerned_pass_a_seal_and_others_do_not(office: Casework, case_id: str) -> None:
    seal(office, case_id, SEALED)
    assert sees(office, who("DV-04", "supervisor", city=True), case_id)
    assert not sees(office, who("DV-04", "division_officer", city=True), case_id)
    assert not sees(office, who("DV-02", "supervisor", city=True), case_id)


def test_sealed_work_reaches_those_who_assign_it_and_no_other_candidate(office: Casework, case_id: str) -> None:
    with office.engine.database.write() as connection:
        task = connection.execute(select(user_task.c.id).where(user_task.c.state == "open")).scalar_one()
        connection.execute(insert(task_candidate).values(task_id=task, org_id="AG-04", role="agency_manager"))
    seal(office, case_id, SEALED)
    assert not acts(office, who("AG-04", "intake_worker"), case_id)
    assert acts(office, who("AG-04", "agency_manager"), case_id)


# ---------------------------------------------------------------- work


def candidate(office: Casework, org: str, role: str, *, city_only: bool = False) -> None:
    """Let one role in one organisation be the only candidate of the open task."""
    with office.engine.database.write() as connection:
        task = connection.execute(select(user_task.c.id).where(user_task.c.state == "open")).scalar_one()
        connection.execute(task_candidate.delete().where(task_candidate.c.task_id == task))
        connection.execute(insert(task_candidate).values(task_id=task, org_id=org, role=role))
        connection.execute(update(user_task).where(user_task.c.id == task).values(city_staff_only=city_only))


def test_a_candidate_holds_role_and_organisation_in_one_membership(office: Casework, case_id: str) -> None:
    two = Actor(
        "two", "人", (Membership("AG-04", "agency_manager", False), Membership("AG-02", "intake_worker", False))
    )
    assert acts(office, who("AG-04", "intake_worker"), case_id)
    assert not acts(office, two, case_id)


def test_a_subsection_counts_as_its_division(office: Casework, case_id: str) -> None:
    candidate(office, "DV-04", "supervisor")
    assert acts(office, who("SC-03", "supervisor", city=True), case_id)
    assert not acts(office, who("SC-01", "supervisor", city=True), case_id)
    office.employ("head", "SC-03", "supervisor")
    tasks.claim(office.engine, office.person("head"), office.task("second").id, now=office.now)
    assert office.task("second").assignee_id == office.staff["head"]


def test_any_city_office_means_city_staff(office: Casework, case_id: str) -> None:
    candidate(office, "*city", "division_officer")
    assert acts(office, who("DV-02", "division_officer", city=True), case_id)
    assert not acts(office, who("AG-04", "division_officer"), case_id)


def test_what_is_for_city_staff_is_not_for_a_contractor(office: Casework, case_id: str) -> None:
    candidate(office, "AG-04", "intake_worker", city_only=True)
    assert not acts(office, who("AG-04", "intake_worker"), case_id)
    assert acts(office, who("AG-04", "intake_worker", city=True), case_id)


def test_who_was_only_asked_sees_the_own_work_and_not_that_of_others(office: Casework, case_id: str) -> None:
    take_part(office, case_id, "AG-02", "asked")
    asked = who("AG-02", "intake_worker")
    with office.engine.database.read() as connection:
        (task,) = connection.execute(select(user_task.c.id).where(user_task.c.state == "open")).scalars()
        assert visibility.seen_task(connection, asked, task, office.now) is None
    with office.engine.database.write() as connection:
        connection.execute(update(user_task).where(user_task.c.id == task).values(org_id="AG-02"))
    with office.engine.database.read() as connection:
        assert visibility.seen_task(connection, asked, task, office.now) is not None


# ---------------------------------------------------------------- records


def readable(office: Casework, actor: Actor) -> set[str]:
    """Form keys of the records that the actor may read."""
    query = (
        select(record.c.form_key)
        .join(support_case, support_case.c.id == record.c.case_id)
        .where(visibility.record_visible(actor, office.now))
    )
    with office.engine.database.read() as connection:
        return set(connection.execute(query).scalars())


def write_record(office: Casework, case_id: str, form: str, org: str) -> None:
    """A record of an organisation."""
    with office.engine.database.write() as connection:
        version = connection.execute(select(process_instance.c.version_id)).scalars().first()
        connection.execute(
            insert(record).values(
                id=f"{form}-{org}", case_id=case_id, form_key=form, task_form=form, version_id=version, number=1,
                series=f"{form}-{org}", data={}, author_id="x", org_id=org, at=office.now,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ([], {"F12-own"}),
        (["概要"], {"F12-own", "F04"}),
        (["相談記録"], {"F12-own", "F12", "F15"}),
        (["アセスメント", "プラン"], {"F12-own", "F03", "F07"}),
        (["評価"], {"F12-own", "F13"}),
        (["参加支援の項目別"], {"F12-own", "F16"}),
    ],
    ids=["nothing", "summary", "consultation", "assessment and plan", "evaluation", "participation"],
)
def test_scope_decides_what_of_others_is_read(
    scope: list[str], expected: set[str], office: Casework, case_id: str
) -> None:
    for form in ("F03", "F04", "F07", "F09", "F12", "F13", "F15", "F16"):
        write_record(office, case_id, form, "AG-04")
    write_record(office, case_id, "F12-own", "AG-02")
    take_part(office, case_id, "AG-02", "consented", scope_items=scope)
    assert readable(office, who("AG-02", "intake_worker")) == expected


def test_the_office_that_carries_the_case_reads_everything(office: Casework, case_id: str) -> None:
    write_record(office, case_id, "F13", "AG-07")
    assert readable(office, who("AG-04", "intake_worker")) == {"F13", "note"}
    assert readable(office, who("DV-04", "supervisor", city=True)) == {"F13", "note"}
    assert readable(office, who("AG-07", "mac_coordinator")) == set()
