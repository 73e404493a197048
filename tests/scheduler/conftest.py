"""An office whose deadlines passed while no scheduler ran."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.casework import Casework, a_process, a_task, flow

ROOT = Path(__file__).parents[2]
REVIEW = a_process(
    "review",
    a_task("evaluate", attributes='tsunagu:due="started_on" tsunagu:ladder="standard"')
    + '<bpmn:boundaryEvent id="is_late" attachedToRef="evaluate" cancelActivity="false"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>overdue_at(started_on)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    + a_task("look_into", roles="supervisor", attributes='tsunagu:orgScope="field" tsunagu:ladder="none"')
    + '<bpmn:endEvent id="end"/><bpmn:endEvent id="end_late"/>'
    + flow("st", "evaluate") + flow("evaluate", "end") + flow("is_late", "look_into") + flow("look_into", "end_late"),
)  # fmt: skip


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """People and the process ``review``, on SQLite and on PostgreSQL; its clock stands in April 2026."""
    opened = Casework.open(any_database)
    opened.deploy("review", REVIEW)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def scheduler_process(tmp_path: Path) -> Iterator[Callable[[str], object]]:
    """Starts ``python -m scheduler`` on a database; all are ended after the test."""
    running = []

    def start(url: str):
        with (tmp_path / f"scheduler-{len(running)}.log").open("wb") as log:
            env = {**os.environ, "TSUNAGU_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
            running.append(processes.start([sys.executable, "-m", "scheduler"], log=log, env=env))
        return running[-1]

    yield start
    for process in running:
        processes.end(process)
