"""Restore, advance and snapshot: our runner against SpiffWorkflow as its documentation shows it, the same case."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from SpiffWorkflow.task import Task

from benchmarks.databases import Scratch
from benchmarks.library import Documented, Row, Store
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


class _OurStore:
    """Our snapshot in one row of the store that the library has, with what is open beside it."""

    def __init__(self, path: Path, case: Ours) -> None:
        self._case, self._row = case, Row(path, _packed(case.state))

    def complete(self, name: str, **values: object) -> None:
        """A whole step from the row to the row."""
        snapshot, waiting = msgspec.msgpack.decode(self._row.read(), type=tuple[bytes, dict[str, str]])
        self._row.write(_packed(self._case.after((snapshot, waiting), name, **values)))

    def close(self) -> None:
        """Close the database."""
        self._row.close()


def _packed(state: State) -> bytes:
    return msgspec.msgpack.encode(state)


def whole_step(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Completing 「evaluate」 after many turns of the loop, from the row to the durable row, in two ways.

    With the same store on both sides, one row: our engine against the library's. And with what the product does at a
    step: permission and form checked, records, history, trail, deadlines and queues written; the other side as before.
    """
    library = Documented()
    for name in ("intake", *WAY, *(LOOP * size.spiff_turns)):
        library.complete(_named(name), fact_0=VALUE)
    store = Store(scratch.folder / "library.sqlite3", library)
    yield _same_store(scratch, size, store)
    yield _product_step(scratch, size, store)
    store.close()


def _same_store(scratch: Scratch, size: Size, store: Store) -> Line:
    ours = Ours()
    for name in ("intake", *WAY, *(LOOP * size.spiff_turns)):
        ours.state = ours.after(ours.state, name, fact_0=VALUE)
    row = _OurStore(scratch.folder / "ours.sqlite3", ours)

    def mine() -> float:
        spent = timed(time.perf_counter, lambda: row.complete("evaluate", fact_0=VALUE))
        row.complete("confirm", fact_0=VALUE)
        return spent

    def theirs() -> float:
        spent = timed(time.perf_counter, lambda: store.complete(_named("evaluate"), fact_0=VALUE))
        store.complete(_named("confirm"), fact_0=VALUE)
        return spent

    found = measured(mine, theirs, rounds=max(2, size.rounds // 3), calls=3)
    row.close()
    return Line(f"whole step at loop turn {size.spiff_turns}, engine alone", "sqlite", found, _twenty(size),
                "same store on both sides: one row, read and written durably")  # fmt: skip


def _twenty(size: Size) -> Goal:
    return Goal(at_least=20) if size.spiff_turns >= 100 else PUBLISHED


def _product_step(scratch: Scratch, size: Size, store: Store) -> Line:
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
    office.engine.database.dispose()
    scratch.drop(url)
    return Line(f"whole step at loop turn {size.spiff_turns}, product", "sqlite", found, _twenty(size),
                "ours through the services with all product rows")  # fmt: skip


def _loop(office: Casework) -> None:
    for name in LOOP:
        office.complete(name, "worker", **TYPED)
    timers.tick(office.engine, now=office.now, node="bench")
