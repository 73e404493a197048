"""Call activities: what is called exists and wants to be, gets what it asks for, and shares no id with its caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.definitions.elements import BUILT_IN_VARIABLES, BpmnModel, Element, Variable
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.definitions.xml import BPMN, CAMUNDA, parse_xml
from engine.expressions.language import problems

MAX_LAID_OUT = 1_500  #: elements of a process with those of each of its calls, and of theirs
_BUILT_IN = frozenset(variable.name for variable in BUILT_IN_VARIABLES)
_DECLARATIONS = ("message", "signal", "error", "escalation")


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about every call activity and about the files that run together."""
    for call in subject.model.calls:
        yield from _target(subject, call)
        yield from _mappings(subject, call)
        called = subject.called.get(call.called)
        if called is not None:
            yield from _inputs(subject, call, called)
            yield from _outputs(subject, call, called)
    if subject.model.calls:
        count = _laid_out(subject.model, subject.called, {})
        if count > MAX_LAID_OUT:
            yield subject.at("call.too_big", subject.model.calls[0], count=count, limit=MAX_LAID_OUT)
        yield from _shared_ids(subject)
        yield from _declarations(subject)


def _target(subject: Subject, call: Element) -> Iterator[Finding]:
    if not call.called:
        yield subject.at("call.missing", call)
        return
    path = _way_back(subject, call)
    if path:
        yield subject.at("call.cycle", call, path=" → ".join(path))
        return
    called = subject.called.get(call.called)
    if called is None:
        yield subject.at("call.unknown", call, called=call.called)
    elif not called.callable:
        yield subject.at("call.not_callable", call, called=call.called)


def _way_back(subject: Subject, call: Element) -> list[str]:
    """The processes from this one over a call back to it; empty when there is no such way."""
    own = subject.model.process_id
    ways, seen = [[own, call.called]], {call.called}
    while ways:
        way = ways.pop(0)
        if way[-1] == own:
            return way
        model = subject.called.get(way[-1])
        for onward in model.calls if model is not None else ():
            if onward.called not in seen:
                seen.add(onward.called)
                ways.append([*way, onward.called])
    return []


def _laid_out(model: BpmnModel, called: Mapping[str, BpmnModel], known: dict[str, int]) -> int:
    """How many elements there are when every call is drawn out; each process is counted once and remembered."""
    if model.process_id not in known:
        known[model.process_id] = 0  # a ring of calls ends here; it is refused as such
        inner = [called[call.called] for call in model.calls if call.called in called]
        known[model.process_id] = len(model.elements) + sum(_laid_out(target, called, known) for target in inner)
    return known[model.process_id]


# ---------------------------------------------------------------- what is handed over


def _mappings(subject: Subject, call: Element) -> Iterator[Finding]:
    """Each line has a target and one source; no target is given twice."""
    node = subject.node(call)
    for way in ("in", "out"):
        path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}{way}"
        lines = list(node.iterfind(path)) if node is not None else []
        if any(not _complete(line) for line in lines):
            yield subject.at("call.mapping", call)
        for name, count in Counter(line.get("target", "") for line in lines).items():
            if name and count > 1:
                yield subject.at("call.mapping_twice", call, name=name)


def _complete(line: etree._Element) -> bool:
    sources = [line.get(name, "").strip() for name in ("source", "sourceExpression")]
    return bool(line.get("target")) and sum(map(bool, sources)) == 1


def _inputs(subject: Subject, call: Element, called: BpmnModel) -> Iterator[Finding]:
    wanted = {variable.name: variable for variable in called.variables if variable.is_input}
    for name, expression in call.inputs.items():
        if name and name not in wanted:
            known = "、".join(sorted(wanted)) or "なし"
            yield subject.at("call.input_unknown", call, called=called.process_id, name=name, known=known)
        yield from _types(subject, call, called, expression, name)
    for name in wanted:
        if name not in call.inputs:
            yield subject.at("call.input_missing", call, called=called.process_id, name=name)


def _outputs(subject: Subject, call: Element, called: BpmnModel) -> Iterator[Finding]:
    known = {*subject.model.all_variables, *subject.model.locals_at(call.id)} - _BUILT_IN
    for name, expression in call.outputs.items():
        if name and name not in known:
            yield subject.at("call.output_variable", call, name=name)
        for reason in problems(expression, set(called.all_variables), subject.context.functions) if expression else ():
            blanks = {"expression": expression, "reason": reason, "called": called.process_id}
            yield subject.at("call.output_refused", call, **blanks)
        yield from _types(subject, call, called, name, expression)


def _types(subject: Subject, call: Element, called: BpmnModel, here: str, there: str) -> Iterator[Finding]:
    """A plain variable handed over has the same type on both sides."""
    ours, theirs = _declared(subject.model, here), _declared(called, there)
    if ours is not None and theirs is not None and ours.type != theirs.type:
        blanks = {"name": here, "other": there, "called": called.process_id}
        yield subject.at("call.type", call, ours=ours.type, theirs=theirs.type, **blanks)


def _declared(model: BpmnModel, name: str) -> Variable | None:
    return model.all_variables.get(name)


# ---------------------------------------------------------------- files that run together


def _shared_ids(subject: Subject) -> Iterator[Finding]:
    """Two elements or lines with one id would become one."""
    seen = dict.fromkeys((*subject.model.elements, *subject.model.flows, subject.model.process_id), subject.model.name)
    for key, model in subject.called.items():
        for found in (*model.elements, *model.flows):
            if found in seen:
                place = subject.model.elements.get(found)
                blanks = {"found": found, "called": key}
                yield subject.report.finding("call.id_shared", found, place.name if place else "", **blanks)
            seen[found] = key


def _declarations(subject: Subject) -> Iterator[Finding]:
    """Messages, signals, errors and escalations are looked up by id over all files: an id means one thing."""
    known = _declared_in(subject.root)
    for key, content in subject.package.called.items():
        root = parse_xml(content, key)
        for found, meaning in _declared_in(root).items() if isinstance(root, etree._Element) else ():
            if known.setdefault(found, meaning) != meaning:
                yield subject.report.finding("call.declaration", found, meaning[1], found=found, called=key)


def _declared_in(root: etree._Element) -> dict[str, tuple[str, ...]]:
    names = ("name", "errorCode", "escalationCode")
    return {
        node.get("id", ""): (tag, *(node.get(name, "") for name in names))
        for tag in _DECLARATIONS
        for node in root.iterfind(f"{{{BPMN}}}{tag}")
    }
