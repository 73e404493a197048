"""お知らせ: what a person was told, and that it was read."""

from __future__ import annotations

from datetime import datetime

from engine.domain.staff import Actor
from engine.services.engine import Engine
from engine.storage import notifications


def mark_all_read(engine: Engine, actor: Actor, *, until: datetime, now: datetime) -> int:
    """The actor has read everything told up to ``until`` (when the list was shown); how many were new."""
    with engine.database.write() as connection:
        return notifications.mark_read(connection, actor.staff_id, until=until, at=now)
