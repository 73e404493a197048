"""Statements for the outbox and the subscriptions of waiting tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from engine.storage.columns import Instant
from engine.storage.prepared import Prepared
from engine.storage.rows import OutboxRow, SubscriptionRow
from engine.storage.sql import as_row, columns_of, insert_all, one_of
from engine.storage.tables import outbox, subscription

_OUTBOX = columns_of(outbox, OutboxRow)
_SUBSCRIPTION = columns_of(subscription, SubscriptionRow)

_IS_PENDING = one_of(outbox.c.state, "pending")
_SEND = Prepared.by_dialect(
    lambda dialect: dialect.insert(outbox).inline().on_conflict_do_nothing(index_elements=["delivery_key"])
)
_PENDING = Prepared(
    select(*_OUTBOX)
    .where(_IS_PENDING, one_of(outbox.c.kind, "message"), outbox.c.next_at <= bindparam("now", type_=Instant()))
    .order_by(outbox.c.next_at, outbox.c.id)
    .limit(bindparam("many"))
)
_CHANGE_PENDING = Prepared(update(outbox).where(outbox.c.id == bindparam("message_id"), _IS_PENDING))
_WAKE = Prepared(
    update(outbox).where(outbox.c.case_id == bindparam("case"), outbox.c.name == bindparam("called"), _IS_PENDING)
)
_SUBSCRIPTIONS_FOR = Prepared(
    select(*_SUBSCRIPTION)
    .where(subscription.c.message == bindparam("called"), subscription.c.case_id == bindparam("case"))
    .order_by(subscription.c.id)
)
_SUBSCRIPTIONS_OF = Prepared(select(*_SUBSCRIPTION).where(subscription.c.instance_id == bindparam("instance")))
_UNSUBSCRIBE = Prepared(delete(subscription).where(subscription.c.id == bindparam("one")))


def send(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages into the outbox; one with a delivery key that exists is already on its way."""
    _SEND.run_all(connection, rows)


def pending(connection: Connection, *, now: datetime, limit: int) -> list[OutboxRow]:
    """Messages to be tried now, oldest first."""
    return [as_row(OutboxRow, row) for row in _PENDING.rows(connection, {"now": now, "many": limit})]


def delivered(connection: Connection, message_id: int, *, to: str, at: datetime) -> bool:
    """Mark a message as delivered; False when it was delivered before."""
    done = {"state": "delivered", "delivered_at": at, "delivered_to": to}
    return _CHANGE_PENDING.run(connection, {"message_id": message_id, **done}) == 1


def try_later(connection: Connection, message_id: int, *, next_at: datetime, failed: bool = False) -> None:
    """No receiver yet, or a failure: look again at ``next_at``."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id, outbox.c.state == "pending")
        .values(next_at=next_at, attempts=outbox.c.attempts + 1, state="failed" if failed else "pending")
    )


def lapse(connection: Connection, message_id: int) -> bool:
    """Nobody can receive the message any more; False when it was delivered or lapsed before."""
    return _CHANGE_PENDING.run(connection, {"message_id": message_id, "state": "lapsed"}) == 1


def wake(connection: Connection, names: Sequence[str], case_id: str, now: datetime) -> None:
    """Messages of a case that waited for one of these subscriptions are tried again at once."""
    _WAKE.run_all(connection, [{"case": case_id, "called": name, "next_at": now} for name in names])


def subscriptions_for(connection: Connection, message: str, case_id: str) -> list[SubscriptionRow]:
    """Tokens of a case that wait for a message, oldest first."""
    found = _SUBSCRIPTIONS_FOR.rows(connection, {"called": message, "case": case_id})
    return [as_row(SubscriptionRow, row) for row in found]


def subscriptions_of(connection: Connection, instance_id: str) -> list[SubscriptionRow]:
    """What an instance waits for."""
    return [as_row(SubscriptionRow, row) for row in _SUBSCRIPTIONS_OF.rows(connection, {"instance": instance_id})]


def subscribe(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert subscriptions."""
    insert_all(connection, subscription, rows)


def unsubscribe(connection: Connection, ids: Sequence[str]) -> None:
    """Take subscriptions away."""
    _UNSUBSCRIBE.run_all(connection, [{"one": one} for one in ids])
