"""One step of an instance: its transaction, its failures, and that it costs the same after years."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass

import pytest
from sqlalchemy import event

from engine.domain.errors import InstanceFailed
from engine.services import tasks
from tests.support.casework import Casework, a_form, a_process, a_task, flow

END = '<bpmn:endEvent id="end" name="終わり"/>'
REVIEW_LOOP = a_process(
    "review_loop",
    a_task("review", form="review") + '<bpmn:exclusiveGateway id="again" default="f_again__review"/>' + END
    + flow("st", "review") + flow("review", "again") + flow("again", "review")
    + flow("again", "end", 'result == "終結"'),
    variables=("result",),
)  # fmt: skip
REVIEW = {"review": a_form("review", required=("result",))}


def _statements(office: Casework, act: object) -> list[str]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(office.engine.database.engine, "before_cursor_execute", note)
    act()  # type: ignore[operator]
    event.remove(office.engine.database.engine, "before_cursor_execute", note)
    return seen


def test_a_step_takes_a_constant_number_of_statements(office: Casework) -> None:
    office.deploy("review_loop", REVIEW_LOOP, REVIEW)
    office.start("review_loop")
    counts = [len(_statements(office, lambda: office.complete("review", "worker", result="継続"))) for _ in range(12)]
    assert len(set(counts[1:])) == 1, counts
    assert counts[-1] <= 60


def test_an_instance_whose_condition_fails_stops_with_an_incident_and_goes_on_when_it_can(office: Casework) -> None:
    office.deploy(
        "fragile",
        a_process(
            "fragile",
            a_task("ask", form="ask") + '<bpmn:exclusiveGateway id="g" default="f_g__end"/>' + END
            + flow("st", "ask") + flow("ask", "g") + flow("g", "end") + flow("g", "ask", "len(answer) == 0"),
            variables=("answer",),
        ),
        {"ask": a_form("ask", optional=("answer",))},
    )  # fmt: skip
    office.start("fragile")
    with pytest.raises(InstanceFailed) as failure:
        office.complete("ask", "worker")
    assert failure.value.element_id == "g"
    assert office.task("ask").state == "open"
    incident = office.rows("SELECT element_id, job, resolved_at FROM incident")
    assert [(i.element_id, i.job, i.resolved_at) for i in incident] == [("g", "complete", None)]
    assert office.rows("SELECT status FROM process_instance")[0].status == "incident"
    office.complete("ask", "worker", answer="はい")
    assert office.rows("SELECT status, ended_by FROM process_instance")[0] == ("completed", "end")


def test_one_failing_instance_does_not_stop_another(office: Casework) -> None:
    office.deploy("review_loop", REVIEW_LOOP, REVIEW)
    first, second = office.start("review_loop"), office.start("review_loop")
    empty = "''" if office.engine.database.is_sqlite else "''::bytea"
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE process_instance SET state = {empty} WHERE id = '{first.instance_id}'")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever a broken snapshot raises, it must raise
        office.complete("review", "worker", case_id=first.case_id, result="継続")
    office.complete("review", "worker", case_id=second.case_id, result="終結")
    assert (
        office.rows("SELECT status FROM process_instance WHERE id = :i", i=second.instance_id)[0].status == "completed"
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_round_fifteen_hundred_of_a_review_costs_what_the_fifth_did(office: Casework) -> None:
    """Calls made in a step, its statements, and bytes of the snapshot; the times themselves stand in benchmarks/."""
    office.deploy("review_loop", REVIEW_LOOP, REVIEW)
    loop = ReviewLoop(office, office.start("review_loop").task_id)
    loop.go_to(5)
    young, young_size = loop.work_of_next(8), loop.snapshot_bytes()
    loop.go_to(1500)
    old, old_size = loop.work_of_next(8), loop.snapshot_bytes()
    assert office.rows("SELECT status FROM process_instance")[0].status == "running"
    assert old.statements == young.statements
    assert old.calls <= 1.05 * young.calls
    assert old_size <= 1.2 * young_size
    loop.complete("終結")
    assert office.rows("SELECT status FROM process_instance")[0].status == "completed"


@dataclass(frozen=True)
class Work:
    """What some steps took: calls of functions, Python's and built-in ones, and statements sent."""

    calls: int
    statements: int


@dataclass
class ReviewLoop:
    """One case that is reviewed again and again."""

    office: Casework
    task_id: str | None
    rounds: int = 0

    def complete(self, result: str) -> None:
        """Complete the open review."""
        worker = self.office.person("worker")
        done = tasks.complete(self.office.engine, worker, str(self.task_id), {"result": result}, now=self.office.now)
        self.task_id = done.next_tasks[0][0] if done.next_tasks else None
        self.rounds += 1

    def go_to(self, round_number: int) -> None:
        """Complete reviews until that many are done."""
        while self.rounds < round_number:
            self.complete("継続")

    def work_of_next(self, rounds: int) -> Work:
        """The work of the next rounds, garbage collection aside."""
        calls = 0

        def count(_frame: object, happened: str, _argument: object) -> None:
            nonlocal calls
            calls += happened in ("call", "c_call")

        gc.collect()
        gc.disable()
        sys.setprofile(count)
        try:
            sent = _statements(self.office, lambda: self.go_to(self.rounds + rounds))
        finally:
            sys.setprofile(None)
            gc.enable()
        return Work(calls, len(sent))

    def snapshot_bytes(self) -> int:
        """Size of the stored snapshot."""
        return int(self.office.rows("SELECT length(state) AS size FROM process_instance")[0].size)
