"""Statements for absences and deputies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.storage.board_tables import absence
from engine.storage.prepared import Prepared
from engine.storage.sql import as_row, columns_of


@dataclass(frozen=True)
class AbsenceRow:
    """Somebody is away from the first to the last day, and somebody stands in. ``ended_at``: taken back then."""

    id: str
    staff_id: str
    deputy_id: str
    from_on: date
    until_on: date
    ended_at: datetime | None


_COLUMNS = columns_of(absence, AbsenceRow)
_TODAY = bindparam("today", type_=absence.c.from_on.type)
_DEPUTIES = Prepared(
    select(absence.c.staff_id, absence.c.deputy_id).where(
        absence.c.ended_at.is_(None), absence.c.from_on <= _TODAY, absence.c.until_on >= _TODAY
    )
)


def add(connection: Connection, **values: Any) -> None:
    """A new absence."""
    connection.execute(insert(absence).values(**values))


def get(connection: Connection, absence_id: str) -> AbsenceRow | None:
    """The absence, or None."""
    row = connection.execute(select(*_COLUMNS).where(absence.c.id == absence_id)).first()
    return None if row is None else as_row(AbsenceRow, row)


def overlapping(connection: Connection, staff_id: str, from_on: date, until_on: date) -> list[AbsenceRow]:
    """Absences of the person that share a day with these."""
    c = absence.c
    mine = (c.staff_id == staff_id) & c.ended_at.is_(None) & (c.from_on <= until_on) & (c.until_on >= from_on)
    return [as_row(AbsenceRow, row) for row in connection.execute(select(*_COLUMNS).where(mine))]


def end(connection: Connection, absence_id: str, by: str, at: datetime) -> bool:
    """Take an absence back; False when that was done before."""
    mine = (absence.c.id == absence_id) & absence.c.ended_at.is_(None)
    return connection.execute(update(absence).where(mine).values(ended_by=by, ended_at=at)).rowcount == 1


def stood_in_for(connection: Connection, deputy_id: str, today: date) -> set[str]:
    """For whom the person stands in today."""
    c = absence.c
    running = (c.deputy_id == deputy_id) & c.ended_at.is_(None) & (c.from_on <= today) & (c.until_on >= today)
    return {row.staff_id for row in connection.execute(select(c.staff_id).where(running))}


def deputies(connection: Connection, today: date) -> dict[str, str]:
    """Who is away today, and who stands in."""
    rows = _DEPUTIES.rows(connection, {"today": today})
    return {row[0]: row[1] for row in rows}
