"""Activities done several times: multi-instance and standard loops, and what their instances may write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.definitions.elements import LOOP_INDEX, Element, Kind, MultiInstance
from engine.definitions.findings import Finding
from engine.definitions.rules.scripts import targets
from engine.definitions.rules.subject import Subject, what
from engine.definitions.tables import results_of
from engine.definitions.xml import BPMN
from engine.expressions.language import problems

_ITEM = re.compile(r"[a-z][a-z0-9_]{0,62}")


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about every multi-instance activity and loop."""
    for element in subject.known():
        if element.multi_instance is not None and element.loop is not None:
            yield subject.at("loop.two_kinds", element)
        elif element.loop is not None and element.loop.maximum is None:
            yield subject.at("loop.maximum", element)
        if element.multi_instance is not None:
            yield from _lists(subject, element, element.multi_instance)
            yield from _items(subject, element, element.multi_instance)
            yield from _completion(subject, element, element.multi_instance)
            yield from _writes_outside(subject, element, element.multi_instance)


def _lists(subject: Subject, element: Element, several: MultiInstance) -> Iterator[Finding]:
    if not several.collection and not several.cardinality:
        yield subject.at("multi_instance.collection", element)
    if several.collection and several.cardinality:
        yield subject.at("multi_instance.both", element)
    around = subject.model.locals_around(element.id)
    for name in filter(None, (several.collection, several.output_collection)):
        declared = subject.model.all_variables.get(name)
        if (declared is None or declared.type != "list") and name not in around:
            yield subject.at("multi_instance.collection_type", element, name=name)
    if bool(several.output_collection) != bool(several.output_item):
        yield subject.at("multi_instance.output", element)


def _items(subject: Subject, element: Element, several: MultiInstance) -> Iterator[Finding]:
    if not several.item and not several.cardinality:
        yield subject.at("multi_instance.item", element)
    taken = {*subject.model.all_variables, *subject.model.locals_around(element.id), LOOP_INDEX}
    for name in filter(None, (several.item, several.output_item)):
        if name in taken:
            yield subject.at("multi_instance.item_name", element, name=name)
    if several.item and several.item == several.output_item:
        yield subject.at("multi_instance.item_name", element, name=several.item)
    yield from _item_ids(subject, element)


def _item_ids(subject: Subject, element: Element) -> Iterator[Finding]:
    """The engine knows an item by its id, people and forms by its name: they must be one word."""
    node = subject.node(element)
    for tag in ("inputDataItem", "outputDataItem"):
        for item in node.iter(f"{{{BPMN}}}{tag}") if node is not None else ():
            item_id, name = item.get("id", ""), item.get("name", "")
            if item_id != name or not _ITEM.fullmatch(name):
                yield subject.at("multi_instance.item_id", element, id=item_id, name=name)


def _completion(subject: Subject, element: Element, several: MultiInstance) -> Iterator[Finding]:
    """Which instance ends last must not decide what the condition sees: it reads locals only."""
    if not several.completion:
        return
    known = subject.model.locals_at(element.id)
    for reason in problems(several.completion, known, subject.context.functions):
        blanks = {"expression": several.completion, "reason": reason, "known": "、".join(sorted(known))}
        yield subject.at("multi_instance.completion", element, **blanks)


# ---------------------------------------------------------------- writes


def _writes_outside(subject: Subject, owner: Element, several: MultiInstance) -> Iterator[Finding]:
    """What a parallel multi-instance writes must be its own: the last one to finish would undo the others."""
    if several.sequential:
        return
    model = subject.model
    inside = [e for e in subject.known() if e.id == owner.id or owner in model.owners(e.id)]
    for element in inside:
        local = model.locals_at(element.id)
        for name, how in _writes(subject, element, owner):
            if name in model.all_variables and name not in local:
                yield subject.at("multi_instance.writes_outside", element, name=name, how=how)


def _writes(subject: Subject, element: Element, owner: Element) -> Iterator[tuple[str, str]]:
    """Names that an instance of ``owner`` writes at an element, and how."""
    form = subject.form_of(element)
    if form is not None:
        yield from ((variable.name, f"帳票の項目「{variable.field}」") for variable in form.variables)
    yield from ((name, f"{what(element)}の結果") for name in results_of(subject.package, element))
    if element.kind is Kind.SCRIPT_TASK:
        yield from ((name, "スクリプト") for name in targets(element.script))
    if element.result_variable:
        yield element.result_variable, f"{what(element)}の結果"
    if element.catches:
        yield from ((name, f"メッセージ「{element.message}」") for name in element.payload)
    if element.multi_instance is not None and element is not owner and element.multi_instance.output_collection:
        yield element.multi_instance.output_collection, "内側の複数実行の結果"
    if element.task is not None:
        for operation in element.operations:
            facts = (subject.context.operations or {}).get(operation)
            outputs = (facts.outputs or frozenset()) if facts is not None else frozenset()
            yield from ((name, f"操作「{operation}」の結果") for name in sorted(outputs))
