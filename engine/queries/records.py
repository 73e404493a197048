"""What people wrote on a case: the list of records and one record with its earlier versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select

from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.case_file import CaseHead
from engine.queries.visibility import own_orgs, record_visible
from engine.storage.tables import organisation, record, staff, support_case, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class RecordRow:
    """One record in a list. ``number``: 1, corrections add one; ``series`` joins the versions; ``own``: my office's."""

    id: str
    form_key: str
    number: int
    series: str
    author_name: str
    org_name: str
    own: bool
    at: datetime
    task_name: str
    reason: str


@dataclass(frozen=True)
class RecordView:
    """One record with what was written. ``version_id`` and ``task_form`` lead to the form that presents it.

    ``has_sealed``: it holds values that are masked here.
    """

    row: RecordRow
    process_key: str
    version_id: str
    task_form: str
    data: Mapping[str, Any]
    has_sealed: bool
    versions: tuple[RecordRow, ...]


def records(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[RecordRow, ...]:
    """The newest version of each record of the case that the actor may read, the newest first."""
    query = _rows().where(record.c.case_id == head.id, record_visible(actor, now))
    own = own_orgs(actor)
    newest: dict[str, RecordRow] = {}
    with engine.database.read() as connection:
        for row in connection.execute(query.order_by(record.c.at, record.c.number)):
            newest[row.series] = _row(row, own)
    return tuple(sorted(newest.values(), key=lambda found: found.at, reverse=True))


def record_view(engine: Engine, actor: Actor, head: CaseHead, record_id: str, *, now: datetime) -> RecordView:
    """One record of the case. Raises NotFound when it is absent or not the actor's to read."""
    visible = _rows().where(record.c.case_id == head.id, record_visible(actor, now))
    own = own_orgs(actor)
    with engine.database.read() as connection:
        row = connection.execute(visible.where(record.c.id == record_id)).first()
        if row is None:
            raise NotFound("record")
        series = connection.execute(visible.where(record.c.series == row.series).order_by(record.c.number)).all()
    return RecordView(
        row=_row(row, own),
        process_key=row.process_key or "",
        version_id=row.version_id,
        task_form=row.task_form,
        data=row.data,
        has_sealed=row.sealed is not None,
        versions=tuple(_row(other, own) for other in series),
    )


def _rows() -> Select[Any]:
    return select(
        record.c.id, record.c.form_key, record.c.task_form, record.c.version_id, record.c.number, record.c.series,
        record.c.data, record.c.sealed, record.c.at, record.c.reason, record.c.org_id,
        staff.c.name.label("author_name"), organisation.c.name.label("org_name"),
        user_task.c.name.label("task_name"), user_task.c.process_key,
    ).select_from(
        record.join(support_case, support_case.c.id == record.c.case_id)
        .outerjoin(staff, staff.c.id == record.c.author_id)
        .outerjoin(organisation, organisation.c.id == record.c.org_id)
        .outerjoin(user_task, user_task.c.id == record.c.task_id)
    )  # fmt: skip


def _row(row: Any, own: list[str]) -> RecordRow:
    return RecordRow(
        id=row.id,
        form_key=row.form_key,
        number=row.number,
        series=row.series,
        author_name=row.author_name or "",
        org_name=row.org_name or "",
        own=row.org_id in own,
        at=row.at,
        task_name=row.task_name or "",
        reason=row.reason,
    )
