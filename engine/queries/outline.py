"""The text twin of a diagram: its steps in order, with role, clock and next steps; and what follows one step.

The model is the plain data of ``engine.definitions.elements``; kinds are compared by their BPMN names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.domain.deadline import Period
from engine.domain.roles import Role

if TYPE_CHECKING:
    from engine.definitions.elements import BpmnModel, Element, Flow, TaskSettings

_GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")


class StepKind(StrEnum):
    """What a line of the outline is."""

    START = "start"
    TASK = "task"  #: work of a person
    AUTOMATIC = "automatic"  #: done by the system
    QUESTION = "question"  #: the ways part
    JOIN = "join"  #: ways meet
    WAIT = "wait"  #: a message or a moment is awaited
    SEND = "send"  #: a message goes out
    WATCH = "watch"  #: a moment or message beside a task
    PART = "part"  #: a sub-process or a called process
    END = "end"


@dataclass(frozen=True)
class Way:
    """A way on from a step: the label of the flow, the step it leads to (its number), and that step's name."""

    label: str
    target_id: str
    target_no: int
    target_name: str


@dataclass(frozen=True)
class Step:
    """One line. ``no`` counts from 1 over all lines; ``repeats``: done once per item of a list."""

    no: int
    element_id: str
    kind: StepKind
    name: str
    depth: int
    lane: str
    roles: tuple[str, ...]
    period: str
    due_rule: str
    city_staff_only: bool
    repeats: bool
    documentation: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class NextStep:
    """What may happen after a task: the answers on the way there, and what then opens, waits or ends."""

    conditions: tuple[str, ...]
    kind: StepKind
    name: str
    roles: tuple[str, ...]


def outline(model: BpmnModel) -> tuple[Step, ...]:
    """Every step once, in the order in which a case reaches them; watches follow their task, parts their frame.

    The steps of a called process follow the first call of it.
    """
    ordered = list(_in_order(model, model.process_id, 0, set()))
    numbers = {element.id: no for no, (element, _) in enumerate(ordered, start=1)}
    return tuple(_step(model, element, depth, numbers) for element, depth in ordered)


def _in_order(model: BpmnModel, scope: str, depth: int, told: set[str]) -> Iterator[tuple[Element, int]]:
    if scope in told:
        return
    told.add(scope)
    inside = {element.id: element for element in model.in_scope(scope)}
    starts = [e.id for e in inside.values() if e.kind == "startEvent"] or [
        e.id for e in inside.values() if not e.incoming and e.attached_to is None
    ]
    seen: set[str] = set()
    rest = [e.id for e in inside.values() if e.attached_to is None]
    for first in (*starts, *rest):
        for element_id in _walk(model, first, inside, seen):
            yield from _with_parts(model, inside[element_id], depth, told)


def _walk(model: BpmnModel, first: str, inside: dict[str, Element], seen: set[str]) -> Iterator[str]:
    """A branch is followed to its end before the next begins, the one drawn nearest first.

    Breadth by waves would jump between branches; the order of the file would tell rare ways in before the main one.
    """
    stack = [first]
    while stack:
        element_id = stack.pop()
        if element_id in seen or element_id not in inside:
            continue
        seen.add(element_id)
        yield element_id
        watches = [b.id for b in model.boundaries(element_id)]
        targets = sorted(
            (flow.target for flow in model.flows_out(element_id) if flow.target in inside),
            key=lambda target: inside[target].place,
        )
        stack.extend(reversed([*watches, *targets]))


def _with_parts(model: BpmnModel, element: Element, depth: int, told: set[str]) -> Iterator[tuple[Element, int]]:
    yield element, depth + (1 if element.attached_to else 0)
    if element.kind == "subProcess":
        yield from _in_order(model, element.id, depth + 1, told)
    if element.kind == "callActivity":
        yield from _in_order(model, element.called, depth + 1, told)


def _step(model: BpmnModel, element: Element, depth: int, numbers: dict[str, int]) -> Step:
    settings = element.task
    return Step(
        no=numbers[element.id],
        element_id=element.id,
        kind=kind_of(element),
        name=display_name(element),
        depth=depth,
        lane=element.lane_name,
        roles=settings.roles if settings else (),
        period=period_ja(settings) if settings else "",
        due_rule=due_rule_ja(settings) if settings else "",
        city_staff_only=bool(settings and settings.city_staff_only),
        repeats=element.multi_instance is not None or element.loop is not None,
        documentation=element.documentation,
        ways=tuple(_way(model, flow, numbers) for flow in model.flows_out(element.id)),
    )


