"""Which user task comes first when a process is started in one way or another: known before anything is started."""

from __future__ import annotations

from collections.abc import Mapping

from engine.definitions.model import BpmnModel, Flow, Kind, TaskSettings
from engine.domain.errors import ExpressionError
from engine.expressions.interpreter import evaluate


def first_task(model: BpmnModel, entry: str) -> TaskSettings | None:
    """The first user task after the start, or None when something else comes first or it cannot be told yet.

    Gateways are followed by what is known then: the entry, and no value in any other variable.
    """
    scope: dict[str, object] = dict.fromkeys(model.all_variables)
    scope["entry"] = entry
    seen: set[str] = set()
    todo = [model.start.id] if model.start else []
    while todo:
        for flow in _taken(model, todo.pop(0), scope):
            element = model.elements.get(flow.target)
            if element is None or element.id in seen:
                continue
            seen.add(element.id)
            if element.kind.is_work:
                return model.settings(element.id)
            todo.append(element.id)
    return None


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
