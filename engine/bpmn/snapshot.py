"""Open tokens to and from bytes. Nothing else is stored: no specs, no history, no predicted tasks."""

from __future__ import annotations

from typing import Any

import msgspec
from SpiffWorkflow.task import Task

from engine.bpmn.api import Host
from engine.bpmn.formats import FORMAT, upgraded
from engine.bpmn.parser import ProcessSpecs
from engine.bpmn.pruning import prune
from engine.bpmn.values import decode, encode, packed
from engine.bpmn.workflow import InstanceWorkflow, NestedWorkflow, OwnWorkflow
from engine.domain.errors import SnapshotUnreadable

# [FORMAT, process id, ids of the end events reached, processes]; the first process is the instance's own, each further
# one belongs to a task of a process before it:
# [owner's task id or None, spec name, variables, completed, success, tasks]
# tasks: [id, index of the parent or -1, spec name, state, added by a loop or event, internal data, locals]


def dump(workflow: InstanceWorkflow) -> bytes:
    """Prune the instance and write it down."""
    prune(workflow)
    processes: list[list[Any]] = [_process_record(None, workflow)]
    processes += [_process_record(str(task_id), nested) for task_id, nested in workflow.subprocesses.items()]
    return encode([FORMAT, workflow.spec.name, list(workflow.ended), processes])


def _process_record(owner: str | None, process: Any) -> list[Any]:
    index: dict[object, int] = {}
    rows: list[list[Any]] = []
    for task in process.tasks.values():
        index[task.id] = len(rows)
        rows.append(
            [
                str(task.id),
                index.get(task._parent, -1),
                task.task_spec.name,
                task._state,
                task.triggered,
                packed(task.internal_data) if task.internal_data else None,
                packed(task.data) if task.data else None,
            ]
        )
    return [
        owner,
        process.spec.name,
        packed(process.data) if process.data else None,
        process.completed,
        process.success,
        rows,
    ]


def load(specs: ProcessSpecs, host: Host, snapshot: bytes) -> InstanceWorkflow:
    """The instance that ``dump`` wrote; the only way to load one.

    Raises SnapshotUnreadable for a later format, another process, or an element that this version does not have.
    """
    try:
        _, process_id, ended, processes = upgraded(decode(snapshot))
        if process_id != specs.process_id:
            raise SnapshotUnreadable(f"an instance of process {process_id}")
        workflow = InstanceWorkflow(specs, host, deserializing=True)
        workflow.ended = dict.fromkeys(ended)
        loaded: dict[str, Task] = {}
        for record in processes:
            _load_process(workflow, record, loaded)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError) as error:
        raise SnapshotUnreadable(f"{type(error).__name__}: {error}") from error
    return workflow


def _load_process(workflow: InstanceWorkflow, record: list[Any], loaded: dict[str, Task]) -> None:
    owner, name, data, completed, success, rows = record
    process: Any = workflow
    if owner is not None:
        task = loaded[owner]
        process = NestedWorkflow(workflow.subprocess_specs[name], owner, workflow, deserializing=True)
        workflow.subprocesses[owner] = process
        process.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    process.data, process.completed, process.success = data or {}, completed, success
    tasks = _load_tasks(process, rows)
    process.task_tree = tasks[0]
    loaded.update((task.id, task) for task in tasks)


def _load_tasks(process: OwnWorkflow, rows: list[list[Any]]) -> list[Task]:
    specs = process.spec.task_specs  # type: ignore[attr-defined]  # of the library's Workflow
    tasks: list[Task] = []
    for task_id, parent, spec_name, state, triggered, internal_data, data in rows:
        task = Task.__new__(Task)
        task.id, task.workflow, task.task_spec = task_id, process, specs[spec_name]
        task._state, task.triggered, task.thread_id, task.last_state_change = state, triggered, 0, 0.0
        task.internal_data, task.data = internal_data or {}, data or {}
        task._children, task._parent = [], None
        if parent >= 0:
            task._parent = tasks[parent].id
            tasks[parent]._children.append(task_id)
        tasks.append(task)
        process.tasks[task_id] = task
    return tasks