def _way(model: BpmnModel, flow: Flow, numbers: dict[str, int]) -> Way:
    target = model.elements.get(flow.target)
    name = display_name(target) if target else flow.target
    return Way(flow.name, flow.target, numbers.get(flow.target, 0), name)


def kind_of(element: Element) -> StepKind:
    """What the element is in the outline."""
    if element.attached_to:
        return StepKind.WATCH
    if element.kind in _GATEWAYS:
        return StepKind.QUESTION if len(element.outgoing) > 1 else StepKind.JOIN
    return _KINDS.get(str(element.kind), StepKind.AUTOMATIC)


_KINDS = {
    "startEvent": StepKind.START,
    "endEvent": StepKind.END,
    "userTask": StepKind.TASK,
    "manualTask": StepKind.TASK,
    "serviceTask": StepKind.AUTOMATIC,
    "sendTask": StepKind.SEND,
    "intermediateThrowEvent": StepKind.SEND,
    "receiveTask": StepKind.WAIT,
    "intermediateCatchEvent": StepKind.WAIT,
    "subProcess": StepKind.PART,
    "callActivity": StepKind.PART,
}
_UNNAMED = {
    StepKind.JOIN: "合流",
    StepKind.QUESTION: "分かれ道",
    StepKind.START: "始まり",
    StepKind.END: "終わり",
    StepKind.WAIT: "待つ",
    StepKind.WATCH: "見張り",
}


def display_name(element: Element) -> str:
    """The name drawn in the diagram, or a plain word for what has none."""
    return element.name or _UNNAMED.get(kind_of(element), element.id)


def period_ja(settings: TaskSettings) -> str:
    """The promised period in words, e.g. 「5開庁日」; empty when only a date is given."""
    if not settings.sla:
        return ""
    try:
        return Period.parse(settings.sla).text_ja
    except ValueError:
        return settings.sla


def due_rule_ja(settings: TaskSettings) -> str:
    """How a date of the process counts beside or instead of the period; empty when there is none."""
    if not settings.due:
        return ""
    return "決められた日と期間の早いほう" if settings.due_rule == "earlier" else "手続きのなかで決まった日"


def role_name(code: str, english: bool = False) -> str:
    """The label of a role code."""
    try:
        role = Role(code)
    except ValueError:
        return code
    return role.name_en if english else role.name_ja


def next_steps(model: BpmnModel, element_id: str, limit: int = 8) -> tuple[NextStep, ...]:
    """What may come after a task: through gateways and what the system does by itself, up to the next halt.

    The same halt over several ways is told once, with the answers of the first.
    """
    found: dict[str, NextStep] = {}
    queue: list[tuple[str, tuple[str, ...]]] = [(element_id, ())]
    seen: set[str] = set()
    while queue and len(found) < limit:
        current, answers = queue.pop(0)
        for flow in model.flows_out(current):
            target = model.elements.get(flow.target)
            if target is None:
                continue
            path = (*answers, flow.name) if flow.name else answers
            if _passes_through(target):
                if target.id not in seen:
                    seen.add(target.id)
                    queue.append((target.id, path))
            elif target.id not in found:
                found[target.id] = _next_step(target, path)
    return tuple(found.values())


def _passes_through(element: Element) -> bool:
    return kind_of(element) in (StepKind.QUESTION, StepKind.JOIN, StepKind.AUTOMATIC, StepKind.SEND)


def _next_step(element: Element, path: tuple[str, ...]) -> NextStep:
    roles = element.task.roles if element.task else ()
    return NextStep(path, kind_of(element), display_name(element), roles)


def opens_task(model: BpmnModel, element_id: str) -> str | None:
    """The name of the user task that a moment opens, or None when it opens none.

    The moment of a clock (``follows`` overdue) is told by the task it watches, not ahead of time.
    """
    element = model.elements.get(element_id)
    if element is None or element.follows:
        return None
    step = next((step for step in next_steps(model, element_id) if step.kind is StepKind.TASK), None)
    return step.name if step else None
