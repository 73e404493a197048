"""Statements for pending moments: claim with a lease and a fence, fire once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from engine.storage.columns import Instant
from engine.storage.prepared import Prepared
from engine.storage.rows import TimerRow
from engine.storage.sql import as_row, as_rows, columns_of, constant, one_of
from engine.storage.tables import timer

_COLUMNS = columns_of(timer, TimerRow)
PENDING = ("pending", "claimed")

_IS_PENDING = one_of(timer.c.state, *PENDING)
_PENDING_OF_INSTANCE = Prepared(select(*_COLUMNS).where(timer.c.instance_id == bindparam("instance"), _IS_PENDING))
_CANCEL = Prepared(update(timer).where(timer.c.id == bindparam("moment")).values(state=constant("cancelled")))
_CANCEL_OF_REF = Prepared(
    update(timer)
    .where(
        timer.c.instance_id == bindparam("instance"),
        timer.c.ref == bindparam("token"),
        timer.c.kind != constant("token"),
        _IS_PENDING,
    )
    .values(state=constant("cancelled"))
)
_FINISH = Prepared(
    update(timer).where(
        timer.c.id == bindparam("moment"), timer.c.fence == bindparam("seen"), one_of(timer.c.state, "claimed")
    )
)
_NEXT_MOMENT = Prepared(select(timer.c.next_at).where(_IS_PENDING).order_by(timer.c.next_at).limit(1))


def _adding(dialect: Any) -> Any:
    statement = dialect.insert(timer).inline()
    again = {"state": "pending", "fires_at": statement.excluded.fires_at, "next_at": statement.excluded.next_at}
    return statement.on_conflict_do_update(
        index_elements=["occurrence"], set_=again, where=one_of(timer.c.state, "cancelled")
    )


def _claiming(dialect: Any) -> Any:
    now = bindparam("now", type_=Instant())
    ended = or_(timer.c.lease_until < now, timer.c.lease_until > bindparam("longest", type_=Instant()))
    overdue_lease = and_(one_of(timer.c.state, "claimed"), ended)
    due = (
        select(timer.c.id)
        .where(timer.c.next_at <= now, _IS_PENDING, or_(one_of(timer.c.state, "pending"), overdue_lease))
        .order_by(timer.c.next_at, timer.c.id)
        .limit(bindparam("many"))
    )
    if dialect.__name__.endswith("postgresql"):
        due = due.with_for_update(skip_locked=True)
    return (
        update(timer).where(timer.c.id.in_(due)).values(state="claimed", fence=timer.c.fence + 1).returning(*_COLUMNS)
    )


_ADD = Prepared.by_dialect(_adding)
_CLAIM = Prepared.by_dialect(_claiming)


def pending_of_instance(connection: Connection, instance_id: str) -> list[TimerRow]:
    """Moments of an instance that have not come."""
    return [as_row(TimerRow, row) for row in _PENDING_OF_INSTANCE.rows(connection, {"instance": instance_id})]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert moments. One that was taken away is awaited again; one that has come, or is awaited, stays as it is."""
    _ADD.run_all(connection, rows)


def cancel(connection: Connection, ids: Sequence[str]) -> None:
    """Take moments away that will not come."""
    _CANCEL.run_all(connection, [{"moment": timer_id} for timer_id in ids])


def cancel_of_refs(connection: Connection, instance_id: str, refs: Sequence[str]) -> None:
    """Take away the ladder and hold moments of tasks that are closed."""
    _CANCEL_OF_REF.run_all(connection, [{"instance": instance_id, "token": ref} for ref in refs])


def move(connection: Connection, timer_id: str, fires_at: datetime) -> None:
    """Move a pending moment."""
    connection.execute(
        update(timer)
        .where(timer.c.id == timer_id, timer.c.state.in_(PENDING))
        .values(fires_at=fires_at, next_at=fires_at, state="pending", lease_owner=None, lease_until=None)
    )


def claim_due(connection: Connection, *, now: datetime, node: str, limit: int, lease: timedelta) -> list[TimerRow]:
    """Take up to ``limit`` due moments for this scheduler by one statement; each claim raises the fence.

    A lease that ends later than any given now can is one of a clock that went wrong; it binds nobody.
    """
    bounds = {"now": now, "many": limit, "lease_owner": node, "lease_until": now + lease, "longest": now + 2 * lease}
    rows = as_rows(TimerRow, _CLAIM.rows(connection, bounds))
    return sorted(rows, key=lambda row: (row.fires_at, row.id))


def finish(connection: Connection, claimed: TimerRow, *, state: str, at: datetime) -> bool:
    """Mark a claimed moment as fired (or cancelled); False when another scheduler has taken it over meanwhile."""
    done = {"state": state, "fired_at": at, "lease_owner": None, "lease_until": None}
    return _FINISH.run(connection, {"moment": claimed.id, "seen": claimed.fence, **done}) == 1


def put_back(
    connection: Connection, claimed: TimerRow, *, next_at: datetime, attempts: int = 0, failed: bool = False
) -> None:
    """After a failure: look again later, ``attempts`` used up; or give up until somebody resolves the incident.

    A moment that is not claimed any more stays as it is: its step was committed, though nobody heard of it.
    """
    connection.execute(
        update(timer)
        .where(timer.c.id == claimed.id, timer.c.fence == claimed.fence, timer.c.state == "claimed")
        .values(
            state="failed" if failed else "pending",
            attempts=timer.c.attempts + attempts,
            next_at=next_at,
            lease_owner=None,
            lease_until=None,
        )
    )


def next_moment(connection: Connection) -> datetime | None:
    """The earliest pending moment, or None."""
    found: datetime | None = _NEXT_MOMENT.scalar(connection, {})
    return found
