"""Comments and attached files, as far as somebody may read them.

What belongs to a task is for everybody who sees the task; what belongs to the case is for those who carry the case and
for the organisation that added it. Taken back, a thing keeps its line and loses its content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, or_, select

from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.case_file import CaseHead
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.visibility import among, case_visible, own_orgs, sees_whole_case, task_visible
from engine.storage.casework import Added
from engine.storage.casework_tables import case_attachment, case_comment
from engine.storage.sealing import unseal
from engine.storage.sql import as_row, columns_of
from engine.storage.tables import organisation, staff, support_case, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Source:
    """Who added something, where and when; ``mine``: the actor may take it back."""

    id: str
    at: datetime
    author_name: str
    org_name: str
    mine: bool
    case_id: str
    task_id: str | None
    task_name: str
    withdrawn_at: datetime | None
    withdrawn_reason: str


@dataclass(frozen=True)
class Comment:
    """A comment; its text is empty once it was taken back."""

    source: Source
    body: str


@dataclass(frozen=True)
class Attachment:
    """An attached file. ``size`` in bytes; ``sha256`` names it in the store."""

    source: Source
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Talk:
    """Comments and files of one place; ``more_...``: where the next page of each begins."""

    comments: tuple[Comment, ...]
    attachments: tuple[Attachment, ...]
    more_comments: After | None = None
    more_attachments: After | None = None

    @property
    def comment_count(self) -> int:
        """Comments of this page that were not taken back."""
        return sum(comment.source.withdrawn_at is None for comment in self.comments)

    @property
    def attachment_count(self) -> int:
        """Files of this page that were not taken back."""
        return sum(attachment.source.withdrawn_at is None for attachment in self.attachments)


def of_task(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> Talk:
    """The newest comments and files of a task, the newest first; empty for a task that the actor does not see."""
    with engine.database.read() as connection:
        return _talk(connection, actor, lambda table: table.c.task_id == task_id, (None, None), now)


def of_case(
    engine: Engine, actor: Actor, head: CaseHead, *, after: tuple[After | None, After | None], now: datetime
) -> Talk:
    """Comments and files of a case and of all its tasks, the newest first. after: for comments and for files."""
    with engine.database.read() as connection:
        return _talk(connection, actor, lambda table: table.c.case_id == head.id, after, now)


def attachment(engine: Engine, actor: Actor, id: str, *, now: datetime) -> Attachment:
    """One file. Raises NotFound when it is absent, taken back, or not the actor's to read."""
    query = _rows(case_attachment, actor, now).where(
        case_attachment.c.id == id, case_attachment.c.withdrawn_at.is_(None)
    )
    with engine.database.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound("attachment")
    return _attachment(row, actor)


def added(connection: Connection, actor: Actor, kind: str, id: str, now: datetime) -> Added | None:
    """A comment or an attachment (``kind``) that the actor may read, else None."""
    table = {"comment": case_comment, "attachment": case_attachment}[kind]
    query = select(*columns_of(table, Added)).select_from(_joined(table))
    row = connection.execute(query.where(table.c.id == id, _readable(table, actor, now))).first()
    return None if row is None else as_row(Added, row)


# ---------------------------------------------------------------- pieces


def _readable(table: Table, actor: Actor, now: datetime) -> ColumnElement[bool]:
    own = own_orgs(actor)
    of_own = among(table.c.org_id, own)
    on_task = and_(table.c.task_id.is_not(None), task_visible(actor, now))
    return or_(on_task, sees_whole_case(actor, now), and_(case_visible(actor, now), of_own))


def _joined(table: Table) -> Any:
    return (
        table.join(support_case, support_case.c.id == table.c.case_id)
        .outerjoin(user_task, user_task.c.id == table.c.task_id)
        .outerjoin(staff, staff.c.id == table.c.staff_id)
        .outerjoin(organisation, organisation.c.id == table.c.org_id)
    )


def _rows(table: Table, actor: Actor, now: datetime) -> Select[Any]:
    names = (
        staff.c.name.label("author_name"), organisation.c.name.label("org_name"), user_task.c.name.label("task_name")
    )  # fmt: skip
    return select(*table.c, *names).select_from(_joined(table)).where(_readable(table, actor, now))


def _talk(
    connection: Connection, actor: Actor, where: Any, after: tuple[After | None, After | None], now: datetime
) -> Talk:
    comments, more_comments = _page(connection, case_comment, actor, where, after[0], now)
    files, more_files = _page(connection, case_attachment, actor, where, after[1], now)
    return Talk(
        comments=tuple(_comment(row, actor) for row in comments),
        attachments=tuple(_attachment(row, actor) for row in files),
        more_comments=more_comments,
        more_attachments=more_files,
    )


def _page(
    connection: Connection, table: Table, actor: Actor, where: Any, after: After | None, now: datetime
) -> tuple[Sequence[Any], After | None]:
    query = _rows(table, actor, now).where(where(table)).order_by(table.c.at.desc(), table.c.id.desc())
    moment = after.moment() if after else None
    if after and moment:
        query = query.where(or_(table.c.at < moment, and_(table.c.at == moment, table.c.id < after.id)))
    rows = connection.execute(query.limit(PAGE_SIZE + 1)).all()
    page = rows[:PAGE_SIZE]
    more = After(page[-1].at.isoformat(), page[-1].id) if len(rows) > PAGE_SIZE else None
    return page, more


def _source(row: Any, actor: Actor) -> Source:
    return Source(
        id=row.id,
        at=row.at,
        author_name=row.author_name or "",
        org_name=row.org_name or row.org_id,
        mine=row.staff_id == actor.staff_id,
        case_id=row.case_id,
        task_id=row.task_id,
        task_name=row.task_name or "",
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
    )


def _comment(row: Any, actor: Actor) -> Comment:
    return Comment(_source(row, actor), "" if row.withdrawn_at else str(unseal(row.body)))


def _attachment(row: Any, actor: Actor) -> Attachment:
    name = "" if row.withdrawn_at else row.name
    return Attachment(_source(row, actor), name, row.media_type, row.size, row.sha256)
