"""A process that does not exist yet: its first draft, made of very little, to be drawn and published as any other.

What it begins with is kept as its first version, which is never live; nobody but process owners sees it before it is
published.
"""

from __future__ import annotations

import re
from datetime import datetime

from engine.definitions.package import content_hash
from engine.definitions.skeleton import Beginning, files_of
from engine.domain.errors import FormInvalid, NotAuthorised
from engine.domain.staff import Actor
from engine.services import deployments, drafting, repairers
from engine.services.drafting import Draft
from engine.services.engine import Engine
from engine.storage import audit, drafts
from engine.storage import definitions as store

_KEY = re.compile(r"[a-z][a-z0-9_]{2,40}")
#: names of folders and addresses that are no processes
_RESERVED = frozenset({"forms", "decisions", "new", "reference", "calendars", "scenarios", "workflows", "demo"})
LONGEST = 400


def begin(engine: Engine, actor: Actor, beginning: Beginning, *, now: datetime) -> Draft:
    """Begin a process with an open draft. Raises NotAuthorised; FormInvalid by field for what cannot be."""
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("draft")
    _require_sensible(engine, beginning)
    files = files_of(beginning)
    with engine.database.write() as connection:
        if store.versions_of(connection, beginning.key):
            raise FormInvalid({"key": "この識別子の手続きはもうあります。別の識別子にしてください。"})
        version_id = store.add(
            connection, process_key=beginning.key, name=beginning.name, content_hash=content_hash(files), files=files,
            engine_version=deployments.engine_version(), now=now,
        )  # fmt: skip
        data = {"process": beginning.key, "name": beginning.name, "version_id": version_id}
        audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act="process.begun", data=data)
        version = store.get(connection, version_id)
        assert version is not None, "it was stored a moment ago"
        return drafting.open_on(connection, actor, version, now)


def unpublished(engine: Engine, actor: Actor) -> tuple[tuple[str, str], ...]:
    """(key, name) of the processes that were begun and are not published yet, for process owners. NotAuthorised."""
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("draft")
    with engine.database.read() as connection:
        return drafts.never_live(connection)


def _require_sensible(engine: Engine, beginning: Beginning) -> None:
    faults = {}
    if not _KEY.fullmatch(beginning.key) or beginning.key in _RESERVED:
        faults["key"] = "識別子は、英小文字で始まる英小文字・数字・下線（3文字から41文字）にしてください。"
    for place, text in (("name", beginning.name), ("purpose", beginning.purpose), ("task", beginning.task)):
        if not text.strip():
            faults[place] = "入力してください。"
        elif len(text) > LONGEST or not text.isprintable():
            faults[place] = f"{LONGEST}文字までの一行で書いてください。"
    if beginning.role not in {role.value for role in engine.reference.roles}:
        faults["role"] = "役割を選んでください。"
    if faults:
        raise FormInvalid(faults)
