"""Ids, names, processes, lanes and the shape of the graph."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine.definitions.elements import Element, EventKind, Kind
from engine.definitions.findings import Finding
from engine.definitions.profile.attributes import ID
from engine.definitions.profile.table import element_row
from engine.definitions.rules.subject import Subject, what
from engine.definitions.xml import BPMN, qualified

MAX_ELEMENTS = 400  #: nodes of one diagram
_RESERVED = re.compile(r"Start|End|Root|.*\.(?:EndJoin|BoundaryEvent(?:Split|Join))|.*\[child\]", re.DOTALL)
_SHAPE_ID = r"[A-Za-z_][A-Za-z0-9_.-]{0,199}"  #: ids of the picture are longer
_NODE_TAG = re.compile(r"bpmn:\w*(?:Task|Event|Gateway|Process|Activity)", re.IGNORECASE)
_NEEDS_ID = frozenset(
    {"bpmn:process", "bpmn:sequenceFlow", "bpmn:message", "bpmn:signal", "bpmn:error", "bpmn:escalation"}
    | {"bpmn:lane", "bpmn:participant"}
)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about the file as a whole and about each element by itself."""
    yield from _process(subject)
    yield from _ids(subject)
    yield from _names(subject)
    yield from _lanes(subject)


def too_big(subject: Subject) -> Iterator[Finding]:
    """A diagram that nobody can read is not examined further."""
    count = len(subject.model.elements)
    yield subject.report.finding("structure.too_big", count=count, limit=MAX_ELEMENTS)


def _process(subject: Subject) -> Iterator[Finding]:
    model, report = subject.model, subject.report
    count = len(subject.root.findall(f"{{{BPMN}}}process"))
    if count != 1:
        yield report.finding("structure.process", count=count)
    if not model.executable:
        yield report.finding("structure.executable", model.process_id, model.name)
    if model.process_id != subject.package.process_key:
        yield report.finding(
            "structure.process_id",
            model.process_id,
            model.name,
            found=model.process_id,
            wanted=subject.package.process_key,
        )
    if not model.name:
        yield report.finding("structure.process_name", model.process_id)


# ---------------------------------------------------------------- ids


def _ids(subject: Subject) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for node in subject.root.iter():
        tag, found = qualified(node.tag), node.get("id")
        if found is None:
            if _must_have_id(node, tag):
                row = element_row(tag)
                yield subject.report.finding("structure.id_missing", what=row.ja if row else tag)
            continue
        seen[found] += 1
        if seen[found] == 2:
            yield subject.report.finding("structure.id_duplicate", found, node.get("name", ""), found=found)
        yield from _id_form(subject, node, found)
    yield from _ids_of_others(subject)


def _must_have_id(node: etree._Element, tag: str) -> bool:
    parent = node.getparent()
    if tag in _NEEDS_ID:
        return True
    in_scope = parent is not None and qualified(parent.tag) in ("bpmn:process", "bpmn:subProcess")
    return in_scope and _NODE_TAG.fullmatch(tag) is not None


def _id_form(subject: Subject, node: etree._Element, found: str) -> Iterator[Finding]:
    name = node.get("name", "")
    if _RESERVED.fullmatch(found):
        yield subject.report.finding("structure.id_reserved", found, name, found=found)
    elif not re.fullmatch(ID if qualified(node.tag).startswith("bpmn:") else _SHAPE_ID, found):
        yield subject.report.finding("structure.id_form", found, name, found=found)


def _ids_of_others(subject: Subject) -> Iterator[Finding]:
    for other in subject.context.others or ():
        for element_id in subject.model.elements.keys() & {*other.elements, other.process_id}:
            element = subject.model.elements[element_id]
            yield subject.at("structure.id_in_other_file", element, found=element_id, other=other.process_id)


# ---------------------------------------------------------------- names


def _names(subject: Subject) -> Iterator[Finding]:
    for element in subject.known():
        needs = element.kind.is_activity or element.kind is Kind.END or element.event is not EventKind.NONE
        if needs and not element.name.strip():
            yield subject.at("structure.name_missing", element)
    for node in subject.root.iter():
        for value in (node.get("name", ""), node.get("label", "")):
            if any(unicodedata.category(sign) in ("Cf", "Cc", "Co") and sign not in "\n\t" for sign in value):
                yield subject.report.finding("structure.hidden_characters", node.get("id", ""), value)


# ---------------------------------------------------------------- lanes and pools


def _lanes(subject: Subject) -> Iterator[Finding]:
    model = subject.model
    for participant in subject.root.iter(f"{{{BPMN}}}participant"):
        if participant.get("processRef", model.process_id).rpartition(":")[2] != model.process_id:
            found = participant.get("name", "") or participant.get("id", "")
            yield subject.report.finding("structure.pool_process", participant.get("id", ""), found, found=found)
    if not model.lanes:
        yield subject.report.finding("structure.pool_missing")
        return
    places: dict[str, list[str]] = {}
    for lane in model.lanes:
        for element_id in lane.element_ids:
            places.setdefault(element_id, []).append(lane.name or lane.id)
            if element_id not in model.elements:
                blanks = {"lane": lane.name or lane.id, "found": element_id}
                yield subject.report.finding("structure.lane_unknown", lane.id, lane.name, **blanks)
    for element in model.in_scope(model.process_id):
        yield from _lane_of(subject, element, places.get(element.id, []))


def _lane_of(subject: Subject, element: Element, lanes: list[str]) -> Iterator[Finding]:
    if not lanes:
        yield subject.at("structure.lane_missing", element, what=what(element))
    elif len(lanes) > 1:
        yield subject.at("structure.lane_twice", element, lanes="、".join(lanes))
