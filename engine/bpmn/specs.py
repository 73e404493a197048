"""Our task specs: the common behaviour, and the elements that do one thing when a token passes.

The library's parser makes its own specs; ``adoption`` gives each of them one of these classes.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.bpmn.specs import control, defaults
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryKind, OperationCall
from engine.bpmn.context import element_id, is_drawn, note, run_of
from engine.bpmn.failures import ElementFailed, HostRefusal, RunFailed
from engine.bpmn.script_engine import evaluate_at
from engine.bpmn.variables import assign, scope_of
from engine.domain.errors import (
    CalendarNotLoaded,
    DecisionFailed,
    DefinitionRefused,
    EngineError,
    ExpressionError,
    ReferenceMissing,
    SnapshotUnreadable,
)

#: errors of the engine that no person can answer: an operation raising one of these is an incident
_NO_REFUSALS = (CalendarNotLoaded, DefinitionRefused, ExpressionError, ReferenceMissing, SnapshotUnreadable)


class OwnSpec:
    """Common to all our specs: no look-ahead, no inherited data, failures that know their element, history.

    Children are made just before a task runs, so a settled tree holds open tokens and nothing predicted.
    """

    extensions: Mapping[str, Any]
    waits = False  #: a token stays here until a person, an event or a sub-process lets it go

    def _predict(self, task: Task, *args: object, **kwargs: object) -> None:
        """The library would build future tasks here."""

    def spread(self, task: Task) -> None:
        """Make the tasks that follow; called just before the task runs."""
        for spec in self.outputs:  # type: ignore[attr-defined]  # a property of the library's TaskSpec
            task._add_child(spec, TaskState.FUTURE)

    def _update(self, task: Task) -> None:
        try:
            super()._update(task)  # type: ignore[misc]  # the library's TaskSpec follows in each class
        except ElementFailed:
            raise
        except Exception as error:
            raise ElementFailed(element_id(self), error) from error

    def _run(self, task: Task) -> bool | None:
        try:
            return super()._run(task)  # type: ignore[misc]  # the library's TaskSpec follows in each class
        except ElementFailed:
            raise
        except Exception as error:
            raise ElementFailed(element_id(self), error) from error

    def _update_hook(self, task: Task) -> bool:
        return True

    def _on_ready_hook(self, task: Task) -> None:
        if self.waits:
            note(task, HistoryKind.STARTED)

    def _run_hook(self, task: Task) -> bool:
        return True

    def _on_complete_hook(self, task: Task) -> None:
        if is_drawn(self):
            note(task, HistoryKind.COMPLETED)
        TaskSpec._on_complete_hook(self, task)

    def _on_cancel(self, task: Task) -> None:
        if self.waits:
            note(task, HistoryKind.CANCELLED)


class Start(OwnSpec, control.BpmnStartTask):
    """The internal task before the start event."""


class End(OwnSpec, control.SimpleBpmnTask):
    """The internal task that completes a process once all its tokens have ended."""


class BoundarySplit(OwnSpec, control.BoundaryEventSplit):
    """The internal task above an activity with boundary events and these events."""


class UserTask(OwnSpec, defaults.UserTask):
    """A person's task; completed by ``Runner.complete``."""

    waits = True


class ManualTask(OwnSpec, defaults.ManualTask):
    """As a user task, done outside the system."""

    waits = True


class ScriptTask(OwnSpec, defaults.ScriptTask):
    """Lines of ``variable = expression``."""

    def _run_hook(self, task: Task) -> bool:
        return bool(task.workflow.script_engine.execute(task, self.script))


class ServiceTask(OwnSpec, defaults.ServiceTask):
    """A registered operation of the host, run inside the step."""

    def _run_hook(self, task: Task) -> bool:
        ref, run = str(task.id), run_of(task)
        scope = scope_of(task)
        call = OperationCall(
            name=self.extensions["operation"],
            element_id=element_id(self),
            ref=ref,
            iteration=ref,
            inputs={name: evaluate_at(task, text) for name, text in self.extensions.get("inputs", ())},
            variables=MappingProxyType(dict(scope)),
        )
        try:
            results = run.host.operation(call)
        except _NO_REFUSALS:
            raise
        except EngineError as error:
            raise HostRefusal(error) from error
        for variable, key in self.extensions.get("outputs", ()):
            if key not in results:
                raise RunFailed(f"処理「{call.name}」の結果に「{key}」がありません")
            assign(task, variable, results[key])
        return True


class DecisionTask(OwnSpec, BpmnTaskSpec):
    """A business rule task: the host evaluates the table, its outputs become variables."""

    def __init__(self, wf_spec: object, bpmn_id: str, **kwargs: object) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.bpmn_id = bpmn_id

    def _run_hook(self, task: Task) -> bool:
        given = {name: evaluate_at(task, text) for name, text in self.extensions.get("inputs", ())}
        try:
            outputs = run_of(task).host.decision(self.extensions["decisionRef"], ChainMap(given, dict(scope_of(task))))
        except DecisionFailed as error:
            raise RunFailed(f"判定表「{error.table}」: {error.reason}") from error
        for name, value in self._assigned(outputs).items():
            assign(task, name, value)
        return True

    def _assigned(self, outputs: Mapping[str, object]) -> Mapping[str, object]:
        """Variable -> value: as mapped, else the whole result in one variable, else each output by its name.

        A table with one output has its value as result, one with several an object of them (DMN 1.3, 8.2).
        """
        target = self.extensions.get("resultVariable")
        if mapped := self.extensions.get("outputs"):
            if missing := [key for _, key in mapped if key not in outputs]:
                raise RunFailed(f"判定表の結果に「{missing[0]}」がありません")
            return {variable: outputs[key] for variable, key in mapped}
        if target:
            return {target: next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs)}
        return outputs


class ExclusiveGateway(OwnSpec, defaults.ExclusiveGateway):
    """Takes the first flow, in the file's order, whose condition holds; else the default."""

    def spread(self, task: Task) -> None:
        """Nothing ahead: the gateway makes the chosen child when it runs."""

    def _run_hook(self, task: Task) -> bool:
        specs = task.workflow.spec.task_specs
        for condition, name in self.cond_task_specs:
            if condition is not None and condition._matches(task):
                task._add_child(specs[name], TaskState.FUTURE)
                return True
        if self.default_task_spec is None:
            raise RunFailed("どの条件にも当てはまらず、既定の流れもありません")
        task._add_child(specs[self.default_task_spec], TaskState.FUTURE)
        return True
