"""From a BPMN file to the plain-data model of elements.py, whose names may be imported from here.

Lenient: whatever is missing is simply empty, so that the checks can work on it and report everything at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lxml import etree

from engine.definitions.elements import (
    BUILT_IN_VARIABLES,
    VARIABLE_TYPES,
    BpmnModel,
    DueRule,
    Element,
    Entry,
    EventKind,
    Flow,
    Kind,
    Lane,
    MessageUse,
    MultiInstance,
    StandardLoop,
    TaskSettings,
    Timer,
    TimerKind,
    Variable,
    frozen,
)
from engine.definitions.findings import Finding
from engine.definitions.xml import BPMN, BPMNDI, CAMUNDA, DC, TSUNAGU, parse_xml, qualified
from engine.domain.errors import DefinitionRefused

__all__ = [
    "BUILT_IN_VARIABLES", "VARIABLE_TYPES", "BpmnModel", "DueRule", "Element", "Entry", "EventKind", "Flow", "Kind",
    "Lane", "MessageUse", "MultiInstance", "StandardLoop", "TaskSettings", "Timer", "TimerKind", "Variable",
    "model_of", "read_model", "words",
]  # fmt: skip

_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.OTHER}
_NOT_ELEMENTS = frozenset(
    {
        "sequenceFlow", "laneSet", "documentation", "extensionElements", "incoming", "outgoing",
        "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "textAnnotation", "association", "group",
        "property", "ioSpecification", "dataObject", "dataObjectReference", "dataStoreReference", "auditing",
        "monitoring", "completionCondition",
    }
)  # fmt: skip
_EVENTS = {
    "messageEventDefinition": EventKind.MESSAGE,
    "timerEventDefinition": EventKind.TIMER,
    "terminateEventDefinition": EventKind.TERMINATE,
    "signalEventDefinition": EventKind.SIGNAL,
    "errorEventDefinition": EventKind.ERROR,
    "escalationEventDefinition": EventKind.ESCALATION,
}
_TIMERS = {"timeDate": TimerKind.DATE, "timeDuration": TimerKind.DURATION, "timeCycle": TimerKind.CYCLE}


def read_model(xml: bytes, file: str = "process.bpmn") -> BpmnModel:
    """The model of a file's process. Raises DefinitionRefused with findings for bytes that are no BPMN."""
    root = parse_xml(xml, file)
    if isinstance(root, Finding):
        raise DefinitionRefused([root])
    model = model_of(root)
    if model is None:
        refusal = Finding(file, "", "structure.process", "プロセスがありません。", "プロセスを一つ描いてください。")
        raise DefinitionRefused([refusal])
    return model


def model_of(root: etree._Element) -> BpmnModel | None:
    """The model of the first process of a parsed file; None when there is none."""
    process = root.find(f"{{{BPMN}}}process")
    return _Reader(root, process).model() if process is not None else None


def words(text: str | None) -> tuple[str, ...]:
    """The words of an attribute, separated by spaces or commas."""
    return tuple(word for word in re.split(r"[\s,]+", text or "") if word)


