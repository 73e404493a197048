"""SpiffWorkflow as its documentation shows it: the whole workflow restored from JSON, run, and serialised again."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from benchmarks.models import CASE, FACTS, case_process

#: its log lists the state of every task eagerly; silent, in its favour
for _name in ("spiff", "spiff.task", "spiff.workflow"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class Documented:
    """The case as a JSON document."""

    def __init__(self) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(case_process()))
        self._serializer = BpmnWorkflowSerializer()
        workflow = BpmnWorkflow(parser.get_spec(CASE), parser.get_subprocess_specs(CASE))
        workflow.task_tree.data.update(FACTS)
        workflow.do_engine_steps()
        self.state: str = self._serializer.serialize_json(workflow)

    def complete(self, choose: Callable[[list[Task]], Task], **values: object) -> str:
        """One step: restore, complete a ready task, run until it waits, serialise; the name of the task."""
        workflow = self._serializer.deserialize_json(self.state)
        task = choose(workflow.get_tasks(state=TaskState.READY, manual=True))
        task.data.update(values)
        task.run()
        workflow.do_engine_steps()
        workflow.refresh_timers()
        workflow.do_engine_steps()
        self.state = self._serializer.serialize_json(workflow)
        return str(task.task_spec.name)

    def ready(self) -> list[str]:
        """The names of the tasks that wait for a person."""
        workflow = self._serializer.deserialize_json(self.state)
        return [task.task_spec.name for task in workflow.get_tasks(state=TaskState.READY, manual=True)]


class Row:
    """One durable row, as small a store as there can be: SQLite, WAL, every commit on the disk."""

    def __init__(self, path: Path, state: str | bytes) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE workflow (id INTEGER PRIMARY KEY, state NOT NULL)")
        self._connection.execute("INSERT INTO workflow VALUES (1, ?)", (state,))

    def read(self) -> Any:
        """The state as it was written."""
        return self._connection.execute("SELECT state FROM workflow WHERE id = 1").fetchone()[0]

    def write(self, state: str | bytes) -> None:
        """One transaction, on the disk when this returns."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("UPDATE workflow SET state = ? WHERE id = 1", (state,))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class Store:
    """The library's document in one row."""

    def __init__(self, path: Path, case: Documented) -> None:
        self._case, self._row = case, Row(path, case.state)

    def complete(self, choose: Callable[[list[Task]], Task], **values: object) -> None:
        """A whole step from the row to the row."""
        self._case.state = self._row.read()
        self._case.complete(choose, **values)
        self._row.write(self._case.state)

    def close(self) -> None:
        """Close the database."""
        self._row.close()
