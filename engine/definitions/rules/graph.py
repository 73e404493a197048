"""Flows and gateways: where lines may start and end, what they may carry, whether everything is connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.definitions.elements import BpmnModel, Element, EventKind, Flow, Kind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.definitions.xml import BPMN

_CHOOSING = (Kind.EXCLUSIVE, Kind.INCLUSIVE)
_HOSTS = (Kind.USER_TASK, Kind.MANUAL_TASK, Kind.RECEIVE_TASK, Kind.SUB_PROCESS, Kind.CALL_ACTIVITY)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about flows, boundary events, scopes and reachability."""
    yield from _flows(subject)
    for element in subject.known():
        yield from _leaving(subject, element)
        if element.kind is Kind.BOUNDARY:
            yield from _boundary(subject, element)
    for scope in (subject.model.process_id, *(e.id for e in subject.known() if e.kind is Kind.SUB_PROCESS)):
        yield from _scope(subject, scope)


# ---------------------------------------------------------------- lines


def _flows(subject: Subject) -> Iterator[Finding]:
    model = subject.model
    pairs: Counter[tuple[str, str]] = Counter()
    for flow in model.flows.values():
        missing = [end for end in (flow.source, flow.target) if end not in model.elements]
        for end in missing:
            yield subject.at_flow("flow.end_missing", flow, found=end or "（空）")
        if missing:
            continue
        if not model.elements[flow.source].scope == model.elements[flow.target].scope == flow.scope:
            yield subject.at_flow("flow.crosses", flow)
        pairs[flow.source, flow.target] += 1
        if pairs[flow.source, flow.target] == 2:
            ends = {"source": subject.label(flow.source), "target": subject.label(flow.target)}
            yield subject.at_flow("flow.duplicate", flow, **ends)
    yield from _written_ends(subject)


def _written_ends(subject: Subject) -> Iterator[Finding]:
    """``<incoming>`` and ``<outgoing>`` must name the flows that really touch the element."""
    for node in subject.root.iter():
        element = subject.model.elements.get(node.get("id", ""))
        if element is None or element.tag != node.tag.rpartition("}")[2]:
            continue
        for word, real in (("incoming", element.incoming), ("outgoing", element.outgoing)):
            for child in node.iterfind(f"{{{BPMN}}}{word}"):
                found = (child.text or "").strip().rpartition(":")[2]
                if found not in real:
                    yield subject.at("flow.incoming_mismatch", element, found=found)


def _leaving(subject: Subject, element: Element) -> Iterator[Finding]:
    """What the lines out of an element may carry."""
    flows = subject.model.flows_out(element.id)
    if element.kind not in _CHOOSING:
        for flow in flows:
            if flow.condition is not None:
                yield subject.at("flow.condition_misplaced", element, condition=flow.condition)
        if element.default_flow is not None:
            yield subject.at("flow.default_misplaced", element)
    if not element.kind.is_gateway and len(flows) > 1:
        yield subject.at("flow.implicit_split", element, count=len(flows))


def _boundary(subject: Subject, element: Element) -> Iterator[Finding]:
    host = subject.model.elements.get(element.attached_to or "")
    if host is None or not host.kind.is_activity or host.scope != element.scope:
        yield subject.at("structure.boundary_target", element, found=element.attached_to or "（空）")
    elif host.kind not in _HOSTS:
        yield subject.at("structure.boundary_never", host)
    if element.incoming:
        yield subject.at("structure.boundary_incoming", element)


# ---------------------------------------------------------------- the process and each sub-process


def _scope(subject: Subject, scope: str) -> Iterator[Finding]:
    model = subject.model
    members = [element for element in model.in_scope(scope) if element.kind is not Kind.OTHER]
    starts = [element for element in members if element.kind is Kind.START]
    owner = model.elements.get(scope)
    place = (scope, owner.name if owner else model.name)
    if len(starts) != 1:
        yield subject.report.finding("structure.start_count", *place, count=len(starts))
    if not any(element.kind is Kind.END for element in members):
        yield subject.report.finding("structure.end_missing", *place)
    if owner is not None:
        typed = [start for start in starts if start.event is not EventKind.NONE]
        yield from (subject.at("structure.sub_process_start", start) for start in typed)
    for element in members:
        yield from _ends_of(subject, element)
    yield from _connections(subject, members, starts)
    yield from _loops(subject, members)


