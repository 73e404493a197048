"""The numbers beside the views of the inbox, the lists, and a recount of what was done, on an office of random work."""

from __future__ import annotations

import random
from datetime import date, timedelta

from engine.queries.inbox import DueFilter, InboxFilter, View, inbox, task_counts
from engine.services import tasks
from tests.support.casework import Casework, a_form, a_process, a_task, flow

ONE = a_process("one", a_task("only") + '<bpmn:endEvent id="end"/>' + flow("st", "only") + flow("only", "end"))
ACTS = ("leave", "claim", "hold", "complete", "release")


def do(office: Casework, act: str, task_id: str) -> View:
    """Do it as the worker; the view in which the task stands afterwards."""
    engine, me, now = office.engine, office.person("worker"), office.now
    if act == "leave":
        return View.CLAIMABLE
    tasks.claim(engine, me, task_id, now=now)
    if act == "hold":
        tasks.hold(engine, me, task_id, until=date(2026, 4, 10), reason="入院", now=now)
    elif act == "complete":
        tasks.complete(engine, me, task_id, {}, now=now)
    elif act == "release":
        tasks.release(engine, me, task_id, now=now)
    return {"claim": View.MINE, "hold": View.HELD, "complete": View.DONE_TODAY, "release": View.CLAIMABLE}[act]


def test_counts_lists_and_a_recount_agree_on_random_work(sqlite_url: str) -> None:
    office, chance = Casework.open(sqlite_url), random.Random(4)
    office.deploy("one", ONE, {"note": a_form("note", optional=("note",))})
    expected = dict.fromkeys((View.MINE, View.CLAIMABLE, View.HELD, View.DONE_TODAY), 0)
    for _ in range(25):
        task_id = str(office.start("one").task_id)
        expected[do(office, chance.choice(ACTS), task_id)] += 1
    for _ in range(3):
        office.start("one", "stranger")
    me = office.person("worker")
    assert task_counts(office.engine, me, now=office.now) == expected
    for view, count in expected.items():
        page = inbox(office.engine, me, view, InboxFilter(), now=office.now)
        assert len(page.rows) == page.total == page.unfiltered == count
    later = office.now + timedelta(days=chance.randrange(1, 20))
    parts = [inbox(office.engine, me, View.MINE, InboxFilter(due=due), now=later).total for due in DueFilter]
    assert sum(parts) == expected[View.MINE]
    office.engine.database.dispose()
