"""The list of cases a person may see, with search and key pagination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from engine.domain.staff import Actor
from engine.queries.inbox import matches_words
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.visibility import case_visible, task_visible
from engine.storage.tables import organisation, person, support_case, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine

STATUSES = ("open", "suspended", "closed")


@dataclass(frozen=True)
class CaseFilter:
    """What narrows the list of cases."""

    words: str = ""
    status: str = ""
    org: str = ""
    after: After | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything narrows the list (the page number does not)."""
        return bool(self.words or self.status or self.org)


@dataclass(frozen=True)
class CaseRow:
    """One case of the list. ``open_tasks`` and ``late_tasks`` count what the actor may see."""

    number: str
    subject_name: str
    subject_kana: str
    status: str
    stage: str
    urgency: str
    seal_level: int
    owner_name: str
    lead_name: str
    opened_at: datetime
    open_tasks: int
    late_tasks: int


@dataclass(frozen=True)
class CasePage:
    """One page, the newest case first; ``total`` counts the filter's rows, ``unfiltered`` all visible cases."""

    rows: tuple[CaseRow, ...]
    total: int
    unfiltered: int
    next: After | None
    orgs: Mapping[str, str]


_owner = organisation.alias("owner")
_lead = organisation.alias("lead")


def list_cases(engine: Engine, actor: Actor, narrow: CaseFilter, *, now: datetime) -> CasePage:
    """One page of the cases the actor may know of."""
    base = case_visible(actor, now)
    narrowed = and_(base, *_narrowing(narrow))
    query = select(*_columns()).select_from(_joined()).where(narrowed, *_after(narrow.after))
    query = query.order_by(support_case.c.opened_at.desc(), support_case.c.id.desc()).limit(PAGE_SIZE + 1)
    with engine.database.read() as connection:
        found = connection.execute(query).all()
        page = found[:PAGE_SIZE]
        work = _work(connection, actor, [row.id for row in page], now)
        more = len(found) > len(page)
        return CasePage(
            rows=tuple(_row(row, *work.get(row.id, (0, 0))) for row in page),
            total=_count(connection, narrowed),
            unfiltered=_count(connection, base),
            next=After(page[-1].opened_at.isoformat(), page[-1].id) if more else None,
            orgs=_owners(connection, base),
        )


def _narrowing(narrow: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if narrow.words:
        conditions.append(matches_words(narrow.words))
    if narrow.status:
        conditions.append(support_case.c.status == narrow.status)
    if narrow.org:
        conditions.append(support_case.c.owner_org == narrow.org)
    return conditions


def _after(after: After | None) -> list[ColumnElement[bool]]:
    moment = after.moment() if after else None
    if after is None or moment is None:
        return []
    same = and_(support_case.c.opened_at == moment, support_case.c.id < after.id)
    return [or_(support_case.c.opened_at < moment, same)]


def _columns() -> tuple[Any, ...]:
    return (
        support_case.c.id, support_case.c.number, support_case.c.status, support_case.c.stage, support_case.c.urgency,
        support_case.c.seal_level, support_case.c.opened_at, person.c.name, person.c.name_kana,
        _owner.c.name.label("owner_name"), _lead.c.name.label("lead_name"),
    )  # fmt: skip


def _joined() -> Any:
    return (
        support_case.join(person, person.c.id == support_case.c.subject_id)
        .outerjoin(_owner, _owner.c.id == support_case.c.owner_org)
        .outerjoin(_lead, _lead.c.id == support_case.c.lead_org)
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(_joined()).where(condition)).scalar_one()


def _owners(connection: Connection, condition: ColumnElement[bool]) -> dict[str, str]:
    query = select(support_case.c.owner_org, _owner.c.name).select_from(_joined()).where(condition).distinct()
    return dict(sorted(((org, name or org) for org, name in connection.execute(query)), key=lambda pair: pair[1]))


def _work(connection: Connection, actor: Actor, ids: list[str], now: datetime) -> dict[str, tuple[int, int]]:
    """(open, late) tasks by case, of those the actor may see."""
    if not ids:
        return {}
    late = func.sum(case((and_(user_task.c.due_at <= now, user_task.c.state != "held"), 1), else_=0))
    query = (
        select(user_task.c.case_id, func.count(), late)
        .select_from(user_task.join(support_case, support_case.c.id == user_task.c.case_id))
        .where(user_task.c.case_id.in_(ids), user_task.c.state.in_(("open", "claimed", "held")))
        .where(task_visible(actor, now))
        .group_by(user_task.c.case_id)
    )
    return {case_id: (count, int(late_count or 0)) for case_id, count, late_count in connection.execute(query)}


def _row(row: Any, open_tasks: int, late_tasks: int) -> CaseRow:
    return CaseRow(
        number=row.number,
        subject_name=row.name,
        subject_kana=row.name_kana,
        status=row.status,
        stage=row.stage,
        urgency=row.urgency,
        seal_level=row.seal_level,
        owner_name=row.owner_name or "",
        lead_name=row.lead_name or "",
        opened_at=row.opened_at,
        open_tasks=open_tasks,
        late_tasks=late_tasks,
    )
