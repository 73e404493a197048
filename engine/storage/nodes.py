"""Statements for the rows by which scheduler processes say that they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from engine.storage.sql import as_row, columns_of
from engine.storage.tables import scheduler_node


@dataclass(frozen=True)
class NodeRow:
    """One scheduler process; stopped_at is None while it runs, and when it died without a word."""

    id: str
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None
    fired: int


_COLUMNS = columns_of(scheduler_node, NodeRow)


def start(connection: Connection, node: str, at: datetime) -> None:
    """A process began."""
    connection.execute(insert(scheduler_node).values(id=node, started_at=at, heartbeat_at=at))


def beat(connection: Connection, node: str, at: datetime, fired: int) -> bool:
    """It lives, and did so many things more; False when its row is gone."""
    statement = (
        update(scheduler_node)
        .where(scheduler_node.c.id == node)
        .values(heartbeat_at=at, fired=scheduler_node.c.fired + fired)
    )
    return connection.execute(statement).rowcount == 1


def stop(connection: Connection, node: str, at: datetime) -> None:
    """It ended in order."""
    connection.execute(update(scheduler_node).where(scheduler_node.c.id == node).values(stopped_at=at, heartbeat_at=at))


def newest(connection: Connection) -> NodeRow | None:
    """The process heard of last, or None."""
    query = select(*_COLUMNS).order_by(scheduler_node.c.heartbeat_at.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else as_row(NodeRow, row)


def everyone(connection: Connection) -> list[NodeRow]:
    """All processes, the newest first."""
    query = select(*_COLUMNS).order_by(scheduler_node.c.started_at.desc(), scheduler_node.c.id)
    return [as_row(NodeRow, row) for row in connection.execute(query)]


def forget(connection: Connection, *, before: datetime) -> int:
    """Delete processes not heard of since; returns how many."""
    return connection.execute(delete(scheduler_node).where(scheduler_node.c.heartbeat_at < before)).rowcount
