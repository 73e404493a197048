"""Statements for notices in the application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.tables import notification


def add(
    connection: Connection, staff_ids: Sequence[str], *, about: str, case_id: str | None, task_id: str | None, key: str,
    at: datetime,
) -> None:  # fmt: skip
    """Tell people something once; the same ``key`` is not told to the same person again."""
    if not staff_ids:
        return
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(notification).on_conflict_do_nothing(index_elements=["unique_key"])
    connection.execute(
        statement,
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


def mark_read(connection: Connection, staff_id: str, *, until: datetime, at: datetime) -> int:
    """Note that a person read the notices up to a moment; returns how many were unread."""
    statement = (
        update(notification)
        .where(notification.c.staff_id == staff_id, notification.c.read_at.is_(None), notification.c.at <= until)
        .values(read_at=at)
    )
    return int(connection.execute(statement).rowcount)
