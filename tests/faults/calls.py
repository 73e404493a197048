"""A process for the tests in which one call to the database fails: each act of it is one change of what is kept.

``work`` is done again and again; each round a timer is due at once and opens ``late``. ``say`` sends a message that the
waiting token of ``work`` takes, ``ring`` one that starts a process of its own.
"""

from __future__ import annotations

from tests.faults.rounds import started_by
from tests.support.casework import Casework, a_form, a_process, a_task, flow

DUE = (
    '<bpmn:boundaryEvent id="is_due" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>start_of(started_on)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:boundaryEvent id="is_told" attachedToRef="work" cancelActivity="false">'
    '<bpmn:messageEventDefinition messageRef="m_told"/></bpmn:boundaryEvent>'
)


def _throw(element_id: str, message: str) -> str:
    return (
        f'<bpmn:intermediateThrowEvent id="{element_id}" tsunagu:payload="note">'
        f'<bpmn:messageEventDefinition messageRef="m_{message}"/></bpmn:intermediateThrowEvent>'
    )


CALLS = a_process(
    "calls",
    '<bpmn:parallelGateway id="split"/>'
    + "".join(f'<bpmn:exclusiveGateway id="again_{name}"/>{a_task(name)}' for name in ("work", "say", "ring"))
    + DUE + a_task("late") + a_task("heard") + '<bpmn:endEvent id="end_late"/><bpmn:endEvent id="end_heard"/>'
    + _throw("tell", "told") + _throw("sound", "rung")
    + flow("st", "split")
    + "".join(flow("split", f"again_{name}") + flow(f"again_{name}", name) for name in ("work", "say", "ring"))
    + flow("work", "again_work") + flow("say", "tell") + flow("tell", "again_say")
    + flow("ring", "sound") + flow("sound", "again_ring")
    + flow("is_due", "late") + flow("late", "end_late") + flow("is_told", "heard") + flow("heard", "end_heard"),
    variables=("note",), messages=("told", "rung"),
)  # fmt: skip
RUNG = started_by("rung", a_process(
    "bell", a_task("answer") + flow("st", "answer") + flow("answer", "end") + '<bpmn:endEvent id="end"/>',
    variables=("note",),
))  # fmt: skip


def deploy_calls(office: Casework) -> None:
    """Make both processes live."""
    forms = {"note": a_form("note", optional=("note",))}
    office.deploy("calls", CALLS, forms)
    office.deploy("bell", RUNG, forms)
