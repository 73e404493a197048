"""What people set up for themselves: filter and order of their inbox, and whether single keys act."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.staff import Actor
from engine.services.engine import Engine
from engine.storage import desks as store


@dataclass(frozen=True)
class DeskChoice:
    """A person's own choices. Empty texts filter nothing; words searched for are never kept."""

    due: str = ""
    process: str = ""
    org: str = ""
    shortcuts: bool = True
    sort: str = ""
    capacity: str = ""


def keep_filter(engine: Engine, actor: Actor, *, due: str, process: str, org: str, sort: str) -> None:
    """Remember how the inbox is filtered and sorted; empty texts forget it."""
    with engine.database.write() as connection:
        store.keep(connection, actor.staff_id, {"due": due, "process_key": process, "org_id": org, "sort": sort})


def set_shortcuts(engine: Engine, actor: Actor, *, on: bool) -> None:
    """Whether keys without a modifier act on the person's pages (WCAG 2.1.4)."""
    with engine.database.write() as connection:
        store.keep(connection, actor.staff_id, {"shortcuts": on})
