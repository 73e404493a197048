"""A completed step against the bare transaction of its statements; an old case against a new one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.databases import Scratch
from benchmarks.models import TURN
from benchmarks.replay import Bare, Sent, bare, recorded, row_counts
from benchmarks.rounds import Compared, compare, timed
from benchmarks.running import Walk, office, walk
from benchmarks.size import Size
from benchmarks.table import PUBLISHED, Goal, Line

AIM = {"sqlite": Goal(at_most=3.0), "postgresql": Goal(at_most=2.0)}
WARM = 6  #: turns before anything is measured: caches of statements fill, drivers prepare


def step(scratch: Scratch, size: Size) -> Iterator[Line]:
    """A step through the services against its own statements, sent by the bare driver to a copy of the database.

    Three databases begin alike. The step runs on the first; what it sent goes to the second as one transaction with
    everything in it, and to the third as the write transaction alone. In the end all three hold the same rows.
    """
    for kind in scratch.kinds:
        urls = [scratch.database(kind, "step")]
        opened = office(urls[0])
        case = walk(opened)
        opened.engine.database.dispose()
        urls += [scratch.copy(urls[0]), scratch.copy(urls[0])]
        every, writes = bare(urls[1]), bare(urls[2])
        for _ in range(WARM if size.turns > 1 else 1):
            _replayed(case, every, writes)
        found = [_replayed(case, every, writes) for _ in range(size.rounds * size.turns)]
        for one in (every, writes):
            one.close()
        opened.engine.database.dispose()
        assert row_counts(urls[0]) == row_counts(urls[1]) == row_counts(urls[2])
        figures, statements = [seconds for seconds, _ in found], [count for _, counts in found for count in counts]
        note = f"{min(statements)} to {max(statements)} statements a step, median {median(statements):g}"
        yield Line("completed step / its statements bare", kind, _against(figures, 1, size.turns), AIM[kind], note)
        yield Line("completed step / its write transaction bare", kind, _against(figures, 2, size.turns), PUBLISHED,
                   "the questions before it left out on the other side")  # fmt: skip
        for url in urls:
            scratch.drop(url)


def _replayed(case: Walk, every: Bare, writes: Bare) -> tuple[tuple[float, float, float], list[int]]:
    """Seconds for a step of a turn: ours, all its statements, its writes; and how many statements each step had."""
    mine, sent = _turn(case)
    steps = _steps(sent)
    whole = timed(time.perf_counter, lambda: [every.transaction(one) for one in steps])
    narrow = [[s for s in one if s.writing] for one in steps]
    part = timed(time.perf_counter, lambda: [writes.transaction(one) for one in narrow])
    return (mine / len(TURN), whole / len(TURN), part / len(TURN)), [len(one) for one in steps]


def _turn(case: Walk) -> tuple[float, list[Sent]]:
    with recorded(case.office.engine.database) as sent:
        mine = timed(time.perf_counter, case.turn)
    return mine, sent


def _steps(sent: list[Sent]) -> list[list[Sent]]:
    """The statements of each step: it ends with the last statement of its write transaction."""
    found: list[list[Sent]] = [[]]
    for before, one in zip([None, *sent], sent, strict=False):
        if before is not None and before.writing and not one.writing:
            found.append([])
        found[-1].append(one)
    return found


def _against(figures: list[tuple[float, float, float]], side: int, turns: int) -> Compared:
    """Figures of single turns, by rounds."""
    rounds = [figures[at : at + turns] for at in range(0, len(figures), turns)]
    ours = [median(one[0] for one in part) for part in rounds]
    theirs = [median(one[side] for one in part) for part in rounds]
    return Compared(median(ours), median(theirs), tuple(a / b for a, b in zip(ours, theirs, strict=True)))


def old_case(scratch: Scratch, size: Size) -> Iterator[Line]:
    """A case after very many turns against one after its first, alternated, CPU; statements are counted besides."""
    for kind in scratch.kinds:
        url = scratch.database(kind, "old")
        opened = office(url)
        old = walk(opened)
        for turns in size.old_turns if kind == "sqlite" else size.old_turns[:2]:
            while old.turns < turns:
                old.turn()
            new = walk(opened)
            new.turn()
            counts = {name: len(_turn(case)[1]) for name, case in (("old", old), ("new", new))}
            found = compare(old.turn, new.turn, time.process_time, rounds=size.rounds, calls=size.turns)
            assert counts["old"] == counts["new"], counts
            note = f"CPU of a turn of {len(TURN)} completions; {counts['old']} statements a turn in both"
            yield Line(f"case after {turns} turns / new case", kind, found, Goal(at_most=1.2), note)
        opened.engine.database.dispose()
        scratch.drop(url)
