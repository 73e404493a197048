"""Statements for the copies of the reference data that queries join with, and for settings of the installation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.tables import organisation, organisation_cover, programme, setting


def put_organisations(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update organisations by id; returns how many changed. None is ever deleted: cases refer to them."""
    return _put(connection, organisation, rows)


def put_programmes(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update programmes by id; returns how many changed."""
    return _put(connection, programme, rows)


def put_covers(connection: Connection, pairs: Iterable[tuple[str, str]]) -> int:
    """Make (division, organisation it answers for) exactly these pairs; returns how many changed."""
    wanted = set(pairs)
    c = organisation_cover.c
    stored = {(org, covered) for org, covered in connection.execute(select(c.org_id, c.covers_org_id))}
    for org, covered in sorted(stored - wanted):
        connection.execute(delete(organisation_cover).where(c.org_id == org, c.covers_org_id == covered))
    for org, covered in sorted(wanted - stored):
        statement = _dialect(connection).insert(organisation_cover).values(org_id=org, covers_org_id=covered)
        connection.execute(statement.on_conflict_do_nothing())
    return len(stored ^ wanted)


def _put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    stored = {row.id: dict(row._mapping) for row in connection.execute(select(table))}
    changed = [dict(row) for row in rows if stored.get(row["id"]) != dict(row)]
    for row in changed:
        statement = _dialect(connection).insert(table).values(**row)
        others = {name: value for name, value in row.items() if name != "id"}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=others))
    return len(changed)


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def get_setting(connection: Connection, key: str) -> str | None:
    """A setting of this installation, or None."""
    return connection.execute(select(setting.c.value).where(setting.c.key == key)).scalar_one_or_none()


def put_setting(connection: Connection, key: str, value: str) -> None:
    """Set a setting of this installation."""
    statement = _dialect(connection).insert(setting).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
