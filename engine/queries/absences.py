"""Who is away and who stands in, and what waits for a deputy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, literal, select

from engine.domain.business_days import tokyo_date
from engine.domain.staff import Actor
from engine.queries.board import FAR, BoardRow, read_row, rows_of
from engine.queries.reassigning import colleagues
from engine.queries.visibility import task_visible
from engine.storage import absences as store
from engine.storage.board_tables import absence
from engine.storage.columns import Instant
from engine.storage.sql import one_of
from engine.storage.tables import staff, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Absence:
    """Somebody is away; ``open_tasks``: how many tasks the person holds now."""

    id: str
    staff_id: str
    name: str
    deputy_name: str
    from_on: date
    until_on: date
    open_tasks: int


def absences(engine: Engine, actor: Actor, *, now: datetime) -> tuple[Absence, ...]:
    """Absences of the actor's offices that have not passed, the soonest first."""
    known = [one for one, _ in colleagues(engine, actor, now=now)]
    deputy = staff.alias("deputy")
    held = (
        select(func.count())
        .where(user_task.c.assignee_id == absence.c.staff_id, one_of(user_task.c.state, "open", "claimed", "held"))
        .scalar_subquery()
    )
    query = (
        select(absence, staff.c.name, deputy.c.name.label("deputy_name"), held.label("held"))
        .select_from(
            absence.join(staff, staff.c.id == absence.c.staff_id).join(deputy, deputy.c.id == absence.c.deputy_id)
        )
        .where(absence.c.staff_id.in_(known), absence.c.ended_at.is_(None), absence.c.until_on >= tokyo_date(now))
        .order_by(absence.c.from_on, absence.c.id)
    )
    with engine.database.read() as connection:
        rows = connection.execute(query).all()
    return tuple(
        Absence(row.id, row.staff_id, row.name, row.deputy_name, row.from_on, row.until_on, row.held) for row in rows
    )


def waiting_for_deputy(engine: Engine, actor: Actor, *, now: datetime) -> tuple[BoardRow, ...]:
    """Open tasks of those for whom the actor stands in today, of what the actor may see, the most urgent first."""
    with engine.database.read() as connection:
        people = sorted(store.stood_in_for(connection, actor.staff_id, tokyo_date(now)))
        if not people:
            return ()
        mine = and_(
            user_task.c.assignee_id.in_(people), one_of(user_task.c.state, "open", "claimed", "held"),
            task_visible(actor, now),
        )  # fmt: skip
        query = rows_of(user_task, actor, now).where(mine)
        rows = connection.execute(query.order_by(func.coalesce(user_task.c.due_at, literal(FAR, Instant)))).all()
    return tuple(read_row(engine, row, now) for row in rows)
