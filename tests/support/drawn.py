"""A small process drawn in full, so that every check of publishing accepts it: tasks in one row, in one lane."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from engine.definitions.package import content_hash
from engine.services.engine import Engine
from engine.storage import definitions as store
from tests.support.casework import a_form

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions'
    ' xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:tsunagu="urn:tsunagu:bpmn:1"'
    ' id="d" targetNamespace="urn:test">'
)


def drawn(key: str, tasks: Sequence[str], *, role: str = "intake_worker", sla: str = "5 business_days") -> bytes:
    """st -> each task -> done. A task is named like its id, in brackets, and uses the form ``note``."""
    nodes = ["st", *tasks, "done"]
    flows = [(f"f_{a}__{b}", a, b) for a, b in pairwise(nodes)]
    inner = "".join(_node(node, flows, role, sla) for node in nodes)
    inner += "".join(f'<bpmn:sequenceFlow id="{i}" sourceRef="{a}" targetRef="{b}"/>' for i, a, b in flows)
    refs = "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in nodes)
    return (
        f'{HEAD}<bpmn:collaboration id="c"><bpmn:participant id="pool" name="訪問" processRef="{key}"/>'
        f'</bpmn:collaboration><bpmn:process id="{key}" name="訪問の手続き" isExecutable="true">'
        "<bpmn:documentation>家を訪ねる。</bpmn:documentation><bpmn:extensionElements>"
        '<tsunagu:variable name="note" type="text" label="メモ"/></bpmn:extensionElements>'
        f'<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="相談員">{refs}</bpmn:lane></bpmn:laneSet>'
        f"{inner}</bpmn:process>{_drawing(nodes, flows)}</bpmn:definitions>"
    ).encode()


def _node(node: str, flows: Sequence[tuple[str, str, str]], role: str, sla: str) -> str:
    ways = "".join(f"<bpmn:incoming>{i}</bpmn:incoming>" for i, _, b in flows if b == node)
    ways += "".join(f"<bpmn:outgoing>{i}</bpmn:outgoing>" for i, a, _ in flows if a == node)
    if node == "st":
        entry = '<bpmn:extensionElements><tsunagu:entry name="manual" label="始める"/></bpmn:extensionElements>'
        return f'<bpmn:startEvent id="st" name="始まり">{entry}{ways}</bpmn:startEvent>'
    if node == "done":
        return f'<bpmn:endEvent id="done" name="終わり">{ways}</bpmn:endEvent>'
    return (
        f'<bpmn:userTask id="{node}" name="「{node}」をする" camunda:candidateGroups="{role}" camunda:formKey="note"'
        f' tsunagu:sla="{sla}"><bpmn:documentation>行う。</bpmn:documentation>{ways}</bpmn:userTask>'
    )


def _drawing(nodes: Sequence[str], flows: Sequence[tuple[str, str, str]]) -> str:
    width = 200 + 150 * len(nodes)
    shapes = _shape("pool", 0, 0, width, 200) + _shape("lane", 30, 0, width - 30, 200)
    shapes += "".join(_shape(node, 100 + 150 * at, 60, 100, 80) for at, node in enumerate(nodes))
    for at, (flow, _, _) in enumerate(flows):
        points = "".join(f'<di:waypoint x="{x}" y="100"/>' for x in (200 + 150 * at, 250 + 150 * at))
        shapes += f'<bpmndi:BPMNEdge id="{flow}_di" bpmnElement="{flow}">{points}</bpmndi:BPMNEdge>'
    return (
        '<bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="plane" bpmnElement="c">'
        f"{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
    )


def _shape(element: str, x: int, y: int, width: int, height: int) -> str:
    horizontal = ' isHorizontal="true"' if element in ("pool", "lane") else ""
    return (
        f'<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}"{horizontal}>'
        f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/></bpmndi:BPMNShape>'
    )


def publish(engine: Engine, key: str, bpmn: bytes, now: datetime) -> str:
    """Make it live as publishing does it, without the checks; returns the version's id."""
    files = {"process.bpmn": bpmn, f"{key}/forms/note.json": a_form("note", optional=("note",))}
    with engine.database.write() as connection:
        version = store.find(connection, key, content_hash(files)) or store.add(
            connection, process_key=key, name="訪問の手続き", content_hash=content_hash(files), files=files,
            engine_version="test", now=now,
        )  # fmt: skip
        store.deploy(connection, process_key=key, version_id=version, by=None, reason="導入", checks=[], now=now)
    return version
