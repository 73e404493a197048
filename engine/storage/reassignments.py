"""Statements for tasks that are handed over together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.storage.board_tables import reassignment, reassignment_task
from engine.storage.sql import as_row, columns_of


@dataclass(frozen=True)
class BatchRow:
    """A hand-over of several tasks to one person."""

    id: int
    to_staff: str
    note: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True)
class ItemRow:
    """One task of it. ``state``: waiting, done, changed, refused, undone; ``reason``: why it was not done."""

    batch_id: int
    position: int
    task_id: str
    case_id: str
    from_staff: str | None
    note: str
    state: str
    reason: str


_ITEMS = columns_of(reassignment_task, ItemRow)


def by_form(connection: Connection, form_key: str) -> int | None:
    """The batch that a form made, or None."""
    found = connection.execute(select(reassignment.c.id).where(reassignment.c.form_key == form_key)).scalar()
    return None if found is None else int(found)


def add(connection: Connection, values: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> int:
    """A new batch with its tasks, all waiting; returns its number."""
    made = connection.execute(insert(reassignment).values(**values).returning(reassignment.c.id)).scalar_one()
    rows = [
        {**item, "batch_id": made, "position": n, "state": "waiting", "reason": ""}
        for n, item in enumerate(items, start=1)
    ]
    connection.execute(insert(reassignment_task), rows)
    return int(made)


def get(connection: Connection, batch: int) -> BatchRow | None:
    """The batch, or None."""
    row = connection.execute(select(*columns_of(reassignment, BatchRow)).where(reassignment.c.id == batch)).first()
    return None if row is None else as_row(BatchRow, row)


def items(connection: Connection, batch: int) -> list[ItemRow]:
    """Its tasks in their order."""
    query = select(*_ITEMS).where(reassignment_task.c.batch_id == batch).order_by(reassignment_task.c.position)
    return [as_row(ItemRow, row) for row in connection.execute(query)]


def settle(connection: Connection, item: ItemRow, state: str, reason: str, at: datetime) -> bool:
    """Note what became of a task; False when somebody noted it before."""
    c = reassignment_task.c
    mine = (c.batch_id == item.batch_id) & (c.position == item.position) & (c.state == item.state)
    statement = update(reassignment_task).where(mine).values(state=state, reason=reason, done_at=at)
    return connection.execute(statement).rowcount == 1
