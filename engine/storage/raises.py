"""Statements for raises of the ladder. They come in batches: what is asked or written is so for all of a batch at once,
so that the number of statements does not grow with the number of late tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, func, or_, select, update

from engine.domain.business_days import tokyo_date
from engine.storage.columns import Instant
from engine.storage.prepared import Prepared
from engine.storage.rows import TimerRow
from engine.storage.sql import among, as_rows, constant, one_of
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

Key = tuple[str, str, datetime]  #: a raise is noted once for a task, a level and the instant at which it was due
Queue = tuple[str, str]  #: organisation and role


@dataclass(frozen=True)
class Late:
    """The task of a moment of the ladder, with what decides who hears of it.

    ladder: None where the task has no clock. candidates: who may claim it, for ``queues_of``.
    """

    moment: str
    task_id: str
    case_id: str
    element_id: str
    assignee_id: str | None
    opened_at: datetime
    ladder: str | None
    owner_org: str
    candidates: str


_OF_MOMENT = and_(user_task.c.instance_id == timer.c.instance_id, user_task.c.ref == timer.c.ref)


def _candidates(dialect: Any) -> Any:
    """The pairs of a task as one text, since most tasks of a batch have the same ones."""
    pair = task_candidate.c.org_id.concat(constant("\t")).concat(task_candidate.c.role)
    together = func.string_agg if dialect.__name__.endswith("postgresql") else func.group_concat
    found = select(together(pair, constant("\n"), type_=Text)).where(task_candidate.c.task_id == user_task.c.id)
    return func.coalesce(found.scalar_subquery(), constant(""))


def _late(dialect: Any) -> Any:
    return (
        select(
            timer.c.id, user_task.c.id, user_task.c.case_id, user_task.c.element_id, user_task.c.assignee_id,
            user_task.c.opened_at, clock.c.ladder, support_case.c.owner_org, _candidates(dialect),
        )
        .select_from(
            timer.join(user_task, _OF_MOMENT)
            .join(support_case, support_case.c.id == user_task.c.case_id)
            .outerjoin(clock, clock.c.task_id == user_task.c.id)
        )
        .where(among(dialect, timer.c.id, "moments"), one_of(user_task.c.state, "open", "claimed"))
    )  # fmt: skip


def _noting(dialect: Any) -> Any:
    columns = ("task_id", "case_id", "element_id", "level", "due_at", "raised_at")
    late = (
        select(
            user_task.c.id, user_task.c.case_id, user_task.c.element_id, timer.c.branch, timer.c.fires_at,
            bindparam("now", type_=Instant()),
        )
        .select_from(timer.join(user_task, _OF_MOMENT))
        .where(among(dialect, timer.c.id, "moments"))
        .order_by(timer.c.fires_at, timer.c.id)
    )  # fmt: skip
    adding = dialect.insert(raised).from_select(columns, late, include_defaults=False).on_conflict_do_nothing()
    return adding.returning(raised.c.task_id, raised.c.level, raised.c.due_at)


def _staff(dialect: Any) -> Any:
    today = bindparam("today", type_=membership.c.valid_from.type)
    return (
        select(membership.c.org_id, membership.c.role, membership.c.staff_id)
        .join(staff, staff.c.id == membership.c.staff_id)
        .where(
            among(dialect, membership.c.org_id, "orgs"),
            among(dialect, membership.c.role, "roles"),
            one_of(staff.c.status, "active"),
            membership.c.valid_from <= today,
            or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today),
        )
        .distinct()
    )


_LATE = Prepared.by_dialect(_late)
_FINISH = Prepared.by_dialect(
    lambda dialect: (
        update(timer)
        .where(
            among(dialect, timer.c.id, "moments"),
            timer.c.fence == bindparam("seen"),
            one_of(timer.c.state, "claimed"),
        )
        .returning(timer.c.id)
    )
)
_NOTE = Prepared.by_dialect(_noting)
_STAFF = Prepared.by_dialect(_staff)
_TELL = Prepared.by_dialect(
    lambda dialect: dialect.insert(notification).inline().on_conflict_do_nothing(index_elements=["unique_key"])
)


def late_tasks(connection: Connection, moments: Sequence[str]) -> dict[str, Late]:
    """Open and claimed tasks (not those on hold) whose moments these are, by the moment's id."""
    found = as_rows(Late, _LATE.rows(connection, {"moments": moments}))
    return {late.moment: late for late in found}


def finish(connection: Connection, claimed: Iterable[TimerRow], *, state: str, at: datetime) -> set[str]:
    """Mark claimed moments; the ids of those that no other scheduler has taken over meanwhile."""
    by_fence: dict[int, list[str]] = defaultdict(list)
    for moment in claimed:
        by_fence[moment.fence].append(moment.id)
    done = {"state": state, "fired_at": at, "lease_owner": None, "lease_until": None}
    return {
        row[0]
        for fence, ids in by_fence.items()
        for row in _FINISH.rows(connection, {"moments": ids, "seen": fence, **done})
    }


def note(connection: Connection, moments: Sequence[str], *, at: datetime) -> set[Key]:
    """Note the raises of these moments in due order; those already noted are left out. Returns the new ones."""
    if not moments:
        return set()
    return {(task, level, due) for task, level, due in _NOTE.rows(connection, {"moments": moments, "now": at})}


def tell(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put notices before people; one with a ``unique_key`` that exists is not told again."""
    _TELL.run_all(connection, rows)


def queues_of(candidates: str) -> frozenset[Queue]:
    """(organisation, role) pairs that may claim a late task."""
    pairs = (line.split("\t") for line in candidates.split("\n") if line)
    return frozenset((org, role) for org, role in pairs)


def staff_in(connection: Connection, queues: Collection[Queue], now: datetime) -> dict[Queue, set[str]]:
    """Active staff who hold the role in the organisation, for each pair."""
    found: dict[Queue, set[str]] = defaultdict(set)
    if queues:
        bounds = {
            "orgs": sorted({o for o, _ in queues}),
            "roles": sorted({r for _, r in queues}),
            "today": tokyo_date(now),
        }
        for org, role, staff_id in _STAFF.rows(connection, bounds):
            found[org, role].add(staff_id)
    return found
