"""Statements for process instances and their history: few, constant in number, no ORM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.storage.prepared import Prepared
from engine.storage.rows import CaseRow, InstanceRow
from engine.storage.sql import as_row, columns_of, insert_all, next_version
from engine.storage.tables import history, incident, process_instance, support_case

_COLUMNS = columns_of(process_instance, InstanceRow)
_GET = Prepared(select(*_COLUMNS).where(process_instance.c.id == bindparam("instance")))
_STANDING = (
    select(*_COLUMNS, *columns_of(support_case, CaseRow))
    .join(support_case, support_case.c.id == process_instance.c.case_id)
    .where(process_instance.c.id == bindparam("instance"))
)
_WITH_CASE = Prepared(_STANDING)
_WITH_CASE_LOCKED = Prepared(_STANDING.with_for_update(of=process_instance))  # a writer on SQLite is alone already
_SAVE = Prepared(
    update(process_instance)
    .where(process_instance.c.id == bindparam("instance"), process_instance.c.version == bindparam("seen"))
    .values(version=next_version(process_instance))
)


def get(connection: Connection, instance_id: str) -> InstanceRow | None:
    """The instance with its snapshot, or None."""
    row = _GET.first(connection, {"instance": instance_id})
    return None if row is None else as_row(InstanceRow, row)


def with_case(connection: Connection, instance_id: str, *, lock: bool = False) -> tuple[InstanceRow, CaseRow] | None:
    """The instance and its case by one statement, or None. lock: nobody else changes the instance in the meantime."""
    row = (_WITH_CASE_LOCKED if lock else _WITH_CASE).first(connection, {"instance": instance_id})
    if row is None:
        return None
    return as_row(InstanceRow, row[: len(_COLUMNS)]), as_row(CaseRow, row[len(_COLUMNS) :])


def of_case(connection: Connection, case_id: str, *, status: str | None = None) -> list[InstanceRow]:
    """Instances of a case in the order in which they started."""
    query = select(*_COLUMNS).where(process_instance.c.case_id == case_id).order_by(process_instance.c.started_at)
    if status is not None:
        query = query.where(process_instance.c.status == status)
    return [as_row(InstanceRow, row) for row in connection.execute(query)]


def started_with(connection: Connection, start_key: str) -> str | None:
    """The instance that a message or request has already started, or None."""
    query = select(process_instance.c.id).where(process_instance.c.start_key == start_key)
    return connection.execute(query).scalar_one_or_none()


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a new instance. A second start with the same ``start_key`` raises IntegrityError."""
    connection.execute(insert(process_instance).values(**values))


def save(connection: Connection, instance_id: str, seen_version: int, values: Mapping[str, Any]) -> bool:
    """Store the new snapshot if nobody moved the instance since ``seen_version``; False if somebody did."""
    return _SAVE.run(connection, {"instance": instance_id, "seen": seen_version, **values}) == 1


def mark(connection: Connection, instance_id: str, status: str, *, ended_at: datetime | None = None) -> None:
    """Change only the status (incident, cancelled)."""
    connection.execute(
        update(process_instance).where(process_instance.c.id == instance_id).values(status=status, ended_at=ended_at)
    )


def add_history(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append history lines."""
    insert_all(connection, history, rows)


def open_incident(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an incident."""
    connection.execute(insert(incident).values(**values))
