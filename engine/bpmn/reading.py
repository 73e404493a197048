"""What is open in an instance, as plain data."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Container
from datetime import UTC, datetime

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import Marking, OpenTask, Subscription, TimerMoment
from engine.bpmn.context import element_id, process_id_of
from engine.bpmn.events import Message, branches_of, is_waiting_event
from engine.bpmn.loops import LOOP_INDEX
from engine.bpmn.timers import DUE, DUES, CycleTimer, HostTimer
from engine.bpmn.variables import chain, scope_of
from engine.bpmn.workflow import InstanceWorkflow


def is_open_task(task: Task) -> bool:
    """True for a user or manual task that waits for a person."""
    return task._state == TaskState.READY and bool(task.task_spec.manual)


def open_refs(workflow: InstanceWorkflow) -> dict[str, str]:
    """Element id of each open task by ref."""
    return {str(task.id): element_id(task.task_spec) for task in workflow.all_tasks() if is_open_task(task)}


def open_task(task: Task) -> OpenTask:
    """One open task as data."""
    *around, variables = chain(task)
    local, ref = dict(ChainMap(*around)), str(task.id)
    index = local.get(LOOP_INDEX)
    return OpenTask(
        ref=ref,
        element_id=element_id(task.task_spec),
        iteration=ref,
        locals=local,
        process_id=process_id_of(task),
        index=index if isinstance(index, int) else None,
        variables=variables,
    )


def open_tasks(workflow: InstanceWorkflow, besides: Container[str] = ()) -> tuple[OpenTask, ...]:
    """All open tasks in the order in which they came, without those whose refs are in ``besides``."""
    return tuple(open_task(task) for task in workflow.all_tasks() if is_open_task(task) and str(task.id) not in besides)


def timers(workflow: InstanceWorkflow) -> tuple[TimerMoment, ...]:
    """All pending timers: the rows of the host's timer table."""
    return tuple(
        _moment(task, branch, definition)
        for task in workflow.all_tasks()
        if is_waiting_event(task)
        for branch, definition in branches_of(task)
        if isinstance(definition, HostTimer)
    )


def _moment(task: Task, branch: str | None, definition: HostTimer) -> TimerMoment:
    text = task.internal_data[DUE] if branch is None else task.internal_data[DUES][branch]
    return TimerMoment(
        ref=str(task.id),
        branch=branch,
        element_id=branch or element_id(task.task_spec),
        due=datetime.fromisoformat(text).astimezone(UTC),
        attached_to=_activity_ref(task),
        cycle=isinstance(definition, CycleTimer),
    )


def _activity_ref(event: Task) -> str | None:
    if not isinstance(event.task_spec, BoundaryEvent):
        return None
    return next((str(sibling.id) for sibling in event.parent.children if is_open_task(sibling)), None)


def subscriptions(workflow: InstanceWorkflow) -> tuple[Subscription, ...]:
    """All pending messages."""
    return tuple(
        Subscription(str(task.id), branch, branch or element_id(task.task_spec), definition.name, scope_of(task))
        for task in workflow.all_tasks()
        if is_waiting_event(task)
        for branch, definition in branches_of(task)
        if isinstance(definition, Message)
    )


def marking(workflow: InstanceWorkflow) -> Marking:
    """Everything that a snapshot says."""
    waiting = tuple(
        (element_id(task.task_spec), TaskState.get_name(task._state))
        for task in workflow.all_tasks()
        if task._state & TaskState.NOT_FINISHED_MASK
    )
    return Marking(
        open_tasks=open_tasks(workflow),
        timers=timers(workflow),
        subscriptions=subscriptions(workflow),
        variables=dict(workflow.data),
        completed=workflow.completed,
        ended=tuple(workflow.ended),
        waiting=waiting,
    )
