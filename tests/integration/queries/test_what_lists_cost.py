"""Lists and the scheduler find what is open without going through what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from sqlalchemy import ColumnElement, event, select

from engine.queries.inbox import InboxFilter, View, inbox, task_counts
from engine.queries.queues import claimable, queues_of
from engine.queries.visibility import task_actionable
from engine.services import tasks
from engine.storage.tables import support_case, task_candidate, user_task
from tests.support.casework import PEOPLE, Casework, a_form, a_process, a_task, flow

GROWING = ("user_task", "task_candidate", "timer", "outbox", "history", "audit_event")
ANYWHERE = 'tsunagu:orgScope="city" tsunagu:cityStaffOnly="true"'
PROCESS = a_process(
    "two_desks",
    a_task("desk") + a_task("assign", roles="agency_manager")
    + a_task("anywhere", roles="supervisor", attributes=ANYWHERE)
    + '<bpmn:endEvent id="end" name="終わり"/>'
    + flow("st", "desk") + flow("desk", "assign") + flow("assign", "anywhere") + flow("anywhere", "end"),
)  # fmt: skip


@pytest.fixture
def office(database_url: str) -> Iterator[Casework]:
    """An office with cases at each of the three tasks, one of them claimed."""
    office = Casework.open(database_url)
    office.deploy("two_desks", PROCESS, {"note": a_form("note", optional=("note",))})
    worker = office.person("worker")
    first, second, third, _ = (office.start("two_desks").task_id for _ in range(4))
    for task_id in (first, second):
        tasks.complete(office.engine, worker, str(task_id), {}, now=office.now)
    office.complete("assign", "manager")
    tasks.claim(office.engine, worker, str(third), now=office.now)
    yield office
    office.engine.database.dispose()


def _plans(office: Casework, act: Callable[[], object]) -> list[str]:
    """How SQLite carries out what ``act`` asks."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: Iterable[object], *_: object) -> None:
        asked.append((statement, tuple(parameters)))

    engine = office.engine.database.engine
    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        return [
            str(row[-1])
            for statement, parameters in asked if not statement.startswith("BEGIN")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]  # fmt: skip


def test_no_table_that_grows_is_read_from_end_to_end(office: Casework) -> None:
    supervisor = office.person("supervisor")

    def everything() -> None:
        for view in View:
            inbox(office.engine, supervisor, view, InboxFilter(), now=office.now)
        task_counts(office.engine, supervisor, now=office.now)
        office.tick()

    plans = _plans(office, everything)
    assert any("ix_task_candidate_open" in plan for plan in plans)
    assert any("ix_timer_next_at" in plan for plan in plans)
    assert [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in GROWING] == []


def test_the_queues_hold_what_may_be_claimed_and_nothing_else(any_database: str, office: Casework) -> None:
    def found(condition: ColumnElement[bool]) -> set[str]:
        query = select(user_task.c.id).join(support_case, support_case.c.id == user_task.c.case_id)
        return {row.id for row in connection.execute(query.where(condition))}

    actors = {name: office.person(name) for name in PEOPLE}
    counts = {}
    with office.engine.database.read() as connection:
        for name, actor in actors.items():
            allowed = found(task_actionable(actor, office.now) & (user_task.c.state == "open"))
            assert found(claimable(actor, queues_of(connection, actor.memberships), office.now)) == allowed, name
            counts[name] = len(allowed)
        left = select(user_task.c.state).join(task_candidate).where(~task_candidate.c.open).distinct()
        assert {row.state for row in connection.execute(left)} == {"completed"}
    assert counts == {
        "worker": 1, "other_worker": 1, "manager": 1, "supervisor": 1, "stranger": 0, "coordinator": 0,
    }  # fmt: skip
