"""Changes of a diagram's file without a drawing tool: properties of a step, a step after a step, a step taken out.

The drawing stays tidy: what lies right of a new step makes room, frames grow, lines stay with their ends. Everything
else of the file is left as it is. What comes out is checked as any other diagram.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from engine.definitions.findings import Finding
from engine.definitions.layout import Drawing
from engine.definitions.package import PROCESS_FILE
from engine.definitions.xml import BPMN, CAMUNDA, TSUNAGU, parse_xml
from engine.domain.errors import DefinitionRefused, FormInvalid, NotFound

#: name of a property -> attribute
PROPERTIES = {
    "name": "name",
    "roles": f"{{{CAMUNDA}}}candidateGroups",
    "form": f"{{{CAMUNDA}}}formKey",
    "sla": f"{{{TSUNAGU}}}sla",
    "due": f"{{{TSUNAGU}}}due",
    "ladder": f"{{{TSUNAGU}}}ladder",
    "stage": f"{{{TSUNAGU}}}stage",
    "scopes": f"{{{TSUNAGU}}}orgScope",
    "operations": f"{{{TSUNAGU}}}operation",
    "not_same_as": f"{{{TSUNAGU}}}notSameAs",
}
WORK = ("userTask", "manualTask")
TASKS = (*WORK, "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask")


@dataclass(frozen=True)
class NewStep:
    """A user task to be added. properties: as in PROPERTIES, without empty ones."""

    element_id: str
    properties: Mapping[str, str]
    documentation: str = ""


def with_properties(diagram: bytes, element_id: str, properties: Mapping[str, str], documentation: str) -> bytes:
    """The diagram with these properties of a step: an empty text takes one away. NotFound for an unknown element."""
    root = _root(diagram)
    node = _node(root, element_id)
    for name, value in properties.items():
        _set(node, PROPERTIES[name], value)
    _document(node, documentation)
    return _bytes(root)


def with_step_after(diagram: bytes, element_id: str, step: NewStep) -> bytes:
    """The diagram with a user task between an element and what follows it.

    Raises NotFound, and FormInvalid where several ways or none lead on, or the new id is taken.
    """
    root = _root(diagram)
    before = _node(root, element_id)
    flow = _only_flow(root, before)
    if root.xpath("//*[@id=$id]", id=step.element_id):
        raise FormInvalid({"element": "この識別子は使われています。別の識別子にしてください。"})
    made = etree.Element(f"{{{BPMN}}}userTask", id=step.element_id)
    for name, value in step.properties.items():
        _set(made, PROPERTIES[name], value)
    _document(made, step.documentation)
    before.addnext(made)
    _add_to_lane(root, element_id, step.element_id)
    second = _split(root, flow, made)
    Drawing(root).insert_after(element_id, step.element_id, flow.get("id", ""), second)
    return _bytes(root)


def without_step(diagram: bytes, element_id: str) -> bytes:
    """The diagram without a task: what led to it leads to what followed it.

    Raises NotFound, and FormInvalid for anything but a task with one way on and nothing attached.
    """
    root = _root(diagram)
    node = _node(root, element_id)
    if etree.QName(node).localname not in TASKS:
        raise FormInvalid({"element": "ここで消せるのは仕事と処理の手順だけです。ほかは図で消してください。"})
    if root.xpath("//*[@attachedToRef=$id]", id=element_id):
        raise FormInvalid({"element": "期限の見張りが付いています。先に図で見張りを消してください。"})
    flow = _only_flow(root, node)
    target = _node(root, flow.get("targetRef", ""))
    incoming = _flows(root, "targetRef", element_id)
    drawing = Drawing(root)
    for arriving in incoming:
        arriving.set("targetRef", target.get("id", ""))
        _refer(target, "incoming", arriving.get("id", ""))
        drawing.join(arriving.get("id", ""), flow.get("id", ""))
    _forget(root, flow)
    drawing.remove(flow.get("id", ""), element_id)
    for reference in root.iter(f"{{{BPMN}}}flowNodeRef"):
        if reference.text == element_id:
            _drop(reference)
    _drop(node)
    return _bytes(root)


# ---------------------------------------------------------------- inside


def _root(diagram: bytes) -> etree._Element:
    found = parse_xml(diagram, PROCESS_FILE)
    if isinstance(found, Finding):
        raise DefinitionRefused((found,))
    return found


def _bytes(root: etree._Element) -> bytes:
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return text


def _node(root: etree._Element, element_id: str) -> etree._Element:
    for found in root.iter():
        if found.get("id") == element_id and etree.QName(found).namespace == BPMN:
            return found
    raise NotFound("element")


def _flows(root: etree._Element, end: str, element_id: str) -> list[etree._Element]:
    return [flow for flow in root.iter(f"{{{BPMN}}}sequenceFlow") if flow.get(end) == element_id]


def _only_flow(root: etree._Element, node: etree._Element) -> etree._Element:
    flows = _flows(root, "sourceRef", node.get("id", ""))
    if len(flows) != 1:
        raise FormInvalid({"element": "進む先が一つの手順だけに行えます。分かれ道や終わりは図で変えてください。"})
    return flows[0]


def _set(node: etree._Element, attribute: str, value: str) -> None:
    if value.strip():
        node.set(attribute, value.strip())
    else:
        node.attrib.pop(attribute, "")


def _document(node: etree._Element, text: str) -> None:
    told = node.find(f"{{{BPMN}}}documentation")
    if told is None and text.strip():
        told = etree.Element(f"{{{BPMN}}}documentation")
        node.insert(0, told)
    if told is not None and text.strip():
        told.text = text.strip()
    elif told is not None:
        _drop(told)


def _split(root: etree._Element, flow: etree._Element, made: etree._Element) -> str:
    """Lead the flow to the new step and a second one on from there; returns the id of the second."""
    target, new_id = _node(root, flow.get("targetRef", "")), made.get("id", "")
    second_id = f"f_{new_id}__{target.get('id', '')}"[:64]
    second = etree.Element(f"{{{BPMN}}}sequenceFlow", id=second_id, sourceRef=new_id, targetRef=target.get("id", ""))
    flow.addnext(second)
    flow.set("targetRef", new_id)
    for reference in target.findall(f"{{{BPMN}}}incoming"):
        if reference.text == flow.get("id"):
            reference.text = second_id
    _refer(made, "incoming", flow.get("id", ""))
    _refer(made, "outgoing", second_id)
    return second_id


def _refer(node: etree._Element, kind: str, flow_id: str) -> None:
    """A line ``incoming`` or ``outgoing``, where the format wants it: behind what describes the element."""
    made = etree.Element(f"{{{BPMN}}}{kind}")
    made.text = flow_id
    first = [f"{{{BPMN}}}{name}" for name in ("documentation", "extensionElements", "incoming")]
    first += [f"{{{BPMN}}}outgoing"] if kind == "outgoing" else []
    place = sum(1 for child in node if child.tag in first)
    node.insert(place, made)


def _add_to_lane(root: etree._Element, beside: str, element_id: str) -> None:
    for reference in root.iter(f"{{{BPMN}}}flowNodeRef"):
        if reference.text == beside:
            made = etree.Element(f"{{{BPMN}}}flowNodeRef")
            made.text = element_id
            reference.addnext(made)
            return


def _forget(root: etree._Element, flow: etree._Element) -> None:
    for kind in ("incoming", "outgoing"):
        for reference in list(root.iter(f"{{{BPMN}}}{kind}")):
            if reference.text == flow.get("id"):
                _drop(reference)
    _drop(flow)


def _drop(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)
