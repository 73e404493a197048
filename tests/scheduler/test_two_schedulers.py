"""Two scheduler processes on one database after weeks without any: everything once, nothing twice, nothing missed."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from engine.services import audit
from tests.support import processes

CASES = 25
LEVELS = ("1", "2", "3", "overdue")


@pytest.mark.fault
def test_two_schedulers_raise_what_fell_due_meanwhile_exactly_once(office, scheduler_process):
    for _ in range(CASES):
        office.start("review")
    both = [scheduler_process(office.engine.settings.database_url) for _ in range(2)]
    wait_until(lambda: pending(office) == 0)
    assert [processes.end(process) for process in both] == [0, 0]
    assert len(office.tasks("look_into", state="open")) == CASES
    assert Counter(row.level for row in office.rows("SELECT level FROM raised")) == dict.fromkeys(LEVELS, CASES)
    fired = office.rows("SELECT instance_id FROM history WHERE kind = 'fired' AND element_id = 'is_late'")
    assert len(fired) == len(set(fired)) == CASES
    told = office.rows("SELECT staff_id, task_id, about FROM notification")
    assert len(told) == len(set(told))
    assert office.rows("SELECT id FROM incident") == []
    assert audit.verify(office.engine) == []
    assert_both_said_goodbye(office)


def assert_both_said_goodbye(office):
    nodes = office.rows("SELECT id, stopped_at, fired FROM scheduler_node")
    assert len(nodes) == 2
    assert all(node.stopped_at is not None for node in nodes)
    assert sum(node.fired for node in nodes) == CASES * (1 + len(LEVELS))


@pytest.mark.fault
def test_what_a_killed_scheduler_had_taken_is_done_by_another_once_its_lease_is_over(office, scheduler_process):
    for _ in range(CASES):
        office.start("review")
    killed = scheduler_process(office.engine.settings.database_url)
    wait_until(lambda: pending(office) < CASES * 5)
    processes.kill_group(killed)
    killed.wait(10)
    with office.engine.database.write() as connection:  # a minute passes
        connection.exec_driver_sql("UPDATE timer SET lease_until = NULL, state = 'pending' WHERE state = 'claimed'")
    other = scheduler_process(office.engine.settings.database_url)
    wait_until(lambda: pending(office) == 0)
    assert processes.end(other) == 0
    assert len(office.tasks("look_into")) == CASES
    assert Counter(row.level for row in office.rows("SELECT level FROM raised")) == dict.fromkeys(LEVELS, CASES)
    assert audit.verify(office.engine) == []


def pending(office):
    (row,) = office.rows("SELECT count(*) AS number FROM timer WHERE state IN ('pending', 'claimed')")
    return row.number


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not done in time"
        time.sleep(0.05)
