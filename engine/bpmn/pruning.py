"""Dropping the past: a settled instance is its root, its open tasks and the boundary splits above them."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.util.task import TaskState


def prune(workflow: Any) -> None:
    """Keep open tasks and their boundary split and hang them under the root; drop nested processes without owner."""
    for task_id in list(workflow.subprocesses):
        owner = next((task for task in workflow.all_tasks() if task.id == task_id), None)
        if owner is None or owner._state & TaskState.FINISHED_MASK:
            workflow.subprocesses.pop(task_id, None)
    for process in workflow.processes():
        _prune_tasks(process)


def _prune_tasks(process: Any) -> None:
    tasks, root = process.tasks, process.task_tree
    keep = _worth_keeping(tasks) | {root.id}
    if len(keep) == len(tasks):
        return
    for task in tasks.values():
        if task.id not in keep:
            continue
        task._children = [child for child in task._children if child in keep]
        if task is not root and task._parent not in keep:
            task._parent = root.id
            root._children.append(task.id)
    process.tasks = {task_id: task for task_id, task in tasks.items() if task_id in keep}
    process.last_task = None


def _worth_keeping(tasks: dict[object, Any]) -> set[object]:
    keep: set[object] = set()
    for task in tasks.values():
        if task._state & TaskState.NOT_FINISHED_MASK:
            keep.add(task.id)
            parent = tasks.get(task._parent)
            if parent is not None and isinstance(parent.task_spec, BoundaryEventSplit):
                keep.add(parent.id)
    return keep
