"""Three processes, each calling the next, and one that sends a message: files for tests of called processes."""

from __future__ import annotations

from pathlib import Path

from engine.definitions.package import PROCESS_FILE, read_package
from engine.services import deployments
from engine.storage import definitions as definition_store
from tests.models.drawing import Diagram, Node, catches, chain, end, message, start, variable, work
from tests.support.casework import Casework, a_form

_AGAIN = message("m_told", "case.told")


def _handing(inside: str, outside: str, *, to: str, back: str) -> str:
    return (
        f'<bpmn:extensionElements><camunda:in source="{inside}" target="{to}"/>'
        f'<camunda:out source="{back}" target="{outside}"/></bpmn:extensionElements>'
    )


def _input(name: str) -> str:
    return f'<tsunagu:variable name="{name}" type="text" label="{name}" input="true"/>'


def _timer(expression: str) -> str:
    return (
        '<bpmn:timerEventDefinition id="d_timer"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
        f"{expression}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )


def top() -> Diagram:
    """Asks for a subject, then calls ``middle`` with it."""
    call = Node("callActivity", "pass_on", "取り次いでもらう", 'calledElement="middle"',
                _handing("subject", "answer", to="middle_subject", back="middle_answer"))  # fmt: skip
    nodes = [start(), work("ask", "たずねる"), call, work("close", "まとめる"), end()]
    declared = variable("subject", "text") + variable("answer", "text")
    return Diagram(
        nodes, chain("begin", "ask", "pass_on", "close", "finish"), extensions=declared, key="top", name="上"
    )


def middle() -> Diagram:
    call = Node("callActivity", "middle_call", "調べてもらう", 'calledElement="bottom"',
                _handing("middle_subject", "middle_answer", to="bottom_subject", back="bottom_answer"))  # fmt: skip
    nodes = [start(entry="called", element_id="middle_begin"), call, end("middle_end", "取り次いだ")]
    declared = _input("middle_subject") + variable("middle_answer", "text")
    lines = chain("middle_begin", "middle_call", "middle_end")
    return Diagram(nodes, lines, extensions=declared, key="middle", name="中")


def bottom() -> Diagram:
    """A task with an operation's neighbours: a boundary timer, then a message that must name the subject."""
    late = Node("boundaryEvent", "late", "3日たった", 'attachedToRef="look" cancelActivity="false"', _timer("P3D"))
    told = Node("intermediateCatchEvent", "told", "知らせが届く",
                'tsunagu:payload="bottom_answer" tsunagu:correlate="bottom_subject"', catches("m_told"))  # fmt: skip
    fixed = Node("serviceTask", "fix", "担当を決める", 'tsunagu:operation="case.set_lead"', (
        '<bpmn:extensionElements><camunda:inputOutput><camunda:inputParameter name="lead_org">owner_org'
        '</camunda:inputParameter></camunda:inputOutput></bpmn:extensionElements>'
    ))  # fmt: skip
    nodes = [
        start(entry="called", element_id="bottom_begin"),
        work("look", "調べる", due="started_on", dueRule="earlier", stage="調査"),
        late,
        work("press", "催促する"),
        end("pressed", "催促した"),
        fixed,
        told,
        end("bottom_end", "調べた"),
    ]
    lines = [*chain("bottom_begin", "look", "fix", "told", "bottom_end"), *chain("late", "press", "pressed")]
    declared = _input("bottom_subject") + variable("bottom_answer", "text")
    return Diagram(nodes, lines, extensions=declared, key="bottom", name="下", root=_AGAIN)


def teller() -> Diagram:
    """Sends the message that ``bottom`` waits for."""
    attrs = 'tsunagu:payload="bottom_answer bottom_subject" tsunagu:correlate="bottom_subject"'
    tell = Node("intermediateThrowEvent", "tell", "知らせる", attrs, catches("m_told"))
    nodes = [start(element_id="teller_begin"), work("word", "書く"), tell, end("teller_end")]
    declared = variable("bottom_subject", "text") + variable("bottom_answer", "text")
    lines = chain("teller_begin", "word", "tell", "teller_end")
    return Diagram(nodes, lines, extensions=declared, key="teller", name="知らせ", root=_AGAIN)


FORMS = {
    "top": {"ask": a_form("ask", required=("subject",)), "close": a_form("close", optional=("answer",))},
    "middle": {},
    "bottom": {
        "look": a_form("look", optional=("bottom_answer",)),
        "press": a_form("press", optional=("bottom_answer",)),
    },
    "teller": {"word": a_form("word", required=("bottom_subject", "bottom_answer"))},
}


def write(folder: Path, *diagrams: Diagram) -> Path:
    """The processes with their forms as they lie in a folder of workflows."""
    (folder / "forms").mkdir(parents=True, exist_ok=True)
    for diagram in diagrams:
        forms = folder / diagram.key / "forms"
        forms.mkdir(parents=True, exist_ok=True)
        (folder / diagram.key / PROCESS_FILE).write_text(diagram.text(), encoding="utf-8")
        for name, content in FORMS[diagram.key].items():
            (forms / f"{name}.json").write_bytes(content)
    return folder


def publish(office: Casework, folder: Path) -> list[deployments.DeployResult]:
    return deployments.deploy_folder(office.engine, folder, by=None, reason="試験", now=office.now)


def install(office: Casework, folder: Path) -> None:
    """Make the processes live without the checks of publishing, which take their time."""
    for key in deployments.keys_in(folder):
        package = read_package(folder / key, folder / "forms")
        with office.engine.database.write() as connection:
            version = definition_store.add(
                connection, process_key=key, name=key, content_hash=package.content_hash, files=package.files,
                engine_version="test", now=office.now,
            )  # fmt: skip
            definition_store.deploy(
                connection, process_key=key, version_id=version, by=None, reason="test", checks=[], now=office.now
            )
