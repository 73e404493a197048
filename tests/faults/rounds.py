"""A process for kill tests: endless rounds of two parallel tasks and a joint one.

In each round a task is late from the beginning, so that the scheduler raises all its levels, and a timer is due at once
and rings a bell by a message; another timer, a message event and a process that each round starts wait beside them.
"""

from __future__ import annotations

from tests.support.casework import Casework, a_form, a_process, a_task, flow

LATE = 'tsunagu:due="days_after(started_on, -60)"'
DUE = (
    '<bpmn:boundaryEvent id="is_due" attachedToRef="right" cancelActivity="false"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>start_of(started_on)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:intermediateThrowEvent id="ring" tsunagu:payload="note">'
    '<bpmn:messageEventDefinition messageRef="m_round_rung"/></bpmn:intermediateThrowEvent>'
    '<bpmn:endEvent id="end_due"/>'
)
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
    + '<bpmn:parallelGateway id="join"/>' + a_task("left", attributes=LATE) + a_task("right") + a_task("sum")
    + DUE + WATCH + TELL
    + flow("st", "begin") + flow("begin", "again") + flow("again", "split") + flow("split", "left")
    + flow("split", "right") + flow("left", "join") + flow("right", "join") + flow("join", "sum")
    + flow("is_due", "ring") + flow("ring", "end_due")
    + flow("is_late", "end_late") + flow("is_called", "end_called") + flow("sum", "tell") + flow("tell", "again"),
    variables=("note",), messages=("round.done", "round.called", "round.rung"),
)  # fmt: skip


def started_by(message: str, process: bytes) -> bytes:
    """The process as one that a message starts."""
    return process.replace(
        b'<tsunagu:entry name="manual"/>', f'<tsunagu:entry name="message" message="{message}"/>'.encode()
    )


ECHO = started_by("round.done", a_process(
    "echo", a_task("hear") + flow("st", "hear") + flow("hear", "end") + '<bpmn:endEvent id="end"/>',
    variables=("note",),
))  # fmt: skip
BELL = started_by("round.rung", a_process(
    "bell", '<bpmn:endEvent id="end"/>' + flow("st", "end"), variables=("note",),
))  # fmt: skip


def deploy_rounds(office: Casework) -> None:
    """Make the processes live; every form has one field, ``note``."""
    forms = {"note": a_form("note", optional=("note",))}
    for key, process in (("rounds", ROUNDS), ("echo", ECHO), ("bell", BELL)):
        office.deploy(key, process, forms)
