"""Processes on which people and schedulers meet."""

from __future__ import annotations

from tests.support.casework import a_form, a_process, a_task, flow

END = '<bpmn:endEvent id="end" name="終わり"/>'
NOTE = {"note": a_form("note", optional=("note",))}
REVIEW = {"review": a_form("review", required=("result",)), **NOTE}


def one(documentation: str = "") -> bytes:
    """st -> review -> after -> end; the text makes another version of the same process."""
    text = f"<bpmn:documentation>{documentation}</bpmn:documentation>" if documentation else ""
    return a_process(
        "one", text + a_task("review", form="review") + a_task("after") + flow("st", "review")
        + flow("review", "after") + flow("after", "end") + END, variables=("result", "note"),
    )  # fmt: skip


def branches(count: int) -> bytes:
    """That many tasks side by side, one join, one task after it."""
    sides = "".join(a_task(f"side_{n}") + flow("split", f"side_{n}") + flow(f"side_{n}", "join") for n in range(count))
    return a_process(
        f"both_{count}",
        '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/>' + sides + a_task("joined")
        + flow("st", "split") + flow("join", "joined") + flow("joined", "end") + END, variables=("note",),
    )  # fmt: skip


def asking() -> bytes:
    """st -> ask; then whichever comes first: the answer, or three days."""
    return a_process(
        "asking",
        a_task("ask") + '<bpmn:eventBasedGateway id="first"/>'
        + '<bpmn:intermediateCatchEvent id="answer"><bpmn:messageEventDefinition messageRef="m_answer_given"/>'
        + "</bpmn:intermediateCatchEvent>"
        + '<bpmn:intermediateCatchEvent id="silence"><bpmn:timerEventDefinition><bpmn:timeDuration>P3D'
        + "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        + a_task("answered") + a_task("silent") + flow("st", "ask") + flow("ask", "first") + flow("first", "answer")
        + flow("first", "silence") + flow("answer", "answered") + flow("silence", "silent") + flow("answered", "end")
        + flow("silent", "end") + END, variables=("note",), messages=("answer.given",),
    )  # fmt: skip


def answering() -> bytes:
    """st -> tell -> sends the answer and ends."""
    return a_process(
        "answering",
        a_task("tell") + '<bpmn:endEvent id="told" name="伝えた">'
        + '<bpmn:messageEventDefinition messageRef="m_answer_given"/></bpmn:endEvent>' + flow("st", "tell")
        + flow("tell", "told"), variables=("note",), messages=("answer.given",),
    )  # fmt: skip


def watched() -> bytes:
    """st -> work; when it is overdue, a task for somebody else opens beside it."""
    return a_process(
        "watched",
        a_task("work")
        + '<bpmn:boundaryEvent id="late" attachedToRef="work" cancelActivity="false" tsunagu:follows="overdue">'
        + '<bpmn:timerEventDefinition><bpmn:timeDate>overdue_at(business_days_after(today(), 5))</bpmn:timeDate>'
        + "</bpmn:timerEventDefinition></bpmn:boundaryEvent>" + a_task("ask_why")
        + '<bpmn:endEvent id="asked" name="確認した"/>' + flow("st", "work") + flow("work", "end") + END
        + flow("late", "ask_why") + flow("ask_why", "asked"), variables=("note",),
    )  # fmt: skip


def waking() -> bytes:
    """st -> until the day after the day after tomorrow begins -> woken -> end."""
    return a_process(
        "waking",
        '<bpmn:intermediateCatchEvent id="day"><bpmn:timerEventDefinition><bpmn:timeDate>'
        + "start_of(days_after(today(), 3))</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        + a_task("woken") + flow("st", "day") + flow("day", "woken") + flow("woken", "end") + END, variables=("note",),
    )  # fmt: skip


def seizing() -> bytes:
    """Two tasks side by side: one changes the case before the token goes on, the other after that."""
    return a_process(
        "seizing",
        '<bpmn:parallelGateway id="split"/>' + a_task("alarm", attributes='tsunagu:operation="emergency.open"')
        + a_task("look") + a_task("talk", attributes='tsunagu:stage="面談"')
        + '<bpmn:endEvent id="quiet" name="終わり"/>'
        + flow("st", "split") + flow("split", "alarm") + flow("split", "look") + flow("look", "talk")
        + flow("alarm", "end") + flow("talk", "quiet") + END, variables=("note",),
    )  # fmt: skip
