"""Schedulers, messages and people at the same moment: each moment once, and one way at a fork."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from engine.domain.business_days import tokyo_date
from engine.storage import messages
from tests.races.models import NOTE, REVIEW, answering, asking, one, watched
from tests.races.test_tasks import audited, winners
from tests.support import racing_acts as acts
from tests.support.casework import Casework, tokyo
from tests.support.racing import Act, racers
from tests.support.soundness import problems

LEVELS = ("warn", "overdue", "1", "2", "3")
pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]


def test_a_message_and_a_timer_race_for_one_fork(office: Casework, any_database: str, rounds: int) -> None:
    """Either the answer came or the time ran out; the other stays without effect."""
    office.deploy("asking", asking(), NOTE)
    office.deploy("answering", answering(), NOTE)
    taken: Counter[str] = Counter()
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            case_id = office.start("asking").case_id
            office.complete("ask", "worker", case_id=case_id)
            _send_answer(office, case_id)
            due = office.now + timedelta(days=3)
            found = together.race([Act(acts.route, {"now": due}), Act(acts.fire_due, {"now": due, "node": "n1"})])
            assert winners(found) == 2, found
            ways = [task.element_id for name in ("answered", "silent") for task in office.tasks(name, case_id=case_id)]
            assert len(ways) == 1, ways
            taken.update(ways)
    print(f"\n{rounds} rounds: {dict(taken)}")  # noqa: T201
    assert problems(office.engine) == []


def _send_answer(office: Casework, case_id: str) -> None:
    """An answer that is in the outbox, not yet delivered."""
    with office.engine.database.write() as connection:
        messages.send(
            connection,
            [
                {
                    "kind": "message", "name": "answer.given", "case_id": case_id, "from_instance": None,
                    "delivery_key": f"test:{case_id}", "payload": {}, "keys": {}, "created_at": office.now,
                    "next_at": office.now, "state": "pending",
                }
            ],
        )  # fmt: skip


def test_a_hold_and_the_moment_of_overdue(office: Casework, any_database: str, rounds: int) -> None:
    """Held first: the moment moves on and nothing is raised. Fired first: it stays raised, and the hold comes after."""
    office.deploy("watched", watched(), NOTE)
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            started = office.start("watched")
            office.claim("work", "worker", case_id=started.case_id)
            due = office.rows("SELECT fires_at FROM timer WHERE case_id = :c AND kind = 'token'", c=started.case_id)
            assert len(due) == 1
            late = office.now + timedelta(days=9)
            holding = {
                "staff_id": office.staff["worker"], "task_id": started.task_id, "now": late,
                "until": tokyo_date(late) + timedelta(days=7),
            }  # fmt: skip
            found = together.race([Act(acts.hold, holding), Act(acts.tick, {"now": late, "node": "n1"})])
            assert all(outcome.ok or outcome.refused == "StaleVersion" for outcome in found), found
            fired = office.tasks("ask_why", case_id=started.case_id)
            pending = office.rows(
                "SELECT id FROM timer WHERE case_id = :c AND kind = 'token' AND state IN ('pending', 'claimed')",
                c=started.case_id,
            )
            assert len(fired) + len(pending) == 1
    assert problems(office.engine) == []


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_after_weeks_off_each_level_is_raised_once_and_each_person_told_once(
    office: Casework, any_database: str, request: pytest.FixtureRequest, nodes: int
) -> None:
    """Two weeks and more of missed deadlines, by ``--moments``: in due order, whoever raises them."""
    office.deploy("one", one(), REVIEW)
    cases = [office.start("one").case_id for _ in range(int(request.config.getoption("--moments")) // len(LEVELS))]
    later = tokyo("2026-05-08T09:00")
    with racers(any_database, nodes) as together:
        found = together.race([Act(acts.tick, {"now": later, "node": f"n{n}"}) for n in range(nodes)])
    assert winners(found) == nodes, found
    raised = office.rows("SELECT case_id, level, due_at FROM raised ORDER BY id")
    assert Counter((row.case_id, row.level) for row in raised) == {
        (case, level): 1 for case in cases for level in LEVELS
    }
    assert sum(outcome.value.raised for outcome in found) == len(raised)
    by_case = {case: [row.due_at for row in raised if row.case_id == case] for case in cases[:20]}
    assert all(moments == sorted(moments) for moments in by_case.values())
    told = Counter(row.staff_id for row in office.rows("SELECT staff_id FROM notification"))
    assert told, "nobody was told"
    assert set(told.values()) == {1}, "a digest each"
    for case in cases[:20]:
        assert audited(office, "task.raised", chain=case) == len(LEVELS)
