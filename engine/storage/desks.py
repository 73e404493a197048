"""Statements for what people have set up for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.desk_tables import desk_choice


def keep(connection: Connection, staff_id: str, values: dict[str, Any]) -> None:
    """Set some columns of the person's row, which comes to be where there was none."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(desk_choice).values(staff_id=staff_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["staff_id"], set_=values))


def capacity_of(connection: Connection, staff_id: str) -> str:
    """The organisation for which the person chose to work; empty for none."""
    found = connection.execute(select(desk_choice.c.capacity).where(desk_choice.c.staff_id == staff_id)).scalar()
    return found or ""
