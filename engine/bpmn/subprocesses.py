"""Embedded sub-processes and call activities."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryKind
from engine.bpmn.context import element_id, note
from engine.bpmn.failures import ElementFailed
from engine.bpmn.script_engine import evaluate_at
from engine.bpmn.specs import OwnSpec
from engine.bpmn.values import checked_copy
from engine.bpmn.variables import assign


class NestedProcess(OwnSpec):
    """Owns a running process; goes on when that has completed."""

    waits = True
    spec: str  #: name of the nested process's spec

    def _update_hook(self, task: Task) -> bool:
        nested = task.workflow.top_workflow.create_subprocess(task, self.spec)
        nested.completed_event.connect(self._on_subworkflow_completed, task)
        self.give_inputs(task, nested)
        task._set_state(TaskState.STARTED)
        note(task, HistoryKind.STARTED)
        return False

    def _on_ready_hook(self, task: Task) -> None:
        """Ready here means that the nested process has completed; it was noted when it started."""

    def _on_subworkflow_completed(self, nested: object, task: Task) -> None:
        if task._state != TaskState.STARTED:  # a cancelled owner is not woken again
            return
        try:
            self.take_outputs(task, nested)
        except Exception as error:
            raise ElementFailed(element_id(self), error) from error
        task._set_state(TaskState.READY)

    def _on_cancel(self, task: Task) -> None:
        note(task, HistoryKind.CANCELLED)
        nested = task.workflow.top_workflow.subprocesses.get(task.id)
        if nested is not None:
            nested.cancel()

    def give_inputs(self, task: Task, nested: object) -> None:
        """Variables that the nested process starts with; an embedded one sees its parent's."""

    def take_outputs(self, task: Task, nested: object) -> None:
        """Variables that come back."""


class SubProcess(NestedProcess, defaults.SubWorkflowTask):
    """An embedded sub-process; shares the variables of its parent."""


class CallActivity(NestedProcess, defaults.CallActivity):
    """A called process with variables of its own: declared mappings in and out, nothing else."""

    def give_inputs(self, task: Task, nested: object) -> None:
        """Each ``camunda:in``: an expression here becomes a variable there."""
        for target, source in self.extensions.get("in", ()):
            nested.data[target] = checked_copy(evaluate_at(task, source))  # type: ignore[attr-defined]  # a workflow

    def take_outputs(self, task: Task, nested: object) -> None:
        """Each ``camunda:out``: an expression there becomes a variable here."""
        for target, source in self.extensions.get("out", ()):
            environment = task.workflow.script_engine.environment
            assign(task, target, environment.evaluate(source, nested.data))  # type: ignore[attr-defined]  # a workflow
