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
from benchmarks.rounds import compare, measured, timed
from benchmarks.size import Size
from benchmarks.table import PUBLISHED, Goal, Line
from engine.bpmn.api import Advance, OperationCall
from engine.bpmn.runner import Runner, parse_process
from engine.services import tasks, timers
from tests.support.casework import Casework

#: the way of the case up to its loop
WAY = ("screen", "documents", "visit", "risk", "supervise", "agency_assess", "agency_assess", "agency_assess",
       "agency_confirm", "agency_confirm", "agency_confirm", "draft", "approve_1", "approve_2")  # fmt: skip
LOOP = ("evaluate", "confirm")
VALUE = f"{1:06}" + "w" * 80  #: what a step sets


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


State = tuple[bytes, dict[str, str]]  #: a snapshot, and the open tasks by token


class Ours:
    """The case as our snapshot."""

    def __init__(self) -> None:
        self._runner = Runner(parse_process(case_process(), CASE), _Host())
        begun = self._runner.start(FACTS)
        self.state: State = (begun.snapshot, {task.ref: task.element_id for task in begun.opened})

    def after(self, state: State, name: str, **values: object) -> State:
        """One step, and the timer that it may have armed: all that is due at once, as the library does it."""
        snapshot, waiting = state
        ref = next(ref for ref, element in waiting.items() if element == name)
        result = self._runner.complete(snapshot, ref, values)
        due = [moment for moment in result.timers if moment.due <= _Host.now]
        waiting = _waiting(waiting, result)
        for moment in due:
            result = self._runner.fire(result.snapshot, moment.ref, moment.branch)
            waiting = _waiting(waiting, result)
        return result.snapshot, waiting


def _waiting(before: Mapping[str, str], result: Advance) -> dict[str, str]:
    gone = {closed.ref for closed in result.closed}
    kept = {ref: element for ref, element in before.items() if ref not in gone}
    return kept | {task.ref: task.element_id for task in result.opened}


def _named(name: str) -> Callable[[list[Task]], Task]:
    return lambda ready: next(task for task in ready if task.task_spec.name == name)


def engine_part(_scratch: Scratch, size: Size) -> Iterator[Line]:
    """CPU of single steps on both sides: the first of the case, and those of the first turn of its loop.

    Both sides are warm, as a server is, and take the same step from the same stored state again and again.
    """
    ours, library = Ours(), Documented()
    states: dict[str, tuple[State, str]] = {}

    def walk(names: tuple[str, ...]) -> None:
        for name in names:
            states[name] = (ours.state, library.state)
            ours.state = ours.after(ours.state, name, fact_0=VALUE)
            library.state = states[name][1]
            library.complete(_named(name), fact_0=VALUE)

    def mine(names: tuple[str, ...]) -> None:
        for name in names:
            ours.after(states[name][0], name, fact_0=VALUE)

    def theirs(names: tuple[str, ...]) -> None:
        for name in names:
            library.state = states[name][1]
            library.complete(_named(name), fact_0=VALUE)

    turn = "CPU of two steps; ours with a third restore for the timer"
    goal = Goal(at_most=0.08)
    for what, way, names, wanted, note in (
        ("first step", ("intake",), ("intake",), goal, "CPU"),
        ("first turn of the loop", (*WAY, *LOOP), LOOP, goal, turn),
        (f"turn {size.spiff_turns} of the loop", LOOP * (size.spiff_turns - 1), LOOP, PUBLISHED, turn),
    ):
        walk(way)
        after = (ours.state, library.state)
        found = compare(
            partial(mine, names), partial(theirs, names), time.process_time, rounds=size.rounds, calls=size.turns
        )
        ours.state, library.state = after
        yield Line(f"restore + advance + snapshot, {what}", "-", found, wanted, note)


def whole_step(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Completing 「evaluate」 after many turns of the loop, from the row to the durable row.

    Ours writes the records, the history, the trail, the deadlines and the queues of the product; the other side one
    row with the document.
    """
    library = Documented()
    for name in ("intake", *WAY, *(LOOP * size.spiff_turns)):
        library.complete(_named(name), fact_0=VALUE)
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
