"""Restore, advance and snapshot: our runner against SpiffWorkflow as its documentation shows it, the same case."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from SpiffWorkflow.task import Task

from benchmarks.databases import Scratch
from benchmarks.library import Documented, Store
from benchmarks.models import CASE, FACTS, TYPED, case_forms, case_process
from benchmarks.rounds import Compared, measured, timed
from benchmarks.size import Size
from benchmarks.table import PUBLISHED, Goal, Line
from engine.bpmn.api import OperationCall
from engine.bpmn.runner import Runner, parse_process
from engine.services import tasks, timers
from tests.support.casework import Casework

#: the way of the case up to its loop
WAY = ("screen", "documents", "visit", "risk", "supervise", "agency_assess", "agency_assess", "agency_assess",
       "agency_confirm", "agency_confirm", "agency_confirm", "draft", "approve_1", "approve_2")  # fmt: skip
LOOP = ("evaluate", "confirm")


class _Host:
    """What the runner may ask for: nothing, here."""

    now = datetime(2026, 4, 1, tzinfo=UTC)
    functions: Mapping[str, Callable[..., object]] = {}

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        """No service task in this case."""
        raise NotImplementedError

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        """No decision table in this case."""
        raise NotImplementedError


class Ours:
    """The case as our snapshot."""

    def __init__(self) -> None:
        self._runner = Runner(parse_process(case_process(), CASE), _Host())
        begun = self._runner.start(FACTS)
        self._state, self._open = begun.snapshot, {task.ref: task.element_id for task in begun.opened}

    def complete(self, name: str, **values: object) -> None:
        """One step, and the timer that it may have armed: all that is due at once, as the library does it."""
        ref = next(ref for ref, element in self._open.items() if element == name)
        self._take(self._runner.complete(self._state, ref, values))
        for moment in self._moments:
            self._take(self._runner.fire(self._state, moment.ref, moment.branch))

    def _take(self, result: object) -> None:
        self._state = result.snapshot  # type: ignore[attr-defined]
        for closed in result.closed:  # type: ignore[attr-defined]
            self._open.pop(closed.ref, None)
        self._open |= {task.ref: task.element_id for task in result.opened}  # type: ignore[attr-defined]
        self._moments = [m for m in result.timers if m.due <= _Host.now]  # type: ignore[attr-defined]


def _named(name: str) -> Callable[[list[Task]], Task]:
    return lambda ready: next(task for task in ready if task.task_spec.name == name)


def engine_part(_scratch: Scratch, size: Size) -> Iterator[Line]:
    """CPU of single steps on both sides: the first of the case, and those of the first turn of its loop."""
    mine: list[list[float]] = [[], []]
    theirs: list[list[float]] = [[], []]
    for _ in range(size.rounds):
        ours, library = Ours(), Documented()
        for place, names in enumerate((("intake",), (*WAY, *LOOP))):
            for number, name in enumerate(names):
                value = f"{number:06}" + "w" * 80
                a = timed(time.process_time, partial(ours.complete, name, fact_0=value))
                b = timed(time.process_time, partial(library.complete, _named(name), fact_0=value))
                if place == 0 or name in LOOP:
                    mine[place].append(a)
                    theirs[place].append(b)
    goal = Goal(at_most=0.08)
    yield Line("restore + advance + snapshot, first step", "-", _paired(mine[0], theirs[0]), goal, "CPU")
    yield Line("restore + advance + snapshot, first turn of the loop", "-", _paired(mine[1], theirs[1]), goal,
               "CPU; ours with a second restore for the timer")  # fmt: skip


def _paired(ours: list[float], theirs: list[float]) -> Compared:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Compared(sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2], tuple(ratios))


def whole_step(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Completing 「evaluate」 after many turns of the loop, from the row to the durable row.

    Ours writes the records, the history, the trail, the deadlines and the queues of the product; the other side one
    row with the document.
    """
    library = Documented()
    for name in ("intake", *WAY, *(LOOP * size.spiff_turns)):
        library.complete(_named(name), fact_0="w" * 86)
    store = Store(scratch.folder / "library.sqlite3", library)
    url = scratch.database("sqlite", "whole")
    office = Casework.open(url)
    office.deploy(CASE, case_process(), case_forms())
    office.start(CASE)
    worker = office.person("worker")
    office.complete("intake", "worker", **FACTS)
    for name in WAY:
        office.complete(name, "worker", **TYPED)
    timers.tick(office.engine, now=office.now, node="bench")
    for _ in range(size.spiff_turns):
        _loop(office)
    store.complete(_named("evaluate"))
    store.complete(_named("confirm"))
    _loop(office)

    def ours() -> float:
        task_id = office.task("evaluate").id
        spent = timed(time.perf_counter, lambda: tasks.complete(office.engine, worker, task_id, TYPED, now=office.now))
        office.complete("confirm", "worker", **TYPED)
        timers.tick(office.engine, now=office.now, node="bench")
        return spent

    def theirs() -> float:
        spent = timed(time.perf_counter, lambda: store.complete(_named("evaluate")))
        store.complete(_named("confirm"))
        return spent

    found = measured(ours, theirs, rounds=max(2, size.rounds // 3), calls=3)
    goal = Goal(at_least=20) if size.spiff_turns >= 100 else PUBLISHED
    yield Line(f"whole step at loop turn {size.spiff_turns}", "sqlite", found, goal,
               "ours through the services with all product rows")  # fmt: skip
    store.close()
    office.engine.database.dispose()
    scratch.drop(url)


def _loop(office: Casework) -> None:
    for name in LOOP:
        office.complete(name, "worker", **TYPED)
    timers.tick(office.engine, now=office.now, node="bench")
