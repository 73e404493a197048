"""The file against the profile table: every element, event, attribute and value, with one default rule, refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine.definitions.findings import Finding
from engine.definitions.profile.accepted import EVENTS
from engine.definitions.profile.attributes import ID
from engine.definitions.profile.row import Row
from engine.definitions.profile.table import attribute_row, element_row, event_row, may_stand_in, value_fits
from engine.definitions.rulebook import Report
from engine.definitions.xml import BPMN, qualified

_DEFINITION = "EventDefinition"
_SECOND_IS_NAMED_ELSEWHERE = "bpmn:multiInstanceLoopCharacteristics"


def check(root: etree._Element, report: Report) -> Iterator[Finding]:
    """Findings for everything in the file that the profile does not allow."""
    if root.tag != f"{{{BPMN}}}definitions":
        yield report.finding("structure.root")
        return
    yield from _Walk(report).node(root, "", root)


class _Walk:
    def __init__(self, report: Report) -> None:
        self.report = report

    def node(self, node: etree._Element, parent: str, near: etree._Element) -> Iterator[Finding]:
        """Findings in a node and below. near: the closest element with an id, where findings are shown."""
        tag = qualified(node.tag)
        near = node if node.get("id") else near
        row = element_row(tag)
        if row is None or not row.accepted:
            yield self.refused_element(tag, row, near)
            return
        if not may_stand_in(row, parent):
            yield self.finding("profile.place", near, what=row.ja, parent=_word(parent))
            return
        yield from self.attributes(node, tag, near)
        yield from self.texts(node, row, near)
        yield from self.repeated(node, near)
        if tag in EVENTS:
            yield from self.event(node, tag)
        place = f"{parent}/extension" if tag == "bpmn:extensionElements" else tag
        for child in node:
            if not (tag in EVENTS and qualified(child.tag).endswith(_DEFINITION) and element_row_refused(child)):
                yield from self.node(child, place, near)

    def refused_element(self, tag: str, row: Row | None, near: etree._Element) -> Finding:
        if row is None:
            return self.finding(
                "profile.element",
                near,
                what=f"要素「{tag}」",
                reason="許可した要素の中にありません。",
                remedy="取り除いてください。",
            )
        return self.finding("profile.element", near, what=row.ja, reason=row.reason, remedy=row.condition)

    def attributes(self, node: etree._Element, tag: str, near: etree._Element) -> Iterator[Finding]:
        for key, raw in node.attrib.items():
            name, value = qualified(str(key)), str(raw)
            row = attribute_row(tag, name)
            if row is None:
                hint = "使える設定の一覧は docs/bpmn-profile.md にあります。" if ":" in name else ""
                yield self.finding("profile.attribute", near, name=name, hint=hint)
            elif not value_fits(row, value) and row.values != ID:  # ids have rules of their own
                hint = row.condition or "使える値に直すか、取り除いてください。"
                yield self.finding("profile.value", near, name=name, value=value, hint=hint)

    def texts(self, node: etree._Element, row: Row, near: etree._Element) -> Iterator[Finding]:
        own = [] if row.text else [node.text]
        for text in (*own, *(child.tail for child in node)):
            if text and text.strip():
                yield self.finding("profile.text", near, what=row.ja, text=text.strip()[:40])

    def repeated(self, node: etree._Element, near: etree._Element) -> Iterator[Finding]:
        for tag, count in Counter(qualified(child.tag) for child in node).items():
            row = element_row(tag)
            if count > 1 and row is not None and row.accepted and row.once:
                rule = "structure.multi_instance_several" if tag == _SECOND_IS_NAMED_ELSEWHERE else "profile.repeated"
                yield self.finding(rule, near, what=row.ja)

    def event(self, node: etree._Element, tag: str) -> Iterator[Finding]:
        names = [qualified(child.tag) for child in node if qualified(child.tag).endswith(_DEFINITION)]
        kinds = [name.removeprefix("bpmn:").removesuffix(_DEFINITION) for name in names]
        kind = "several" if len(kinds) > 1 else kinds[0] if kinds else "none"
        if kind == "none" and any(qualified(child.tag) == "bpmn:eventDefinitionRef" for child in node):
            return
        row = event_row(tag, kind)
        if row is None or not row.accepted:
            yield self.finding(
                "profile.event",
                node,
                what=row.ja if row else f"「{kind}」のイベント",
                reason=row.reason if row else "許可したイベントの中にありません。",
                remedy=row.condition if row else "取り除いてください。",
            )

    def finding(self, rule: str, near: etree._Element, **blanks: object) -> Finding:
        return self.report.finding(rule, near.get("id", ""), near.get("name", ""), **blanks)


def element_row_refused(node: etree._Element) -> bool:
    """Whether the profile does not accept the element as such (its event is then named as a whole)."""
    row = element_row(qualified(node.tag))
    return row is None or not row.accepted


def _word(place: str) -> str:
    tag = place.removesuffix("/extension")
    row = element_row(tag)
    return row.ja if row is not None else tag or "ファイル"
