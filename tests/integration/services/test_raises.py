"""Raises of the ladder in bulk: each once, in due order, at a cost that does not grow with their number."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import event

from engine.services import tasks
from engine.storage import audit
from tests.support.casework import Casework, a_form, a_process, a_task, flow, tokyo

PROCESS = a_process(
    "late", a_task("work") + '<bpmn:endEvent id="end" name="終わり"/>' + flow("st", "work") + flow("work", "end")
)
LEVELS = ["warn", "overdue", "1", "2", "3"]


@pytest.fixture(autouse=True)
def deployed(office: Casework) -> None:
    office.deploy("late", PROCESS, {"note": a_form("note", optional=("note",))})


def _late(office: Casework, count: int) -> list[str]:
    return [str(office.start("late").task_id) for _ in range(count)]


def _ticked(office: Casework, moment: str) -> tuple[int, int]:
    """How many were raised, by how many statements."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = office.engine.database.engine
    event.listen(engine, "before_cursor_execute", note)
    report = office.tick(moment)
    event.remove(engine, "before_cursor_execute", note)
    return report.raised, len(statements)


def test_a_batch_of_raises_takes_the_same_number_of_statements_however_many_are_late(office: Casework) -> None:
    _late(office, 3)
    few, for_few = _ticked(office, "2026-04-08T00:00")
    office.now = tokyo("2026-04-01T09:00")
    _late(office, 12)
    many, for_many = _ticked(office, "2026-04-08T00:00")
    assert (few, many) == (3, 12)
    assert for_many <= for_few


def test_missed_levels_are_raised_once_each_in_due_order_and_the_trail_holds(office: Casework) -> None:
    first, second, third = _late(office, 3)
    tasks.claim(office.engine, office.person("worker"), second, now=office.now)
    office.now += timedelta(hours=1)
    tasks.complete(office.engine, office.person("worker"), third, {}, now=office.now)
    assert _ticked(office, "2026-04-06T09:00")[0] == 2
    assert _ticked(office, "2026-05-20T09:00")[0] == 2 * len(LEVELS) - 2
    assert _ticked(office, "2026-05-21T09:00")[0] == 0
    told = {}
    for task_id in (first, second, third):
        rows = office.rows("SELECT level FROM raised WHERE task_id = :t ORDER BY id", t=task_id)
        assert [row.level for row in rows] == (LEVELS if task_id != third else [])
        notices = office.rows(
            "SELECT staff_id FROM notification WHERE task_id = :t AND about = 'level:warn'", t=task_id
        )
        told[task_id] = {row.staff_id for row in notices}
    everyone = {office.staff["worker"], office.staff["other_worker"]}
    assert told == {first: everyone, second: {office.staff["worker"]}, third: set()}
    events = office.rows(
        "SELECT data FROM audit_event WHERE act = 'task.raised' AND task_id = :t ORDER BY seq", t=first
    )
    assert [json.loads(row.data)["level"] for row in events] == LEVELS
    with office.engine.database.read() as connection:
        assert audit.verify(connection) == []


def test_events_written_together_are_those_written_one_by_one(office: Casework) -> None:
    late = {"due": "2026-04-08T00:00:00+00:00", "level": '警告 "1"\\\n\u2028'}
    odd = {"at": office.now, "counts": {2: 1, 10: 2}, "names": ("甲", None), "ratio": 0.1}
    acts = [("a", late, "t'1"), ("b", odd, None), ("a", {}, "é"), ("b", late, None), ("a", odd, "t2")]
    with office.engine.database.write() as connection:
        events = [audit.Event(f"together-{chain}", "task.raised", task, task, data) for chain, data, task in acts]
        audit.append_all(connection, events, at=office.now, actor="system")
        for chain, data, task in acts:
            audit.append(
                connection, chain=f"single-{chain}", at=office.now, actor="system", act="task.raised", task_id=task,
                element_id=task, data=data,
            )  # fmt: skip
    both = [
        [tuple(row)[1:] for row in office.rows("SELECT substr(chain, 8), seq, at, actor, act, task_id, element_id"
                                               " FROM audit_event WHERE chain LIKE :c ORDER BY chain, seq", c=name)]
        for name in ("together-%", "single-%")
    ]  # fmt: skip
    assert both[0] == both[1]
    assert len(both[0]) == len(acts)
    with office.engine.database.read() as connection:
        assert audit.verify(connection) == []
