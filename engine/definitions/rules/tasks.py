"""User tasks, service tasks, timers and multi-instance: who, with what, until when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from engine.definitions.elements import DueRule, Element, EventKind, Kind, TaskSettings, TimerKind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject, what
from engine.definitions.xml import BPMN, CAMUNDA

_ITEM = re.compile(r"[a-z][a-z0-9_]{0,62}")
ORG_SCOPES = frozenset({"owner", "lead", "accepted", "field", "lead_field", "city"})
NO_LADDER = "none"


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about every activity and timer."""
    for element in subject.known():
        if element.task is not None:
            yield from _user_task(subject, element, element.task)
        if element.kind is Kind.SERVICE_TASK:
            yield from _service_task(subject, element)
        if element.event is EventKind.TIMER:
            yield from _timer(subject, element)
        if element.multi_instance is not None:
            yield from _multi_instance(subject, element)
        for name in element.operations:
            if subject.context.operations is not None and name not in subject.context.operations:
                yield subject.at("task.operation_unknown", element, name=name)


# ---------------------------------------------------------------- user tasks


def _user_task(subject: Subject, element: Element, task: TaskSettings) -> Iterator[Finding]:
    context = subject.context
    if not task.roles:
        yield subject.at("task.role_missing", element)
    for role in task.roles:
        if context.roles is not None and role not in context.roles:
            yield subject.at("task.role_unknown", element, name=role, known="、".join(sorted(context.roles)))
    if subject.forms is not None and task.form_key not in subject.package.form_keys:
        yield subject.at("task.form_missing", element, name=task.form_key)
    yield from _clock(subject, element, task)
    known_ladder = context.ladders is None or task.ladder in {*context.ladders, NO_LADDER}
    if not known_ladder:
        yield subject.at(
            "task.ladder_unknown", element, name=task.ladder, known="、".join(sorted(context.ladders or ()))
        )
    yield from _people(subject, element, task)


def _clock(subject: Subject, element: Element, task: TaskSettings) -> Iterator[Finding]:
    if task.sla is None and task.due is None:
        yield subject.at("task.clock_missing", element)
    if task.due_rule is DueRule.EARLIER and (task.sla is None or task.due is None):
        yield subject.at("task.due_rule", element)
    if task.roll and task.due is None:
        yield subject.at("task.roll", element)


def _people(subject: Subject, element: Element, task: TaskSettings) -> Iterator[Finding]:
    names = {*subject.model.all_variables, *subject.model.locals_at(element.id)}
    for scope in task.org_scopes:
        if scope not in ORG_SCOPES and scope not in names:
            yield subject.at("task.org_scope_unknown", element, name=scope)
    if task.assign_to is not None and task.assign_to not in names:
        yield subject.at("task.assign_to_unknown", element, name=task.assign_to)
    other = subject.model.elements.get(task.not_same_as or element.id)
    if other is None or other.kind is not Kind.USER_TASK or task.not_same_as == element.id:
        yield subject.at("task.not_same_as_unknown", element, name=task.not_same_as)


# ---------------------------------------------------------------- service tasks


def _service_task(subject: Subject, element: Element) -> Iterator[Finding]:
    if not element.operations:
        yield subject.at("service.operation_missing", element)
    if len(element.operations) > 1:
        yield subject.at("service.operation_several", element)
    for variable in element.outputs:
        if variable not in subject.model.all_variables and variable not in subject.model.locals_at(element.id):
            yield subject.at("service.output_variable", element, name=variable)
    yield from _repeated_parameters(subject, element)
    facts = (subject.context.operations or {}).get(element.operations[0]) if element.operations else None
    if facts is None:
        return
    for name in element.inputs:
        if facts.inputs is not None and name not in facts.inputs:
            known = "、".join(sorted(facts.inputs)) or "なし"
            yield subject.at("service.input_unknown", element, operation=facts.name, name=name, known=known)
    for name in element.outputs.values():
        if facts.outputs is not None and name not in facts.outputs:
            known = "、".join(sorted(facts.outputs)) or "なし"
            yield subject.at("service.output_unknown", element, operation=facts.name, name=name, known=known)


def _repeated_parameters(subject: Subject, element: Element) -> Iterator[Finding]:
    node = _node(subject, element)
    for tag in ("inputParameter", "outputParameter"):
        names = [p.get("name", "") for p in node.iter(f"{{{CAMUNDA}}}{tag}")] if node is not None else []
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield subject.at("service.parameter_twice", element, name=name)


