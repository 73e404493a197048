"""Who else has a draft open: noted when its page opens and again every so often while it stays open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.services import drafting
from engine.services.drafting import Draft
from engine.services.engine import Engine
from engine.storage import drafts

HERE = timedelta(seconds=90)  #: whoever was heard of within that time has it open
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Presence:
    """A draft as it is now, and the ids of the others who have it open, the latest first."""

    draft: Draft
    others: tuple[str, ...]


def here(engine: Engine, actor: Actor, process_key: str, *, now: datetime) -> Presence:
    """Note that the actor has the open draft before them. Raises NotFound where none is open, NotAuthorised.

    It is no act on anything, so no trail is kept of it.
    """
    draft = drafting.current(engine, actor, process_key)
    if draft is None:
        raise NotFound("draft")
    with engine.database.write() as connection:
        drafts.here(connection, draft.id, actor.staff_id, now, forget=now - KEPT)
        present = drafts.present(connection, draft.id, now - HERE)
    return Presence(draft, tuple(one for one in present if one != actor.staff_id))
