"""Variables live on the process instance, never in the library's task data (which loses updates at joins).

Scope of a task: the locals of each multi-instance or loop instance around it, innermost first, then the variables of
its process. Embedded sub-processes share their parent's; a called process has its own.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.task import Task

from engine.bpmn.values import checked_copy


def chain(task: Task) -> list[dict[str, object]]:
    """The dicts visible from a task, innermost first; the last one holds the variables of its process."""
    found: list[dict[str, object]] = []
    workflow = task.workflow
    while True:
        if task.data:
            found.append(task.data)
        if workflow.parent_task_id is None:
            break
        owner = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if isinstance(owner.task_spec, CallActivity):
            break
        task, workflow = owner, owner.workflow
    found.append(workflow.data)
    return found


def scope_of(task: Task) -> Mapping[str, object]:
    """Everything an expression at this task may read."""
    return ChainMap(*chain(task))


def assign(task: Task, name: str, value: object) -> None:
    """Set a variable to a copy of the value: the innermost local of that name, else the process's variable."""
    scopes = chain(task)
    target = next((scope for scope in scopes[:-1] if name in scope), scopes[-1])
    target[name] = checked_copy(value)
