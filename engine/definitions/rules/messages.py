"""Messages: every event names one, every one is sent and received somewhere, with what it carries declared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from engine.definitions.elements import BpmnModel, Element, EventKind, Kind, MessageUse
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.definitions.xml import BPMN

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_TASKS = (Kind.SEND_TASK, Kind.RECEIVE_TASK)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about message declarations, their use here, and their other ends."""
    yield from _declared(subject)
    for element in subject.known():
        if (element.kind in _TASKS or element.event is EventKind.MESSAGE) and not element.message:
            yield subject.at("message.ref_missing", element)
        yield from _variables(subject, element)
    yield from _ways_in(subject)
    if subject.context.others is not None:
        yield from _other_ends(subject, (subject.model, *subject.context.others))


def _declared(subject: Subject) -> Iterator[Finding]:
    used = {element.message for element in subject.model.elements.values()}
    used |= {entry.message for entry in subject.model.entries}
    names: Counter[str] = Counter()
    for node in subject.root.iterfind(f"{{{BPMN}}}message"):
        message_id, name = node.get("id", ""), node.get("name", "")
        if not name:
            yield subject.report.finding("message.name_missing", message_id, found=message_id)
            continue
        names[name] += 1
        if not _NAME.fullmatch(name):
            yield subject.report.finding("message.name_form", message_id, name, found=name)
        if names[name] == 2:
            yield subject.report.finding("message.twice", message_id, name, found=name)
        if name not in used:
            yield subject.report.finding("message.unused", message_id, name, found=name)


def _variables(subject: Subject, element: Element) -> Iterator[Finding]:
    known = {*subject.model.all_variables, *subject.model.locals_at(element.id)}
    for name in (*element.payload, *element.correlate):
        if name not in known:
            yield subject.at("message.payload_undeclared", element, name=name)


def _ways_in(subject: Subject) -> Iterator[Finding]:
    start, entries = subject.model.start, subject.model.entries
    if start is None:
        return
    if start.event is EventKind.MESSAGE and entries:
        yield subject.at("entry.with_message_start", start)
    if start.event is EventKind.NONE and not entries:
        yield subject.at("entry.missing", start)
    for name, count in Counter(entry.name for entry in entries).items():
        if not name:
            yield subject.at("entry.name", start)
        elif count > 1:
            yield subject.at("entry.twice", start, name=name)
    for message, count in Counter(entry.message for entry in entries if entry.message).items():
        if count > 1:
            yield subject.at("message.starts_twice", start, name=message)


# ---------------------------------------------------------------- over all processes


def _other_ends(subject: Subject, models: tuple[BpmnModel, ...]) -> Iterator[Finding]:
    later = subject.context.later_messages
    for use in subject.model.thrown:
        if use.name not in later and not any(_receivers(models, use.name)):
            yield subject.at("message.never_caught", subject.model.elements[use.element_id], name=use.name)
    for use in subject.model.caught:
        senders = list(_senders(models, use.name))
        element = subject.model.elements[use.element_id]
        if senders:
            yield from _fits(subject, element, use, senders)
        elif use.name not in later:
            yield subject.at("message.never_thrown", element, name=use.name)


def _receivers(models: Iterable[BpmnModel], name: str) -> Iterator[MessageUse]:
    return (use for model in models for use in model.caught if use.name == name)


def _senders(models: Iterable[BpmnModel], name: str) -> Iterator[tuple[BpmnModel, MessageUse]]:
    return ((model, use) for model in models for use in model.thrown if use.name == name)


def _fits(
    subject: Subject, element: Element, use: MessageUse, senders: list[tuple[BpmnModel, MessageUse]]
) -> Iterator[Finding]:
    """A receiver may only take what is sent, in the kind in which it is sent."""
    names = "、".join(sorted({model.process_id for model, _ in senders}))
    several = len([e for e in subject.model.entries if e.message]) > 1 and element.kind is Kind.START
    if use.starts and not use.payload:  # a start takes whatever of the message it has declared
        for name in sorted({name for _, sent in senders for name in sent.payload}):
            yield from _same_type(subject, element, name, [model for model, sent in senders if name in sent.payload])
    for name in use.payload:
        sending = [model for model, sent in senders if name in sent.payload]
        if not sending and not several:  # with several ways in, each message brings its part
            yield subject.at("message.payload_unsent", element, message=use.name, name=name, senders=names)
        yield from _same_type(subject, element, name, sending)
    for name in use.correlate:
        if any(name not in sent.correlate for _, sent in senders):
            yield subject.at("message.correlate_unsent", element, message=use.name, name=name, senders=names)


def _same_type(subject: Subject, element: Element, name: str, senders: list[BpmnModel]) -> Iterator[Finding]:
    ours = subject.model.all_variables.get(name)
    for model in senders:
        theirs = model.all_variables.get(name)
        if ours is not None and theirs is not None and ours.type != theirs.type:
            yield subject.at(
                "message.payload_type",
                element,
                name=name,
                other=model.process_id,
                theirs=theirs.type,
                ours=ours.type,
            )