class _Reader:
    def __init__(self, root: etree._Element, process: etree._Element) -> None:
        self.root, self.process = root, process
        self.messages = self.declared("message", "name")
        self.signals = self.declared("signal", "name")
        self.codes = self.declared("error", "errorCode") | self.declared("escalation", "escalationCode")
        self.flows: dict[str, Flow] = {}
        self.lanes: list[Lane] = []
        self.lane_of: dict[str, Lane] = {}
        self.elements: dict[str, Element] = {}
        self.places = _places(root)
        self.incoming: dict[str, list[str]] = {}
        self.outgoing: dict[str, list[str]] = {}

    def declared(self, tag: str, attribute: str) -> dict[str, str]:
        """An attribute of each root element of a kind, by id."""
        return {node.get("id", ""): node.get(attribute, "") for node in self.root.iterfind(f"{{{BPMN}}}{tag}")}

    def model(self) -> BpmnModel:
        process_id = self.process.get("id", "")
        for scope in (self.process, *self.process.iter(f"{{{BPMN}}}subProcess")):
            self.read_lanes(scope)
            self.read_flows(scope)
        self.read_scope(self.process, process_id, None)
        return BpmnModel(
            process_id=process_id,
            name=self.process.get("name", "") or self.pool_name(),
            documentation=_documentation(self.process),
            elements=self.elements,
            flows=self.flows,
            lanes=tuple(self.lanes_in_drawing_order()),
            variables=tuple(self.variables()),
            entries=tuple(self.entries()),
            pool_name=self.pool_name(),
            executable=self.process.get("isExecutable") == "true",
            message_names=tuple(name for name in self.messages.values() if name),
        )

    def pool_name(self) -> str:
        for participant in self.root.iter(f"{{{BPMN}}}participant"):
            if _local(participant.get("processRef", "")) == self.process.get("id", ""):
                return participant.get("name", "")
        return ""

    def read_lanes(self, scope: etree._Element) -> None:
        for lane_set in (*scope.iterfind(f"{{{BPMN}}}laneSet"),):
            for lane in lane_set.iter(f"{{{BPMN}}}lane"):
                self.read_lane(lane)

    def read_lane(self, node: etree._Element) -> None:
        refs = [(ref.text or "").strip() for ref in node.iterfind(f"{{{BPMN}}}flowNodeRef")]
        lane = Lane(node.get("id", ""), node.get("name", ""), tuple(ref for ref in refs if ref))
        if node.find(f"{{{BPMN}}}childLaneSet") is None:
            self.lanes.append(lane)
        for ref in lane.element_ids:  # an inner lane comes later and wins
            self.lane_of[ref] = lane

    def lanes_in_drawing_order(self) -> list[Lane]:
        beyond = (float("inf"), float("inf"))
        return sorted(self.lanes, key=lambda lane: tuple(reversed(self.places.get(lane.id, beyond))))

    def read_flows(self, scope: etree._Element) -> None:
        defaults = {node.get("default") for node in scope if node.get("default")}
        for node in scope.iterfind(f"{{{BPMN}}}sequenceFlow"):
            flow_id = node.get("id")
            if not flow_id or flow_id in self.flows:
                continue
            condition = node.find(f"{{{BPMN}}}conditionExpression")
            self.flows[flow_id] = Flow(
                id=flow_id,
                source=node.get("sourceRef", ""),
                target=node.get("targetRef", ""),
                name=node.get("name", ""),
                condition=None if condition is None else _text(condition),
                is_default=flow_id in defaults,
                scope=scope.get("id", ""),
            )
            self.outgoing.setdefault(node.get("sourceRef", ""), []).append(flow_id)
            self.incoming.setdefault(node.get("targetRef", ""), []).append(flow_id)

    def read_scope(self, scope: etree._Element, scope_id: str, lane: Lane | None) -> None:
        for node in scope:
            name = _local_bpmn(node)
            element_id = node.get("id", "")
            if name is None or name in _NOT_ELEMENTS or not element_id or element_id in self.elements:
                continue
            own_lane = self.lane_of.get(element_id, lane)
            self.elements[element_id] = self.element(node, name, scope_id, own_lane)
            if name == Kind.SUB_PROCESS:
                self.read_scope(node, element_id, own_lane)

    def element(self, node: etree._Element, name: str, scope: str, lane: Lane | None) -> Element:
        kind = _KINDS.get(name, Kind.OTHER)
        element_id = node.get("id", "")
        settings = _task_settings(node) if kind.is_work else None
        return Element(
            id=element_id,
            kind=kind,
            name=node.get("name", ""),
            scope=scope,
            documentation=_documentation(node),
            lane_id=lane.id if lane else "",
            lane_name=lane.name if lane else "",
            incoming=tuple(self.incoming.get(element_id, ())),
            outgoing=tuple(self.outgoing.get(element_id, ())),
            attached_to=node.get("attachedToRef"),
            interrupting=node.get("cancelActivity", "true") != "false",
            event=_event_kind(node),
            message=self.message(node),
            timer=_timer(node),
            signal=self.referred(node, "signal", self.signals),
            code=self.referred(node, "error", self.codes) or self.referred(node, "escalation", self.codes),
            multi_instance=_multi_instance(node),
            loop=_standard_loop(node),
            default_flow=node.get("default"),
            payload=words(_own(node, "payload")),
            correlate=words(_own(node, "correlate")),
            operations=words(_own(node, "operation")),
            inputs=_handed(node, "in") if kind is Kind.CALL_ACTIVITY else _parameters(node, "inputParameter"),
            outputs=_handed(node, "out") if kind is Kind.CALL_ACTIVITY else _parameters(node, "outputParameter"),
            script=_text(node.find(f"{{{BPMN}}}script")),
            called=node.get("calledElement", "").strip(),
            decision=node.get(f"{{{CAMUNDA}}}decisionRef", "").strip(),
            result_variable=node.get(f"{{{CAMUNDA}}}resultVariable", "").strip(),
            follows=_own(node, "follows"),
            task=settings,
            attributes=frozen({qualified(str(key)): str(value) for key, value in node.attrib.items()}),
            tag=name,
            place=self.places.get(element_id, (0.0, 0.0)),
        )

    def message(self, node: etree._Element) -> str | None:
        definition = node.find(f"{{{BPMN}}}messageEventDefinition")
        ref = node.get("messageRef") if definition is None else definition.get("messageRef")
        return self.messages.get(_local(ref)) if ref else None

    def referred(self, node: etree._Element, kind: str, known: Mapping[str, str]) -> str | None:
        """What the event definition of a kind refers to; None without one, without a reference or a value."""
        definition = node.find(f"{{{BPMN}}}{kind}EventDefinition")
        ref = definition.get(f"{kind}Ref") if definition is not None else None
        return known.get(_local(ref)) or None if ref else None

    def variables(self) -> Iterable[Variable]:
        for node in self.extensions(self.process, "variable"):
            is_input = node.get("input") == "true"
            yield Variable(node.get("name", ""), node.get("type", ""), node.get("label", ""), is_input)

    def entries(self) -> Iterable[Entry]:
        for start in self.process.iterfind(f"{{{BPMN}}}startEvent"):
            for node in self.extensions(start, "entry"):
                yield Entry(node.get("name", ""), node.get("label", ""), node.get("message"))

    def extensions(self, node: etree._Element, name: str) -> Iterable[etree._Element]:
        return node.iterfind(f"{{{BPMN}}}extensionElements/{{{TSUNAGU}}}{name}")


