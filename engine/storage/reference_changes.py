"""Statements for what administrators changed of the reference data: added to, read, never altered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from engine.domain.reference_change import Change, ChangeKind
from engine.storage.admin_tables import reference_change
from engine.storage.prepared import Prepared

_NEWEST = Prepared(select(func.max(reference_change.c.id)))
_ALL = select(reference_change).order_by(reference_change.c.id)
_NEWEST_OF = select(func.max(reference_change.c.id)).where(
    reference_change.c.kind == bindparam("of_kind"), reference_change.c.subject == bindparam("of_subject")
)


def newest(connection: Connection) -> int:
    """The number of the newest change; 0 for none."""
    return int(_NEWEST.scalar(connection, {}) or 0)


def newest_of(connection: Connection, kind: ChangeKind, subject: str) -> int:
    """The number of the newest change of one thing; 0 for none."""
    found = connection.execute(_NEWEST_OF, {"of_kind": kind.value, "of_subject": subject}).scalar()
    return int(found or 0)


def everything(connection: Connection) -> tuple[Change, ...]:
    """All changes in order."""
    return tuple(_change(row) for row in connection.execute(_ALL))


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id, kind=ChangeKind(row.kind), subject=row.subject, valid_from=row.valid_from, data=row.data,
        source=row.source, made_by=row.made_by, made_at=row.made_at,
    )  # fmt: skip


def add(
    connection: Connection, kind: ChangeKind, subject: str, *, valid_from: date, data: Mapping[str, Any], source: str,
    by: str, at: datetime,
) -> None:  # fmt: skip
    """Write down one change."""
    connection.execute(
        insert(reference_change).values(
            kind=kind.value, subject=subject, valid_from=valid_from, data=dict(data), source=source, made_by=by,
            made_at=at,
        )
    )  # fmt: skip
