"""How many statements an act sends: few, and as many for the tenth as for the second. Times stand in benchmarks/."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event

from engine.services import tasks
from tests.support.casework import Casework, a_form, a_process, a_task, flow

END = '<bpmn:endEvent id="end" name="終わり"/>'
LOOP = a_process(
    "looped",
    a_task("review", form="review") + '<bpmn:exclusiveGateway id="again" default="f_again__review"/>' + END
    + flow("st", "review") + flow("review", "again") + flow("again", "review")
    + flow("again", "end", 'result == "終結"'),
    variables=("result",),
)  # fmt: skip
COMPLETION = 19  #: of a task with a form, a clock and a ladder, which opens another such task
CLAIM = 7
TICK = 20  #: that raises a batch of late tasks, however many, at five levels


@pytest.fixture
def looping(office: Casework) -> Casework:
    """An office with a process that asks for reviews again and again."""
    office.deploy("looped", LOOP, {"review": a_form("review", required=("result",))})
    return office


def statements_of(office: Casework, act: Callable[[], object]) -> list[str]:
    """What was sent to the database, the beginnings of transactions aside."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(office.engine.database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(office.engine.database.engine, "before_cursor_execute", note)
    return sent


def test_each_completion_sends_the_same_few_statements(looping: Casework) -> None:
    worker, task_id = looping.person("worker"), str(looping.start("looped").task_id)
    sent = []
    for _ in range(6):
        done: list[tasks.Completed] = []

        def complete(task: str = task_id, done: list[tasks.Completed] = done) -> None:
            done.append(tasks.complete(looping.engine, worker, task, {"result": "継続"}, now=looping.now))

        sent.append(statements_of(looping, complete))
        task_id = done[0].next_tasks[0][0]
    assert all(one == sent[1] for one in sent[2:])
    assert len(sent[-1]) <= COMPLETION, sent[-1]


def test_a_completion_reads_its_instance_once(looping: Casework) -> None:
    task_id, worker = str(looping.start("looped").task_id), looping.person("worker")
    sent = statements_of(
        looping, lambda: tasks.complete(looping.engine, worker, task_id, {"result": "継続"}, now=looping.now)
    )
    assert sum("process_instance.state" in one and one.startswith("SELECT") for one in sent) == 1


def test_a_claim_sends_few_statements(looping: Casework) -> None:
    task_id, worker = str(looping.start("looped").task_id), looping.person("worker")
    sent = statements_of(looping, lambda: tasks.claim(looping.engine, worker, task_id, now=looping.now))
    assert len(sent) <= CLAIM, sent


def test_raising_many_late_tasks_sends_no_more_statements_than_raising_few(looping: Casework) -> None:
    counts = []
    for cases, moment in ((2, "2026-05-01T09:00"), (9, "2026-06-12T09:00")):
        for _ in range(cases):
            looping.start("looped")
        before = len(looping.rows("SELECT id FROM raised"))
        counts.append(len(statements_of(looping, lambda at=moment: looping.tick(at))))  # type: ignore[misc]
        assert len(looping.rows("SELECT id FROM raised")) - before >= 5 * cases
    assert counts[1] <= counts[0] <= TICK, counts
