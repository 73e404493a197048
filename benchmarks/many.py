"""Ticks, raises and inboxes where very many tasks are open and many more were done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any

from benchmarks.crowd import Crowd, settle, staff_of
from benchmarks.databases import Scratch
from benchmarks.replay import Bare, Sent, bare, recorded, row_counts
from benchmarks.rounds import Compared, compare, timed
from benchmarks.size import Size
from benchmarks.table import Goal, Line
from engine.queries.inbox import InboxFilter, View, inbox, task_counts
from engine.services import access, timers
from engine.services.engine import Engine
from tests.support.casework import tokyo

NOW = tokyo("2026-04-01T09:00")
WORKERS = 20  #: lists are asked for by so many people of different offices in turn


def lists(scratch: Scratch, size: Size) -> Iterator[Line]:
    """A tick with nothing due and a worker's lists, in a large database against a small one."""
    for kind in scratch.kinds:
        done = size.done_of_each[kind]
        large = Crowd(size.open_tasks, done)
        little, small = Crowd(size.few_open_tasks), Crowd(size.small_open_tasks)
        urls = [scratch.database(kind, "crowd") for _ in range(3)]
        engines = [settle(url, crowd, NOW) for url, crowd in zip(urls, (large, little, small), strict=True)]
        sizes = f"{large.open_tasks:,} open, {large.tasks - large.open_tasks:,} done"
        yield Line(
            "tick, nothing due", kind, _ticks(engines[0], engines[1], size), Goal(at_most=1.5),
            f"{sizes}, {large.open_tasks * len(large.levels):,} moments; reference {little.open_tasks:,} open",
        )  # fmt: skip
        for name, ask in _ASKED.items():
            against = f"{sizes}; reference {small.open_tasks:,} open, none done"
            found = _asked(ask, (engines[0], large), (engines[2], small), size)
            yield Line(name, kind, found, Goal(at_most=1.5), against)
        for engine, url in zip(engines, urls, strict=True):
            engine.database.dispose()
            scratch.drop(url)


def _ticks(large: Engine, small: Engine, size: Size) -> Compared:
    def tick(engine: Engine) -> None:
        report = timers.tick(engine, now=NOW, node="bench")
        assert report == timers.TickReport()

    for engine in (large, small):
        tick(engine)
    return compare(partial(tick, large), partial(tick, small), time.perf_counter, rounds=size.rounds, calls=20)


Asked = Callable[[Engine, Any], int]


def _listed(view: View, engine: Engine, actor: Any) -> int:
    return inbox(engine, actor, view, InboxFilter(), now=NOW).total


_ASKED: dict[str, Asked] = {
    "inbox, mine": partial(_listed, View.MINE),
    "inbox, claimable": partial(_listed, View.CLAIMABLE),
    "inbox, counts of all views": lambda engine, actor: sum(task_counts(engine, actor, now=NOW).values()),
}


def _asked(ask: Asked, large: tuple[Engine, Crowd], small: tuple[Engine, Crowd], size: Size) -> Compared:
    """The same list for workers of many offices; each finds as many tasks in both databases."""
    sides = []
    for engine, crowd in (large, small):
        ids = [staff_of(number * 9973 % crowd.offices, number % 5) for number in range(WORKERS)]
        actors = [access.actor_by_id(engine, staff_id, now=NOW) for staff_id in ids]
        assert min(ask(engine, actor) for actor in actors) > 0
        people = cycle(actors)
        sides.append(lambda engine=engine, people=people: ask(engine, next(people)))
    return compare(sides[0], sides[1], time.perf_counter, rounds=size.rounds, calls=WORKERS)


@dataclass(frozen=True)
class _Round:
    """Seconds for each raise: a tick, the same writes, and the same writes with the questions between them."""

    tick: float
    writes: float
    with_questions: float


def raises(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Many overdue tasks raised by ticks, against the same statements sent by the bare driver in the same batches.

    The goal is judged by the plain writes: a plain batch knows its rows. What every implementation must ask in its
    transaction, who is to be told, is asked again on a third side, which is published beside it.
    """
    for kind in scratch.kinds:
        url = scratch.database(kind, "late")
        engine = settle(url, Crowd(size.overdue, late=True, levels=("overdue",)), NOW)
        engine.database.dispose()
        copies = [scratch.copy(url) for _ in range(2)]
        plain, asking = (bare(copied) for copied in copies)
        found = [_raised(engine, plain, asking, moment, size.overdue // size.raise_rounds) for moment in _parts(size)]
        plain.close()
        asking.close()
        engine.database.dispose()
        assert all(row_counts(url) == row_counts(copied) for copied in copies)
        note = f"per raise of {size.overdue:,}; batches of {timers.BATCH}; both write the same rows"
        writes = _compared([(one.tick, one.writes) for one in found])
        yield Line("raise overdue tasks", kind, writes, Goal(at_most=2), note)
        asked = _compared([(one.tick, one.with_questions) for one in found])
        yield Line(
            "raise overdue tasks / with its questions", kind, asked, Goal(),
            "which tasks, whose, who is there: also asked on the other side",
        )  # fmt: skip
        for one in (url, *copies):
            scratch.drop(one)


def _compared(rounds: Sequence[tuple[float, float]]) -> Compared:
    return Compared(
        sum(mine for mine, _ in rounds) / len(rounds), sum(theirs for _, theirs in rounds) / len(rounds),
        tuple(mine / theirs for mine, theirs in rounds),
    )  # fmt: skip


def _parts(size: Size) -> Iterator[datetime]:
    """Moments at which a further part of the tasks has become overdue; the earliest task is the last of the crowd."""
    each = size.overdue // size.raise_rounds
    for number in range(1, size.raise_rounds + 1):
        yield NOW - timedelta(minutes=0.3 * (size.overdue - number * each) + 0.99)


def _raised(engine: Engine, plain: Bare, asking: Bare, moment: datetime, many: int) -> _Round:
    """One round of so many raises on the three sides."""
    reports = []
    with recorded(engine.database) as sent:
        mine = timed(time.perf_counter, lambda: reports.append(timers.tick(engine, now=moment, node="bench")))
    assert reports[0].raised == many, reports
    batches: list[list[Sent]] = [[]]
    for one in sent:
        if one.writing:
            if one.statement.startswith("UPDATE timer") and "RETURNING timer.id, timer.kind" in one.statement:
                batches.append([])
            batches[-1].append(one)
    changes = [[one for one in batch if one.changes] for batch in batches]

    def sends(side: Bare, of: list[list[Sent]]) -> float:
        def all_of_them() -> None:
            for batch in of:
                if batch:
                    side.transaction(batch)

        return timed(time.perf_counter, all_of_them)

    plainly, asked = sends(plain, changes), sends(asking, batches)
    return _Round(mine / many, plainly / many, asked / many)
