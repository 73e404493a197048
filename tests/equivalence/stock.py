"""SpiffWorkflow as it comes, in memory: the reference where it is right.

Three things are added from outside, none of them to its global state: conditions ask the walk's oracle; a service task
is completed as soon as it waits, a business rule task passes; and multi-instances neither merge the data of their
instances nor collect results: the item would leak, and a second sequential instance raise. Variables of the library are
never compared.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.defaults import ParallelMultiInstanceTask, SequentialMultiInstanceTask, ServiceTask
from SpiffWorkflow.bpmn.specs.event_definitions import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from tests.equivalence.open_things import Open, open_things

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


class _Rule(BpmnTaskSpec):
    """A business rule task that passes."""


class _Parser(BpmnParser):
    OVERRIDE_PARSER_CLASSES = {f"{_BPMN}businessRuleTask": (TaskParser, _Rule)}


class _Quiet(MultiInstanceTask):
    """Counts an instance that ended, and merges nothing of its data."""

    def merge_child(self, workflow: object, child: Task) -> None:
        child.parent.internal_data["merged"].append(str(child.id))


class _Parallel(ParallelMultiInstanceTask, _Quiet):
    """The library's own, over ``_Quiet``."""


class _Sequential(SequentialMultiInstanceTask, _Quiet):
    """The library's own, over ``_Quiet``."""


_REPAIRED = {ParallelMultiInstanceTask: _Parallel, SequentialMultiInstanceTask: _Sequential}


class Stock:
    """One instance of process ``p`` run by the library alone."""

    def __init__(self, xml: bytes, variables: dict[str, object], pick: Callable[[str, int], int]) -> None:
        parser = _Parser()
        parser.add_bpmn_io(io.BytesIO(xml))
        process, nested = parser.get_spec("p"), parser.get_subprocess_specs("p")
        for one in (process, *nested.values()):
            for spec in one.task_specs.values():
                if type(spec) in _REPAIRED:
                    spec.__class__ = _REPAIRED[type(spec)]
                    spec.data_output = spec.output_item = None
        engine = PythonScriptEngine(TaskDataEnvironment({"pick": pick}))
        self.workflow = BpmnWorkflow(process, nested, script_engine=engine)
        for task in self.workflow.tasks.values():
            task.data.update(variables)
        self._settle()

    def _processes(self) -> list[Any]:
        active = [one for one in self.workflow.subprocesses.values() if not one.completed]
        return [self.workflow, *active]

    def open(self) -> list[Open]:
        """What waits; a cycle that has no turn left waits only by name."""
        return [one for one in open_things(self._processes()) if not _is_spent(one.task)]

    @property
    def completed(self) -> bool:
        """What the library says."""
        return bool(self.workflow.is_completed())

    def complete(self, task: Task, values: dict[str, object]) -> None:
        """A person completes a task."""
        task.data.update(values)
        task.run()
        self._settle()

    def happen(self, task: Task, branch: int) -> None:
        """An event happens; behind an event gateway the one with this number."""
        definition = task.task_spec.event_definition
        if isinstance(definition, MultipleEventDefinition):
            definition = definition.event_definitions[branch]
        if isinstance(definition, TimerEventDefinition):
            just_now = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()  # it asks the real clock
            if isinstance(definition, CycleTimerEventDefinition):
                task.internal_data["event_value"]["next"] = just_now
            else:
                task.internal_data["event_value"] = just_now
            task.task_spec._update(task)
        else:
            self.workflow.send_event(BpmnEvent(type(definition)(definition.name), {}))
        self._settle()

    def _settle(self) -> None:
        """Run until only people and events are waited for."""
        while True:
            self.workflow.do_engine_steps()
            tasks = [task for process in self._processes() for task in process.tasks.values()]
            services = [
                task for task in tasks if task._state == TaskState.STARTED and type(task.task_spec) is ServiceTask
            ]
            for task in services:
                task.complete()
            ready = any(task._state == TaskState.READY and not task.task_spec.manual for task in tasks)
            if not services and not ready:
                return


def _is_spent(task: Task) -> bool:
    if not isinstance(getattr(task.task_spec, "event_definition", None), CycleTimerEventDefinition):
        return False
    value = task.internal_data.get("event_value")
    return not value or value["cycles"] == 0


def comes_from_outside(task: Task, branch: int = 0) -> bool:
    """True for messages and timers; signals, errors and escalations are thrown inside the instance."""
    definition = task.task_spec.event_definition
    if isinstance(definition, MultipleEventDefinition):
        definition = definition.event_definitions[branch]
    return not isinstance(definition, (SignalEventDefinition, ErrorEventDefinition, EscalationEventDefinition))
