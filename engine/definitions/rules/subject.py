"""One diagram under examination, with everything a rule may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.definitions.context import CheckContext, FormFacts, FormLookup
from engine.definitions.elements import BpmnModel, Element, Flow, Kind
from engine.definitions.findings import Finding
from engine.definitions.package import Package
from engine.definitions.profile.table import element_row
from engine.definitions.rulebook import Report
from engine.definitions.xml import BPMN


@dataclass(frozen=True)
class Subject:
    """package and context as given, root and model of its diagram, forms as looked up (None: not known).

    called: models of the processes that it calls, directly or not, by id.
    """

    package: Package
    context: CheckContext
    root: etree._Element
    model: BpmnModel
    report: Report
    forms: FormLookup | None = field(default=None)
    called: Mapping[str, BpmnModel] = field(default_factory=dict)

    def at(self, rule: str, element: Element, **blanks: object) -> Finding:
        """A finding at an element; the blank ``what`` is its kind in words."""
        blanks.setdefault("what", what(element))
        return self.report.finding(rule, element.id, element.name, **blanks)

    def at_flow(self, rule: str, flow: Flow, **blanks: object) -> Finding:
        """A finding at a sequence flow."""
        return self.report.finding(rule, flow.id, flow.name, **blanks)

    def known(self) -> Iterator[Element]:
        """The elements of kinds that the profile has; the others are refused elsewhere."""
        return (element for element in self.model.elements.values() if element.kind is not Kind.OTHER)

    def label(self, element_id: str) -> str:
        """Name of an element, or its id."""
        element = self.model.elements.get(element_id)
        return element.label if element is not None else element_id

    def form_of(self, element: Element) -> FormFacts | None:
        """The form of a user task, where forms are known and it exists."""
        if self.forms is None or element.task is None:
            return None
        return self.forms.form(element.task.form_key)

    def node(self, element: Element) -> etree._Element | None:
        """The XML element of an element."""
        tag = f"{{{BPMN}}}{element.tag}"
        return next((node for node in self.root.iter(tag) if node.get("id") == element.id), None)

    def together(self) -> tuple[BpmnModel, ...]:
        """The processes that may run in one instance with this one: what it calls, and what calls it with theirs."""
        known = {**{other.process_id: other for other in self.context.others or ()}, **self.called}
        known[self.model.process_id] = self.model
        callers = {self.model.process_id}
        while more := {k for k, m in known.items() if k not in callers and callers & {c.called for c in m.calls}}:
            callers |= more
        found = set(callers)
        while more := {c.called for k in found for c in known[k].calls if c.called in known} - found:
            found |= more
        return tuple(known[key] for key in sorted(found))


def what(element: Element) -> str:
    """The kind of an element in words: 「ユーザータスク」."""
    if element.kind.is_event:
        return _EVENT_WORDS.get(element.kind, "イベント")
    row = element_row(f"bpmn:{element.tag}")
    return row.ja if row is not None else element.tag


_EVENT_WORDS = {
    Kind.START: "開始イベント",
    Kind.END: "終了イベント",
    Kind.CATCH: "中間イベント",
    Kind.THROW: "中間イベント",
    Kind.BOUNDARY: "境界イベント",
}
