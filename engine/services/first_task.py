"""Which user task comes first when a process is started in one way or another: known before anything is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.definitions.elements import CALLED_ENTRY
from engine.definitions.model import BpmnModel, Flow, Kind, TaskSettings
from engine.domain.errors import ExpressionError
from engine.expressions.interpreter import evaluate


def first_task(model: BpmnModel, entry: str) -> TaskSettings | None:
    """The first user task after the start, or None when something else comes first or it cannot be told yet.

    Gateways are followed by what is known then: the entry, and no value in any other variable. Sub-processes and called
    processes are looked into.
    """
    seen: set[str] = set()
    todo = [model.start.id] if model.start else []
    while todo:
        here = todo.pop(0)
        for element_id in _following(model, here, _scope(model, here, entry)):
            element = model.elements.get(element_id)
            if element is None or element.id in seen:
                continue
            seen.add(element.id)
            if element.kind.is_work:
                return model.settings(element.id)
            todo.append(element.id)
    return None


def _scope(model: BpmnModel, element_id: str, entry: str) -> dict[str, object]:
    """What is known at an element before anything has happened."""
    inside = model.process_of(element_id)
    known: dict[str, object] = dict.fromkeys(inside.all_variables)
    return known | {"entry": entry if inside is model else CALLED_ENTRY}


def _following(model: BpmnModel, element_id: str, scope: Mapping[str, object]) -> Iterator[str]:
    element = model.elements[element_id]
    if element.kind in (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY):
        inside = model.in_scope(element.called or element.id)
        yield from (inner.id for inner in inside if inner.kind is Kind.START)
    elif element.kind is Kind.END:
        around = [e for e in model.elements.values() if element.scope in (e.id, e.called)]
        yield from (flow.target for owner in around for flow in model.flows_out(owner.id))
    else:
        yield from (flow.target for flow in _taken(model, element_id, scope))


def _taken(model: BpmnModel, element_id: str, scope: Mapping[str, object]) -> tuple[Flow, ...]:
    """The flows that a token takes there: the first whose condition holds at an exclusive gateway, else all."""
    flows = model.flows_out(element_id)
    if model.elements[element_id].kind is not Kind.EXCLUSIVE:
        return flows
    for flow in flows:
        if flow.condition and _holds(flow.condition, scope):
            return (flow,)
    return tuple(flow for flow in flows if flow.is_default or not flow.condition)[:1]


def _holds(condition: str, scope: Mapping[str, object]) -> bool:
    try:
        return bool(evaluate(condition, scope, {}))
    except ExpressionError:
        return False
