"""Signals, errors and escalations: what is thrown is caught by what runs in the same instance, and the other way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine.definitions.elements import CALLED_ENTRY, BpmnModel, Element, EventKind, Kind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.definitions.xml import BPMN

_WORDS = {EventKind.SIGNAL: "シグナル", EventKind.ERROR: "エラー", EventKind.ESCALATION: "エスカレーション"}
_CODED = (EventKind.ERROR, EventKind.ESCALATION)
_CODES = {"signal": "", "error": "errorCode", "escalation": "escalationCode"}
_THROWING = (Kind.THROW, Kind.END)


@dataclass(frozen=True)
class Thrown:
    """An error or escalation that leaves the place where it is thrown. element: what throws it, or calls what does."""

    kind: EventKind
    code: str
    element: Element


class Escapes:
    """What leaves processes uncaught; worked out once for each, however many calls lead to it."""

    def __init__(self, called: Mapping[str, BpmnModel]) -> None:
        self._called = called
        self._known: dict[str, tuple[Thrown, ...]] = {}

    def of(self, model: BpmnModel | None) -> tuple[Thrown, ...]:
        """The errors and escalations that no boundary event of the process catches."""
        if model is None:
            return ()
        if model.process_id not in self._known:
            self._known[model.process_id] = ()  # a ring of calls ends here; it is refused elsewhere
            self._known[model.process_id] = tuple(
                thrown
                for thrown in self.inside(model)
                if not any(_caught_at(model, owner, thrown) for owner in model.owners(thrown.element.id))
            )
        return self._known[model.process_id]

    def of_call(self, call: Element) -> tuple[Thrown, ...]:
        """What comes out of a call activity, before its own boundary events."""
        return tuple(replace(thrown, element=call) for thrown in self.of(self._called.get(call.called)))

    def inside(self, model: BpmnModel) -> tuple[Thrown, ...]:
        """What is thrown anywhere in a process, or comes out of its calls past their own boundary events."""
        own = [
            Thrown(element.event, element.code, element)
            for element in model.elements.values()
            if element.kind in _THROWING and element.event in _CODED and element.code
        ]
        passed = [t for call in model.calls for t in self.of_call(call) if not _caught_at(model, call, t)]
        return tuple({(t.kind, t.code, t.element.id): t for t in (*own, *passed)}.values())


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about declarations, references, and both ends of every signal, error and escalation."""
    escapes = Escapes(subject.called)
    yield from _declared(subject)
    for element in subject.known():
        if element.event in _WORDS:
            yield from _reference(subject, element)
        if element.kind is Kind.BOUNDARY and element.event in _CODED:
            yield from _boundary(subject, element, escapes)
    yield from _uncaught(subject, escapes)
    yield from _signals(subject)


# ---------------------------------------------------------------- declarations


def _declared(subject: Subject) -> Iterator[Finding]:
    used = {
        node.get(f"{tag}Ref", "") for tag in _CODES for node in subject.root.iter(f"{{{BPMN}}}{tag}EventDefinition")
    }
    for tag, attribute in _CODES.items():
        meanings: Counter[str] = Counter()
        for node in subject.root.iterfind(f"{{{BPMN}}}{tag}"):
            found_id, name = node.get("id", ""), node.get("name", "")
            blanks = {"kind": _WORDS[EventKind(tag)], "found": name or found_id}
            given = {"名前": name} | ({"コード": node.get(attribute, "")} if attribute else {})
            for wanted, value in given.items():
                if not value.strip():
                    yield subject.report.finding("event.code_missing", found_id, name, wanted=wanted, **blanks)
            meaning = list(given.values())[-1]
            meanings[meaning] += 1
            if meaning and meanings[meaning] == 2:
                yield subject.report.finding("event.twice", found_id, name, **blanks)
            if found_id not in used:
                yield subject.report.finding("event.unused", found_id, name, **blanks)


def _reference(subject: Subject, element: Element) -> Iterator[Finding]:
    """Only a boundary event may leave its code out: it then catches any."""
    node = subject.node(element)
    definition = node.find(f"{{{BPMN}}}{element.event}EventDefinition") if node is not None else None
    refers = definition is not None and bool(definition.get(f"{element.event}Ref"))
    given = element.signal if element.event is EventKind.SIGNAL else element.code
    catch_all = element.kind is Kind.BOUNDARY and element.event in _CODED and not refers
    if not given and not catch_all:
        yield subject.at("event.ref_missing", element, kind=_WORDS[element.event])


# ---------------------------------------------------------------- errors and escalations


def _boundary(subject: Subject, element: Element, escapes: Escapes) -> Iterator[Finding]:
    kind, host = _WORDS[element.event], subject.model.elements.get(element.attached_to or "")
    if element.event is EventKind.ERROR and not element.interrupting:
        yield subject.at("event.error_continues", element)
    if host is None:
        return
    if host.kind not in (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY):
        yield subject.at("event.host", element, kind=kind)
    elif not any(_fits(element, thrown) for thrown in _coming_out(subject.model, host, escapes)):
        yield subject.at("event.never_thrown", element, kind=kind, found=element.code or "どれでも")


def _fits(boundary: Element, thrown: Thrown) -> bool:
    return boundary.event is thrown.kind and boundary.code in (None, thrown.code)


def _coming_out(model: BpmnModel, host: Element, escapes: Escapes) -> Iterator[Thrown]:
    """What comes out of a sub-process or call activity, before its own boundary events."""
    if host.kind is Kind.CALL_ACTIVITY:
        yield from escapes.of_call(host)
        return
    for thrown in escapes.inside(model):
        owners = list(model.owners(thrown.element.id))
        inner = owners[: owners.index(host)] if host in owners else []
        if host in owners and not any(_caught_at(model, owner, thrown) for owner in inner):
            yield thrown


def _caught_at(model: BpmnModel, owner: Element, thrown: Thrown) -> bool:
    return any(_fits(boundary, thrown) for boundary in model.boundaries(owner.id))


def _uncaught(subject: Subject, escapes: Escapes) -> Iterator[Finding]:
    """A process that is only ever called may leave them to its callers; each of these answers for itself."""
    entries = {entry.name for entry in subject.model.entries}
    if entries == {CALLED_ENTRY}:
        return
    for thrown in escapes.of(subject.model):
        blanks = {"kind": _WORDS[thrown.kind], "found": thrown.code}
        if thrown.element.kind is Kind.CALL_ACTIVITY:
            yield subject.at("event.uncaught_call", thrown.element, called=thrown.element.called, **blanks)
        else:
            yield subject.at("event.uncaught", thrown.element, **blanks)


# ---------------------------------------------------------------- signals


def _signals(subject: Subject) -> Iterator[Finding]:
    """A signal reaches what waits in the same instance: this process, what it calls and what calls it."""
    together = [element for model in subject.together() for element in model.elements.values() if element.signal]
    thrown = {element.signal for element in together if element.kind is Kind.THROW}
    caught = {element.signal for element in together if element.kind in (Kind.CATCH, Kind.BOUNDARY)}
    for element in subject.known():
        if not element.signal:
            continue
        if element.kind is Kind.THROW and element.signal not in caught:
            yield subject.at("event.signal_never_caught", element, found=element.signal)
        if element.kind in (Kind.CATCH, Kind.BOUNDARY) and element.signal not in thrown:
            yield subject.at("event.signal_never_thrown", element, found=element.signal)
