"""Where a diagram reads its variables: conditions, dates, inputs, who may do a step, what is sent along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.definitions.elements import BpmnModel, Element
from engine.definitions.rules.scripts import parts
from engine.domain.errors import ExpressionError
from engine.expressions.language import names_in
from engine.expressions.scripts import timer_expression


@dataclass(frozen=True)
class Read:
    """One place that reads variables. where: in words, with the text that reads; names: the variables."""

    element_id: str
    label: str
    where: str
    names: frozenset[str]


def reads_of(model: BpmnModel) -> Iterator[Read]:
    """Every place of a diagram that reads variables; an expression that cannot be read is left out."""
    for element in model.elements.values():
        for where, text in _expressions(model, element):
            names = _names(text)
            if names:
                yield Read(element.id, element.label, f"{where}「{text}」", names)
        for where, named in _named(element):
            if named:
                yield Read(element.id, element.label, where, named)


def _expressions(model: BpmnModel, element: Element) -> Iterator[tuple[str, str]]:
    if element.task is not None and element.task.due is not None:
        yield "期限の式", element.task.due
    if element.timer is not None:
        yield "待つ時間の式", timer_expression(element.timer.expression)
    for name, text in element.inputs.items():
        yield f"渡す値「{name}」の式", text
    for name, text in parts(element.script):
        yield f"計算「{name}」の式", text
    if element.multi_instance is not None:
        yield "回数の式", element.multi_instance.cardinality
    if element.loop is not None:
        yield "くり返しの条件", element.loop.condition
    for flow in model.flows_out(element.id):
        yield "進む条件", flow.condition or ""


def _named(element: Element) -> Iterator[tuple[str, frozenset[str]]]:
    yield "連絡に付ける値", frozenset((*element.payload, *element.correlate)) if element.throws else frozenset()
    yield "連絡を見分ける値", frozenset() if element.throws else frozenset(element.correlate)
    if element.multi_instance is not None:
        yield "くり返しのもと", frozenset((element.multi_instance.collection,)) - {""}
    if element.task is not None:
        yield "担当できる機関", frozenset(element.task.org_scopes)
        yield "割り当てる人", frozenset((element.task.assign_to or "",)) - {""}


def _names(text: str) -> frozenset[str]:
    try:
        return names_in(text) if text.strip() else frozenset()
    except ExpressionError:
        return frozenset()
