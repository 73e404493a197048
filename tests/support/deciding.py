"""A process whose middle is a decision table, for an office or a site."""

from __future__ import annotations

from hashlib import sha256

from engine.storage import definitions as definition_store
from tests.support.casework import Casework, a_form, a_process, a_task, flow
from tests.unit.decisions.tables import xml

RULE_TASK = '<bpmn:businessRuleTask id="weigh" name="判定する" camunda:decisionRef="weight"/>'
BPMN = a_process(
    "asked",
    a_task("ask", form="ask") + RULE_TASK + a_task("help") + '<bpmn:endEvent id="end" name="終わり"/>'
    + flow("st", "ask") + flow("ask", "weigh") + flow("weigh", "help") + flow("help", "end"),
    variables=("level", "course"),
)  # fmt: skip
ROWS = [(['"重い"'], ['"手厚く"']), (['not("重い")'], ['"見守る"'])]


def deploy(office: Casework, rows: list[tuple[list[str], list[str]]]) -> str:
    """Make a version live with this table, without the checks of publishing."""
    table = xml(rows, inputs=[("level", "string")], outputs=[("course", "string")], key="weight").encode()
    files = {
        "process.bpmn": BPMN,
        "asked/forms/ask.json": a_form("ask", optional=("level",)),
        "asked/forms/note.json": a_form("note", optional=("note",)),
        "asked/decisions/weight.dmn": table,
    }
    with office.engine.database.write() as connection:
        version = definition_store.add(
            connection, process_key="asked", name="asked", content_hash=sha256(table).hexdigest(), files=files,
            engine_version="test", now=office.now,
        )  # fmt: skip
        definition_store.deploy(
            connection, process_key="asked", version_id=version, by=None, reason="test", checks=[], now=office.now
        )
    return str(version)
