"""The access log, as pages and services write it: a read that matters, noted when it happens."""

from __future__ import annotations

import logging
from datetime import datetime

from engine.domain.errors import StorageUnavailable
from engine.domain.staff import Actor
from engine.services.engine import Engine
from engine.storage import audit
from engine.storage.audit import BrokenLink

log = logging.getLogger(__name__)


def log_access(
    engine: Engine, actor: Actor, act: str, *, case_id: str | None = None, what: str = "", reason: str = "",
    now: datetime,
) -> None:  # fmt: skip
    """Note who looked at what, when and why (without a reason: with which token). The log is only ever added to.

    While nothing can be written the note goes to the process's own log: work on a case must not stop with the disk.
    """
    try:
        with engine.database.write(hurry=True) as connection:
            audit.log_access(
                connection, at=now, staff_id=actor.staff_id, act=act, case_id=case_id, what=what,
                reason=reason or " ".join(f"{name}:{value}" for name, value in actor.origin.items()),
            )  # fmt: skip
    except StorageUnavailable:
        facts = {"at": now.isoformat(), "staff": actor.staff_id, "act": act, "case": case_id, "what": what}
        log.warning("access: %s", " ".join(f"{name}={value}" for name, value in facts.items()))


def verify(engine: Engine) -> list[BrokenLink]:
    """The first broken entry of each audit chain; empty when the whole trail is sound."""
    with engine.database.read() as connection:
        return audit.verify(connection)
