"""Small diagrams with a complete drawing, written from nodes and lines: what the model files here are made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import quoteattr

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:tsunagu="urn:tsunagu:bpmn:1"
    id="sample_definitions" targetNamespace="urn:tsunagu:workflows">
"""
_SIZES = {"Event": (36, 36), "Gateway": (50, 50)}


@dataclass(frozen=True)
class Node:
    """attrs: more attributes as XML text. body: children before the flows. inside: id of its sub-process."""

    tag: str
    id: str
    name: str = ""
    attrs: str = ""
    body: str = ""
    inside: str = ""

    @property
    def size(self) -> tuple[int, int]:
        return next((size for end, size in _SIZES.items() if self.tag.endswith(end)), (120, 80))


@dataclass(frozen=True)
class Line:
    """A sequence flow; its id is made of its ends."""

    source: str
    target: str
    name: str = ""
    condition: str = ""

    @property
    def id(self) -> str:
        return f"f_{self.source}__{self.target}"


@dataclass
class Diagram:
    """A process in a pool with one lane. extensions: declarations on the process. root: more root elements."""

    nodes: list[Node]
    lines: list[Line]
    extensions: str = ""
    root: str = ""
    key: str = "sample"
    name: str = "見本"
    attrs: str = 'isExecutable="true"'
    notes: str = ""
    edges: str = ""
    places: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)

    def text(self) -> str:
        """The file."""
        self._place()
        return "".join([HEAD, self._main(), self._drawing(), "</bpmn:definitions>\n"])

    def _main(self) -> str:
        lane = "".join(f"<bpmn:flowNodeRef>{n.id}</bpmn:flowNodeRef>" for n in self.nodes if not n.inside)
        extensions = f"<bpmn:extensionElements>{self.extensions}</bpmn:extensionElements>" if self.extensions else ""
        return (
            f'  <bpmn:collaboration id="{self.key}_pools"><bpmn:participant id="{self.key}_pool" '
            f'name="{self.name}" processRef="{self.key}"/></bpmn:collaboration>\n{self.root}'
            f'  <bpmn:process id="{self.key}" name="{self.name}" {self.attrs}>\n    {extensions}\n'
            f'    <bpmn:laneSet id="{self.key}_lanes"><bpmn:lane id="{self.key}_lane" name="相談支援機関">{lane}'
            f"</bpmn:lane></bpmn:laneSet>\n{self._scope('')}{self.notes}  </bpmn:process>\n"
        )

    def _scope(self, owner: str) -> str:
        inside = {n.id for n in self.nodes if n.inside == owner}
        lines = [line for line in self.lines if line.source in inside]
        return "".join([*(self._node(n) for n in self.nodes if n.inside == owner), *map(_line, lines)])

    def _node(self, node: Node) -> str:
        ways = [f"<bpmn:incoming>{line.id}</bpmn:incoming>" for line in self.lines if line.target == node.id]
        ways += [f"<bpmn:outgoing>{line.id}</bpmn:outgoing>" for line in self.lines if line.source == node.id]
        name = f" name={quoteattr(node.name)}" if node.name else ""
        extension, _, rest = node.body.partition("</bpmn:extensionElements>") if "extensionElements" in node.body else (
            "", "", node.body,
        )  # fmt: skip
        head = f"{extension}</bpmn:extensionElements>" if extension else ""
        inner = self._scope(node.id) if node.tag == "subProcess" else ""
        return (
            f'    <bpmn:{node.tag} id="{node.id}"{name} {node.attrs}>{head}{"".join(ways)}{inner}{rest}'
            f"</bpmn:{node.tag}>\n"
        )

    # ------------------------------------------------------------ the picture

    def _place(self) -> None:
        x = 200
        for node in self.nodes:
            if node.inside or "attachedToRef" in node.attrs:
                continue
            width, height = node.size
            if node.tag == "subProcess":
                inner = [n for n in self.nodes if n.inside == node.id]
                width, height = 60 + 180 * len(inner), 240
                for index, child in enumerate(inner):
                    self.places[child.id] = (x + 40 + 180 * index, 260 - child.size[1] // 2, *child.size)
            self.places[node.id] = (x, 260 - height // 2, width, height)
            x += width + 80
        beside: dict[str, int] = {}
        for node in self.nodes:
            if "attachedToRef" in node.attrs:
                host_id = node.attrs.split('attachedToRef="')[1].split('"')[0]
                host, number = self.places[host_id], beside.get(host_id, 0)
                self.places[node.id] = (host[0] + host[2] // 2 + 50 * number, host[1] + host[3] - 18, 36, 36)
                beside[host_id] = number + 1
        self.places[f"{self.key}_pool"] = (100, 60, x, 500)
        self.places[f"{self.key}_lane"] = (130, 60, x - 30, 500)

    def _drawing(self) -> str:
        shapes = "".join(_shape(element_id, place) for element_id, place in self.places.items())
        edges = "".join(self._edge(line) for line in self.lines)
        return (
            f'  <bpmndi:BPMNDiagram id="{self.key}_diagram"><bpmndi:BPMNPlane id="{self.key}_plane" '
            f'bpmnElement="{self.key}_pools">\n{shapes}{edges}{self.edges}  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\n'
        )

    def _edge(self, line: Line) -> str:
        (x1, y1, w1, h1), (x2, y2, _, h2) = self.places[line.source], self.places[line.target]
        return (
            f'    <bpmndi:BPMNEdge id="{line.id}_di" bpmnElement="{line.id}"><di:waypoint x="{x1 + w1}" '
            f'y="{y1 + h1 // 2}"/><di:waypoint x="{x2}" y="{y2 + h2 // 2}"/></bpmndi:BPMNEdge>\n'
        )


def _line(line: Line) -> str:
    name = f" name={quoteattr(line.name)}" if line.name else ""
    condition = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{line.condition}</bpmn:conditionExpression>'
        if line.condition
        else ""
    )
    return (
        f'    <bpmn:sequenceFlow id="{line.id}"{name} sourceRef="{line.source}" targetRef="{line.target}">'
        f"{condition}</bpmn:sequenceFlow>\n"
    )


def _shape(element_id: str, place: tuple[int, int, int, int]) -> str:
    x, y, width, height = place
    horizontal = ' isHorizontal="true"' if element_id.endswith(("_pool", "_lane")) else ""
    return (
        f'    <bpmndi:BPMNShape id="{element_id}_di" bpmnElement="{element_id}"{horizontal}>'
        f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/></bpmndi:BPMNShape>\n'
    )


# ---------------------------------------------------------------- usual parts


def start(body: str = "", entry: str = "manual", element_id: str = "begin") -> Node:
    """The start event with a way in."""
    ways = f'<tsunagu:entry name="{entry}" label="職員が始める"/>'
    return Node(
        "startEvent", element_id, "始まる", body=f"<bpmn:extensionElements>{ways}</bpmn:extensionElements>{body}"
    )


def end(element_id: str = "finish", name: str = "終わる", body: str = "", attrs: str = "", inside: str = "") -> Node:
    """An end event."""
    return Node("endEvent", element_id, name, attrs, body, inside)


def work(element_id: str, name: str, attrs: str = "", body: str = "", inside: str = "", **settings: str) -> Node:
    """A user task with role and clock; settings are tsunagu attributes, which may replace the clock."""
    own = {"sla": "5 business_days", **settings}
    text = " ".join(f'tsunagu:{key}="{value}"' for key, value in own.items() if value)
    return Node("userTask", element_id, name, f'camunda:candidateGroups="intake_worker" {text} {attrs}', body, inside)


def chain(*element_ids: str) -> list[Line]:
    """Lines from each element to the next."""
    return [Line(a, b) for a, b in pairwise(element_ids)]


def variable(name: str, kind: str, label: str = "変数") -> str:
    """A declaration."""
    return f'<tsunagu:variable name="{name}" type="{kind}" label="{label}"/>'


def message(message_id: str, name: str) -> str:
    """A message declaration."""
    return f'  <bpmn:message id="{message_id}" name="{name}"/>\n'


def catches(message_id: str) -> str:
    """A message event definition."""
    return f'<bpmn:messageEventDefinition id="d_{message_id}" messageRef="{message_id}"/>'
