"""Gateways: a question with an answer on each way out, and no case in which nothing is chosen."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from engine.definitions.elements import Element, EventKind, Flow, Kind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.domain.errors import ExpressionError
from engine.expressions.language import parse


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about every gateway."""
    for element in subject.known():
        if not element.kind.is_gateway:
            continue
        yield from _shape(subject, element)
        if element.kind in (Kind.EXCLUSIVE, Kind.INCLUSIVE):
            yield from _choice(subject, element)
        if element.kind is Kind.EVENT_BASED:
            yield from _race(subject, element)


def _shape(subject: Subject, element: Element) -> Iterator[Finding]:
    if len(element.incoming) > 1 and len(element.outgoing) > 1:
        waits_for_all = element.kind in (Kind.PARALLEL, Kind.INCLUSIVE)
        yield subject.at("gateway.join_and_fork" if waits_for_all else "gateway.merge_and_choose", element)
    if len(element.incoming) == 1 and len(element.outgoing) == 1:
        yield subject.at("gateway.pointless", element)


# ---------------------------------------------------------------- exclusive and inclusive


def _choice(subject: Subject, element: Element) -> Iterator[Finding]:
    flows = subject.model.flows_out(element.id)
    if element.default_flow is not None and element.default_flow not in element.outgoing:
        yield subject.at("flow.default_unknown", element, found=element.default_flow)
    if len(flows) == 1 and flows[0].condition is not None:
        yield subject.at("gateway.condition_unused", element, condition=flows[0].condition)
    if len(flows) < 2:
        return
    if not element.name.strip():
        yield subject.at("gateway.name_missing", element)
    for flow in flows:
        yield from _way_out(subject, element, flow)
    decided = [flow.condition for flow in flows if flow.condition is not None]
    open_ways = [flow for flow in flows if flow.condition is None]
    if not open_ways and not _always_one(subject, decided):
        yield subject.at("gateway.incomplete", element)


def _way_out(subject: Subject, element: Element, flow: Flow) -> Iterator[Finding]:
    is_default = flow.id == element.default_flow
    place = {"what": "ゲートウェイ", "gateway": element.label, "target": subject.label(flow.target)}
    if not flow.name.strip():
        yield subject.at_flow("gateway.label_missing", flow, **place)
    if flow.condition is None and not is_default:
        yield subject.at_flow("gateway.condition_missing", flow, **place)
    if flow.condition is not None and is_default:
        yield subject.at_flow("flow.default_with_condition", flow, condition=flow.condition)


def _always_one(subject: Subject, conditions: list[str]) -> bool:
    """Whether one of the conditions holds in every case, as far as that can be read off their form.

    Known forms: ``x`` and ``not x``; ``a == b`` and ``a != b`` (``<`` and ``>=`` and so on). Anything else needs a
    default flow: a value nobody thought of must lead somewhere.
    """
    try:
        trees = [parse(condition).body for condition in conditions]
    except ExpressionError:
        return True  # said elsewhere
    shapes = {ast.dump(tree) for tree in trees}
    return any(ast.dump(opposite) in shapes for tree in trees for opposite in _opposites(tree))


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def _opposites(tree: ast.expr) -> Iterator[ast.expr]:
    yield ast.UnaryOp(op=ast.Not(), operand=tree)
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        yield ast.Compare(left=tree.left, ops=[_OPPOSITE[type(tree.ops[0])]()], comparators=tree.comparators)


# ---------------------------------------------------------------- event-based


def _race(subject: Subject, element: Element) -> Iterator[Finding]:
    flows = subject.model.flows_out(element.id)
    if len(flows) < 2:
        yield subject.at("gateway.event_few", element, count=len(flows))
    targets = [subject.model.elements[flow.target] for flow in flows if flow.target in subject.model.elements]
    for target in targets:
        yield from _race_target(subject, element, target)
    awaited = [("message", target.message) for target in targets] + [("signal", target.signal) for target in targets]
    for (_, name), count in Counter(awaited).items():
        if name and count > 1:
            yield subject.at("gateway.event_message_twice", element, message=name)


def _race_target(subject: Subject, element: Element, target: Element) -> Iterator[Finding]:
    waits = target.kind is Kind.RECEIVE_TASK or (
        target.kind is Kind.CATCH and target.event in (EventKind.MESSAGE, EventKind.TIMER, EventKind.SIGNAL)
    )
    if not waits:
        yield subject.at("gateway.event_target", element, target=target.label)
    elif len(target.incoming) > 1:
        yield subject.at("gateway.event_target_shared", element, target=target.label)
    elif subject.model.boundaries(target.id) or target.multi_instance is not None:
        yield subject.at("gateway.event_target_boundary", element, target=target.label)
