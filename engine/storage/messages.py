"""Statements for the outbox and the subscriptions of waiting tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.rows import OutboxRow, SubscriptionRow
from engine.storage.sql import as_row, columns_of, insert_all
from engine.storage.tables import outbox, subscription

_OUTBOX = columns_of(outbox, OutboxRow)
_SUBSCRIPTION = columns_of(subscription, SubscriptionRow)


def send(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages into the outbox; one with a delivery key that exists is already on its way."""
    if not rows:
        return
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(outbox).on_conflict_do_nothing(index_elements=["delivery_key"])
    connection.execute(statement, [dict(row) for row in rows])


def pending(connection: Connection, *, now: datetime, limit: int) -> list[OutboxRow]:
    """Messages to be tried now, oldest first."""
    query = (
        select(*_OUTBOX)
        .where(outbox.c.state == "pending", outbox.c.kind == "message", outbox.c.next_at <= now)
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(limit)
    )
    return [as_row(OutboxRow, row) for row in connection.execute(query)]


def delivered(connection: Connection, message_id: int, *, to: str, at: datetime) -> bool:
    """Mark a message as delivered; False when it was delivered before."""
    statement = (
        update(outbox)
        .where(outbox.c.id == message_id, outbox.c.state == "pending")
        .values(state="delivered", delivered_at=at, delivered_to=to)
    )
    return connection.execute(statement).rowcount == 1


def try_later(connection: Connection, message_id: int, *, next_at: datetime, failed: bool = False) -> None:
    """No receiver yet, or a failure: look again at ``next_at``."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id, outbox.c.state == "pending")
        .values(next_at=next_at, attempts=outbox.c.attempts + 1, state="failed" if failed else "pending")
    )


def wake(connection: Connection, names: Sequence[str], case_id: str, now: datetime) -> None:
    """Messages of a case that waited for one of these subscriptions are tried again at once."""
    if names:
        connection.execute(
            update(outbox)
            .where(outbox.c.case_id == case_id, outbox.c.name.in_(names), outbox.c.state == "pending")
            .values(next_at=now)
        )


def subscriptions_for(connection: Connection, message: str, case_id: str) -> list[SubscriptionRow]:
    """Tokens of a case that wait for a message, oldest first."""
    query = (
        select(*_SUBSCRIPTION)
        .where(subscription.c.message == message, subscription.c.case_id == case_id)
        .order_by(subscription.c.id)
    )
    return [as_row(SubscriptionRow, row) for row in connection.execute(query)]


def subscriptions_of(connection: Connection, instance_id: str) -> list[SubscriptionRow]:
    """What an instance waits for."""
    query = select(*_SUBSCRIPTION).where(subscription.c.instance_id == instance_id)
    return [as_row(SubscriptionRow, row) for row in connection.execute(query)]


def subscribe(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert subscriptions."""
    insert_all(connection, subscription, rows)


def unsubscribe(connection: Connection, ids: Sequence[str]) -> None:
    """Take subscriptions away."""
    if ids:
        connection.execute(delete(subscription).where(subscription.c.id.in_(ids)))