def _ends_of(subject: Subject, element: Element) -> Iterator[Finding]:
    """Lines in and out that an element must or must not have."""
    if element.kind is Kind.START:
        if element.incoming:
            yield subject.at("structure.start_incoming", element)
    elif element.kind is not Kind.BOUNDARY and not element.incoming:
        yield subject.at("structure.no_incoming", element)
    if element.kind is Kind.END:
        if element.outgoing:
            yield subject.at("structure.end_outgoing", element)
    elif not element.outgoing:
        yield subject.at("structure.dead_end", element)


def _connections(subject: Subject, members: list[Element], starts: list[Element]) -> Iterator[Finding]:
    """Can every element be reached from the start, and can it reach an end? (Lines only, not conditions.)"""
    model = subject.model
    reached = _closure([start.id for start in starts[:1]], lambda element_id: next_of(model, element_id))
    ending = _closure([e.id for e in members if e.kind is Kind.END], lambda element_id: before(model, element_id))
    for element in members:
        if starts and element.id not in reached and (element.incoming or element.kind is Kind.BOUNDARY):
            yield subject.at("structure.unreachable", element)
        elif element.id not in ending and element.outgoing:
            yield subject.at("structure.no_way_to_end", element)


def next_of(model: BpmnModel, element_id: str) -> Iterator[str]:
    """Elements that may follow directly, in the same scope; what is attached to an activity follows it."""
    yield from (flow.target for flow in model.flows_out(element_id) if flow.target in model.elements)
    yield from (boundary.id for boundary in model.boundaries(element_id))


def before(model: BpmnModel, element_id: str) -> Iterator[str]:
    """Elements from which this one may follow directly."""
    element = model.elements[element_id]
    yield from (flow.source for flow in model.flows_in(element_id) if flow.source in model.elements)
    if element.kind is Kind.BOUNDARY and element.attached_to in model.elements:
        yield element.attached_to or ""


def _closure(start: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        for following in step(todo.pop()):
            if following not in found:
                found.add(following)
                todo.append(following)
    return found


# ---------------------------------------------------------------- loops


def _loops(subject: Subject, members: list[Element]) -> Iterator[Finding]:
    """A loop through elements that never wait runs without end.

    A sub-process counts as waiting when a way through it must wait; boundary events wait by nature.
    """
    model = subject.model
    halts = Halts(subject.called)
    passing = [element.id for element in members if not halts.waits(model, element)]
    steps = {
        element_id: [flow.target for flow in model.flows_out(element_id) if flow.target in passing]
        for element_id in passing
    }
    for group in _cycles(steps):
        names = "」「".join(subject.label(element_id) for element_id in group)
        first = model.elements[group[0]]
        yield subject.at("structure.loop_without_wait", first, names=names)


class Halts:
    """Whether a token must stop somewhere; each called process is looked at once, however many calls lead to it."""

    def __init__(self, called: Mapping[str, BpmnModel]) -> None:
        self._called = called
        self._passes: dict[str, bool] = {}

    def waits(self, model: BpmnModel, element: Element) -> bool:
        """Whether a token cannot pass the element at once; a called process that is not known is taken to wait."""
        if element.kind is Kind.CALL_ACTIVITY:
            return not self._passes_called(element.called)
        if element.kind is Kind.SUB_PROCESS:
            return not self._passes_scope(model, element.id)
        return element.waits or element.kind is Kind.BOUNDARY

    def _passes_called(self, key: str) -> bool:
        called = self._called.get(key)
        if called is None:
            return False
        if key not in self._passes:
            self._passes[key] = False  # a ring of calls ends here; it is refused elsewhere
            self._passes[key] = self._passes_scope(called, called.process_id)
        return self._passes[key]

    def _passes_scope(self, model: BpmnModel, scope: str) -> bool:
        """Whether a way leads from the start of a process or sub-process to an end without a halt."""
        inner = list(model.in_scope(scope))
        starts = [e.id for e in inner if e.kind is Kind.START]
        passed = {e.id for e in inner if not self.waits(model, e)}
        through = _closure(starts, lambda e: (f.target for f in model.flows_out(e) if f.target in passed))
        return any(model.elements[e].kind is Kind.END for e in through)


def _cycles(steps: dict[str, list[str]]) -> list[list[str]]:
    """Groups of elements that can reach themselves, each in the order of the file."""
    reach = {element_id: _closure(steps[element_id], lambda e: steps[e]) for element_id in steps}
    looping = [element_id for element_id in steps if element_id in reach[element_id]]
    groups: list[list[str]] = []
    for element_id in looping:
        group = [other for other in looping if other in reach[element_id] and element_id in reach[other]]
        if sorted(group) not in [sorted(known) for known in groups]:
            groups.append(group)
    return groups


def leads(flow: Flow, subject: Subject) -> str:
    """Where a flow leads, in words."""
    return subject.label(flow.target)
