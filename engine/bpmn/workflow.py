"""The running instance: the library's workflow with our run loop, budgets and completion."""

from __future__ import annotations

import time
from collections.abc import Iterator

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryEntry, HistoryKind, Host, Thrown
from engine.bpmn.context import element_id, note
from engine.bpmn.joins import EndJoin, Join
from engine.bpmn.parser import ProcessSpecs
from engine.bpmn.pruning import prune
from engine.bpmn.script_engine import ScriptEngine
from engine.domain.errors import BudgetExceeded

MAX_STEPS = 10_000  #: engine steps of one advance
MAX_CPU_SECONDS = 2.0  #: CPU time of one advance in its thread
_PRUNE_EVERY = 200  #: steps after which finished tasks are dropped, so that a long advance stays linear


class OwnWorkflow:
    """Common to the instance and its nested processes."""

    tasks: dict[object, Task]
    completed: bool
    success: bool

    def update_waiting_tasks(self) -> None:
        """Only joins depend on other tasks; events are fired by the host."""
        for task in list(self.tasks.values()):
            if task._state == TaskState.WAITING and isinstance(task.task_spec, (Join, EndJoin)):
                task.task_spec._update(task)

    def is_completed(self) -> bool:
        """Set by the internal end or a terminate end event, and by nothing else."""
        return self.completed

    def _task_removed_notify(self, task: Task) -> None:
        """A dropped task takes its nested process along."""
        if task._state & TaskState.FINISHED_MASK:
            return
        if task.task_spec.waits and task._state != TaskState.FUTURE:
            note(task, HistoryKind.CANCELLED)
        task._state = TaskState.CANCELLED
        nested = task.workflow.top_workflow.subprocesses.pop(task.id, None)
        if nested is not None:
            nested.cancel()

    def cancel(self, success: bool = False) -> list[Task]:
        """Cancel every open task; the process counts as ended without success."""
        self.success, self.completed = success, True
        open_tasks = [task for task in self.tasks.values() if task._state & TaskState.NOT_FINISHED_MASK]
        for task in open_tasks:
            task.cancel()
        return open_tasks


class NestedWorkflow(OwnWorkflow, BpmnSubWorkflow):
    """A running embedded sub-process or called process."""


class InstanceWorkflow(OwnWorkflow, BpmnWorkflow):
    """One process instance during one advance."""

    def __init__(self, specs: ProcessSpecs, host: Host, deserializing: bool = False) -> None:
        self.host = host
        self.thrown: list[Thrown] = []
        self.history: list[HistoryEntry] = []
        self.ended: dict[str, None] = {}
        self._steps, self._cpu_start = 0, time.thread_time()
        super().__init__(
            specs.process, specs.nested, script_engine=ScriptEngine(host.functions), deserializing=deserializing
        )

    def create_subprocess(self, task: Task, name: str) -> NestedWorkflow:
        """Start the nested process of a sub-process or call activity task."""
        nested = NestedWorkflow(self.subprocess_specs[name], parent_task_id=task.id, top_workflow=self)
        self.subprocesses[task.id] = nested
        return nested

    def catch(self, event: object) -> None:
        """Nothing is broadcast by the library: throwing specs and the host reach their events themselves."""

    def refresh_timers(self) -> None:
        """The library would look at the clock here."""

    def processes(self) -> list[OwnWorkflow]:
        """The instance's process and every nested one."""
        return [self, *self.subprocesses.values()]

    def all_tasks(self) -> Iterator[Task]:
        """Every task of the instance, nested processes included."""
        for process in self.processes():
            yield from process.tasks.values()

    def find(self, ref: str) -> Task | None:
        """The task with this identity."""
        return next((task for task in self.all_tasks() if str(task.id) == ref), None)

    def run(self, task: Task | None = None) -> None:
        """Run ``task`` (a completed user task), then everything that needs no person, until the instance waits."""
        if task is not None:
            self._run_one(task)
        while ready := [task for task in self.all_tasks() if _runs_by_itself(task)]:
            for task in ready:
                if task._state == TaskState.READY and task.id in task.workflow.tasks:
                    self._run_one(task)

    def _run_one(self, task: Task) -> None:
        self._spend(task.task_spec)
        task.task_spec.spread(task)
        task.run()
        if self._steps % _PRUNE_EVERY == 0:
            prune(self)

    def _spend(self, spec: TaskSpec) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise BudgetExceeded(element_id(spec), f"1回の処理で{MAX_STEPS:,}手順を超えました")
        if time.thread_time() - self._cpu_start > MAX_CPU_SECONDS:
            raise BudgetExceeded(element_id(spec), f"1回の処理で計算時間が{MAX_CPU_SECONDS:g}秒を超えました")


def _runs_by_itself(task: Task) -> bool:
    return task._state == TaskState.READY and not task.task_spec.manual
