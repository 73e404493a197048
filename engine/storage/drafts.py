"""Statements for drafts of processes and what was saved of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.storage.draft_tables import draft_presence, draft_revision, process_draft
from engine.storage.prepared import Prepared
from engine.storage.sql import as_row, columns_of, one_of
from engine.storage.tables import definition_version, deployment


@dataclass(frozen=True)
class DraftRow:
    """One draft, without its files."""

    id: str
    process_key: str
    base_version_id: str
    revision: int
    state: str
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class RevisionRow:
    """One saved state, without its files."""

    draft_id: str
    number: int
    kind: str
    content_hash: str
    by: str
    at: datetime


_DRAFT = columns_of(process_draft, DraftRow)
_REVISION = columns_of(draft_revision, RevisionRow)


def add(connection: Connection, row: DraftRow) -> bool:
    """Open a draft; False when the process has an open one already."""
    values = {column.name: getattr(row, column.name) for column in process_draft.c}
    try:
        with connection.begin_nested():
            connection.execute(insert(process_draft).values(**values))
    except IntegrityError:
        return False
    return True


def current(connection: Connection, process_key: str, *, lock: bool = False) -> DraftRow | None:
    """The open draft of a process. lock: whoever else would change it waits until this transaction ends."""
    query = select(*_DRAFT).where(process_draft.c.process_key == process_key, one_of(process_draft.c.state, "open"))
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else as_row(DraftRow, row)


def by_id(connection: Connection, draft_id: str) -> DraftRow | None:
    """The draft, locked until the transaction ends."""
    row = connection.execute(select(*_DRAFT).where(process_draft.c.id == draft_id).with_for_update()).first()
    return None if row is None else as_row(DraftRow, row)


def last_discarded(connection: Connection, process_key: str) -> DraftRow | None:
    """The draft of a process that was discarded last."""
    query = select(*_DRAFT).where(process_draft.c.process_key == process_key, process_draft.c.state == "discarded")
    row = connection.execute(query.order_by(process_draft.c.changed_at.desc(), process_draft.c.id.desc())).first()
    return None if row is None else as_row(DraftRow, row)


def change(connection: Connection, draft_id: str, **values: Any) -> None:
    """Set columns of a draft."""
    connection.execute(update(process_draft).where(process_draft.c.id == draft_id).values(**values))


def add_revision(connection: Connection, row: RevisionRow, files: Mapping[str, bytes]) -> None:
    """Keep what was saved."""
    values = {column.name: getattr(row, column.name) for column in draft_revision.c if column.name != "files"}
    packed = zlib.compress(msgspec.msgpack.encode(dict(files)))
    connection.execute(insert(draft_revision).values(files=packed, **values))


def highest(connection: Connection, draft_id: str) -> int:
    """The highest number of a draft's revisions."""
    query = select(func.max(draft_revision.c.number)).where(draft_revision.c.draft_id == draft_id)
    return int(connection.execute(query).scalar_one() or 0)


def files(connection: Connection, draft_id: str, number: int) -> dict[str, bytes] | None:
    """The files of a revision, or None."""
    query = select(draft_revision.c.files).where(draft_revision.c.draft_id == draft_id)
    packed = connection.execute(query.where(draft_revision.c.number == number)).scalar_one_or_none()
    return None if packed is None else msgspec.msgpack.decode(zlib.decompress(packed), type=dict[str, bytes])


def revision(connection: Connection, draft_id: str, number: int) -> RevisionRow | None:
    """One revision, or None."""
    query = select(*_REVISION).where(draft_revision.c.draft_id == draft_id, draft_revision.c.number == number)
    row = connection.execute(query).first()
    return None if row is None else as_row(RevisionRow, row)


def revisions(connection: Connection, draft_id: str, limit: int) -> tuple[RevisionRow, ...]:
    """The newest revisions of a draft, newest first."""
    query = select(*_REVISION).where(draft_revision.c.draft_id == draft_id)
    found = connection.execute(query.order_by(draft_revision.c.number.desc()).limit(limit))
    return tuple(as_row(RevisionRow, row) for row in found)


def prune(connection: Connection, draft_id: str, older_than: int) -> None:
    """Forget what was only saved, below a number; how a draft was opened and what was put aside stays."""
    connection.execute(
        delete(draft_revision).where(
            draft_revision.c.draft_id == draft_id,
            draft_revision.c.number < older_than,
            draft_revision.c.kind == "saved",
        )
    )


def never_live(connection: Connection) -> tuple[tuple[str, str], ...]:
    """(process key, name) of the processes that were begun and never published, by key."""
    query = select(definition_version.c.process_key, definition_version.c.name).where(
        definition_version.c.process_key.not_in(select(deployment.c.process_key))
    )
    return tuple((row.process_key, row.name) for row in connection.execute(query.order_by("process_key")))


# ---------------------------------------------------------------- who has it open

_HERE = Prepared.by_dialect(
    lambda dialect: (statement := dialect.insert(draft_presence)).on_conflict_do_update(
        index_elements=["draft_id", "staff_id"], set_={"seen_at": statement.excluded.seen_at}
    )
)


def here(connection: Connection, draft_id: str, staff_id: str, at: datetime, *, forget: datetime) -> None:
    """Note that somebody has a draft open; what was noted before ``forget`` goes."""
    connection.execute(
        delete(draft_presence).where(draft_presence.c.draft_id == draft_id, draft_presence.c.seen_at < forget)
    )
    _HERE.run(connection, {"draft_id": draft_id, "staff_id": staff_id, "seen_at": at})


def present(connection: Connection, draft_id: str, since: datetime) -> list[str]:
    """Ids of those who have a draft open, or had since a moment, the latest first."""
    query = select(draft_presence.c.staff_id).where(draft_presence.c.draft_id == draft_id)
    query = query.where(draft_presence.c.seen_at >= since)
    return list(connection.execute(query.order_by(draft_presence.c.seen_at.desc())).scalars())
