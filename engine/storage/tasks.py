"""Statements for user tasks, their candidates, clocks, drafts and raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Date, and_, bindparam, delete, false, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.domain.business_days import tokyo_date
from engine.storage.prepared import Prepared
from engine.storage.rows import ClockChange, ClockRow, TaskRow
from engine.storage.sql import as_row, columns_of, insert_all, next_version, one_of
from engine.storage.tables import (
    clock,
    clock_change,
    draft,
    membership,
    staff,
    task_candidate,
    user_task,
)

OPEN_STATES = ("open", "claimed", "held")
_COLUMNS = columns_of(user_task, TaskRow)
_CLOCK = columns_of(clock, ClockRow)
_CHANGE = columns_of(clock_change, ClockChange)

_IS_OPEN = one_of(user_task.c.state, *OPEN_STATES)
_BY_TOKEN = and_(user_task.c.instance_id == bindparam("instance"), user_task.c.ref == bindparam("token"))
_GET = Prepared(select(*_COLUMNS).where(user_task.c.id == bindparam("task")))
_OPEN_OF_INSTANCE = Prepared(select(*_COLUMNS).where(user_task.c.instance_id == bindparam("instance"), _IS_OPEN))
_CANDIDATES = Prepared(
    select(task_candidate.c.org_id, task_candidate.c.role).where(task_candidate.c.task_id == bindparam("task"))
)
_CLOSE = Prepared(update(user_task).where(_BY_TOKEN, _IS_OPEN).values(version=next_version(user_task)))
_CHANGE_TASK = Prepared(
    update(user_task)
    .where(user_task.c.id == bindparam("task"), user_task.c.version == bindparam("seen"))
    .values(version=next_version(user_task))
)
_FINISH_CLOCK = Prepared(update(clock).where(clock.c.task_id.in_(select(user_task.c.id).where(_BY_TOKEN))))
_LEAVE_QUEUES = Prepared(
    update(task_candidate)
    .where(task_candidate.c.task_id.in_(select(user_task.c.id).where(_BY_TOKEN)))
    .values(open=false())
)
_CLOCK_OF = Prepared(select(*_CLOCK).where(clock.c.task_id == bindparam("task")))
_DROP_DRAFT = Prepared(
    delete(draft).where(draft.c.task_id == bindparam("task"), draft.c.staff_id == bindparam("person"))
)
_TODAY = bindparam("today", type_=Date())
_COMPLETER = Prepared(
    select(user_task.c.completed_by)
    .where(
        user_task.c.instance_id == bindparam("instance"),
        user_task.c.element_id == bindparam("element"),
        one_of(user_task.c.state, "completed"),
    )
    .order_by(user_task.c.completed_at.desc(), user_task.c.id.desc())
    .limit(1)
)


def get(connection: Connection, task_id: str) -> TaskRow | None:
    """The task, or None."""
    row = _GET.first(connection, {"task": task_id})
    return None if row is None else as_row(TaskRow, row)


def open_of_instance(connection: Connection, instance_id: str) -> list[TaskRow]:
    """Open, claimed and held tasks of an instance."""
    return [as_row(TaskRow, row) for row in _OPEN_OF_INSTANCE.rows(connection, {"instance": instance_id})]


def others_open(connection: Connection, instance_id: str, except_refs: Sequence[str]) -> bool:
    """Whether an instance has open tasks beside those of the given tokens."""
    query = select(user_task.c.id).where(
        user_task.c.instance_id == instance_id,
        user_task.c.state.in_(OPEN_STATES),
        user_task.c.ref.not_in(list(except_refs)),
    )
    return connection.execute(query.limit(1)).first() is not None


def open_of_case(connection: Connection, case_id: str) -> list[TaskRow]:
    """Open, claimed and held tasks of all instances of a case."""
    query = select(*_COLUMNS).where(user_task.c.case_id == case_id, user_task.c.state.in_(OPEN_STATES))
    return [as_row(TaskRow, row) for row in connection.execute(query.order_by(user_task.c.opened_at, user_task.c.id))]


def candidates(connection: Connection, task_id: str) -> frozenset[tuple[str, str]]:
    """(organisation, role) pairs that may claim the task."""
    return frozenset((org, role) for org, role in _CANDIDATES.rows(connection, {"task": task_id}))


def add(
    connection: Connection, rows: Sequence[Mapping[str, Any]], candidate_rows: Sequence[Mapping[str, Any]],
    clock_rows: Sequence[Mapping[str, Any]],
) -> None:  # fmt: skip
    """Insert new tasks with their candidates and clocks."""
    insert_all(connection, user_task, rows)
    insert_all(connection, task_candidate, candidate_rows)
    insert_all(connection, clock, clock_rows)


def cancel_refs(connection: Connection, instance_id: str, refs: Sequence[str], at: datetime) -> None:
    """Cancel open tasks whose tokens were taken away."""
    closing = {"state": "cancelled", "completed_at": at}
    _CLOSE.run_all(connection, [{"instance": instance_id, "token": ref, **closing} for ref in refs])


def finish_clocks(connection: Connection, instance_id: str, refs: Sequence[str], state: str) -> None:
    """End the clocks of the tasks behind these tokens, which leave the queues of those who might have claimed them."""
    _LEAVE_QUEUES.run_all(connection, [{"instance": instance_id, "token": ref} for ref in refs])
    _FINISH_CLOCK.run_all(connection, [{"instance": instance_id, "token": ref, "state": state} for ref in refs])


def change(connection: Connection, task: TaskRow, values: Mapping[str, Any]) -> bool:
    """Change a task if it is still at the version that was read; False if somebody changed it."""
    return _CHANGE_TASK.run(connection, {"task": task.id, "seen": task.version, **values}) == 1


def completer_of(connection: Connection, instance_id: str, element_id: str) -> str | None:
    """Who completed that element last in this instance, or None."""
    found: str | None = _COMPLETER.scalar(connection, {"instance": instance_id, "element": element_id})
    return found


def clock_of(connection: Connection, task_id: str) -> ClockRow | None:
    """The clock of a task, or None."""
    row = _CLOCK_OF.first(connection, {"task": task_id})
    return None if row is None else as_row(ClockRow, row)


def clock_changes(connection: Connection, clock_id: str) -> list[ClockChange]:
    """Holds, resumptions and extensions in their order."""
    query = select(*_CHANGE).where(clock_change.c.clock_id == clock_id).order_by(clock_change.c.id)
    return [as_row(ClockChange, row) for row in connection.execute(query)]


def change_clock(connection: Connection, clock_id: str, change_values: Mapping[str, Any], state: str) -> None:
    """Append a change and set the clock's state."""
    connection.execute(insert(clock_change).values(clock_id=clock_id, **change_values))
    connection.execute(update(clock).where(clock.c.id == clock_id).values(state=state))


