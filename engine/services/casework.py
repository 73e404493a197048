"""Comments and attached files: added by whoever sees the task or shares in the case, taken back by who added them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.domain.errors import FormInvalid, NotAuthorised, NotFound, NotOpen
from engine.domain.file_kinds import FileRefused, Refusal, kind_of, safe_name
from engine.domain.staff import Actor
from engine.queries import casework as reading
from engine.queries.visibility import CASE_ROLES, own_orgs
from engine.services import access
from engine.services.engine import Engine
from engine.storage import audit, cases, casework
from engine.storage.database import Connection
from engine.storage.file_store import FileStore
from engine.storage.sql import new_id

MAX_COMMENT = 4000  #: characters
MAX_REASON = 500
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Place:
    """Where something is added: a case, or one of its tasks."""

    case_id: str
    task_id: str | None = None
    element_id: str | None = None
    org_id: str = ""  #: for which organisation the person speaks there


def store_of(engine: Engine) -> FileStore:
    """Where the attached files of this installation lie."""
    return FileStore(engine.settings.files)


def at_task(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> Place:
    """A task as a place to add to. Raises NotFound; NotOpen when its case was closed."""
    with engine.database.read() as connection:
        found = access.visible_task(connection, actor, task_id, now=now)
        _require_open(connection, found.task.case_id)
        org = next((m.org_id for m in found.memberships), "") or _own_org(connection, actor, found.task.case_id)
    return Place(found.task.case_id, task_id, found.task.element_id, org)


def at_case(engine: Engine, actor: Actor, case_id: str, *, now: datetime) -> Place:
    """A case as a place to add to. Raises NotFound, NotOpen, and NotAuthorised for a guest of one conference."""
    with engine.database.read() as connection:
        access.visible_case(connection, actor, case_id, now=now)
        if not own_orgs(actor):
            raise NotAuthorised("comment")
        _require_open(connection, case_id)
        return Place(case_id, org_id=_own_org(connection, actor, case_id))


def comment(engine: Engine, actor: Actor, place: Place, text: str, *, key: str, now: datetime) -> None:
    """Add a comment. ``key`` of the form: sent twice, it is kept once. Raises FormInvalid."""
    body = text.replace("\r\n", "\n").strip()
    if not body:
        raise FormInvalid({"comment": "コメントを入力してください。"})
    if len(body) > MAX_COMMENT:
        raise FormInvalid({"comment": f"コメントは{MAX_COMMENT:,}文字までです。いまは{len(body):,}文字です。"})
    with engine.database.write() as connection:
        row = _row(actor, place, key, now)
        if casework.add_comment(connection, {**row, "body": body}):
            _note(connection, actor, place, "comment.added", {"comment": row["id"]}, now)


def attach(engine: Engine, actor: Actor, place: Place, name: str, content: bytes, *, key: str, now: datetime) -> None:
    """Keep a file. ``key`` as for a comment. Raises FileRefused with the reason, StorageUnavailable."""
    plain = safe_name(name)
    if not plain:
        raise FileRefused(Refusal.NAME if content else Refusal.MISSING)
    kind, store = kind_of(plain, content), store_of(engine)
    with store.adding():
        digest = store.put(content)
        row = _row(actor, place, key, now) | {
            "name": plain, "media_type": kind.media_type, "size": len(content), "sha256": digest,
        }  # fmt: skip
        with engine.database.write() as connection:
            if casework.add_attachment(connection, row):
                facts = {"attachment": row["id"], "sha256": digest, "size": len(content)}
                _note(connection, actor, place, "attachment.added", facts, now)


def withdraw_comment(engine: Engine, actor: Actor, id: str, *, reason: str, now: datetime) -> Place:
    """Take one's own comment back: its line stays, its text is shown no more. Raises NotFound, NotAuthorised."""
    return _withdraw(engine, actor, "comment", id, reason, now)


def withdraw_attachment(engine: Engine, actor: Actor, id: str, *, reason: str, now: datetime) -> Place:
    """Take one's own file back: nobody can open it any more. Raises NotFound, NotAuthorised."""
    return _withdraw(engine, actor, "attachment", id, reason, now)


def file_of(engine: Engine, attachment: reading.Attachment) -> Path:
    """The file of an attachment that was found readable. Raises NotFound when it is not in the store."""
    path = store_of(engine).path(attachment.sha256)
    if not path.is_file():
        raise NotFound("file")
    return path


def tidy(engine: Engine, *, now: datetime) -> int:
    """Delete files that no attachment names; returns how many."""

    def named() -> frozenset[str]:
        with engine.database.read() as connection:
            return casework.named_files(connection)

    return store_of(engine).tidy(named, now=now)


# ---------------------------------------------------------------- pieces


def _require_open(connection: Connection, case_id: str) -> None:
    case = cases.get(connection, case_id)
    if case is None or case.status == "closed":
        raise NotOpen("closed")


def _own_org(connection: Connection, actor: Actor, case_id: str) -> str:
    """The organisation of the person that takes part in the case, else the first with case work, else the first."""
    taking_part = {row.org_id for row in cases.participations(connection, case_id) if row.ended_at is None}
    working = [m.org_id for m in actor.memberships if m.role in CASE_ROLES]
    every = [m.org_id for m in actor.memberships]
    return next((org for org in working if org in taking_part), (working or every or [""])[0])


def _row(actor: Actor, place: Place, key: str, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "key": key if _KEY.fullmatch(key) else new_id(), "case_id": place.case_id,
        "task_id": place.task_id, "org_id": place.org_id, "staff_id": actor.staff_id, "at": now,
    }  # fmt: skip


def _note(connection: Connection, actor: Actor, place: Place, act: str, data: dict[str, Any], now: datetime) -> None:
    audit.append(
        connection, chain=place.case_id, at=now, actor=actor.staff_id, act=act, task_id=place.task_id,
        element_id=place.element_id, data=data,
    )  # fmt: skip


def _withdraw(engine: Engine, actor: Actor, kind: str, id: str, reason: str, now: datetime) -> Place:
    with engine.database.read() as connection:
        found = reading.added(connection, actor, kind, id, now)
    if found is None:
        raise NotFound(kind)
    if found.staff_id != actor.staff_id:
        raise NotAuthorised(f"withdraw {kind}")
    place, why = Place(found.case_id, found.task_id), reason.strip()[:MAX_REASON]
    take_back = casework.withdraw_comment if kind == "comment" else casework.withdraw_attachment
    with engine.database.write() as connection:
        if take_back(connection, id, at=now, reason=why):
            _note(connection, actor, place, f"{kind}.withdrawn", {kind: id, "reason": why}, now)
    return place
