"""Statements for notices in the application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from engine.storage.sql import insert_new
from engine.storage.tables import notification


def add(
    connection: Connection, staff_ids: Sequence[str], *, about: str, case_id: str | None, task_id: str | None, key: str,
    at: datetime,
) -> None:  # fmt: skip
    """Tell people something once; the same ``key`` is not told to the same person again."""
    insert_new(
        connection,
        notification,
        [
            {
                "staff_id": s,
                "about": about,
                "case_id": case_id,
                "task_id": task_id,
                "unique_key": f"{key}:{s}",
                "at": at,
            }
            for s in staff_ids
        ],
    )


def any_told(connection: Connection, unique_keys: Sequence[str]) -> bool:
    """Whether one of the notices (key and person) was given before."""
    query = select(notification.c.id).where(notification.c.unique_key.in_(list(unique_keys))).limit(1)
    return connection.execute(query).first() is not None


def mark_read(connection: Connection, staff_id: str, *, until: datetime, at: datetime) -> int:
    """Note that a person read the notices up to a moment; returns how many were unread."""
    statement = (
        update(notification)
        .where(notification.c.staff_id == staff_id, notification.c.read_at.is_(None), notification.c.at <= until)
        .values(read_at=at)
    )
    return int(connection.execute(statement).rowcount)
