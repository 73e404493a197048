"""Messages between instances: delivered once, kept until somebody waits, across a restart."""

from __future__ import annotations

import json

from engine.services import messages
from tests.support.casework import Casework, a_process, a_task, flow

END = '<bpmn:endEvent id="end" name="終わり"/>'
SENDER = a_process(
    "sender",
    a_task("prepare", form="prepare")
    + '<bpmn:endEvent id="sent" name="送った" tsunagu:payload="topic due_on">'
    '<bpmn:messageEventDefinition id="md" messageRef="m_case_handed"/></bpmn:endEvent>'
    + flow("st", "prepare") + flow("prepare", "sent"),
    variables=("topic", "due_on:date"), messages=("case.handed",),
)  # fmt: skip
RECEIVER = (
    a_process(
        "receiver",
        a_task("take", attributes='tsunagu:due="due_on"') + flow("st", "take") + flow("take", "end") + END,
        variables=("topic", "due_on:date", "note"),
    )
    .replace(b'<tsunagu:entry name="manual"/>', b'<tsunagu:entry name="message" message="case.handed"/>')
)  # fmt: skip
WAITER = a_process(
    "waiter",
    '<bpmn:intermediateCatchEvent id="waits" tsunagu:payload="topic">'
    '<bpmn:messageEventDefinition id="wd" messageRef="m_case_handed"/></bpmn:intermediateCatchEvent>'
    + a_task("go_on") + flow("st", "waits") + flow("waits", "go_on") + flow("go_on", "end") + END,
    variables=("topic", "note"), messages=("case.handed",),
)  # fmt: skip


def _forms() -> dict[str, bytes]:
    form = {
        "key": "prepare", "title": "準備",
        "schema": {"type": "object", "properties": {
            "topic": {"type": "string", "title": "件名", "x-variable": True},
            "due_on": {"type": "string", "format": "date", "title": "期日", "x-variable": True}}},
        "ui": {"type": "VerticalLayout", "elements": [
            {"type": "Control", "scope": "#/properties/topic"}, {"type": "Control", "scope": "#/properties/due_on"}]},
    }  # fmt: skip
    return {"prepare": json.dumps(form, ensure_ascii=False).encode()}


def test_a_message_starts_the_receiving_process_with_its_declared_fields(office: Casework) -> None:
    office.deploy("sender", SENDER, _forms())
    office.deploy("receiver", RECEIVER)
    case = office.start("sender", data={"topic": "引継ぎ", "due_on": "2026-04-20"})
    task = office.task("take", case_id=case.case_id)
    assert str(task.due_on)[:10] == "2026-04-20"
    instances = office.rows("SELECT process_key, entry, status FROM process_instance ORDER BY process_key")
    assert [tuple(i) for i in instances] == [("receiver", "message", "running"), ("sender", "manual", "completed")]


def test_a_message_is_delivered_once_however_often_the_router_runs(office: Casework) -> None:
    office.deploy("sender", SENDER, _forms())
    office.deploy("receiver", RECEIVER)
    office.start("sender", data={"topic": "引継ぎ"})
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'pending'")
    messages.route(office.engine, now=office.now)
    assert len(office.tasks("take")) == 1


def test_an_early_message_waits_for_its_receiver_over_a_restart(office: Casework) -> None:
    """Sent before anybody can take it, found again by another process of the software."""
    office.deploy("sender", SENDER, _forms())
    office.start("sender", data={"topic": "引継ぎ", "due_on": "2026-04-20"})
    assert office.rows("SELECT state FROM outbox")[0].state == "pending"
    office.engine.database.dispose()
    office.deploy("receiver", RECEIVER)
    office.tick("2026-04-03T09:00")
    assert len(office.tasks("take")) == 1
    assert office.rows("SELECT state FROM outbox")[0].state == "delivered"


def test_a_waiting_token_takes_only_the_fields_it_declares(office: Casework) -> None:
    office.deploy("sender", SENDER, _forms())
    office.deploy("waiter", WAITER)
    waiting = office.start("waiter")
    office.start("sender", data={"topic": "別の件"})
    assert office.tasks("go_on") == [], "a message of another case must not be taken"
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE outbox SET case_id = '{waiting.case_id}', next_at = created_at")
    messages.route(office.engine, now=office.now)
    assert office.task("go_on").case_id == waiting.case_id
    changes = [row.changes for row in office.rows("SELECT changes FROM history WHERE changes IS NOT NULL")]
    assert any("別の件" in text for text in changes)
