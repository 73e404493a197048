"""A case is closed when the last of its work is done, never over the heads of those who still have some."""

from __future__ import annotations

import pytest

from engine.services import cases
from engine.services import messages as router
from engine.storage import messages
from tests.support.casework import Casework, a_form, a_process, a_task, flow

FORMS = {"note": a_form("note", optional=("note",)), "why": a_form("why", optional=("reason",))}
CLOSING = a_task("closing", form="why", attributes='tsunagu:operation="case.close_intake"')
BESIDE = a_process(
    "beside",
    f'<bpmn:parallelGateway id="p"/>{CLOSING}{a_task("urgent")}<bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>'
    f"{flow('st', 'p')}{flow('p', 'closing')}{flow('p', 'urgent')}{flow('closing', 'e1')}{flow('urgent', 'e2')}",
)
ALONE = a_process("alone", f'{a_task("work")}<bpmn:endEvent id="e"/>{flow("st", "work")}{flow("work", "e")}')


def state(office: Casework) -> tuple[str, str]:
    """Status and reason of the only case."""
    (row,) = office.rows("SELECT status, closed_reason FROM support_case")
    return row.status, row.closed_reason


@pytest.fixture
def deployed(office: Casework) -> Casework:
    """The office with both processes."""
    office.deploy("beside", BESIDE, FORMS)
    office.deploy("alone", ALONE)
    return office


def test_a_case_stays_open_while_an_urgent_task_beside_is_open(deployed: Casework) -> None:
    deployed.start("beside")
    deployed.complete("closing", "worker", reason="情報提供で終了")
    assert state(deployed)[0] == "open"
    deployed.complete("urgent", "worker")
    assert state(deployed) == ("closed", "情報提供で終了")


def test_a_case_is_closed_at_once_when_nothing_else_is_open(deployed: Casework) -> None:
    deployed.start("beside")
    deployed.complete("urgent", "worker")
    assert state(deployed) == ("open", "")
    deployed.complete("closing", "worker", reason="解決")
    assert state(deployed) == ("closed", "解決")


def test_work_of_another_process_keeps_the_case_open(deployed: Casework) -> None:
    case = deployed.start("beside").case_id
    deployed.complete("closing", "worker", reason="解決")
    with deployed.engine.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO process_instance (id, case_id, process_key, version_id, org_id, entry, status, version, state,"
            f" history_seq, started_at) SELECT 'other', '{case}', 'alone', version_id, org_id, entry, 'running', 1,"
            " state, 0, started_at FROM process_instance"
        )
    deployed.complete("urgent", "worker")
    assert state(deployed) == ("open", "解決")


def test_a_plan_that_was_closed_ends_its_case_with_the_last_process(deployed: Casework) -> None:
    deployed.deploy("beside", BESIDE.replace(b"case.close_intake", b"case.close"), FORMS)
    case = deployed.start("beside").case_id
    other = cases.start(
        deployed.engine, deployed.person("worker"), "alone", entry="manual", case_id=case, now=deployed.now
    )
    deployed.complete("urgent", "worker")
    deployed.complete("closing", "worker")
    assert state(deployed) == ("open", "終結")
    deployed.complete("work", "worker", case_id=other.case_id)
    assert state(deployed) == ("closed", "終結")


def unheard(office: Casework, case: str) -> None:
    """A message that nothing of the case waits for."""
    with office.engine.database.write() as connection:
        message = {"kind": "message", "name": "consent.obtained", "case_id": case, "from_instance": None,
                   "delivery_key": "early", "payload": {}, "keys": {}, "created_at": office.now,
                   "next_at": office.now, "state": "pending"}  # fmt: skip
        messages.send(connection, [message])


def test_a_message_that_waits_lapses_when_its_case_is_closed_and_the_trail_says_so(deployed: Casework) -> None:
    unheard(deployed, deployed.start("beside").case_id)
    deployed.complete("urgent", "worker")
    router.route(deployed.engine, now=deployed.now)
    assert deployed.rows("SELECT state, attempts FROM outbox")[0] == ("pending", 1)
    deployed.complete("closing", "worker", reason="解決")
    router.route(deployed.engine, now=deployed.now)
    assert deployed.rows("SELECT state FROM outbox")[0].state == "lapsed"
    assert len(deployed.rows("SELECT seq FROM audit_event WHERE act = 'message.lapsed'")) == 1


RETURNED = b'<tsunagu:entry name="returned" message="case.returned"/>'
MANUAL = b'<tsunagu:entry name="manual"/>'
DECIDING = f'{a_task("decide")}<bpmn:endEvent id="e"/>{flow("st", "decide")}{flow("decide", "e")}'
TAKING_BACK = a_process("back", DECIDING).replace(MANUAL, MANUAL + RETURNED)


def test_a_case_left_open_by_its_last_process_comes_back_to_its_agency_once(deployed: Casework) -> None:
    deployed.deploy("back", TAKING_BACK)
    case = deployed.start("alone").case_id
    deployed.complete("work", "worker")
    assert [task.state for task in deployed.tasks("decide", case_id=case)] == ["open"]
    assert len(deployed.rows("SELECT id FROM outbox WHERE name = 'case.returned'")) == 1
    assert len(deployed.rows("SELECT seq FROM audit_event WHERE act = 'case.given_back'")) == 1


def test_a_case_with_other_work_or_a_reason_to_close_does_not_come_back(deployed: Casework) -> None:
    deployed.deploy("back", TAKING_BACK)
    deployed.start("beside")
    deployed.complete("urgent", "worker")
    deployed.complete("closing", "worker", reason="解決")
    assert state(deployed) == ("closed", "解決")
    assert deployed.rows("SELECT id FROM outbox") == []


def test_a_message_that_nothing_waits_for_any_more_does_not_keep_a_case_from_coming_back(deployed: Casework) -> None:
    deployed.deploy("back", TAKING_BACK)
    case = deployed.start("alone").case_id
    unheard(deployed, case)
    deployed.complete("work", "worker")
    assert [task.state for task in deployed.tasks("decide", case_id=case)] == ["open"]


def test_a_case_to_be_closed_is_closed_although_its_last_process_ends_with_a_message(deployed: Casework) -> None:
    told = b'<bpmn:endEvent id="e2"><bpmn:messageEventDefinition messageRef="m_work_done"/></bpmn:endEvent>'
    process = BESIDE.replace(b'<bpmn:endEvent id="e2"/>', told).replace(
        b'<bpmn:process id="beside"', b'<bpmn:message id="m_work_done" name="work.done"/><bpmn:process id="beside"'
    )
    deployed.deploy("beside", process, FORMS)
    deployed.start("beside")
    deployed.complete("closing", "worker", reason="解決")
    deployed.complete("urgent", "worker")
    assert state(deployed) == ("closed", "解決")
