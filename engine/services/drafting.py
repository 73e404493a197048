"""Drafts of processes on the server: one open draft for each process, shared by the process owners.

Every save is a revision with a number; whoever saves says which one they saw. When somebody else saved since, theirs
stays what counts, and what was sent is put aside as a revision of its own: nothing is lost and nothing overwritten
silently. A draft holds all files of a version, so it can be checked and published as it is. No case data are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from engine.definitions.findings import Finding
from engine.definitions.package import PROCESS_FILE, content_hash
from engine.definitions.xml import parse_xml
from engine.domain.errors import FormInvalid, NotAuthorised, NotFound, StaleVersion
from engine.domain.staff import Actor
from engine.services import draft_files, repairers
from engine.services.engine import Engine
from engine.storage import audit, drafts
from engine.storage import definitions as store
from engine.storage.database import Connection
from engine.storage.drafts import DraftRow, RevisionRow
from engine.storage.sql import new_id

KEPT = 200  #: revisions of one draft that can be gone back to; those put aside and the first one stay for ever


class RevisionKind(StrEnum):
    """How a revision came about."""

    OPENED = "opened"  #: the files of the version that the draft was opened from
    SAVED = "saved"  #: somebody's save
    RESTORED = "restored"  #: an earlier revision, taken back
    ASIDE = "aside"  #: a save that came after somebody else's; kept, but never what counted


@dataclass(frozen=True)
class Draft:
    """One draft. revision: the one that counts. opened_by, changed_by: staff ids; instants are aware UTC."""

    id: str
    process_key: str
    base_version_id: str
    base_number: int
    revision: int
    state: str
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime


class DraftTaken(StaleVersion):
    """Somebody else saved since. draft: as it is now. aside: the number under which the refused text was kept."""

    def __init__(self, draft: Draft, aside: int) -> None:
        super().__init__(f"revision {draft.revision}")
        self.draft, self.aside = draft, aside


def current(engine: Engine, actor: Actor, process_key: str) -> Draft | None:
    """The open draft of a process, or None. Raises NotAuthorised."""
    _require_owner(actor)
    with engine.database.read() as connection:
        row = drafts.current(connection, process_key)
        return None if row is None else _draft(connection, row)


def files(engine: Engine, actor: Actor, process_key: str, revision: int | None = None) -> Mapping[str, bytes]:
    """The files of the open draft (of an earlier revision) by path in the package. NotFound, NotAuthorised."""
    _require_owner(actor)
    with engine.database.read() as connection:
        row = _open(connection, process_key)
        return _files(connection, row, row.revision if revision is None else revision)


def files_with(engine: Engine, actor: Actor, process_key: str, diagram: bytes) -> Mapping[str, bytes]:
    """The files of the open draft as they would be with another diagram; nothing is kept. NotFound, NotAuthorised."""
    _require_owner(actor)
    with engine.database.read() as connection:
        return _with(connection, _open(connection, process_key), {PROCESS_FILE: diagram})


def begin(engine: Engine, actor: Actor, process_key: str, version: int | None = None, *, now: datetime) -> Draft:
    """Open a draft from a version (None: the live one). Where one is open already, that one, unchanged.

    Raises NotFound for a version that does not exist, NotAuthorised.
    """
    _require_owner(actor)
    with engine.database.write() as connection:
        known = drafts.current(connection, process_key)
        if known is not None:
            return _draft(connection, known)
        return open_on(connection, actor, _version(connection, process_key, version), now)


def open_on(connection: Connection, actor: Actor, base: store.VersionRow, now: datetime) -> Draft:
    """Open a draft from a version inside a transaction; whoever calls has asked who may, and that none is open."""
    row = DraftRow(new_id(), base.process_key, base.id, 1, "open", actor.staff_id, now, actor.staff_id, now)
    if not drafts.add(connection, row):
        raise StaleVersion(base.process_key)
    _keep(connection, row, RevisionKind.OPENED, base.files, actor, now)
    _note(connection, actor, "draft.opened", row, now, version=base.number)
    return _draft(connection, row)


def save(
    engine: Engine, actor: Actor, process_key: str, diagram: bytes, *, seen: int, now: datetime
) -> Draft:  # fmt: skip
    """Keep a diagram as the next revision of the open draft. seen: the revision on which it was made.

    The same content again changes nothing. Raises FormInvalid for what is no XML that may be read, NotFound where no
    draft is open, DraftTaken when somebody saved since: the diagram was put aside then.
    """
    _require_owner(actor)
    _require_readable(diagram)
    return save_files(engine, actor, process_key, {PROCESS_FILE: diagram}, seen=seen, now=now)


def save_files(
    engine: Engine, actor: Actor, process_key: str, changed: Mapping[str, bytes | None], *, seen: int, now: datetime
) -> Draft:
    """Keep other files of the package as the next revision; None takes one away. The rest as for ``save``."""
    _require_owner(actor)
    with engine.database.write() as connection:
        row = _open(connection, process_key, lock=True)
        fresh = _with(connection, row, changed)
        if _same(connection, row, row.revision, fresh):
            return _draft(connection, row)
        if row.revision == seen:
            return _draft(connection, _advance(connection, row, RevisionKind.SAVED, fresh, actor, now))
        aside = _put_aside(connection, row, fresh, actor, now)
        taken = DraftTaken(_draft(connection, row), aside)
    raise taken


def restore(engine: Engine, actor: Actor, process_key: str, number: int, *, seen: int, now: datetime) -> Draft:
    """Make an earlier revision (or one put aside) the newest one; what lies between stays.

    Raises NotFound for a revision that is not kept, StaleVersion when somebody saved since ``seen``.
    """
    _require_owner(actor)
    with engine.database.write() as connection:
        row = _open(connection, process_key, lock=True)
        found = _files(connection, row, number)
        if row.revision != seen:
            raise StaleVersion(process_key)
        if _same(connection, row, row.revision, found):
            return _draft(connection, row)
        return _draft(connection, _advance(connection, row, RevisionKind.RESTORED, found, actor, now, number))


def before(engine: Engine, actor: Actor, process_key: str) -> int | None:
    """The number of the revision to which ``undo`` would go back; None at the beginning. NotFound, NotAuthorised."""
    _require_owner(actor)
    with engine.database.read() as connection:
        return _before(connection, _open(connection, process_key))


def undo(engine: Engine, actor: Actor, process_key: str, *, seen: int, now: datetime) -> Draft:
    """Go back one revision; again: one more. Raises NotFound at the beginning, StaleVersion as ``restore``."""
    _require_owner(actor)
    with engine.database.write() as connection:
        row = _open(connection, process_key, lock=True)
        if row.revision != seen:
            raise StaleVersion(process_key)
        number = _before(connection, row)
        if number is None:
            raise NotFound("draft")
        found = _files(connection, row, number)
        return _draft(connection, _advance(connection, row, RevisionKind.RESTORED, found, actor, now, number))


def discard(engine: Engine, actor: Actor, process_key: str, *, seen: int, now: datetime) -> None:
    """Close the open draft without publishing it; ``reopen`` brings it back.

    Raises NotFound where none is open, StaleVersion when somebody saved since ``seen``.
    """
    _require_owner(actor)
    with engine.database.write() as connection:
        row = _open(connection, process_key, lock=True)
        if row.revision != seen:
            raise StaleVersion(process_key)
        drafts.change(connection, row.id, state="discarded", changed_by=actor.staff_id, changed_at=now)
        _note(connection, actor, "draft.discarded", row, now)


def reopen(engine: Engine, actor: Actor, process_key: str, *, now: datetime) -> Draft:
    """Bring back the draft that was discarded last; where one is open, that one. Raises NotFound."""
    _require_owner(actor)
    with engine.database.write() as connection:
        row = drafts.current(connection, process_key)
        if row is not None:
            return _draft(connection, row)
        found = drafts.last_discarded(connection, process_key)
        if found is None:
            raise NotFound("draft")
        drafts.change(connection, found.id, state="open", changed_by=actor.staff_id, changed_at=now)
        _note(connection, actor, "draft.reopened", found, now)
        return _draft(connection, replace(found, state="open", changed_by=actor.staff_id, changed_at=now))


def can_reopen(engine: Engine, actor: Actor, process_key: str) -> bool:
    """Whether a discarded draft could be brought back."""
    _require_owner(actor)
    with engine.database.read() as connection:
        return drafts.last_discarded(connection, process_key) is not None


def revisions(engine: Engine, actor: Actor, process_key: str) -> tuple[RevisionRow, ...]:
    """What was saved of the open draft, newest first. Raises NotFound, NotAuthorised."""
    _require_owner(actor)
    with engine.database.read() as connection:
        return drafts.revisions(connection, _open(connection, process_key).id, KEPT)


def close_published(
    connection: Connection, actor: Actor, draft_id: str, revision: int, version_id: str, now: datetime
) -> bool:
    """Close a draft whose ``revision`` became a version, inside the transaction that publishes it.

    False when somebody saved since: it stays open then, and goes on from the new version.
    """
    row = drafts.by_id(connection, draft_id)
    if row is None or row.state != "open":
        return False
    done = row.revision == revision
    drafts.change(connection, draft_id, base_version_id=version_id, state="published" if done else "open")
    _note(connection, actor, "draft.published", row, now, published=revision, version_id=version_id)
    return done


# ---------------------------------------------------------------- inside


def _require_owner(actor: Actor) -> None:
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("draft")


def _require_readable(diagram: bytes) -> None:
    found = parse_xml(diagram, PROCESS_FILE)
    if isinstance(found, Finding):
        raise FormInvalid({"diagram": f"{found.message_ja}{found.remedy_ja}"})


def _open(connection: Connection, process_key: str, *, lock: bool = False) -> DraftRow:
    row = drafts.current(connection, process_key, lock=lock)
    if row is None:
        raise NotFound("draft")
    return row


def _version(connection: Connection, process_key: str, number: int | None) -> store.VersionRow:
    if number is None:
        version_id = store.live_versions(connection).get(process_key, "")
    else:
        version_id = store.versions_of(connection, process_key).get(number, "")
    found = store.get(connection, version_id)
    if found is None:
        raise NotFound("process")
    return found


def _files(connection: Connection, row: DraftRow, number: int) -> dict[str, bytes]:
    found = drafts.files(connection, row.id, number)
    if found is None:
        raise NotFound("draft")
    return found


def _before(connection: Connection, row: DraftRow) -> int | None:
    """What counted before the newest revision; one that was taken back stands where its content was first saved."""
    counted = [kept for kept in drafts.revisions(connection, row.id, KEPT) if kept.kind != RevisionKind.ASIDE]
    at = 0
    while at < len(counted) and counted[at].kind == RevisionKind.RESTORED:
        same = [n for n in range(at + 1, len(counted)) if counted[n].content_hash == counted[at].content_hash]
        if not same:
            break
        at = same[0]
    return counted[at + 1].number if at + 1 < len(counted) else None


def _with(connection: Connection, row: DraftRow, changed: Mapping[str, bytes | None]) -> dict[str, bytes]:
    merged = {**_files(connection, row, row.revision), **changed}
    files = {path: content for path, content in merged.items() if content is not None}
    return draft_files.fitting(connection, row.process_key, files)


def _same(connection: Connection, row: DraftRow, number: int, content: Mapping[str, bytes]) -> bool:
    kept = drafts.revision(connection, row.id, number)
    return kept is not None and kept.content_hash == content_hash(content)


def _advance(
    connection: Connection, row: DraftRow, kind: RevisionKind, content: Mapping[str, bytes], actor: Actor,
    now: datetime, restored: int | None = None,
) -> DraftRow:  # fmt: skip
    number = _keep(connection, row, kind, content, actor, now)
    drafts.change(connection, row.id, revision=number, changed_by=actor.staff_id, changed_at=now)
    drafts.prune(connection, row.id, number - KEPT)
    _note(connection, actor, f"draft.{kind.value}", row, now, now_revision=number, from_revision=restored)
    return replace(row, revision=number, changed_by=actor.staff_id, changed_at=now)


def _put_aside(
    connection: Connection, row: DraftRow, content: Mapping[str, bytes], actor: Actor, now: datetime
) -> int:  # fmt: skip
    """Keep a refused save; the same one sent again is kept once."""
    digest = content_hash(content)
    for kept in drafts.revisions(connection, row.id, KEPT):
        if kept.kind == RevisionKind.ASIDE and (kept.content_hash, kept.by) == (digest, actor.staff_id):
            return kept.number
    number = _keep(connection, row, RevisionKind.ASIDE, content, actor, now)
    _note(connection, actor, "draft.aside", row, now, now_revision=number)
    return number


def _keep(
    connection: Connection, row: DraftRow, kind: RevisionKind, content: Mapping[str, bytes], actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    number = drafts.highest(connection, row.id) + 1
    kept = RevisionRow(row.id, number, kind.value, content_hash(content), actor.staff_id, now)
    drafts.add_revision(connection, kept, content)
    return number


def _draft(connection: Connection, row: DraftRow) -> Draft:
    return Draft(
        id=row.id, process_key=row.process_key, base_version_id=row.base_version_id,
        base_number=store.number_of(connection, row.base_version_id), revision=row.revision, state=row.state,
        opened_by=row.opened_by, opened_at=row.opened_at, changed_by=row.changed_by, changed_at=row.changed_at,
    )  # fmt: skip


def _note(
    connection: Connection, actor: Actor, act: str, row: DraftRow, now: datetime, **more: object
) -> None:  # fmt: skip
    data = {"process": row.process_key, "draft": row.id, "revision": row.revision}
    data |= {name: value for name, value in more.items() if value is not None}
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
