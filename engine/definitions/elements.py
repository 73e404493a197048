"""A process definition as plain data: what services, pages and checks know of a BPMN file.

Made by ``engine.definitions.model.read_model``. An element outside the profile has the kind OTHER; one without an id is
left out. The meaning of each attribute stands in docs/architecture.md section 2.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What an element is; the value is its BPMN name."""

    START = "startEvent"  #: where an instance begins
    END = "endEvent"  #: where a branch ends
    CATCH = "intermediateCatchEvent"  #: waits for a message or a moment
    THROW = "intermediateThrowEvent"  #: sends a message and goes on
    BOUNDARY = "boundaryEvent"  #: waits beside an activity
    USER_TASK = "userTask"  #: work of a person
    MANUAL_TASK = "manualTask"  #: work of a person outside the system, confirmed here
    SCRIPT_TASK = "scriptTask"  #: works out variables
    RULE_TASK = "businessRuleTask"  #: asks a decision table
    SERVICE_TASK = "serviceTask"  #: an operation of the engine
    SEND_TASK = "sendTask"  #: sends a message
    RECEIVE_TASK = "receiveTask"  #: waits for a message
    EXCLUSIVE = "exclusiveGateway"  #: one of several ways
    PARALLEL = "parallelGateway"  #: all ways at once
    INCLUSIVE = "inclusiveGateway"  #: every way whose condition holds
    EVENT_BASED = "eventBasedGateway"  #: the way whose event happens first
    SUB_PROCESS = "subProcess"  #: a part drawn inside
    CALL_ACTIVITY = "callActivity"  #: a part drawn in a file of its own, with variables of its own
    OTHER = "other"  #: not in the profile; never in a published definition

    @property
    def is_task(self) -> bool:
        """Whether it is an activity without a diagram inside."""
        return self.is_work or self in (
            Kind.SCRIPT_TASK, Kind.RULE_TASK, Kind.SERVICE_TASK, Kind.SEND_TASK, Kind.RECEIVE_TASK,
        )  # fmt: skip

    @property
    def is_work(self) -> bool:
        """Whether a person does it: it has roles, a form and a clock."""
        return self in (Kind.USER_TASK, Kind.MANUAL_TASK)

    @property
    def is_activity(self) -> bool:
        """Whether boundary events may be attached to it."""
        return self.is_task or self in (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY)

    @property
    def is_gateway(self) -> bool:
        """Whether flows meet or part there."""
        return self in (Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.EVENT_BASED)

    @property
    def is_event(self) -> bool:
        """Whether it is drawn as a circle."""
        return self in (Kind.START, Kind.END, Kind.CATCH, Kind.THROW, Kind.BOUNDARY)


class EventKind(StrEnum):
    """What an event is about."""

    NONE = "none"  #: nothing particular
    MESSAGE = "message"  #: a message between instances
    TIMER = "timer"  #: a moment
    TERMINATE = "terminate"  #: ends its process or sub-process with all its branches
    SIGNAL = "signal"  #: a call to everything that waits for it in the same instance
    ERROR = "error"  #: a failure that ends the part around it and goes on at its boundary
    ESCALATION = "escalation"  #: a call to the boundary of the part around it
    OTHER = "other"  #: not in the profile


#: local of every instance of a multi-instance activity and every turn of a loop: 0, 1, 2 ...
LOOP_INDEX = "loop_index"


class TimerKind(StrEnum):
    """How a timer's moment is given."""

    DATE = "date"  #: an instant
    DURATION = "duration"  #: a length of time from when it is reached
    CYCLE = "cycle"  #: again and again


class DueRule(StrEnum):
    """Which counts when a task has both a period and a due date."""

    GIVEN = "given"  #: the date counts, the period only where the date has no value
    EARLIER = "earlier"  #: the earlier of the two


@dataclass(frozen=True)
class Timer:
    """kind and the expression that gives the moment."""

    kind: TimerKind
    expression: str


@dataclass(frozen=True)
class MultiInstance:
    """An activity done once per item of a list variable, or ``cardinality`` (an expression) times.

    Item and output item are local to each instance. completion: condition over these locals that ends the rest.
    """

    sequential: bool
    collection: str
    item: str
    output_collection: str = ""
    output_item: str = ""
    cardinality: str = ""
    completion: str = ""

    @property
    def locals(self) -> frozenset[str]:
        """Names that exist in each instance only."""
        return frozenset(name for name in (self.item, self.output_item, LOOP_INDEX) if name)


@dataclass(frozen=True)
class StandardLoop:
    """An activity repeated while ``condition`` holds, at most ``maximum`` times (None: not given, which is refused)."""

    maximum: int | None
    condition: str = ""
    test_before: bool = False


