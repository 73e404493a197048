"""Statements for running instances that are moved together: the batch, its items, and who works on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from engine.storage.publishing_tables import move_batch, move_item
from engine.storage.sql import as_row, columns_of, insert_all, one_of
from engine.storage.tables import instance_move

WORKING = ("trying", "moving", "undoing")


@dataclass(frozen=True)
class BatchRow:
    """Instances of one version that are moved to another together."""

    id: str
    process_key: str
    number: int
    from_version_id: str
    to_version_id: str
    mapping: dict[str, str]
    given: dict[str, Any]
    reason: str
    state: str
    created_by: str
    created_at: datetime
    acting_by: str | None

    @property
    def is_working(self) -> bool:
        """Whether items are still to be done in this state."""
        return self.state in WORKING


@dataclass(frozen=True)
class ItemRow:
    """One instance. refusals, notes: [element id, Japanese text]. elements: where it stands -> where it will stand."""

    batch_id: str
    instance_id: str
    position: int
    state: str
    refusals: list[list[str]]
    notes: list[list[str]]
    elements: dict[str, str]
    move_id: str


_BATCH = columns_of(move_batch, BatchRow)
_ITEM = columns_of(move_item, ItemRow)


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep a batch with the next number of its process; returns the number."""
    query = select(func.coalesce(func.max(move_batch.c.number), 0)).where(
        move_batch.c.process_key == values["process_key"]
    )
    number = int(connection.execute(query).scalar_one()) + 1
    connection.execute(insert(move_batch).values(number=number, **values))
    return number


def get(connection: Connection, process_key: str, number: int) -> BatchRow | None:
    """The batch, or None."""
    query = select(*_BATCH).where(move_batch.c.process_key == process_key, move_batch.c.number == number)
    row = connection.execute(query).first()
    return None if row is None else as_row(BatchRow, row)


def by_id(connection: Connection, batch_id: str) -> BatchRow | None:
    """The batch, or None."""
    row = connection.execute(select(*_BATCH).where(move_batch.c.id == batch_id)).first()
    return None if row is None else as_row(BatchRow, row)


def of_process(connection: Connection, process_key: str, *, before: int, limit: int) -> tuple[BatchRow, ...]:
    """The batches of a process with a number below ``before``, the newest first."""
    query = select(*_BATCH).where(move_batch.c.process_key == process_key, move_batch.c.number < before)
    rows = connection.execute(query.order_by(move_batch.c.number.desc()).limit(limit))
    return tuple(as_row(BatchRow, row) for row in rows)


def advance(connection: Connection, batch_id: str, seen: str, values: Mapping[str, Any]) -> bool:
    """Bring a batch from the state ``seen`` to another; False when it is no longer in that state."""
    statement = update(move_batch).where(move_batch.c.id == batch_id, move_batch.c.state == seen)
    return connection.execute(statement.values(**values)).rowcount == 1


def next_waiting(connection: Connection, now: datetime) -> str | None:
    """A batch with work on which nobody works, the oldest first; its id, None when there is none."""
    wanted = select(move_batch.c.id).where(one_of(move_batch.c.state, *WORKING), _free(now))
    found = connection.execute(wanted.order_by(move_batch.c.created_at).limit(1)).first()
    return None if found is None else str(found.id)


def lease(connection: Connection, batch_id: str, now: datetime, until: datetime) -> bool:
    """Take a batch; False when somebody else was faster."""
    statement = update(move_batch).where(move_batch.c.id == batch_id, _free(now)).values(lease_until=until)
    return connection.execute(statement).rowcount == 1


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(move_batch.c.lease_until.is_(None), move_batch.c.lease_until <= now)


def set_lease(connection: Connection, batch_id: str, until: datetime | None) -> None:
    """Go on working on it until then, or (None) leave it to others."""
    connection.execute(update(move_batch).where(move_batch.c.id == batch_id).values(lease_until=until))


# ---------------------------------------------------------------- items


def replace_items(connection: Connection, batch_id: str, instance_ids: Sequence[str]) -> None:
    """The instances of a batch, in this order, each still to be tried."""
    connection.execute(delete(move_item).where(move_item.c.batch_id == batch_id))
    rows = [
        {
            "batch_id": batch_id, "instance_id": instance_id, "position": position, "state": "waiting",
            "refusals": [], "notes": [], "elements": {},
        }
        for position, instance_id in enumerate(instance_ids, start=1)
    ]  # fmt: skip
    insert_all(connection, move_item, rows)


def items(
    connection: Connection, batch_id: str, *, states: Sequence[str] = (), after: int = 0, limit: int
) -> tuple[ItemRow, ...]:
    """Items behind a position, in order; of some states only, when given."""
    query = select(*_ITEM).where(move_item.c.batch_id == batch_id, move_item.c.position > after)
    if states:
        query = query.where(move_item.c.state.in_(states))
    return tuple(as_row(ItemRow, row) for row in connection.execute(query.order_by(move_item.c.position).limit(limit)))


def item_at(connection: Connection, batch_id: str, position: int) -> ItemRow | None:
    """The item at a position, or None."""
    query = select(*_ITEM).where(move_item.c.batch_id == batch_id, move_item.c.position == position)
    row = connection.execute(query).first()
    return None if row is None else as_row(ItemRow, row)


def set_item(connection: Connection, item: ItemRow, values: Mapping[str, Any]) -> bool:
    """What came of an item; False when somebody else did it meanwhile."""
    c = move_item.c
    statement = update(move_item).where(
        c.batch_id == item.batch_id, c.instance_id == item.instance_id, c.state == item.state
    )
    return connection.execute(statement.values(**values)).rowcount == 1


def counts(connection: Connection, batch_id: str) -> dict[str, int]:
    """How many items are in each state."""
    return counts_of(connection, [batch_id]).get(batch_id, {})


def counts_of(connection: Connection, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many items of each batch are in each state."""
    pair = (move_item.c.batch_id, move_item.c.state)
    query = select(*pair, func.count()).where(move_item.c.batch_id.in_(batch_ids)).group_by(*pair)
    found: dict[str, dict[str, int]] = {}
    for batch_id, state, count in connection.execute(query):
        found.setdefault(batch_id, {})[state] = count
    return found


def move_made(connection: Connection, instance_id: str, to_version_id: str, since: datetime) -> str | None:
    """The move that brought an instance to a version since a moment and stands, or None."""
    c = instance_move.c
    query = select(c.id).where(
        c.instance_id == instance_id, c.to_version_id == to_version_id, c.moved_at >= since, c.undone_at.is_(None)
    )
    row = connection.execute(query.order_by(c.moved_at.desc()).limit(1)).first()
    return None if row is None else str(row.id)
