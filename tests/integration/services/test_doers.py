"""A task that opens is given only to who may do it, and always has somebody who may."""

from __future__ import annotations

import pytest

from engine.queries.inbox import InboxFilter, View, inbox
from engine.services import tasks
from tests.support.casework import Casework, a_form, a_process, a_task, flow

NAMED = {"note": a_form("note", optional=("note", "helper"))}


def waits(office: Casework, name: str) -> list[str]:
    """Names of the tasks that a person may claim."""
    page = inbox(office.engine, office.person(name), View.CLAIMABLE, InboxFilter(), now=office.now)
    return [row.name for row in page.rows]


def of_two(second: str) -> bytes:
    """A process of two tasks, the second as given."""
    return a_process(
        "two",
        f'{a_task("first")}{second}<bpmn:endEvent id="e"/>{flow("st", "first")}{flow("first", "second")}'
        f"{flow('second', 'e')}",
        variables=("helper",),
    )


@pytest.mark.parametrize(("named", "held_by"), [("other_worker", "other_worker"), ("manager", None), ("nobody", None)])
def test_a_task_is_given_to_the_named_person_only_with_the_role(
    office: Casework, named: str, held_by: str | None
) -> None:
    office.deploy("two", of_two(a_task("second", attributes='tsunagu:assignTo="helper"')), NAMED)
    office.start("two")
    office.complete("first", "worker", helper=office.staff.get(named, "nobody"))
    second = office.task("second")
    assert second.assignee_id == (office.staff[held_by] if held_by else None)
    assert second.state == ("claimed" if held_by else "open")


def test_the_only_manager_who_wrote_a_request_leaves_its_approval_to_the_supervisor(office: Casework) -> None:
    office.deploy("two", of_two(a_task("second", roles="agency_manager", attributes='tsunagu:notSameAs="first"')))
    office.employ("lead", "AG-02", "intake_worker")
    office.employ("supervisor_of_lead", "DV-02", "supervisor")
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO membership (id, staff_id, org_id, role, valid_from) VALUES ('m', '"
            + office.staff["lead"]
            + "', 'AG-02', 'agency_manager', '2025-04-01')"
        )
    started = office.start("two", by="lead")
    office.complete("first", "lead", case_id=started.case_id)
    assert waits(office, "supervisor_of_lead") == ["second"]
    tasks.complete(office.engine, office.person("supervisor_of_lead"), office.task("second").id, {}, now=office.now)
    assert office.task("second").state == "completed"


def test_a_supervisor_who_wrote_the_request_alone_leaves_its_approval_to_who_leads_the_programme(
    office: Casework,
) -> None:
    office.deploy("two", of_two(a_task("second", roles="agency_manager", attributes='tsunagu:notSameAs="first"')))
    office.employ("lead", "AG-02", "intake_worker")
    office.employ("programme", "DV-07", "programme_lead")
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO membership (id, staff_id, org_id, role, valid_from) VALUES ('m', '"
            + office.staff["lead"]
            + "', 'DV-02', 'supervisor', '2025-04-01')"
        )
    started = office.start("two", by="lead")
    office.complete("first", "lead", case_id=started.case_id)
    assert waits(office, "programme") == ["second"]
    assert waits(office, "lead") == []


def test_another_manager_keeps_the_approval_from_the_supervisor(office: Casework) -> None:
    office.deploy("two", of_two(a_task("second", roles="agency_manager", attributes='tsunagu:notSameAs="first"')))
    office.start("two")
    office.complete("first", "worker")
    assert waits(office, "manager") == ["second"]
    assert waits(office, "supervisor") == []


def test_a_subsection_known_by_another_code_keeps_the_work_of_its_division(office: Casework) -> None:
    """AG-06 is SC-04, a subsection of DV-04."""
    office.employ("head", "AG-06", "agency_manager")
    of_division = a_task("second", roles="agency_manager", attributes='tsunagu:orgScope="helper"')
    office.deploy("two", of_two(of_division), NAMED)
    office.start("two")
    office.complete("first", "worker", helper="DV-04")
    assert waits(office, "head") == ["second"]
    assert waits(office, "supervisor") == []


def test_work_of_a_partner_without_staff_comes_to_who_leads_the_programme(office: Casework) -> None:
    office.employ("programme", "DV-07", "programme_lead")
    office.deploy("two", of_two(a_task("second", attributes='tsunagu:orgScope="helper"')), NAMED)
    office.start("two")
    office.complete("first", "worker", helper="AG-13")
    assert waits(office, "programme") == ["second"]


def test_a_notice_reaches_who_works_here_since_this_tokyo_morning(office: Casework) -> None:
    office.deploy("two", of_two(a_task("second")))
    office.start("two")
    office.complete("first", "worker")
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE membership SET valid_from = '2026-04-09' WHERE org_id = 'AG-04'")
    office.tick("2026-04-09T00:00")
    told = {row.staff_id for row in office.rows("SELECT staff_id FROM notification WHERE about = 'level:overdue'")}
    assert told == {office.staff["worker"], office.staff["other_worker"]}
