"""User tasks, service tasks, rule tasks and timers: who, with what, until when."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.elements import DueRule, Element, EventKind, Kind, TaskSettings, TimerKind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.definitions.xml import BPMN, CAMUNDA

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
        if element.kind is Kind.RULE_TASK:
            yield from _rule_task(subject, element)
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
    if other is None or not other.kind.is_work or task.not_same_as == element.id:
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
    node = subject.node(element)
    for tag in ("inputParameter", "outputParameter"):
        names = [p.get("name", "") for p in node.iter(f"{{{CAMUNDA}}}{tag}")] if node is not None else []
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield subject.at("service.parameter_twice", element, name=name)


def _rule_task(subject: Subject, element: Element) -> Iterator[Finding]:
    if not element.decision:
        yield subject.at("rule.decision_missing", element)
    yield from _repeated_parameters(subject, element)


# ---------------------------------------------------------------- timers


def _timer(subject: Subject, element: Element) -> Iterator[Finding]:
    if element.timer is None or not element.timer.expression:
        yield subject.at("timer.expression_missing", element)
    node = subject.node(element)
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
