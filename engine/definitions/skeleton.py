"""The least that a process can be: a pool with one lane, a start, one task of a person, an end; drawn and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lxml import etree

from engine.definitions.package import PROCESS_FILE
from engine.definitions.xml import BPMN, BPMNDI, CAMUNDA, DC, DI, TSUNAGU

SLA = "5 business_days"  #: the task's period to begin with; the owner sets the right one before publishing
_NAMES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "camunda": CAMUNDA, "tsunagu": TSUNAGU}
#: left, top, width and height of what is drawn
_SHAPES = {
    "pool": (160, 80, 700, 200), "lane": (190, 80, 670, 200), "start": (260, 162, 36, 36), "task": (400, 140, 120, 80),
    "end": (640, 162, 36, 36),
}  # fmt: skip


@dataclass(frozen=True)
class Beginning:
    """What somebody says of a new process. lane: name of the role in words; role: its code."""

    key: str
    name: str
    purpose: str
    task: str
    role: str
    lane: str


def files_of(beginning: Beginning) -> dict[str, bytes]:
    """The files of a version: the diagram and the form of its one task, with a field for a note."""
    task = f"{beginning.key[:40]}_first"
    note = {"title": "記録", "type": "string", "x-kind": "text"}
    control = {"type": "Control", "scope": "#/properties/record_note"}
    form = {
        "key": task, "title": beginning.task,
        "schema": {"type": "object", "properties": {"record_note": note}, "required": ["record_note"]},
        "ui": {"type": "VerticalLayout", "elements": [{"type": "Group", "label": "記録", "elements": [control]}]},
    }  # fmt: skip
    content = (json.dumps(form, ensure_ascii=False, indent=2) + "\n").encode()
    return {PROCESS_FILE: _diagram(beginning, task), f"{beginning.key}/forms/{task}.json": content}


def _diagram(beginning: Beginning, task: str) -> bytes:
    key = beginning.key
    ids = {"pool": f"{key}_pool", "lane": f"{key}_lane", "start": f"{key}_start", "task": task, "end": f"{key}_end"}
    root = etree.Element(f"{{{BPMN}}}definitions", nsmap=_NAMES, id=f"{key}_definitions", targetNamespace="urn:tsunagu")
    collaboration = _child(root, "collaboration", id=f"{key}_collaboration")
    _child(collaboration, "participant", id=ids["pool"], name=beginning.name, processRef=key)
    process = _child(root, "process", id=key, name=beginning.name, isExecutable="true")
    _child(process, "documentation").text = beginning.purpose
    lane = _child(_child(process, "laneSet", id=f"{key}_lanes"), "lane", id=ids["lane"], name=beginning.lane)
    for name in ("start", "task", "end"):
        _child(lane, "flowNodeRef").text = ids[name]
    flows = {f"{key}_begin": ("start", "task"), f"{key}_finish": ("task", "end")}
    _nodes(process, ids, beginning, list(flows))
    for flow, (source, target) in flows.items():
        _child(process, "sequenceFlow", id=flow, sourceRef=ids[source], targetRef=ids[target])
    _drawing(root, key, ids, flows)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def _nodes(process: etree._Element, ids: dict[str, str], beginning: Beginning, flows: list[str]) -> None:
    start = _child(process, "startEvent", id=ids["start"], name="始まり")
    entries = _child(start, "extensionElements")
    etree.SubElement(entries, f"{{{TSUNAGU}}}entry", name="manual", label="職員が始める")
    _child(start, "outgoing").text = flows[0]
    task = _child(process, "userTask", id=ids["task"], name=beginning.task)
    task.set(f"{{{CAMUNDA}}}candidateGroups", beginning.role)
    task.set(f"{{{TSUNAGU}}}sla", SLA)
    _child(task, "incoming").text = flows[0]
    _child(task, "outgoing").text = flows[1]
    _child(_child(process, "endEvent", id=ids["end"], name="終わり"), "incoming").text = flows[1]


def _drawing(root: etree._Element, key: str, ids: dict[str, str], flows: dict[str, tuple[str, str]]) -> None:
    diagram = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", id=f"{key}_drawing")
    plane = etree.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", id=f"{key}_plane", bpmnElement=f"{key}_collaboration")
    for name, (x, y, width, height) in _SHAPES.items():
        shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", id=f"{ids[name]}_di", bpmnElement=ids[name])
        if name in ("pool", "lane"):
            shape.set("isHorizontal", "true")
        etree.SubElement(shape, f"{{{DC}}}Bounds", x=str(x), y=str(y), width=str(width), height=str(height))
    for flow, (source, target) in flows.items():
        edge = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", id=f"{flow}_di", bpmnElement=flow)
        for at in (_SHAPES[source][0] + _SHAPES[source][2], _SHAPES[target][0]):
            etree.SubElement(edge, f"{{{DI}}}waypoint", x=str(at), y="180")


def _child(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{BPMN}}}{tag}", attributes)
