"""What no diagram may leave out, whoever draws it: consent, city staff, no work taken away by a deadline."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.definitions.context import GuardRails
from engine.definitions.elements import BpmnModel, Element, EventKind, Kind
from engine.definitions.findings import Finding
from engine.definitions.rules.graph import next_of
from engine.definitions.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about guard rails."""
    rails = subject.context.guard_rails
    yield from _consent(subject, rails)
    for element in subject.known():
        yield from _element(subject, element, rails)
    was, now = subject.context.previous_id, subject.model.process_id
    if was is not None and was != now:
        yield subject.report.finding("guard.process_id_changed", now, subject.model.name, was=was, now=now)


def _element(subject: Subject, element: Element, rails: GuardRails) -> Iterator[Finding]:
    if element.id in rails.statutory_elements and element.task is not None and not element.task.city_staff_only:
        yield subject.at("guard.city_staff", element, name=element.label)
    host = subject.model.elements.get(element.attached_to or "")
    if (
        element.kind is Kind.BOUNDARY
        and element.event is EventKind.TIMER
        and element.interrupting
        and host is not None
        and host.kind.is_work
    ):
        yield subject.at("guard.interrupting_timer", element, name=host.label)
    for operation, reason in rails.closing.items():
        if element.kind is Kind.SERVICE_TASK and operation in element.operations and reason not in element.inputs:
            yield subject.at("guard.closure_reason", element, operation=operation, name=reason)


# ---------------------------------------------------------------- consent before the conference


def _consent(subject: Subject, rails: GuardRails) -> Iterator[Finding]:
    """Every way from the start to a conference must pass an element that takes or requires consent."""
    model = subject.model
    if not model.operations & rails.conference or _starts_with_consent(model, rails):
        return
    for element in subject.known():
        if rails.conference & set(element.operations) and not _asks_first(element, rails):
            path = _way_without_consent(model, element, rails)
            if path is not None:
                shown = " → ".join(subject.label(step) for step in path)
                yield subject.at("guard.consent", element, name=element.label, path=shown)


def _starts_with_consent(model: BpmnModel, rails: GuardRails) -> bool:
    """Whether the process can only be started by messages that are sent after consent was given."""
    start = model.start
    if start is None:
        return False
    if start.event is EventKind.MESSAGE:
        return start.message in rails.consented_messages
    return bool(model.entries) and all(entry.message in rails.consented_messages for entry in model.entries)


def _asks(element: Element, rails: GuardRails) -> bool:
    return bool(rails.consent & set(element.operations))


def _asks_first(element: Element, rails: GuardRails) -> bool:
    """Whether the element itself asks for consent before it does anything with a conference."""
    asked = next(n for n, name in enumerate((*element.operations, *rails.consent)) if name in rails.consent)
    return all(name not in rails.conference for name in element.operations[:asked]) and _asks(element, rails)


def _way_without_consent(model: BpmnModel, goal: Element, rails: GuardRails) -> list[str] | None:
    """A shortest way from the start of the process to the element that meets no consent; None: there is none.

    An element that asks for consent lets nobody past but over its boundary events, which do not need it to complete.
    """
    if model.start is None:
        return None
    came_from: dict[str, str] = {model.start.id: ""}
    todo = deque([model.start.id])
    while todo:
        here = todo.popleft()
        if here == goal.id:
            return _path(came_from, here)
        for following in _onward(model, model.elements[here], rails):
            if following not in came_from:
                came_from[following] = here
                todo.append(following)
    return None


def _onward(model: BpmnModel, element: Element, rails: GuardRails) -> Iterator[str]:
    """Where a token can go, into and out of sub-processes."""
    if _asks(element, rails):
        yield from (boundary.id for boundary in model.boundaries(element.id))
        return
    if element.kind is Kind.SUB_PROCESS:
        yield from (inner.id for inner in model.in_scope(element.id) if inner.kind is Kind.START)
        yield from (boundary.id for boundary in model.boundaries(element.id))
        return
    yield from next_of(model, element.id)
    if element.kind is Kind.END and element.scope in model.elements and element.event is not EventKind.TERMINATE:
        yield from (flow.target for flow in model.flows_out(element.scope) if flow.target in model.elements)


def _path(came_from: dict[str, str], last: str) -> list[str]:
    path = [last]
    while came_from[path[-1]]:
        path.append(came_from[path[-1]])
    return path[::-1]
