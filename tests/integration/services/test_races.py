"""Two people, or two schedulers, at the same moment: one effect, the join once, the loser told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.services import access, tasks, timers
from tests.support.casework import Casework, a_form, a_process, a_task, flow, tokyo
from tests.support.racing import race

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
END = '<bpmn:endEvent id="end" name="終わり"/>'
ONE = a_process(
    "one", a_task("review", form="review") + a_task("after") + flow("st", "review") + flow("review", "after")
    + flow("after", "end") + END, variables=("result", "note"),
)  # fmt: skip
FORMS = {"review": a_form("review", required=("result",)), "note": a_form("note", optional=("note",))}
BOTH = a_process(
    "both",
    '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/>' + a_task("left") + a_task("right")
    + a_task("joined") + flow("st", "split") + flow("split", "left") + flow("split", "right") + flow("left", "join")
    + flow("right", "join") + flow("join", "joined") + flow("joined", "end") + END,
    variables=("note",),
)  # fmt: skip


def completing(url: str, staff_id: str, task_id: str, data: dict[str, Any], now: datetime) -> Callable[[], Any]:
    """A person about to submit a form."""
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"))
    actor = access.actor_by_id(engine, staff_id, now=now)
    return lambda: tasks.complete(engine, actor, task_id, data, now=now).case_id


def claiming(url: str, staff_id: str, task_id: str, now: datetime) -> Callable[[], Any]:
    """A person about to take a task."""
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"))
    actor = access.actor_by_id(engine, staff_id, now=now)
    return lambda: tasks.claim(engine, actor, task_id, now=now)


def ticking(url: str, now: datetime, node: str) -> Callable[[], Any]:
    """A scheduler about to look what is due."""
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"))
    return lambda: timers.tick(engine, now=now, node=node)


@pytest.mark.parametrize("round_no", range(3))
def test_two_people_complete_one_task(office: Casework, any_database: str, round_no: int) -> None:
    """One winner; the loser reads who and when; the form is kept once."""
    office.deploy("one", ONE, FORMS)
    task_id = office.start("one").task_id
    found = race(
        [
            (completing, (any_database, office.staff[who], task_id, {"result": who}, office.now))
            for who in ("worker", "other_worker")
        ]
    )
    assert Counter(o.ok for o in found) == {True: 1, False: 1}, found
    loser = next(o for o in found if not o.ok)
    assert loser.refused in ("AlreadyCompleted", "AlreadyClaimed"), loser.detail
    assert loser.detail.endswith(("worker", "other_worker"))
    assert office.rows("SELECT count(*) FROM record")[0][0] == 1
    assert len(office.tasks("after")) == 1


@pytest.mark.parametrize("round_no", range(3))
def test_two_branches_complete_at_once_and_the_join_fires_once(
    office: Casework, any_database: str, round_no: int
) -> None:
    office.deploy("both", BOTH)
    office.start("both")
    acts = [
        (completing, (any_database, office.staff[who], office.task(element).id, {"note": who}, office.now))
        for who, element in (("worker", "left"), ("other_worker", "right"))
    ]
    found = race(acts)
    assert [o.ok for o in found] == [True, True], found
    assert [t.state for t in office.tasks("joined")] == ["open"]
    assert office.rows("SELECT count(*) FROM record")[0][0] == 2


def test_two_people_claim_one_task(office: Casework, any_database: str) -> None:
    office.deploy("one", ONE, FORMS)
    task_id = office.start("one").task_id
    found = race([(claiming, (any_database, office.staff[w], task_id, office.now)) for w in ("worker", "other_worker")])
    assert Counter(o.ok for o in found) == {True: 1, False: 1}, found
    assert next(o for o in found if not o.ok).refused == "AlreadyClaimed"


def test_two_schedulers_after_two_weeks_raise_each_level_once(office: Casework, any_database: str) -> None:
    office.deploy("one", ONE, FORMS)
    cases = [office.start("one").case_id for _ in range(5)]
    later = tokyo("2026-05-08T09:00")
    found = race([(ticking, (any_database, later, node)) for node in ("n1", "n2")])
    assert all(o.ok for o in found), found
    raised = office.rows("SELECT case_id, level, count(*) AS times FROM raised GROUP BY case_id, level")
    assert {(r.case_id, r.level): r.times for r in raised} == {
        (case, level): 1 for case in cases for level in ("warn", "overdue", "1", "2", "3")
    }
    assert sum(o.value.raised for o in found) == len(raised)