def save_draft(connection: Connection, task_id: str, staff_id: str, data: str, at: datetime) -> None:
    """Keep what a person has typed so far (sealed text)."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(draft).values(task_id=task_id, staff_id=staff_id, data=data, saved_at=at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["task_id", "staff_id"], set_={"data": statement.excluded.data, "saved_at": at}
        )
    )


def drop_drafts(connection: Connection, task_id: str, staff_id: str) -> None:
    """Forget the person's draft of a task."""
    _DROP_DRAFT.run(connection, {"task": task_id, "person": staff_id})


def draft_of(connection: Connection, task_id: str, staff_id: str) -> tuple[str, datetime] | None:
    """The person's draft (sealed text, saved at), or None."""
    query = select(draft.c.data, draft.c.saved_at).where(draft.c.task_id == task_id, draft.c.staff_id == staff_id)
    row = connection.execute(query).first()
    return None if row is None else (row.data, row.saved_at)


@lru_cache(64)
def _staff_in(pairs: int) -> Prepared:
    """The statement for so many pairs."""
    held = [
        and_(membership.c.org_id == bindparam(f"org_{n}"), membership.c.role == bindparam(f"role_{n}"))
        for n in range(pairs)
    ]
    return Prepared(
        select(membership.c.staff_id)
        .join(staff, staff.c.id == membership.c.staff_id)
        .where(or_(*held), one_of(staff.c.status, "active"), membership.c.valid_from <= _TODAY)
        .where(or_(membership.c.valid_until.is_(None), membership.c.valid_until >= _TODAY))
        .distinct()
    )


def staff_in(connection: Connection, pairs: Iterable[tuple[str, str]], now: datetime) -> list[str]:
    """Active staff who hold one of the (organisation, role) pairs."""
    wanted = sorted(pairs)
    if not wanted:
        return []
    names = {f"org_{n}": org for n, (org, _) in enumerate(wanted)} | {f"role_{n}": r for n, (_, r) in enumerate(wanted)}
    rows = _staff_in(len(wanted)).rows(connection, {"today": tokyo_date(now), **names})
    return [staff_id for (staff_id,) in rows]
