"""A process for kill tests: endless rounds of two parallel tasks and a joint one, with timers, messages, a waiting
event, and a second process that each round starts."""

from __future__ import annotations

from tests.support.casework import Casework, a_form, a_process, a_task, flow

WATCH = (
    '<bpmn:boundaryEvent id="is_late" attachedToRef="sum" cancelActivity="false"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>start_of(days_after(started_on, 3000))</bpmn:timeDate></bpmn:timerEventDefinition>"
    '</bpmn:boundaryEvent><bpmn:endEvent id="end_late"/>'
    '<bpmn:boundaryEvent id="is_called" attachedToRef="sum" cancelActivity="false">'
    '<bpmn:messageEventDefinition messageRef="m_round_called"/></bpmn:boundaryEvent><bpmn:endEvent id="end_called"/>'
)
TELL = (
    '<bpmn:intermediateThrowEvent id="tell" tsunagu:payload="note">'
    '<bpmn:messageEventDefinition messageRef="m_round_done"/></bpmn:intermediateThrowEvent>'
)
ROUNDS = a_process(
    "rounds",
    a_task("begin") + '<bpmn:exclusiveGateway id="again"/><bpmn:parallelGateway id="split"/>'
    + '<bpmn:parallelGateway id="join"/>' + a_task("left") + a_task("right") + a_task("sum") + WATCH + TELL
    + flow("st", "begin") + flow("begin", "again") + flow("again", "split") + flow("split", "left")
    + flow("split", "right") + flow("left", "join") + flow("right", "join") + flow("join", "sum")
    + flow("is_late", "end_late") + flow("is_called", "end_called") + flow("sum", "tell") + flow("tell", "again"),
    variables=("note",), messages=("round.done", "round.called"),
)  # fmt: skip
ECHO = a_process(
    "echo", a_task("hear") + flow("st", "hear") + flow("hear", "end") + '<bpmn:endEvent id="end"/>', variables=("note",)
).replace(b'<tsunagu:entry name="manual"/>', b'<tsunagu:entry name="message" message="round.done"/>')


def deploy_rounds(office: Casework) -> None:
    """Make both processes live; every form has one field, ``note``."""
    forms = {"note": a_form("note", optional=("note",))}
    office.deploy("rounds", ROUNDS, forms)
    office.deploy("echo", ECHO, forms)
