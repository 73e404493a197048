"""A move to another version against whoever works on the instance: one after the other, never half.

Half as many rounds of each as ``--races`` says: each deploys two versions first.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.support import moving_acts, racing_acts
from tests.support.casework import Casework, a_process, a_task, flow
from tests.support.racing import Act, Outcome, racers
from tests.support.soundness import problems

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]
MAPPING = {"u1": "w1", "late": "slow", "u2": "w2"}


def line(key: str, first: str, late: str, second: str) -> bytes:
    """st -> first (with a timer beside it) -> second -> end."""
    timer = '<bpmn:timerEventDefinition><bpmn:timeDuration>"P3D"</bpmn:timeDuration></bpmn:timerEventDefinition>'
    event = (
        f'<bpmn:boundaryEvent id="{late}" attachedToRef="{first}" cancelActivity="false">{timer}</bpmn:boundaryEvent>'
    )
    beside = a_task("remind") + '<bpmn:endEvent id="reminded"/>' + flow(late, "remind") + flow("remind", "reminded")
    flows = "".join(flow(source, target) for source, target in pairwise(["st", first, second, "end"]))
    body = a_task(first) + event + a_task(second) + '<bpmn:endEvent id="end" name="終わり"/>' + beside + flows
    return a_process(key, body)


def prepared(office: Casework, number: int) -> tuple[str, str, Act]:
    """Case, task, and the act of moving its instance to the second version."""
    key = f"moved_{number}"
    office.deploy(key, line(key, "u1", "late", "u2"))
    started = office.start(key)
    new = office.deploy(key, line(key, "w1", "slow", "w2"))
    values = {
        "staff_id": office.staff["supervisor"], "instance_id": started.instance_id, "version_id": new,
        "mapping": MAPPING, "now": office.now,
    }  # fmt: skip
    return started.case_id, str(started.task_id), Act(moving_acts.move, values)


def told(found: list[Outcome]) -> list[str]:
    """What each was told; anything but success or a refusal in words fails."""
    assert [one.detail for one in found if not one.ok and not one.refused] == []
    return ["ok" if one.ok else one.refused for one in found]


def test_a_move_and_a_completion(office: Casework, any_database: str, rounds: int) -> None:
    """Completed first: the move finds the next task. Moved first: the old form is told, or its task is done there."""
    seen: Counter[str] = Counter()
    with racers(any_database, 2) as together:
        for number in range(max(1, rounds // 2)):
            case, task, moving = prepared(office, number)
            values = {"staff_id": office.staff["worker"], "task_id": task, "data": {"note": "済"}, "now": office.now}
            answers = told(together.race([moving, Act(racing_acts.complete, values)]))
            assert answers in (["ok", "ok"], ["ok", "NotOpen"], ["ok", "StaleVersion"])
            opened = [row.element_id for row in office.rows(_OPEN, c=case)]
            assert opened == (["w2"] if answers[1] == "ok" else ["w1"])
            seen.update([answers[1]])
    print(f"\n{sum(seen.values())} rounds: {dict(seen)}")  # noqa: T201
    assert problems(office.engine) == []


_OPEN = "SELECT element_id FROM user_task WHERE case_id = :c AND state IN ('open', 'claimed', 'held') ORDER BY 1"


def test_a_move_and_a_moment(office: Casework, any_database: str, rounds: int) -> None:
    """The moment comes once, on whichever version, and is never lost with its old name."""
    with racers(any_database, 2) as together:
        for number in range(max(1, rounds // 2)):
            case, _, moving = prepared(office, number)
            due = office.now + timedelta(days=3)
            firing = Act(racing_acts.tick, {"now": due, "node": "n1"})
            assert told(together.race([moving, firing])) == ["ok", "ok"]
            office.now = due
            office.tick()
            assert [row.element_id for row in office.rows(_OPEN, c=case)] == ["remind", "w1"]
            fired = office.rows("SELECT state FROM timer WHERE case_id = :c AND kind = 'token'", c=case)
            assert [row.state for row in fired] == ["fired"]
    assert problems(office.engine) == []


def test_two_moves_and_a_cancellation(office: Casework, any_database: str, rounds: int) -> None:
    """One of two moves wins; the cancellation comes before, between or after, and is the last word."""
    with racers(any_database, 3) as together:
        for number in range(max(1, rounds // 2)):
            case, _, moving = prepared(office, number)
            instance = moving.values["instance_id"]
            cancelling = Act(
                moving_acts.cancel,
                {"staff_id": office.staff["supervisor"], "instance_id": instance, "now": office.now},
            )
            answers = told(together.race([moving, moving, cancelling]))
            assert answers[2] == "ok"
            assert answers[:2].count("ok") <= 1
            assert set(answers[:2]) <= {"ok", "NotOpen", "ChangeRefused", "StaleVersion"}
            status = office.rows("SELECT status FROM process_instance WHERE id = :i", i=instance)
            assert [row.status for row in status] == ["cancelled"]
            assert office.rows(_OPEN, c=case) == []
            assert len(office.rows("SELECT id FROM instance_move WHERE case_id = :c", c=case)) == answers[:2].count(
                "ok"
            )
    assert problems(office.engine) == []
