"""Statements for notices in the application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
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
