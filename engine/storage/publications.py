"""Statements for what is prepared for publication: the wish, the scenarios tried on it, and how it was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from engine.storage.publishing_tables import publication, publication_scenario
from engine.storage.sql import as_row, columns_of, insert_all, one_of
from engine.storage.tables import definition_version, membership, staff

OPEN = ("prepared", "requested")


@dataclass(frozen=True)
class PublicationRow:
    """One wish to make files live, without the files."""

    id: str
    process_key: str
    kind: str
    source: str
    draft_id: str | None
    draft_revision: int | None
    content_hash: str
    base_version_id: str | None
    version_id: str | None
    findings: list[dict[str, Any]]
    reason: str
    state: str
    prepared_by: str
    prepared_at: datetime
    requested_by: str | None
    requested_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided."""
        return self.state in OPEN


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario tried on a publication. lines: what came out otherwise."""

    publication_id: str
    file: str
    title: str
    state: str
    lines: tuple[str, ...]


_PUBLICATION = columns_of(publication, PublicationRow)
_SCENARIO = columns_of(publication_scenario, ScenarioRow)


def add(connection: Connection, values: Mapping[str, Any], files: Mapping[str, bytes]) -> bool:
    """Keep a wish with its files; False when the process has an open one already."""
    try:
        with connection.begin_nested():
            connection.execute(insert(publication).values(files=msgspec.msgpack.encode(dict(files)), **values))
    except IntegrityError:
        return False
    return True


def get(connection: Connection, publication_id: str) -> PublicationRow | None:
    """The wish, or None."""
    row = connection.execute(select(*_PUBLICATION).where(publication.c.id == publication_id)).first()
    return None if row is None else as_row(PublicationRow, row)


def latest(connection: Connection, process_key: str) -> PublicationRow | None:
    """The newest wish of a process: the open one, where there is one."""
    query = select(*_PUBLICATION).where(publication.c.process_key == process_key)
    row = connection.execute(query.order_by(publication.c.prepared_at.desc(), publication.c.id.desc()).limit(1)).first()
    return None if row is None else as_row(PublicationRow, row)


def files_of(connection: Connection, publication_id: str) -> dict[str, bytes]:
    """The files of a wish by their path."""
    content = connection.execute(select(publication.c.files).where(publication.c.id == publication_id)).scalar_one()
    return msgspec.msgpack.decode(content, type=dict[str, bytes])


def advance(connection: Connection, publication_id: str, seen: str, values: Mapping[str, Any]) -> bool:
    """Bring a wish from the state ``seen`` to another; False when it is no longer in that state."""
    statement = update(publication).where(publication.c.id == publication_id, publication.c.state == seen)
    return connection.execute(statement.values(**values)).rowcount == 1


def lock_base(connection: Connection, version_id: str) -> None:
    """Others that publish on the same version wait until this transaction ends."""
    connection.execute(
        select(definition_version.c.id).where(definition_version.c.id == version_id).with_for_update()
    ).first()


# ---------------------------------------------------------------- scenarios


def add_scenarios(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """The scenarios that will be tried."""
    insert_all(connection, publication_scenario, rows)


def scenarios_of(connection: Connection, publication_id: str) -> tuple[ScenarioRow, ...]:
    """The scenarios of a wish by file."""
    query = select(*_SCENARIO).where(publication_scenario.c.publication_id == publication_id)
    return tuple(as_row(ScenarioRow, row) for row in connection.execute(query.order_by(publication_scenario.c.file)))


def set_scenario(connection: Connection, publication_id: str, file: str, state: str, lines: Sequence[str]) -> None:
    """What came of a scenario."""
    c = publication_scenario.c
    connection.execute(
        update(publication_scenario)
        .where(c.publication_id == publication_id, c.file == file)
        .values(state=state, lines=list(lines))
    )


def next_waiting(connection: Connection, now: datetime) -> str | None:
    """An open wish whose scenarios wait and on which nobody works; its id, None when there is none."""
    waits = (
        select(publication_scenario.c.file)
        .where(publication_scenario.c.publication_id == publication.c.id, publication_scenario.c.state == "waiting")
        .exists()
    )
    wanted = and_(one_of(publication.c.state, *OPEN), waits, _free(now))
    found = connection.execute(select(publication.c.id).where(wanted).order_by(publication.c.prepared_at)).first()
    return None if found is None else str(found.id)


def lease(connection: Connection, publication_id: str, now: datetime, until: datetime) -> bool:
    """Take a wish; False when somebody else was faster."""
    statement = update(publication).where(publication.c.id == publication_id, _free(now)).values(lease_until=until)
    return connection.execute(statement).rowcount == 1


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(publication.c.lease_until.is_(None), publication.c.lease_until <= now)


def release(connection: Connection, publication_id: str) -> None:
    """Nobody works on its scenarios any more."""
    connection.execute(update(publication).where(publication.c.id == publication_id).values(lease_until=None))


def holders(connection: Connection, roles: Collection[str], today: date) -> list[str]:
    """Ids of the active staff who hold one of these roles today, whatever the organisation."""
    query = select(membership.c.staff_id).join(staff, staff.c.id == membership.c.staff_id)
    query = query.where(membership.c.role.in_(sorted(roles)), one_of(staff.c.status, "active"))
    valid = and_(
        membership.c.valid_from <= today, or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today)
    )
    return list(connection.execute(query.where(valid).distinct().order_by(membership.c.staff_id)).scalars())
