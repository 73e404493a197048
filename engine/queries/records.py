"""What people wrote on a case: the list of records and one record with its earlier versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, select

from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.case_file import MASK, CaseHead
from engine.queries.visibility import own_orgs, record_visible
from engine.storage.sealing import join
from engine.storage.tables import organisation, person, programme, record, staff, support_case, user_task

if TYPE_CHECKING:
    from engine.forms.api import PresentedSection
    from engine.forms.form import Form
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
    """One record as it is read: its sections with labels and texts, sealed values masked, and its versions."""

    row: RecordRow
    sections: tuple[PresentedSection, ...]
    versions: tuple[RecordRow, ...]

    @property
    def has_sealed(self) -> bool:
        """Whether a seal hides something of it."""
        fields = [field for section in self.sections for field in section.fields]
        return any(MASK in (field.text, *(cell for row in field.table for cell in row)) for field in fields)


@dataclass(frozen=True)
class _Names:
    """Names for the ids in a record: organisations, programmes, staff, people of the household."""

    engine: Engine
    connection: Connection

    def resolve(self, kind: str, text: str) -> str | None:
        """Nothing is looked up while reading."""
        return None

    def label(self, kind: str, id: str) -> str | None:
        """The name of an id, None when it is unknown or no id."""
        column = _NAMED.get(str(kind))
        if column is None:
            return None
        query = select(column.table.c.name).where(column == id)
        return self.connection.execute(query).scalar()

    def choices(self, kind: str) -> tuple[()]:
        """Nothing is chosen while reading."""
        return ()

    def options(self, name: str) -> tuple[str, ...]:
        """Nothing is chosen while reading."""
        return ()


_NAMED = {
    "organisation": organisation.c.id,
    "programme": programme.c.id,
    "staff": staff.c.id,
    "person": person.c.id,
}


def records(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[RecordRow, ...]:
    """The newest version of each record of the case that the actor may read, the newest first."""
    query = _rows().where(record.c.case_id == head.id, record_visible(actor, now))
    own = own_orgs(actor)
    newest: dict[str, RecordRow] = {}
    with engine.database.read() as connection:
        for row in connection.execute(query.order_by(record.c.at, record.c.number)):
            newest[row.series] = _row(row, own)
    return tuple(sorted(newest.values(), key=lambda found: found.at, reverse=True))


def record_view(
    engine: Engine, actor: Actor, head: CaseHead, record_id: str, *, wareki: bool, opened: bool = False, now: datetime
) -> RecordView:
    """One record of the case, for reading. Raises NotFound when it is absent or not the actor's to read.

    Sealed values stay masked; restricted ones are shown to the organisation that wrote them. opened: not masked; only
    services.sealed asks so, after it has noted who opens it and why.
    """
    visible = _rows().where(record.c.case_id == head.id, record_visible(actor, now))
    own = own_orgs(actor)
    with engine.database.read() as connection:
        row = connection.execute(visible.where(record.c.id == record_id)).first()
        if row is None:
            raise NotFound("record")
        series = connection.execute(visible.where(record.c.series == row.series).order_by(record.c.number)).all()
        sections = _form_of(engine, row).present(
            join(row.data, row.sealed),
            may_see_sealed=opened,
            may_see_restricted=row.org_id in own,
            case_sealed=head.seal_level > 0,
            references=_Names(engine, connection),
            wareki=wareki,
        )
    return RecordView(_row(row, own), sections, tuple(_row(other, own) for other in series))


def _form_of(engine: Engine, row: Any) -> Form:
    """The form that was shown, else the 帳票 itself, of the version on which the record was written."""
    forms = engine.definitions.get(row.version_id).forms
    process = row.process_key or ""
    return forms.form(row.task_form if forms.has(row.task_form, process) else row.form_key, process)


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
