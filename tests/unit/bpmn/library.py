"""SpiffWorkflow as its documentation uses it, to show beside our answer what it does. Nothing of it is changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition, SignalEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class Library:
    """An instance of process ``p``; ``state`` reads like ``driving.Instance.state``, for tasks alone."""

    def __init__(self, xml: bytes, functions: dict[str, Callable[..., object]] | None = None, **variables: Any) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(xml))
        engine = PythonScriptEngine(TaskDataEnvironment(functions or {}))
        self.workflow = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"), script_engine=engine)
        for task in self.workflow.tasks.values():
            task.data.update(variables)
        self.run()

    def run(self) -> Library:
        """Run until only people and events are waited for."""
        for _ in range(10):  # what it leaves lying after that, it does not find
            self.workflow.do_engine_steps()
            if all(task.task_spec.manual for task in self.ready()):
                break
        return self

    def ready(self) -> list[Task]:
        """Tasks that are ready in the process or in a nested one that has not ended."""
        active = [one for one in self.workflow.subprocesses.values() if not one.completed]
        tasks = [task for one in (self.workflow, *active) for task in one.tasks.values()]
        return [task for task in tasks if task._state == TaskState.READY]

    def do(self, name: str, which: int = 0, **values: Any) -> Library:
        """Complete an open task."""
        task = [task for task in self.ready() if task.task_spec.name.split(" ")[0] == name][which]
        task.data.update(values)
        task.run()
        return self.run()

    def deliver(self, name: str) -> Library:
        """Hand a message to whoever waits for it."""
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(name), {}))
        return self.run()

    def signal(self, name: str) -> Library:
        """Broadcast a signal."""
        self.workflow.send_event(BpmnEvent(SignalEventDefinition(name), {}))
        return self.run()

    def expire(self, name: str) -> Library:
        """Let a waiting timer be a minute late."""
        late = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        task = next(task for task in self.workflow.tasks.values() if task.task_spec.name == name and task._state == 8)
        value = task.internal_data["event_value"]
        task.internal_data["event_value"] = {**value, "next": late} if isinstance(value, dict) else late
        task.task_spec._update(task)
        return self.run()

    @property
    def state(self) -> str:
        """Open tasks; ``done`` first when the library says that the instance is completed."""
        words = ["done"] if self.workflow.is_completed() else []
        words += sorted(task.task_spec.name.split(" ")[0] for task in self.ready() if task.task_spec.manual)
        return " ".join(words)
