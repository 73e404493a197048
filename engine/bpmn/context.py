"""What the task specs know of the run they are in. Internal to this package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, cast

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.task import Task

from engine.bpmn.api import HistoryEntry, HistoryKind, Host, Thrown


class Running(Protocol):
    """The top-level workflow of one advance."""

    host: Host
    thrown: list[Thrown]
    history: list[HistoryEntry]
    ended: dict[str, None]

    def all_tasks(self) -> Iterator[Task]:
        """Every task of the instance, sub-processes included."""

    def get_task_from_id(self, task_id: object) -> Task:
        """A task of the instance."""


def run_of(task: Task) -> Running:
    """The run that a task belongs to."""
    return cast(Running, task.workflow.top_workflow)


def element_id(spec: object) -> str:
    """Id of the element on the diagram; for internal specs their name. A loop's instance has its activity's id."""
    return str(getattr(spec, "bpmn_id", None) or getattr(spec, "name", ""))


def is_drawn(spec: object) -> bool:
    """True for elements of the diagram, false for the specs that the library adds."""
    return getattr(spec, "bpmn_id", None) is not None


def note(task: Task, kind: HistoryKind) -> None:
    """Write one line of history for the element of a task."""
    run = run_of(task)
    run.history.append(HistoryEntry(element_id(task.task_spec), str(task.id), kind, run.host.now))


def owner_of(task: Task) -> Task | None:
    """The sub-process or call activity task in whose process a task lives; None at the top."""
    owner_id = task.workflow.parent_task_id
    return None if owner_id is None else task.workflow.top_workflow.get_task_from_id(owner_id)


def process_id_of(task: Task) -> str:
    """Id of the process whose variables the task sees: the top process or the nearest called one."""
    owner = owner_of(task)
    while owner is not None and not isinstance(owner.task_spec, CallActivity):
        task, owner = owner, owner_of(owner)
    return str(task.workflow.spec.name)
