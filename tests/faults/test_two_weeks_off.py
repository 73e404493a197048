"""Nobody beats for two weeks, then two schedulers at once, one of them killed at work: each raise once, none missed."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import text

from engine.services.engine import Engine
from tests.faults.stories import Story, tell
from tests.support import processes, soundness
from tests.support.clock import MovedClock

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
NAMES = ("とおる", "まもる", "しげる", "みのる")
CASES = len(NAMES)
#: what 14 days bring for an evaluation due on 15 September 2026, over the five closed days of that month
LEVELS = {"overdue", "1", "2"}


@pytest.fixture
def story(any_database: str) -> Iterator[Story]:
    """Cases whose evaluation is due in a minute; the schedulers stop here."""
    told = tell(
        any_database, "scenarios/overdue_review_yanagi.yaml", until=lambda step: step.verb == "down", cases=CASES,
        name=(NAMES[0], NAMES),
    )  # fmt: skip
    yield told
    told.world.engine.database.dispose()


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    """Fourteen days later."""
    return MovedClock(tmp_path / "clock", "2026-09-29T23:59")


@pytest.fixture
def start_scheduler(any_database: str, clock: MovedClock, tmp_path: Path) -> Iterator[Callable[[], Popen[bytes]]]:
    """Starts ``python -m scheduler``; whatever still runs is ended after the test."""
    running: list[Popen[bytes]] = []
    env = {**os.environ, **clock.environment(), "TSUNAGU_DATABASE_URL": any_database}

    def start() -> Popen[bytes]:
        with (tmp_path / f"scheduler-{len(running)}.log").open("wb") as log:
            running.append(processes.start([sys.executable, "-m", "scheduler"], log=log, env=env))
        return running[-1]

    yield start
    for process in running:
        processes.end(process)


def rows(engine: Engine, sql: str) -> list:
    """What a query says."""
    with engine.database.read() as connection:
        return list(connection.execute(text(sql)))


def due(engine: Engine) -> int:
    """Moments that should have come by now."""
    now = "2026-09-30" if engine.database.is_sqlite else "2026-09-29 15:00+00"
    (row,) = rows(engine, f"SELECT count(*) FROM timer WHERE state IN ('pending', 'claimed') AND fires_at < '{now}'")
    return int(row[0])


def wait_for(holds: Callable[[], object], seconds: float = 90) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)


def test_the_overdue_review_and_each_level_are_raised_once(
    story: Story, clock: MovedClock, start_scheduler: Callable[[], Popen[bytes]]
) -> None:
    engine = story.world.engine
    waiting = due(engine)
    assert waiting >= CASES * 4
    assert rows(engine, "SELECT id FROM user_task WHERE element_id = 'px_overdue'") == []
    first, second = start_scheduler(), start_scheduler()
    wait_for(lambda: due(engine) < waiting)
    processes.kill_group(first)
    first.wait(10)
    left = due(engine)
    clock.set("2026-09-30T00:05")  # what the dead one had taken is free again
    wait_for(lambda: due(engine) == 0)
    assert processes.end(second) == 0
    print(f"\n{waiting} moments were due, {left} when a scheduler died")  # noqa: T201
    check(engine, story)

    third = start_scheduler()
    wait_for(lambda: rows(engine, "SELECT count(*) FROM scheduler_node")[0][0] == 3)
    time.sleep(2.5)  # two more beats: nothing is raised again
    assert processes.end(third) == 0
    check(engine, story)


def check(engine: Engine, story: Story) -> None:
    """Once per case and level; the supervisors hear of it once; nothing is left, nothing broke."""
    opened = Counter(row[0] for row in rows(engine, "SELECT case_id FROM user_task WHERE element_id = 'px_overdue'"))
    assert opened == dict.fromkeys(story.case_ids, 1)
    raised = Counter(
        tuple(row) for row in rows(engine, "SELECT case_id, level FROM raised WHERE element_id = 'px_eval'")
    )
    wanted = {(case, level): 1 for case in story.case_ids for level in LEVELS}
    assert {key: times for key, times in raised.items() if key[1] != "warn"} == wanted
    assert set(raised.values()) == {1}
    told = rows(engine, "SELECT staff_id, task_id, about FROM notification WHERE about LIKE 'level:%'")
    assert len(told) == len(set(told)), "somebody was told twice"
    fired = rows(engine, "SELECT instance_id, ref FROM history WHERE kind = 'fired' AND element_id = 'px_late'")
    assert len(fired) == len(set(fired))
    assert soundness.problems(engine) == []
