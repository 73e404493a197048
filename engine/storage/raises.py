"""Statements for raises of the ladder. They come in batches: what is asked or written is so for all of a batch at once,
so that the number of statements does not grow with the number of late tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, or_, select, update

from engine.domain.business_days import tokyo_date
from engine.storage.rows import TaskRow, TimerRow
from engine.storage.sql import as_row, by_dialect, columns_of, one_of
from engine.storage.tables import (
    clock,
    membership,
    notification,
    raised,
    staff,
    support_case,
    task_candidate,
    timer,
    user_task,
)
from engine.storage.tasks import OPEN_STATES

Key = tuple[str, str, datetime]  #: a raise is noted once for a task, a level and the instant at which it was due
Queue = tuple[str, str]  #: organisation and role

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_TASKS = select(*columns_of(user_task, TaskRow)).where(
    user_task.c.instance_id.in_(_IDS), one_of(user_task.c.state, *OPEN_STATES)
)
_LADDERS = select(clock.c.task_id, clock.c.ladder).where(clock.c.task_id.in_(_IDS))
_CANDIDATES = select(task_candidate.c.task_id, task_candidate.c.org_id, task_candidate.c.role).where(
    task_candidate.c.task_id.in_(_IDS)
)
_OWNERS = select(support_case.c.id, support_case.c.owner_org).where(support_case.c.id.in_(_IDS))
_STAFF = (
    select(membership.c.org_id, membership.c.role, membership.c.staff_id)
    .join(staff, staff.c.id == membership.c.staff_id)
    .where(
        membership.c.org_id.in_(bindparam("orgs", expanding=True)),
        membership.c.role.in_(bindparam("roles", expanding=True)),
        one_of(staff.c.status, "active"),
        membership.c.valid_from <= bindparam("today"),
        or_(membership.c.valid_until.is_(None), membership.c.valid_until >= bindparam("today")),
    )
    .distinct()
)
_FINISH = (
    update(timer)
    .where(timer.c.id.in_(_IDS), timer.c.fence == bindparam("seen"), one_of(timer.c.state, "claimed"))
    .returning(timer.c.id)
)
_NOTE = by_dialect(
    lambda dialect: (
        dialect.insert(raised).on_conflict_do_nothing().returning(raised.c.task_id, raised.c.level, raised.c.due_at)
    )
)
_TELL = by_dialect(
    lambda dialect: dialect.insert(notification).inline().on_conflict_do_nothing(index_elements=["unique_key"])
)


def open_tasks(connection: Connection, instance_ids: Collection[str]) -> dict[tuple[str, str], TaskRow]:
    """Open, claimed and held tasks of some instances, by instance and token."""
    found = (as_row(TaskRow, row) for row in connection.execute(_TASKS, {"ids": sorted(instance_ids)}))
    return {(task.instance_id, task.ref): task for task in found}


def finish(connection: Connection, claimed: Iterable[TimerRow], *, state: str, at: datetime) -> set[str]:
    """Mark claimed moments; the ids of those that no other scheduler has taken over meanwhile."""
    by_fence: dict[int, list[str]] = defaultdict(list)
    for moment in claimed:
        by_fence[moment.fence].append(moment.id)
    done = {"state": state, "fired_at": at, "lease_owner": None, "lease_until": None}
    return {
        row.id
        for fence, ids in by_fence.items()
        for row in connection.execute(_FINISH, {"ids": ids, "seen": fence, **done})
    }


def note(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Note raises; those already noted are left out. Returns the new ones."""
    if not rows:
        return set()
    found = connection.execute(_NOTE(connection), [dict(row) for row in rows])
    return {(row.task_id, row.level, row.due_at) for row in found}


def tell(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put notices before people; one with a ``unique_key`` that exists is not told again."""
    if rows:
        connection.execute(_TELL(connection), [dict(row) for row in rows])


def ladders(connection: Connection, task_ids: Collection[str]) -> dict[str, str]:
    """The name of the ladder of each task that has a clock."""
    return {row.task_id: row.ladder for row in connection.execute(_LADDERS, {"ids": sorted(task_ids)})}


def candidates(connection: Connection, task_ids: Collection[str]) -> dict[str, set[Queue]]:
    """(organisation, role) pairs that may claim each task."""
    found: dict[str, set[Queue]] = defaultdict(set)
    for task_id, org, role in connection.execute(_CANDIDATES, {"ids": sorted(task_ids)}):
        found[task_id].add((org, role))
    return found


def owners(connection: Connection, case_ids: Collection[str]) -> dict[str, str]:
    """The organisation that owns each case."""
    return {row.id: row.owner_org for row in connection.execute(_OWNERS, {"ids": sorted(case_ids)})}


def staff_in(connection: Connection, queues: Collection[Queue], now: datetime) -> dict[Queue, set[str]]:
    """Active staff who hold the role in the organisation, for each pair."""
    found: dict[Queue, set[str]] = defaultdict(set)
    if queues:
        bounds = {
            "orgs": sorted({o for o, _ in queues}),
            "roles": sorted({r for _, r in queues}),
            "today": tokyo_date(now),
        }
        for org, role, staff_id in connection.execute(_STAFF, bounds):
            found[org, role].add(staff_id)
    return found