def _local_bpmn(node: etree._Element) -> str | None:
    name = etree.QName(node.tag)
    return name.localname if name.namespace == BPMN else None


def _local(reference: str) -> str:
    """A reference without its namespace prefix."""
    return reference.rpartition(":")[2]


def _text(node: etree._Element | None) -> str:
    return (node.text or "").strip() if node is not None else ""


def _documentation(node: etree._Element) -> str:
    return "\n".join(text for text in map(_text, node.iterfind(f"{{{BPMN}}}documentation")) if text)


def _own(node: etree._Element, name: str) -> str | None:
    return node.get(f"{{{TSUNAGU}}}{name}")


def _flag(node: etree._Element, name: str, default: bool) -> bool:
    value = _own(node, name)
    return default if value is None else value == "true"


def _event_kind(node: etree._Element) -> EventKind:
    names = [name for name in map(_local_bpmn, node) if name and name.endswith("EventDefinition")]
    if not names:
        return EventKind.NONE
    return _EVENTS.get(names[0], EventKind.OTHER) if len(names) == 1 else EventKind.OTHER


def _timer(node: etree._Element) -> Timer | None:
    definition = node.find(f"{{{BPMN}}}timerEventDefinition")
    for name, kind in _TIMERS.items():
        given = definition.find(f"{{{BPMN}}}{name}") if definition is not None else None
        if given is not None:
            return Timer(kind, _text(given))
    return None


