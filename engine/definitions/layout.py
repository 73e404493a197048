"""The drawing of a diagram: making room for a step, and closing the line where one was taken out."""

from __future__ import annotations

from itertools import pairwise

from lxml import etree

from engine.definitions.xml import BPMN, BPMNDI, DC, DI

WIDTH, HEIGHT, GAP = 140, 70, 60  #: of a new step, and between steps
_FRAMES = ("participant", "lane", "subProcess")
Point = tuple[float, float]
Ends = tuple[str, str]  #: ids of both ends of a line


class Drawing:
    """The shapes and lines of a file; without any, nothing is done."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.shapes = {n.get("bpmnElement", ""): n for n in root.iter(f"{{{BPMNDI}}}BPMNShape")}
        self.edges = {n.get("bpmnElement", ""): n for n in root.iter(f"{{{BPMNDI}}}BPMNEdge")}
        self.kinds = {
            n.get("id", ""): etree.QName(n).localname for n in root.iter(f"{{{BPMN}}}*") if n.get("id") is not None
        }

    def insert_after(self, before: str, new: str, flow: str, second: str) -> None:
        """Draw a step right of another on its only line on; what lies right of it moves on."""
        if before not in self.shapes or flow not in self.edges:
            return
        x, y, width, height = _bounds(self.shapes[before])
        right, middle = x + width, y + height / 2
        self._make_room(right, new, self._ends(second)[1])
        rest = _points(self.edges[flow])[1:]
        left = right + GAP
        self._add_shape(new, (left, middle - HEIGHT / 2))
        _draw(self.edges[flow], [(right, middle), (left, middle)])
        for label in self.edges[flow].findall(f"{{{BPMNDI}}}BPMNLabel"):
            self.edges[flow].remove(label)
        end = left + WIDTH
        corner = [] if rest[0][1] == middle else [(end + GAP / 2, middle), (end + GAP / 2, rest[0][1])]
        self._add_edge(second, [(end, middle), *corner, *rest])

    def join(self, arriving: str, leaving: str) -> None:
        """One line of two: the first to where the second went."""
        first, second = self.edges.get(arriving), self.edges.get(leaving)
        if first is not None and second is not None:
            _draw(first, _straight([*_points(first), *_points(second)]))

    def remove(self, *elements: str) -> None:
        """Take shapes and lines out of the drawing."""
        for element in elements:
            node = self.shapes.pop(element, None) if element in self.shapes else self.edges.pop(element, None)
            parent = node.getparent() if node is not None else None
            if node is not None and parent is not None:
                parent.remove(node)

    def _make_room(self, cut: float, new: str, target: str) -> None:
        """Everything right of ``cut`` goes on by the room of a step; frames around it grow.

        The line to ``new`` is still drawn to ``target``.
        """
        by = WIDTH + GAP
        moved: set[str] = set()
        for element, shape in self.shapes.items():
            x, _, width, _ = _bounds(shape)
            if self.kinds.get(element) in _FRAMES and x < cut < x + width:
                _bound(shape).set("width", _number(width + by))
            elif x + width / 2 >= cut:
                moved.add(element)
                _shift(_bound(shape), by)
                _shift_label(shape, by)
        moved |= {new} if target in moved else set()
        for element, edge in self.edges.items():
            self._stretch(edge, self._ends(element), moved, cut, by)

    def _stretch(self, edge: etree._Element, ends: Ends, moved: set[str], cut: float, by: float) -> None:
        """A line keeps its ends; between them what lies right of the cut moves, upright parts as a whole."""
        points = _points(edge)
        goes = [x >= cut for x, _ in points]
        for at, end, step in ((0, ends[0], 1), (len(points) - 1, ends[1], -1)):
            place = at
            while 0 <= place < len(points) and points[place][0] == points[at][0]:
                goes[place] = end in moved
                place += step
        _draw(edge, [(x + by, y) if go else (x, y) for (x, y), go in zip(points, goes, strict=True)])
        label = edge.find(f"{{{BPMNDI}}}BPMNLabel/{{{DC}}}Bounds")
        if label is not None and float(label.get("x", "0")) >= cut:
            _shift(label, by)

    def _ends(self, element: str) -> Ends:
        for node in self.root.iter(f"{{{BPMN}}}*"):
            if node.get("id") == element:
                return node.get("sourceRef", ""), node.get("targetRef", "")
        return "", ""

    def _add_shape(self, element: str, corner: Point) -> None:
        shape = etree.Element(f"{{{BPMNDI}}}BPMNShape", id=f"{element}_di", bpmnElement=element)
        sizes = {"x": corner[0], "y": corner[1], "width": WIDTH, "height": HEIGHT}
        etree.SubElement(shape, f"{{{DC}}}Bounds", {name: _number(value) for name, value in sizes.items()})
        next(iter(self.shapes.values())).getparent().append(shape)  # type: ignore[union-attr]
        self.shapes[element] = shape

    def _add_edge(self, element: str, points: list[Point]) -> None:
        edge = etree.Element(f"{{{BPMNDI}}}BPMNEdge", id=f"{element}_di", bpmnElement=element)
        next(iter(self.shapes.values())).getparent().append(edge)  # type: ignore[union-attr]
        _draw(edge, points)
        self.edges[element] = edge


def _bound(shape: etree._Element) -> etree._Element:
    found = shape.find(f"{{{DC}}}Bounds")
    assert found is not None
    return found


def _bounds(shape: etree._Element) -> tuple[float, float, float, float]:
    bound = _bound(shape)
    x, y, width, height = (float(bound.get(name, "0")) for name in ("x", "y", "width", "height"))
    return x, y, width, height


def _shift(bound: etree._Element, by: float) -> None:
    bound.set("x", _number(float(bound.get("x", "0")) + by))


def _shift_label(shape: etree._Element, by: float) -> None:
    label = shape.find(f"{{{BPMNDI}}}BPMNLabel/{{{DC}}}Bounds")
    if label is not None:
        _shift(label, by)


def _points(edge: etree._Element) -> list[Point]:
    return [(float(p.get("x", "0")), float(p.get("y", "0"))) for p in edge.findall(f"{{{DI}}}waypoint")]


def _draw(edge: etree._Element, points: list[Point]) -> None:
    for old in edge.findall(f"{{{DI}}}waypoint"):
        edge.remove(old)
    for place, (x, y) in enumerate(points):
        edge.insert(place, etree.Element(f"{{{DI}}}waypoint", x=_number(x), y=_number(y)))


def _straight(points: list[Point]) -> list[Point]:
    """Without points that lie on the way between their neighbours."""
    kept = points[:1]
    for point, after in pairwise(points[1:]):
        before = kept[-1]
        if not (before[0] == point[0] == after[0] or before[1] == point[1] == after[1]):
            kept.append(point)
    return [*kept, points[-1]]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
