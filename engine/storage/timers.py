"""Statements for pending moments: claim with a lease and a fence, fire once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.rows import TimerRow
from engine.storage.sql import as_row, columns_of
from engine.storage.tables import timer

_COLUMNS = columns_of(timer, TimerRow)
PENDING = ("pending", "claimed")


def pending_of_instance(connection: Connection, instance_id: str) -> list[TimerRow]:
    """Moments of an instance that have not come."""
    query = select(*_COLUMNS).where(timer.c.instance_id == instance_id, timer.c.state.in_(PENDING))
    return [as_row(TimerRow, row) for row in connection.execute(query)]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert moments. One that was taken away is awaited again; one that has come, or is awaited, stays as it is."""
    if not rows:
        return
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(timer)
    again = {"state": "pending", "fires_at": statement.excluded.fires_at, "next_at": statement.excluded.next_at}
    statement = statement.on_conflict_do_update(
        index_elements=["occurrence"], set_=again, where=timer.c.state == "cancelled"
    )
    connection.execute(statement, [dict(row) for row in rows])


def cancel(connection: Connection, ids: Sequence[str]) -> None:
    """Take moments away that will not come."""
    if ids:
        connection.execute(update(timer).where(timer.c.id.in_(ids)).values(state="cancelled"))


def cancel_of_refs(connection: Connection, instance_id: str, refs: Sequence[str]) -> None:
    """Take away the ladder and hold moments of tasks that are closed."""
    if refs:
        connection.execute(
            update(timer)
            .where(
                timer.c.instance_id == instance_id,
                timer.c.ref.in_(refs),
                timer.c.kind != "token",
                timer.c.state.in_(PENDING),
            )
            .values(state="cancelled")
        )


def move(connection: Connection, timer_id: str, fires_at: datetime) -> None:
    """Move a pending moment."""
    connection.execute(
        update(timer)
        .where(timer.c.id == timer_id, timer.c.state.in_(PENDING))
        .values(fires_at=fires_at, next_at=fires_at, state="pending", lease_owner=None, lease_until=None)
    )


def claim_due(connection: Connection, *, now: datetime, node: str, limit: int, lease: timedelta) -> list[TimerRow]:
    """Take up to ``limit`` due moments for this scheduler by one statement; each claim raises the fence."""
    due = (
        select(timer.c.id)
        .where(
            timer.c.next_at <= now,
            or_(
                timer.c.state == "pending",
                and_(timer.c.state == "claimed", timer.c.lease_until < now),
            ),
        )
        .order_by(timer.c.next_at, timer.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    statement = (
        update(timer)
        .where(timer.c.id.in_(due.scalar_subquery() if connection.dialect.name == "sqlite" else due))
        .values(state="claimed", lease_owner=node, lease_until=now + lease, fence=timer.c.fence + 1)
        .returning(*_COLUMNS)
    )
    rows = [as_row(TimerRow, row) for row in connection.execute(statement)]
    return sorted(rows, key=lambda row: (row.fires_at, row.id))


def finish(connection: Connection, claimed: TimerRow, *, state: str, at: datetime) -> bool:
    """Mark a claimed moment as fired (or cancelled); False when another scheduler has taken it over meanwhile."""
    statement = (
        update(timer)
        .where(timer.c.id == claimed.id, timer.c.fence == claimed.fence, timer.c.state == "claimed")
        .values(state=state, fired_at=at, lease_owner=None, lease_until=None)
    )
    return connection.execute(statement).rowcount == 1


def put_back(connection: Connection, claimed: TimerRow, *, next_at: datetime, failed: bool) -> None:
    """After a failure: look again later, or give up until somebody resolves the incident."""
    connection.execute(
        update(timer)
        .where(timer.c.id == claimed.id, timer.c.fence == claimed.fence)
        .values(
            state="failed" if failed else "pending",
            attempts=timer.c.attempts + 1,
            next_at=next_at,
            lease_owner=None,
            lease_until=None,
        )
    )


def next_moment(connection: Connection) -> datetime | None:
    """The earliest pending moment, or None."""
    query = select(timer.c.next_at).where(timer.c.state.in_(PENDING)).order_by(timer.c.next_at).limit(1)
    return connection.execute(query).scalar_one_or_none()