@dataclass(frozen=True)
class TaskSettings:
    """Who does a user task, with which form, until when.

    roles: role codes. sla: text of a Period, None = only ``due``. due: expression, None = only ``sla``. warn: text of
    a Period or None. ladder: name of a ladder of the reference data, "none" = never escalates. org_scopes: union of
    owner, lead, accepted, field, lead_field, city or variable names. operations: run with the submitted record.
    """

    element_id: str
    roles: tuple[str, ...]
    form_key: str
    sla: str | None = None
    due: str | None = None
    due_rule: DueRule = DueRule.GIVEN
    roll: bool = False
    warn: str | None = None
    ladder: str = "standard"
    org_scopes: tuple[str, ...] = ("owner",)
    calendar: str = "owner"
    city_staff_only: bool = False
    not_same_as: str | None = None
    operations: tuple[str, ...] = ()
    assign_to: str | None = None
    stage: str | None = None
    hold_allowed: bool = True


@dataclass(frozen=True)
class Element:
    """One node of the diagram.

    scope: id of the process or sub-process it is drawn in. incoming, outgoing: flow ids. attached_to: activity of a
    boundary event. message: name of the message it sends or waits for. payload, correlate: variable names.
    operations: of service tasks and user tasks. inputs: name -> expression, outputs: variable -> key of the result.
    follows: "overdue" for a boundary timer that moves with the clock of its task. attributes: all, by prefixed name.
    signal: its name. code: of an error or escalation; None at a boundary catches any. script: lines of a script task.
    called: process id of a call activity, whose inputs are variables there -> expressions here, and whose outputs are
    variables here -> expressions there. decision: name of a decision table, result_variable: where its outputs go.
    """

    id: str
    kind: Kind
    name: str
    scope: str
    documentation: str = ""
    lane_id: str = ""
    lane_name: str = ""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    attached_to: str | None = None
    interrupting: bool = True
    event: EventKind = EventKind.NONE
    message: str | None = None
    timer: Timer | None = None
    signal: str | None = None
    code: str | None = None
    multi_instance: MultiInstance | None = None
    loop: StandardLoop | None = None
    default_flow: str | None = None
    payload: tuple[str, ...] = ()
    correlate: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    script: str = ""
    called: str = ""
    decision: str = ""
    result_variable: str = ""
    follows: str | None = None
    task: TaskSettings | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    place: tuple[float, float] = (0.0, 0.0)  #: left upper corner in the drawing: x, y

    @property
    def label(self) -> str:
        """Its name, or its id where it has none."""
        return self.name or self.id

    @property
    def catches(self) -> bool:
        """Whether it waits for a message."""
        return self.message is not None and (self.kind in (Kind.RECEIVE_TASK, Kind.CATCH, Kind.BOUNDARY, Kind.START))

    @property
    def throws(self) -> bool:
        """Whether it sends a message."""
        return self.message is not None and self.kind in (Kind.SEND_TASK, Kind.THROW, Kind.END)

    @property
    def waits(self) -> bool:
        """Whether a token stays there until a person, a message or a moment comes."""
        return self.kind.is_work or self.kind in (Kind.RECEIVE_TASK, Kind.CATCH, Kind.EVENT_BASED)

    @property
    def locals(self) -> frozenset[str]:
        """Names that exist in each of its instances or turns only."""
        if self.multi_instance is not None:
            return self.multi_instance.locals
        return frozenset({LOOP_INDEX}) if self.loop is not None else frozenset()


