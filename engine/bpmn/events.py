"""Events: what waits, how it is fired, what is thrown. Nothing is broadcast by the library."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.event_definitions import item_aware_event, message, multiple, simple
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryKind, Thrown
from engine.bpmn.context import element_id, note, owner_of, run_of
from engine.bpmn.failures import RunFailed
from engine.bpmn.specs import OwnSpec
from engine.bpmn.timers import DUE, DUES, FIRED, CycleTimer, HostTimer
from engine.bpmn.values import checked_copy
from engine.bpmn.variables import scope_of

CHOSEN = "chosen"  #: key of an event gateway that fired: name of the branch

Message = message.MessageEventDefinition
Signal = item_aware_event.SignalEventDefinition
Error = item_aware_event.ErrorEventDefinition
Coded = item_aware_event.CodeEventDefinition


# ---------------------------------------------------------------- what waits


class Catching(OwnSpec):
    """Waits until ``fire`` lets its event happen."""

    event_definition: Any
    waits = True

    def _update_hook(self, task: Task) -> bool:
        definition = self.event_definition
        if isinstance(definition, simple.NoneEventDefinition) or definition.has_fired(task):
            return True
        if self.waits and task._state != TaskState.WAITING:
            note(task, HistoryKind.STARTED)
        task._set_state(TaskState.WAITING)
        return False

    def _on_ready_hook(self, task: Task) -> None:
        """Ready means that the event happened; it was noted when it began to wait."""


class StartEvent(Catching, defaults.StartEvent):
    """A none start passes; a message start waits for ``Runner.deliver``."""


class CatchEvent(Catching, defaults.IntermediateCatchEvent):
    """Timer, message or signal on the flow."""


class ReceiveTask(Catching, defaults.ReceiveTask):
    """A message on the flow."""


class Boundary(Catching, defaults.BoundaryEvent):
    """An event at the edge of an activity; its arming is no history of its own."""

    waits = False


class AnyOf(multiple.MultipleEventDefinition):
    """The events behind an event gateway: one due instant per timer, one chosen branch."""

    def has_fired(self, task: Task) -> bool:
        """True once a branch was chosen; the first call computes the due instants."""
        state = task.internal_data
        if DUES not in state:
            branches = zip(task.task_spec._outputs, self.event_definitions, strict=True)
            state[DUES] = {name: one.armed(task)[DUE] for name, one in branches if isinstance(one, HostTimer)}
        return CHOSEN in state


class EventGateway(Catching, defaults.EventBasedGateway):
    """Goes on along the branch whose event happened first."""

    def spread(self, task: Task) -> None:
        """Nothing ahead: the gateway makes the chosen child when it runs."""

    def _run_hook(self, task: Task) -> bool:
        task._add_child(task.workflow.spec.task_specs[task.internal_data[CHOSEN]], TaskState.FUTURE)
        return True


def branches_of(task: Task) -> list[tuple[str | None, Any]]:
    """The event definitions that a waiting task listens for, each with its branch (None for a plain event)."""
    definition = task.task_spec.event_definition
    if isinstance(definition, AnyOf):
        return list(zip(task.task_spec._outputs, definition.event_definitions, strict=True))
    return [(None, definition)]


def is_waiting_event(task: Task) -> bool:
    """True for a task that waits for an event."""
    return task._state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent)


# ---------------------------------------------------------------- letting an event happen


def fire(task: Task, branch: str | None = None) -> None:
    """Let one waiting event happen; the only way in for timers, messages and signals. An interrupting boundary event
    cancels its activity at once."""
    spec = task.task_spec
    if branch is None:
        task.internal_data[FIRED] = True
    else:
        task.internal_data[CHOSEN] = branch
    note(task, HistoryKind.FIRED)
    spec._update(task)
    if not isinstance(spec, BoundaryEvent):
        return
    if spec.cancel_activity:
        _cancel_activity(task)
    else:
        _arm_again(task)


def _cancel_activity(event: Task) -> None:
    for sibling in event.parent.children:
        waits = sibling._state == TaskState.WAITING or not isinstance(sibling.task_spec, BoundaryEvent)
        if sibling is not event and sibling._state & TaskState.NOT_FINISHED_MASK and waits:
            sibling.cancel()


def _arm_again(event: Task) -> None:
    """A non-interrupting event can happen again as long as its activity is open; a plain timer only once."""
    definition = event.task_spec.event_definition
    remembered: dict[str, Any] | None = {}
    if isinstance(definition, CycleTimer):
        remembered = definition.next_turn(event)
    elif isinstance(definition, HostTimer):
        remembered = None
    if remembered is None:
        return
    again = event.parent._add_child(event.task_spec, TaskState.WAITING)
    again.triggered = True
    again.internal_data = remembered
    event.task_spec._update(again)


# ---------------------------------------------------------------- throwing


class Throwing(OwnSpec):
    """Throws its event when the token passes."""

    event_definition: Any

    def _run_hook(self, task: Task) -> bool:
        definition = self.event_definition
        if isinstance(definition, Message):
            self._throw_message(task, definition.name)
        elif isinstance(definition, Signal):
            _throw_signal(task, definition.name)
        elif isinstance(definition, Coded):
            note(task, HistoryKind.THROWN)
            if not _throw_up(task, definition) and isinstance(definition, Error):
                raise RunFailed(f"エラー「{definition.code or definition.name}」を受け取る境界イベントがありません")
        return True

    def _throw_message(self, task: Task, name: str) -> None:
        scope, payload = scope_of(task), {}
        for variable in self.extensions.get("payload", ()):
            if variable not in scope:
                raise RunFailed(f"メッセージ「{name}」に載せる変数「{variable}」がありません")
            payload[variable] = checked_copy(scope[variable])
        run_of(task).thrown.append(Thrown(str(task.id), element_id(self), name, payload, scope))
        note(task, HistoryKind.THROWN)


def _throw_signal(task: Task, name: str) -> None:
    """A signal reaches every event of the instance that waits for it."""
    note(task, HistoryKind.THROWN)
    for waiting in [other for other in run_of(task).all_tasks() if is_waiting_event(other)]:
        for branch, definition in branches_of(waiting):
            if isinstance(definition, Signal) and definition.name == name and is_waiting_event(waiting):
                fire(waiting, branch)


def _throw_up(task: Task, definition: Any) -> bool:
    """Offer an error or escalation to the nearest enclosing activity that catches it; never to a neighbour."""
    owner = owner_of(task)
    while owner is not None:
        activity = owner.parent if isinstance(owner.parent.task_spec, LoopTask) else owner
        caught = [event for event in activity.parent.children if _catches(event, definition)]
        if caught:
            fire(max(caught, key=lambda event: event.task_spec.event_definition.code is not None))
            return True
        owner = owner_of(owner)
    return False


def _catches(event: Task, thrown: Any) -> bool:
    if event._state != TaskState.WAITING or not isinstance(event.task_spec, BoundaryEvent):
        return False
    definition = event.task_spec.event_definition
    return isinstance(definition, type(thrown)) and definition.code in (None, thrown.code)


class ThrowEvent(Throwing, defaults.IntermediateThrowEvent):
    """Throws on the flow."""


class SendTask(Throwing, defaults.SendTask):
    """Sends a message."""


class EndEvent(Throwing, defaults.EndEvent):
    """Ends a token; a terminate end ends its process."""

    def _on_complete_hook(self, task: Task) -> None:
        workflow = task.workflow
        if workflow is workflow.top_workflow:
            run_of(task).ended[element_id(self)] = None
        if isinstance(self.event_definition, simple.TerminateEventDefinition):
            for other in list(workflow.tasks.values()):
                if other._state & TaskState.NOT_FINISHED_MASK:
                    other.cancel()
            workflow._mark_complete(task)
        super()._on_complete_hook(task)
