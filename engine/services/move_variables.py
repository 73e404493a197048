"""Variables that another version needs: declared there, absent here, and read before anything sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.bpmn.api import Problem
from engine.definitions.model import BpmnModel, Element, Kind, Variable
from engine.domain.errors import ExpressionError, ReferenceMissing
from engine.expressions.language import names_in
from engine.expressions.scripts import assignments, timer_expression
from engine.services.deployed import Deployed
from engine.services.operations.registry import registered
from engine.services.starting import typed

_TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "decimal": (Decimal, int),
    "text": (str,),
    "date": (date,),
    "instant": (datetime,),
    "list": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class VariablePlan:
    """added: what a move sets, by name. refusals, notes: element id (or process id) and Japanese text."""

    added: Mapping[str, object]
    refusals: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def fresh(old: BpmnModel, new: BpmnModel) -> tuple[Variable, ...]:
    """The variables that only the new version declares: a person who moves instances may give values for them."""
    known = old.all_variables
    return tuple(variable for variable in new.variables if variable.name not in known)


def plan_variables(
    deployed: Deployed, held: Mapping[str, object], given: Mapping[str, object], open_elements: frozenset[str]
) -> VariablePlan:
    """What becomes of an instance's variables on the version ``deployed``.

    held: what the instance has. given: values by hand for declared variables that it does not have. open_elements:
    where its tokens stand on that version.
    """
    model, refusals, notes = deployed.model, [], []
    declared = model.all_variables
    refusals += [Problem(name, f"変数「{name}」は新しい版にありません。") for name in given if name not in declared]
    values = typed(declared, {name: value for name, value in given.items() if name in declared})
    for name, value in {**values, **held}.items():
        if name in declared and not _fits(declared[name], value):
            refusals.append(
                Problem(
                    name, f"変数{_label(declared[name])}の値が、新しい版の型（{declared[name].type}）に合いません。"
                )
            )
    absent = {name for name in declared if name not in held and name not in given}
    for name in sorted(absent):
        reader = _reader_before_setter(deployed, open_elements, name)
        if reader is None:
            notes.append(Problem(model.process_id, f"変数{_label(declared[name])}が加わります。空のまま始まります。"))
        else:
            text = (
                f"{_element_label(reader)}が読む変数{_label(declared[name])}に、値がありません。値を指定してください。"
            )
            refusals.append(Problem(reader.id, text))
    return VariablePlan({**dict.fromkeys(absent), **values}, tuple(refusals), tuple(notes))


def _label(variable: Variable) -> str:
    return f"「{variable.label or variable.name}」（{variable.name}）"


def _element_label(element: Element) -> str:
    return f"「{element.name or element.id}」"


def _fits(variable: Variable, value: object) -> bool:
    kinds = _TYPES.get(variable.type)
    if value is None or kinds is None:
        return True
    if isinstance(value, (bool, datetime)):
        return type(value) in kinds
    return isinstance(value, kinds)


# ---------------------------------------------------------------- read before set


def _reader_before_setter(deployed: Deployed, open_elements: frozenset[str], name: str) -> Element | None:
    """The first element on a way from the open ones that reads a variable before anything can have set it."""
    model = deployed.model
    todo = [element for element in open_elements if element in model.elements]
    seen = set(todo)
    while todo:
        element = model.elements[todo.pop(0)]
        is_open = element.id in open_elements and (element.waits or element.kind in _WITH_INSIDE)
        if not is_open and name in set(_names_read(element)):
            return element
        if name in set(_names_set(deployed, element)):
            continue
        if any(name in _names(flow.condition) for flow in model.flows_out(element.id) if flow.condition):
            return element
        for following in _following(model, element):
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return None


_WITH_INSIDE = (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY)


def _following(model: BpmnModel, element: Element) -> Iterator[str]:
    yield from (flow.target for flow in model.flows_out(element.id))
    yield from (boundary.id for boundary in model.boundaries(element.id))
    if element.kind is Kind.SUB_PROCESS:
        yield from (inner.id for inner in model.in_scope(element.id) if inner.kind is Kind.START)


def _names_read(element: Element) -> Iterator[str]:
    texts = list(element.inputs.values())
    if element.timer is not None and element.timer.expression:
        texts.append(timer_expression(element.timer.expression))
    if element.task is not None and element.task.due:
        texts.append(element.task.due)
    if element.multi_instance is not None:
        texts += [element.multi_instance.collection, element.multi_instance.cardinality]
    if element.loop is not None:
        texts.append(element.loop.condition)
    texts += [text for _, text in _script(element)]
    for text in texts:
        yield from _names(text)
    if element.throws:
        yield from element.payload


def _names(text: str | None) -> frozenset[str]:
    try:
        return names_in(text) if text else frozenset()
    except ExpressionError:
        return frozenset()


def _script(element: Element) -> tuple[tuple[str, str], ...]:
    try:
        return assignments(element.script) if element.script else ()
    except ExpressionError:
        return ()


def _names_set(deployed: Deployed, element: Element) -> Iterator[str]:
    yield from element.outputs
    yield from (name for name, _ in _script(element))
    if element.result_variable:
        yield element.result_variable
    if not element.throws:
        yield from element.payload
    if element.multi_instance is not None and element.multi_instance.output_collection:
        yield element.multi_instance.output_collection
    if element.task is not None:
        for operation in element.task.operations:
            yield from registered()[operation].outputs if operation in registered() else ()
        yield from _form_variables(deployed, element.task.form_key, element.id)


def _form_variables(deployed: Deployed, form_key: str, element_id: str) -> Iterator[str]:
    try:
        form = deployed.forms.form(form_key, deployed.process_key)
    except ReferenceMissing:
        return
    yield from (field.variable for field in form.fields if field.variable is not None)