@dataclass(frozen=True)
class Flow:
    """A sequence flow; condition is an expression or None, is_default: taken when no condition holds."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    is_default: bool = False
    scope: str = ""


@dataclass(frozen=True)
class Lane:
    """A lane with the elements drawn in it, sub-process contents left out."""

    id: str
    name: str
    element_ids: tuple[str, ...]


@dataclass(frozen=True)
class Variable:
    """A declared process variable; type is one of VARIABLE_TYPES. is_input: every caller of the process gives it."""

    name: str
    type: str
    label: str = ""
    is_input: bool = False


@dataclass(frozen=True)
class Entry:
    """A way in, declared on the start event; with ``message`` it is started by that message."""

    name: str
    label: str = ""
    message: str | None = None


@dataclass(frozen=True)
class MessageUse:
    """An element that sends or waits for a message. correlate: keys besides the case."""

    element_id: str
    name: str
    payload: tuple[str, ...] = ()
    correlate: tuple[str, ...] = ()
    starts: bool = False


#: way in of a process that call activities may call
CALLED_ENTRY = "called"

VARIABLE_TYPES = ("bool", "int", "decimal", "text", "date", "instant", "list", "object")

#: set by the engine in every instance, besides what the file declares
BUILT_IN_VARIABLES = (
    Variable("entry", "text", "始まり方"),
    Variable("case_id", "text", "ケース"),
    Variable("owner_org", "text", "担当機関"),
    Variable("lead_org", "text", "主担当機関"),
    Variable("started_on", "date", "開始日"),
)


@dataclass(frozen=True)
class BpmnModel:
    """One process: everything that is known of it without the BPMN library.

    elements and flows in the order of the file; lanes in drawing order; variables as declared (``all_variables`` adds
    the built-in ones). called: the processes that it calls, directly or not, by id, once ``with_called`` joined them.
    """

    process_id: str
    name: str
    documentation: str
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    lanes: tuple[Lane, ...] = ()
    variables: tuple[Variable, ...] = ()
    entries: tuple[Entry, ...] = ()
    pool_name: str = ""
    executable: bool = True
    message_names: tuple[str, ...] = ()
    called: Mapping[str, BpmnModel] = field(default_factory=dict)

    def with_called(self, models: Mapping[str, BpmnModel]) -> BpmnModel:
        """The process together with what it calls: ``elements`` and ``flows`` also hold those of ``models``.

        The scope of a called process's elements is its id. Ids are unique over files that run together.
        """
        if not models:
            return self
        return replace(
            self,
            elements=dict(ChainMap({**self.elements}, *({**model.elements} for model in models.values()))),
            flows=dict(ChainMap({**self.flows}, *({**model.flows} for model in models.values()))),
            called=dict(models),
        )

    def process_of(self, element_id: str) -> BpmnModel:
        """The process in which an element is drawn: this one, or one that it calls."""
        return next((model for model in self.called.values() if element_id in model.elements), self)

    def variables_at(self, element_id: str) -> Mapping[str, Variable]:
        """Variables, declared and built-in, of the process in which an element is drawn."""
        return self.process_of(element_id).all_variables

    @property
    def callable(self) -> bool:
        """Whether call activities may call it."""
        return any(entry.name == CALLED_ENTRY for entry in self.entries)

    @property
    def calls(self) -> tuple[Element, ...]:
        """The call activities in the order of the file."""
        return tuple(element for element in self.elements.values() if element.kind is Kind.CALL_ACTIVITY)

    @property
    def all_variables(self) -> Mapping[str, Variable]:
        """Declared and built-in variables by name."""
        return {variable.name: variable for variable in (*BUILT_IN_VARIABLES, *self.variables)}

    @property
    def start(self) -> Element | None:
        """The start event of the process."""
        return next((e for e in self.in_scope(self.process_id) if e.kind is Kind.START), None)

    @property
    def user_tasks(self) -> tuple[Element, ...]:
        """The tasks of people in the order of the file."""
        return tuple(element for element in self.elements.values() if element.kind.is_work)

    @property
    def task_settings(self) -> Mapping[str, TaskSettings]:
        """The settings of each user task by element id."""
        return {e.id: e.task for e in self.elements.values() if e.task is not None}

    def settings(self, element_id: str) -> TaskSettings:
        """The settings of one user task; KeyError when the element is not one."""
        task = self.elements[element_id].task
        if task is None:
            raise KeyError(element_id)
        return task

    def entry(self, name: str) -> Entry | None:
        """The way in of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def in_scope(self, scope: str) -> Iterator[Element]:
        """The elements drawn directly in the process or sub-process ``scope``."""
        return (element for element in self.elements.values() if element.scope == scope)

    def boundaries(self, element_id: str) -> tuple[Element, ...]:
        """The boundary events attached to an activity."""
        return tuple(e for e in self.elements.values() if e.attached_to == element_id)

    def flows_out(self, element_id: str) -> tuple[Flow, ...]:
        """The flows that leave an element, in the order of the file."""
        return tuple(self.flows[flow] for flow in self.elements[element_id].outgoing)

    def flows_in(self, element_id: str) -> tuple[Flow, ...]:
        """The flows that lead to an element, in the order of the file."""
        return tuple(self.flows[flow] for flow in self.elements[element_id].incoming)

    def owners(self, element_id: str) -> tuple[Element, ...]:
        """The sub-processes around an element, innermost first."""
        found: list[Element] = []
        scope = self.elements[element_id].scope
        while scope in self.elements and self.elements[scope] not in found:
            found.append(self.elements[scope])
            scope = self.elements[scope].scope
        return tuple(found)

    def locals_at(self, element_id: str) -> frozenset[str]:
        """Names local to the multi-instance activities and loops around (and at) an element."""
        return self.elements[element_id].locals | self.locals_around(element_id)

    def locals_around(self, element_id: str) -> frozenset[str]:
        """Names local to the multi-instance activities and loops around an element, its own left out."""
        return frozenset().union(*(owner.locals for owner in self.owners(element_id)))

    @property
    def thrown(self) -> tuple[MessageUse, ...]:
        """The messages it sends."""
        return tuple(_use(e, e.message) for e in self.elements.values() if e.throws and e.message)

    @property
    def caught(self) -> tuple[MessageUse, ...]:
        """The messages it waits for, and those that start it."""
        waits = [_use(e, e.message, e.kind is Kind.START) for e in self.elements.values() if e.catches and e.message]
        start = self.start
        if start is not None:
            waits += [_use(start, entry.message, starts=True) for entry in self.entries if entry.message]
        return tuple(waits)

    @property
    def operations(self) -> frozenset[str]:
        """Names of all service operations it calls."""
        return frozenset(name for element in self.elements.values() for name in element.operations)


def _use(element: Element, message: str, starts: bool = False) -> MessageUse:
    return MessageUse(element.id, message, element.payload, element.correlate, starts)


def frozen(values: Mapping[str, str]) -> Mapping[str, str]:
    """A read-only copy."""
    return MappingProxyType(dict(values))
