"""お知らせ: what one person was told, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, or_, select

from engine.domain.staff import Actor
from engine.queries.visibility import case_visible, task_visible
from engine.storage.prepared import Prepared
from engine.storage.tables import notification, person, support_case, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine

LIMIT = 100
_UNREAD = Prepared(
    select(func.count()).where(notification.c.staff_id == bindparam("person"), notification.c.read_at.is_(None))
)


@dataclass(frozen=True)
class Notice:
    """One notice. Case and task are empty when the actor may no longer see them; process: of one about it."""

    about: str
    at: datetime
    read: bool
    case_number: str
    subject_name: str
    task_id: str
    task_name: str
    process_key: str
    process_name: str


def unread_count(engine: Engine, actor: Actor) -> int:
    """How many notices wait to be read."""
    with engine.database.read() as connection:
        return int(_UNREAD.scalar(connection, {"person": actor.staff_id}))


def notices(engine: Engine, actor: Actor, *, now: datetime) -> tuple[Notice, ...]:
    """The newest notices of the actor, with what of their case and task may be seen now."""
    task_join = and_(user_task.c.id == notification.c.task_id, or_(task_visible(actor, now)))
    case_known = case_visible(actor, now)
    query = (
        select(
            notification.c.about, notification.c.at, notification.c.read_at, support_case.c.number, person.c.name,
            user_task.c.id.label("task_id"), user_task.c.name.label("task_name"), case_known.label("case_known"),
        )
        .select_from(
            notification.outerjoin(support_case, support_case.c.id == notification.c.case_id)
            .outerjoin(person, person.c.id == support_case.c.subject_id)
            .outerjoin(user_task, task_join)
        )
        .where(notification.c.staff_id == actor.staff_id)
        .order_by(notification.c.at.desc(), notification.c.id.desc())
        .limit(LIMIT)
    )  # fmt: skip
    with engine.database.read() as connection:
        rows = connection.execute(query).all()
    names = {d.process_key: d.name for d in engine.definitions.all_live()} if any("/" in r.about for r in rows) else {}
    return tuple(_notice(row, names) for row in rows)


def _notice(row: Any, names: Mapping[str, str]) -> Notice:
    about, _, process_key = row.about.partition("/")
    return Notice(
        about=about,
        at=row.at,
        read=row.read_at is not None,
        case_number=row.number if row.case_known else "",
        subject_name=row.name if row.case_known else "",
        task_id=row.task_id or "",
        task_name=row.task_name or "",
        process_key=process_key,
        process_name=names.get(process_key, process_key),
    )