# ---------------------------------------------------------------- timers


def _timer(subject: Subject, element: Element) -> Iterator[Finding]:
    if element.timer is None or not element.timer.expression:
        yield subject.at("timer.expression_missing", element)
    node = _node(subject, element)
    definition = node.find(f"{{{BPMN}}}timerEventDefinition") if node is not None else None
    kinds = (
        [child for child in definition if child.tag.endswith(("timeDate", "timeDuration", "timeCycle"))]
        if definition is not None
        else []
    )
    if len(kinds) > 1:
        yield subject.at("timer.several", element)
    cycle = element.timer is not None and element.timer.kind is TimerKind.CYCLE
    if cycle and (element.kind is not Kind.BOUNDARY or element.interrupting):
        yield subject.at("timer.cycle", element)
    if element.follows is not None and not _may_follow(subject, element):
        yield subject.at("timer.follows", element)


def _may_follow(subject: Subject, element: Element) -> bool:
    host = subject.model.elements.get(element.attached_to or "")
    has_clock = host is not None and host.task is not None and (host.task.sla or host.task.due) is not None
    return element.kind is Kind.BOUNDARY and element.event is EventKind.TIMER and has_clock


# ---------------------------------------------------------------- multi-instance


def _multi_instance(subject: Subject, element: Element) -> Iterator[Finding]:
    loop = element.multi_instance
    assert loop is not None
    variables = subject.model.all_variables
    if not loop.collection:
        yield subject.at("multi_instance.collection", element)
    around = frozenset[str]().union(
        *(e.multi_instance.locals for e in subject.model.owners(element.id) if e.multi_instance)
    )
    for name in filter(None, (loop.collection, loop.output_collection)):
        declared = variables.get(name)
        if (declared is None or declared.type != "list") and name not in around:
            yield subject.at("multi_instance.collection_type", element, name=name)
    if not loop.item:
        yield subject.at("multi_instance.item", element)
    for name in filter(None, (loop.item, loop.output_item)):
        if name in variables or name in around or name == "loop_index":
            yield subject.at("multi_instance.item_name", element, name=name)
    if loop.item and loop.item == loop.output_item:
        yield subject.at("multi_instance.item_name", element, name=loop.item)
    if bool(loop.output_collection) != bool(loop.output_item):
        yield subject.at("multi_instance.output", element)
    yield from _item_ids(subject, element)
    yield from _writes_outside(subject, element)


def _item_ids(subject: Subject, element: Element) -> Iterator[Finding]:
    """The engine knows an item by its id, people and forms by its name: they must be one word."""
    node = _node(subject, element)
    for tag in ("inputDataItem", "outputDataItem"):
        for item in node.iter(f"{{{BPMN}}}{tag}") if node is not None else ():
            item_id, name = item.get("id", ""), item.get("name", "")
            if item_id != name or not _ITEM.fullmatch(name):
                yield subject.at("multi_instance.item_id", element, id=item_id, name=name)


def _node(subject: Subject, element: Element) -> etree._Element | None:
    tag = f"{{{BPMN}}}{element.tag}"
    return next((node for node in subject.root.iter(tag) if node.get("id") == element.id), None)


def _writes_outside(subject: Subject, owner: Element) -> Iterator[Finding]:
    """What a parallel multi-instance writes must be its own: the last one to finish would undo the others."""
    loop = owner.multi_instance
    assert loop is not None
    if loop.sequential:
        return
    model = subject.model
    inside = [e for e in subject.known() if e.id == owner.id or owner in model.owners(e.id)]
    for element in inside:
        local = model.locals_at(element.id)
        for name, how in _writes(subject, element):
            if name in model.all_variables and name not in local:
                yield subject.at("multi_instance.writes_outside", element, name=name, how=how)


def _writes(subject: Subject, element: Element) -> Iterator[tuple[str, str]]:
    form = subject.form_of(element)
    if form is not None:
        yield from ((variable.name, f"帳票の項目「{variable.field}」") for variable in form.variables)
    yield from ((name, f"{what(element)}の結果") for name in element.outputs)
    if element.catches:
        yield from ((name, f"メッセージ「{element.message}」") for name in element.payload)
    if element.task is not None:
        for operation in element.operations:
            facts = (subject.context.operations or {}).get(operation)
            outputs = (facts.outputs or frozenset()) if facts is not None else frozenset()
            yield from ((name, f"操作「{operation}」の結果") for name in sorted(outputs))
