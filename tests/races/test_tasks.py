"""People at one task, or at one case, at the same moment: one effect, the join once, the losers told who and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.domain.business_days import tokyo_date
from tests.races.models import NOTE, REVIEW, branches, one, seizing
from tests.support import racing_acts as acts
from tests.support.casework import Casework
from tests.support.racing import Act, Outcome, racers

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]
TOLD = {"AlreadyCompleted", "AlreadyClaimed"}


def winners(found: list[Outcome]) -> int:
    """How many acts succeeded; every other one was refused in words and did not fail."""
    assert all(outcome.ok or outcome.refused for outcome in found), found
    return sum(outcome.ok for outcome in found)


def audited(office: Casework, act: str, **of: Any) -> int:
    """Events of an act in the trail."""
    conditions = " AND ".join(f"{name} = :{name}" for name in of)
    return int(office.rows(f"SELECT count(*) FROM audit_event WHERE act = '{act}' AND {conditions}", **of)[0][0])


def records(office: Casework, case_id: str) -> int:
    """Forms kept in a case."""
    return int(office.rows("SELECT count(*) FROM record WHERE case_id = :c", c=case_id)[0][0])


def test_eight_people_claim_one_task(office: Casework, any_database: str, rounds: int) -> None:
    office.deploy("one", one(), REVIEW)
    staff = ["worker", "other_worker", *(f"colleague_{n}" for n in range(6))]
    for name in staff[2:]:
        office.employ(name, "AG-04", "intake_worker")
    with racers(any_database, len(staff)) as together:
        for _ in range(rounds):
            started = office.start("one")
            found = together.race(
                [
                    Act(acts.claim, {"staff_id": office.staff[who], "task_id": started.task_id, "now": office.now})
                    for who in staff
                ]
            )
            assert winners(found) == 1, found
            winner = staff[[outcome.ok for outcome in found].index(True)]
            assert {outcome.refused for outcome in found if not outcome.ok} == {"AlreadyClaimed"}
            assert all(outcome.detail.endswith(winner) for outcome in found if not outcome.ok), found
            assert office.task("review", case_id=started.case_id).assignee_id == office.staff[winner]
            assert audited(office, "task.claimed", task_id=started.task_id) == 1


def submissions(office: Casework, task_id: str | None, people: tuple[str, ...], **more: Any) -> list[Act]:
    """Each of the people submits the form of a task."""
    return [
        Act(
            acts.complete,
            {"staff_id": office.staff[who], "task_id": task_id, "data": {"result": who}, "now": office.now, **more},
        )
        for who in people
    ]


@pytest.mark.parametrize("people", [("worker", "other_worker"), ("worker", "worker")], ids=["two people", "one, twice"])
def test_one_task_is_completed_once(office: Casework, any_database: str, rounds: int, people: tuple[str, str]) -> None:
    """The loser of two people, like somebody who pressed the button twice, reads who completed it."""
    office.deploy("one", one(), REVIEW)
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            started = office.start("one")
            found = together.race(submissions(office, started.task_id, people))
            assert winners(found) == 1, found
            loser = next(outcome for outcome in found if not outcome.ok)
            assert loser.refused in TOLD, loser
            assert loser.detail.endswith(people), loser
            assert records(office, started.case_id) == 1
            assert len(office.tasks("after", case_id=started.case_id)) == 1
            assert audited(office, "task.completed", task_id=started.task_id) == 1


def test_a_form_filled_in_before_a_change_changes_nothing(office: Casework, any_database: str, rounds: int) -> None:
    """Somebody hands the task on while its form, opened before, is submitted: one of the two, never both."""
    office.deploy("one", one(), REVIEW)
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            started = office.start("one")
            office.claim("review", "worker", case_id=started.case_id)
            seen = office.task("review", case_id=started.case_id).version
            handing = {
                "staff_id": office.staff["manager"], "task_id": started.task_id, "to": office.staff["other_worker"],
                "now": office.now,
            }  # fmt: skip
            found = together.race(
                [*submissions(office, started.task_id, ("worker",), seen_version=seen), Act(acts.reassign, handing)]
            )
            completed, handed_on = (outcome.ok for outcome in found)
            assert winners(found) == 1, found
            task = office.task("review", case_id=started.case_id)
            assert (task.state == "completed") is completed
            assert (task.assignee_id == office.staff["other_worker"]) is handed_on
            assert records(office, started.case_id) == int(completed)
            assert found[0].refused in {"", "StaleVersion", "AlreadyClaimed"}
            assert found[1].refused in {"", "AlreadyCompleted", "StaleVersion"}


@pytest.mark.parametrize("count", [2, 8, 32])
def test_branches_completed_at_once_meet_in_one_join(
    office: Casework, any_database: str, rounds: int, count: int
) -> None:
    """Nobody has to submit again: the last of three tries has the instance to itself. The join fires once."""
    office.deploy(f"both_{count}", branches(count))
    people = ("worker", "other_worker")
    with racers(any_database, count) as together:
        for _ in range(max(1, rounds * 2 // count)):
            case_id = office.start(f"both_{count}").case_id
            found = together.race(
                [
                    Act(acts.complete, {"staff_id": office.staff[people[n % 2]], "data": {"note": str(n)},
                                        "task_id": office.task(f"side_{n}", case_id=case_id).id, "now": office.now})
                    for n in range(count)
                ]
            )  # fmt: skip
            assert winners(found) == count, found
            assert [task.state for task in office.tasks("joined", case_id=case_id)] == ["open"]
            assert records(office, case_id) == count
            assert audited(office, "task.completed", chain=case_id) == count


def test_hold_against_completion(office: Casework, any_database: str, rounds: int) -> None:
    office.deploy("one", one(), REVIEW)
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            started = office.start("one")
            office.claim("review", "worker", case_id=started.case_id)
            holding = {
                "staff_id": office.staff["worker"], "task_id": started.task_id, "now": office.now,
                "until": tokyo_date(office.now) + timedelta(days=7),
            }  # fmt: skip
            found = together.race([*submissions(office, started.task_id, ("worker",)), Act(acts.hold, holding)])
            assert winners(found) == 1, found
            state = office.task("review", case_id=started.case_id).state
            assert state == ("completed" if found[0].ok else "held")
            assert records(office, started.case_id) == int(found[0].ok)


def test_an_operation_that_changes_the_case_and_a_step_that_names_its_stage(
    office: Casework, any_database: str, rounds: int
) -> None:
    """Both write the same case, one before its instance is saved and one after; neither waits for the other in vain."""
    office.deploy("seizing", seizing(), NOTE)
    with racers(any_database, 2) as together:
        for _ in range(rounds):
            started = office.start("seizing")
            found = together.race(
                [
                    Act(acts.complete, {"staff_id": office.staff[who], "data": {"note": who}, "now": office.now,
                                        "task_id": office.task(element, case_id=started.case_id).id})
                    for who, element in (("worker", "alarm"), ("other_worker", "look"))
                ]
            )  # fmt: skip
            assert winners(found) == 2, found
            case = office.rows("SELECT urgency, stage FROM support_case WHERE id = :c", c=started.case_id)[0]
            assert tuple(case) == ("緊急", "面談")


def test_publishing_a_version_disturbs_no_completion(office: Casework, any_database: str, rounds: int) -> None:
    """The case goes on as the version it began on says; the next one begins on the new version."""
    office.deploy("one", one(), REVIEW)
    with racers(any_database, 2) as together:
        for number in range(rounds):
            started = office.start("one")
            before = office.rows("SELECT version_id FROM process_instance WHERE id = :i", i=started.instance_id)[0][0]
            newer = {"key": "one", "bpmn": one(f"第{number}版"), "forms": REVIEW, "now": office.now}
            found = together.race([*submissions(office, started.task_id, ("worker",)), Act(acts.publish, newer)])
            assert winners(found) == 2, found
            after = office.task("after", case_id=started.case_id)
            assert after.state == "open"
            kept = office.rows("SELECT version_id FROM process_instance WHERE id = :i", i=started.instance_id)[0][0]
            assert kept == before
            begun = office.start("one").instance_id
            assert office.rows("SELECT version_id FROM process_instance WHERE id = :i", i=begun)[0][0] == found[1].value
