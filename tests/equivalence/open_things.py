"""What is open in an instance, named alike on both sides of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask, ParallelMultiInstanceTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

CHILD = " [child]"  #: the library's name for the spec of one loop instance
RENAMED = "renamed_"  #: put before every id in the version that a walk moves to


class Key(NamedTuple):
    """An open user task or a waiting event: where it is, and the items of the multi-instances around it."""

    path: tuple[str, ...]
    name: str
    kind: str  #: "task" or "event"
    items: tuple[object, ...]


class Open(NamedTuple):
    """Something that waits, with the library's task behind it."""

    key: Key
    task: Task


def element(name: str) -> str:
    """Element id of a spec's name, in the version that was drawn."""
    return name.removesuffix(CHILD).removeprefix(RENAMED)


def owners(task: Task) -> Iterator[Task]:
    """The task, then the sub-process or call that it is in, and so on outwards."""
    while True:
        yield task
        owner_id = task.workflow.parent_task_id
        if owner_id is None:
            return
        task = task.workflow.top_workflow.get_task_from_id(owner_id)


def _items(around: Iterable[Task]) -> Iterator[object]:
    for task in around:
        if task.task_spec.name.endswith(CHILD):
            activity = task.workflow.spec.task_specs[task.task_spec.name.removesuffix(CHILD)]
            if isinstance(activity, MultiInstanceTask) and activity.input_item is not None:
                yield task.data[activity.input_item.bpmn_id]
            elif isinstance(activity, ParallelMultiInstanceTask):  # a cardinality: ours and the library's own number
                yield task.data.get("loop_index", task.internal_data.get("key_or_index"))


def key_of(task: Task, kind: str) -> Key:
    """The name of something open."""
    around = list(owners(task))
    return Key(tuple(owner.task_spec.name for owner in around[:0:-1]), task.task_spec.name, kind, tuple(_items(around)))


def open_things(processes: Iterable[Any]) -> list[Open]:
    """Everything that waits for a person or an event, sorted by its name."""
    found = []
    for task in (task for process in processes for task in process.tasks.values()):
        if task._state == TaskState.READY and task.task_spec.manual:
            found.append(Open(key_of(task, "task"), task))
        elif task._state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            found.append(Open(key_of(task, "event"), task))
    return sorted(found, key=lambda one: repr(one.key))
