"""Scheduler processes as the database knows them: who runs, and when each was heard of last."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.services.engine import Engine
from engine.storage import nodes
from engine.storage.nodes import NodeRow

__all__ = ["SILENT_AFTER", "NodeRow", "beat", "everyone", "is_alive", "start", "stop"]

SILENT_AFTER = timedelta(minutes=1)  #: a process not heard of for so long is taken for dead


def start(engine: Engine, node: str, *, now: datetime) -> None:
    """A scheduler process began."""
    with engine.database.write() as connection:
        nodes.start(connection, node, now)


def beat(engine: Engine, node: str, *, fired: int, now: datetime) -> None:
    """It lives and did ``fired`` things since last time. A row that is gone (a restored backup) comes back."""
    with engine.database.write() as connection:
        if not nodes.beat(connection, node, now, fired):
            nodes.start(connection, node, now)


def stop(engine: Engine, node: str, *, now: datetime) -> None:
    """It ended in order."""
    with engine.database.write() as connection:
        nodes.stop(connection, node, now)


def everyone(engine: Engine) -> list[NodeRow]:
    """All processes of the last weeks, the newest first."""
    with engine.database.read() as connection:
        return nodes.everyone(connection)


def is_alive(node: NodeRow, *, now: datetime) -> bool:
    """Whether it has not ended and was heard of within a minute."""
    return node.stopped_at is None and now - node.heartbeat_at < SILENT_AFTER
