"""What must hold after every advance; anything else is an incident, before it is saved."""

from __future__ import annotations

from collections.abc import Iterator

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.context import element_id
from engine.bpmn.events import branches_of, is_waiting_event
from engine.bpmn.joins import EndJoin, Join
from engine.bpmn.loops import Loop
from engine.bpmn.timers import DUE, DUES, HostTimer
from engine.bpmn.workflow import InstanceWorkflow, OwnWorkflow


def problems(workflow: InstanceWorkflow) -> list[str]:
    """Broken invariants in words (for the incident); empty for a healthy instance."""
    found = [line for process in workflow.processes() for line in _of_process(workflow, process)]
    open_ids = {task.id for task in workflow.all_tasks() if task._state & TaskState.NOT_FINISHED_MASK}
    found += ["持ち主のないサブプロセスがあります" for task_id in workflow.subprocesses if task_id not in open_ids]
    if workflow.completed and workflow.success and not workflow.ended:
        found.append("終了イベントを通らずに終わりました")
    return found


def _of_process(workflow: InstanceWorkflow, process: OwnWorkflow) -> Iterator[str]:
    tasks = list(process.tasks.values())
    live = [task for task in tasks if task._state & TaskState.NOT_FINISHED_MASK]
    names = sorted({element_id(task.task_spec) for task in live})
    if any(task._state == TaskState.ERROR for task in tasks):
        yield "失敗した要素が残っています"
    if process.completed and live:
        yield f"終わったのに {names} が開いています"
    if not process.completed and not live:
        yield "終了イベントに着かないまま、開いている要素がなくなりました（行き止まり）"
    if live and all(isinstance(task.task_spec, (Join, EndJoin)) for task in live):
        yield f"合流 {names} が、来ることのない流れを待っています"
    for task in live:
        yield from _of_task(workflow, task)


def _of_task(workflow: InstanceWorkflow, task: Task) -> Iterator[str]:
    name, state = element_id(task.task_spec), task._state
    if is_waiting_event(task):
        for branch, definition in branches_of(task):
            has_due = DUE in task.internal_data if branch is None else branch in task.internal_data.get(DUES, {})
            if isinstance(definition, HostTimer) and not has_due:
                yield f"{name}: タイマーに期日がありません"
    if state == TaskState.STARTED:
        if isinstance(task.task_spec, SubWorkflowTask) and task.id not in workflow.subprocesses:
            yield f"{name}: サブプロセスが失われています"
        if isinstance(task.task_spec, Loop) and not any(
            child._state & TaskState.NOT_FINISHED_MASK for child in task.children
        ):
            yield f"{name}: 繰り返しに開いている要素がありません"
