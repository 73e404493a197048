"""What a database holds at all: its schema's version, how many rows, and facts that tell how an installation fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from engine.domain.errors import StorageUnavailable
from engine.storage.database import Database, migration_config, schema_version
from engine.storage.tables import incident, outbox, staff, support_case, timer


def newest() -> str:
    """The schema version of this software."""
    head = ScriptDirectory.from_config(migration_config("sqlite://")).get_current_head()
    assert head is not None, "there are migrations"
    return head


def is_current(database: Database) -> bool:
    """Whether the database has the schema of this software."""
    return schema_version(database) == newest()


def unreachable(database: Database) -> str:
    """Why no connection can be made, or "" when one can."""
    try:
        with database.read() as connection:
            connection.execute(select(1))
    except (StorageUnavailable, SQLAlchemyError) as error:
        return str(getattr(error, "orig", error)).strip() or type(error).__name__
    return ""


def holds_work(connection: Connection) -> bool:
    """Whether accounts or cases exist, so that the database is somebody's."""
    return any(connection.execute(select(table.c.id).limit(1)).first() is not None for table in (staff, support_case))


@dataclass(frozen=True)
class Backlog:
    """What waits: open incidents, moments given up, moments due for a while, messages given up."""

    incidents: int
    failed_timers: int
    late_timers: int
    failed_messages: int


def backlog(connection: Connection, *, late_since: datetime) -> Backlog:
    """Counts of what should be nothing; late: due before ``late_since`` and still pending."""

    def count(*conditions: object, of: object) -> int:
        return int(connection.execute(select(func.count()).select_from(of).where(*conditions)).scalar_one())  # type: ignore[arg-type]

    return Backlog(
        incidents=count(incident.c.resolved_at.is_(None), of=incident),
        failed_timers=count(timer.c.state == "failed", of=timer),
        late_timers=count(timer.c.state.in_(("pending", "claimed")), timer.c.next_at < late_since, of=timer),
        failed_messages=count(outbox.c.state == "failed", of=outbox),
    )
