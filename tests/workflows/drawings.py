"""The picture of a process file as plain geometry: boxes, lines and labels, with questions about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from math import ceil
from pathlib import Path

from lxml import etree

from engine.definitions.elements import BpmnModel, Element, Flow, Kind
from engine.definitions.model import read_model
from engine.definitions.xml import BPMN, BPMNDI, DC, DI

WORKFLOWS = Path(__file__).parents[2] / "workflows"
KEYS = tuple(sorted(path.parent.name for path in WORKFLOWS.glob("*/process.bpmn")))
LABEL_SIZE, LINE_HEIGHT = 11, 13.2  #: of names beside events, gateways and flows, as bpmn-js draws them
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def meets(self, other: Box, margin: float = 0) -> bool:
        """Whether they overlap, or come nearer than the margin."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.top < other.bottom + margin
            and other.top < self.bottom + margin
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies within."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )

    def on_border(self, point: Point, slack: float = 0.6) -> bool:
        """Whether a point lies on the rectangle's line."""
        x, y = point
        near = self.left - slack <= x <= self.right + slack and self.top - slack <= y <= self.bottom + slack
        return near and (
            min(abs(x - self.left), abs(x - self.right)) <= slack
            or min(abs(y - self.top), abs(y - self.bottom)) <= slack
        )


def segment(start: Point, end: Point) -> Box:
    """A straight piece of a line as a box without thickness."""
    return Box(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))