def _multi_instance(node: etree._Element) -> MultiInstance | None:
    loop = node.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if loop is None:
        return None
    return MultiInstance(
        sequential=loop.get("isSequential") == "true",
        collection=_text(loop.find(f"{{{BPMN}}}loopDataInputRef")),
        item=_item_name(loop.find(f"{{{BPMN}}}inputDataItem")),
        output_collection=_text(loop.find(f"{{{BPMN}}}loopDataOutputRef")),
        output_item=_item_name(loop.find(f"{{{BPMN}}}outputDataItem")),
        cardinality=_text(loop.find(f"{{{BPMN}}}loopCardinality")),
        completion=_text(loop.find(f"{{{BPMN}}}completionCondition")),
    )


def _standard_loop(node: etree._Element) -> StandardLoop | None:
    loop = node.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if loop is None:
        return None
    maximum = loop.get("loopMaximum", "")
    return StandardLoop(
        maximum=int(maximum) if re.fullmatch(r"[0-9]{1,9}", maximum) else None,
        condition=_text(loop.find(f"{{{BPMN}}}loopCondition")),
        test_before=loop.get("testBefore") == "true",
    )


def _item_name(item: etree._Element | None) -> str:
    """The variable of a data item: its name (ids must be unique in the file, names need not), else its id."""
    return "" if item is None else item.get("name", "") or item.get("id", "")


def _parameters(node: etree._Element, name: str) -> Mapping[str, str]:
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}{name}"
    return frozen({item.get("name", ""): _text(item) for item in node.iterfind(path)})


def _handed(node: etree._Element, way: str) -> Mapping[str, str]:
    """``camunda:in`` or ``camunda:out`` of a call activity: target -> expression (a plain variable is one)."""
    handed = node.iterfind(f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}{way}")
    return frozen({h.get("target", ""): (h.get("source") or h.get("sourceExpression") or "").strip() for h in handed})


def _task_settings(node: etree._Element) -> TaskSettings:
    element_id = node.get("id", "")
    return TaskSettings(
        element_id=element_id,
        roles=words(node.get(f"{{{CAMUNDA}}}candidateGroups")),
        form_key=node.get(f"{{{CAMUNDA}}}formKey") or element_id,
        sla=_own(node, "sla"),
        due=_own(node, "due"),
        due_rule=DueRule.EARLIER if _own(node, "dueRule") == "earlier" else DueRule.GIVEN,
        roll=_flag(node, "roll", False),
        warn=_own(node, "warn"),
        ladder=_own(node, "ladder") or "standard",
        org_scopes=words(_own(node, "orgScope")) or ("owner",),
        calendar=_own(node, "calendar") or "owner",
        city_staff_only=_flag(node, "cityStaffOnly", False),
        not_same_as=_own(node, "notSameAs"),
        operations=words(_own(node, "operation")),
        assign_to=_own(node, "assignTo"),
        stage=_own(node, "stage"),
        hold_allowed=_flag(node, "holdAllowed", True),
    )


def _places(root: etree._Element) -> dict[str, tuple[float, float]]:
    """Left upper corner (x, y) of each shape by the id of its element."""
    found: dict[str, tuple[float, float]] = {}
    for shape in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        bounds = shape.find(f"{{{DC}}}Bounds")
        if bounds is None:
            continue
        try:
            corner = (float(bounds.get("x", "0")), float(bounds.get("y", "0")))
        except ValueError:
            continue
        found[_local(shape.get("bpmnElement", ""))] = corner
    return found