class Drawing:
    """One process file: its model and where everything is drawn."""

    def __init__(self, key: str) -> None:
        content = (WORKFLOWS / key / "process.bpmn").read_bytes()
        self.key = key
        self.model: BpmnModel = read_model(content)
        self.root = etree.fromstring(content)
        self.boxes: dict[str, Box] = {}
        self.labels: dict[str, Box] = {}
        self.lines: dict[str, list[Point]] = {}
        for shape in self.root.iter(f"{{{BPMNDI}}}BPMNShape"):
            bounds = shape.find(f"{{{DC}}}Bounds")
            if bounds is not None:
                self.boxes[shape.get("bpmnElement", "")] = _box(bounds)
            self._read_label(shape)
        for edge in self.root.iter(f"{{{BPMNDI}}}BPMNEdge"):
            points = [(float(p.get("x", "0")), float(p.get("y", "0"))) for p in edge.iterfind(f"{{{DI}}}waypoint")]
            self.lines[edge.get("bpmnElement", "")] = points
            self._read_label(edge)

    def _read_label(self, drawn: etree._Element) -> None:
        bounds = drawn.find(f"{{{BPMNDI}}}BPMNLabel/{{{DC}}}Bounds")
        if bounds is not None:
            self.labels[drawn.get("bpmnElement", "")] = _box(bounds)

    @cached_property
    def pool(self) -> Box:
        pool = self.root.find(f".//{{{BPMN}}}participant")
        assert pool is not None, f"{self.key} has no pool"
        return self.boxes[pool.get("id", "")]

    @property
    def elements(self) -> list[Element]:
        return list(self.model.elements.values())

    @property
    def flows(self) -> list[Flow]:
        return list(self.model.flows.values())

    def around(self, element_id: str) -> set[str]:
        """The sub-processes in which an element is drawn, and for a boundary event its activity."""
        found = {owner.id for owner in self.model.owners(element_id)}
        host = self.model.elements[element_id].attached_to
        return found | ({host} if host else set())

    def segments(self, flow_id: str) -> list[Box]:
        """The straight pieces of a flow."""
        return [segment(start, end) for start, end in pairwise(self.lines.get(flow_id, []))]

    def leads_to(self, start: str, goal: str) -> bool:
        """Whether one can get from one element to another, along flows and out of boundary events."""
        seen, todo = set(), [start]
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            todo += [flow.target for flow in self.model.flows_out(here)]
            todo += [event.id for event in self.model.boundaries(here)]
            sub_process = self.model.elements[here].kind is Kind.SUB_PROCESS
            todo += [element.id for element in self.model.in_scope(here)] if sub_process else []
        return goal in seen

    # ------------------------------------------------------------ findings

    def overlapping(self) -> Iterator[str]:
        """Shapes that cover each other."""
        for one, other in combinations(self.elements, 2):
            if other.id in self.around(one.id) or one.id in self.around(other.id):
                continue
            if self.boxes[one.id].meets(self.boxes[other.id]):
                yield f"{one.id} / {other.id}"

    def crossed_shapes(self) -> Iterator[str]:
        """Flows that run through a shape which is neither of their ends."""
        for flow in self.flows:
            own = {flow.source, flow.target} | self.around(flow.source) | self.around(flow.target)
            for element in self.elements:
                if element.id not in own and any(p.meets(self.boxes[element.id]) for p in self.segments(flow.id)):
                    yield f"{flow.id} through {element.id}"

    def shared_lines(self) -> Iterator[str]:
        """Pieces that two flows without a common end draw over each other."""
        for one, other in combinations(self.flows, 2):
            if one.source == other.source or one.target == other.target:
                continue
            if any(_along(a, b) for a in self.segments(one.id) for b in self.segments(other.id)):
                yield f"{one.id} / {other.id}"

    def covered_labels(self) -> Iterator[str]:
        """Labels that touch a line, a shape, another label or the border of a lane, or stick out of the pool."""
        for owner, label in self.labels.items():
            yield from (f"{owner} on {what}" for what in self._under(owner, label))
            if not self.pool.holds(label):
                yield f"{owner} outside the pool"
        for (one, box), (other, box2) in combinations(self.labels.items(), 2):
            if box.meets(box2):
                yield f"{one} on the label of {other}"

    def _under(self, owner: str, label: Box) -> Iterator[str]:
        for flow in self.flows:
            if any(piece.meets(label) for piece in self.segments(flow.id)):
                yield flow.id
        for element in self.elements:
            box = self.boxes[element.id]
            if _touches(label, element, box) and not (element.kind is Kind.SUB_PROCESS and box.holds(label)):
                yield element.id
        for lane in self.model.lanes:
            box = self.boxes[lane.id]
            if any(label.top < border < label.bottom for border in (box.top, box.bottom)):
                yield f"the border of {lane.id}"

    def cramped_labels(self) -> Iterator[str]:
        """Labels whose box is too small for their text."""
        names = {element.id: element.name for element in self.elements} | {flow.id: flow.name for flow in self.flows}
        for owner, label in self.labels.items():
            width = sum(LABEL_SIZE if ord(sign) > 0x2000 else LABEL_SIZE * 0.6 for sign in names.get(owner, ""))
            if ceil(width / label.width) * LINE_HEIGHT > label.height + 2:
                yield f"{owner}: {names.get(owner)}"


def _box(bounds: etree._Element) -> Box:
    left, top = float(bounds.get("x", "0")), float(bounds.get("y", "0"))
    return Box(left, top, left + float(bounds.get("width", "0")), top + float(bounds.get("height", "0")))


def _touches(label: Box, element: Element, box: Box) -> bool:
    """Whether a label reaches into a shape: a diamond, a circle or a rectangle."""
    if not label.meets(box):
        return False
    centre_y = (box.top + box.bottom) / 2
    away_x = max(label.left - box.middle, box.middle - label.right, 0)
    away_y = max(label.top - centre_y, centre_y - label.bottom, 0)
    if element.kind.is_gateway:
        return away_x + away_y < box.width / 2
    if element.kind.is_event:
        return away_x**2 + away_y**2 < (box.width / 2) ** 2
    return True


def _along(one: Box, other: Box) -> bool:
    """Whether two straight pieces lie on one line and share more than a point."""
    if one.height == other.height == 0 and one.top == other.top:
        return min(one.right, other.right) > max(one.left, other.left)
    if one.width == other.width == 0 and one.left == other.left:
        return min(one.bottom, other.bottom) > max(one.top, other.top)
    return False


@lru_cache
def drawing_of(key: str) -> Drawing:
    """The drawing of a process, read once."""
    return Drawing(key)
