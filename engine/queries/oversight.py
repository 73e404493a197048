"""For those who watch: what should have happened when, what stopped, and how the work went month by month."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.board_filter import watched_orgs
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.reviews import EVALUATION
from engine.queries.visibility import case_visible
from engine.storage.sql import one_of
from engine.storage.tables import (
    case_organisation,
    definition_version,
    incident,
    process_instance,
    support_case,
    timer,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine

MONTHS = 12


class Moments(StrEnum):
    """Which moments a list shows."""

    WAITING = "waiting"  #: pending or claimed, and due already
    COMING = "coming"  #: pending, due later
    FIRED = "fired"
    FAILED = "failed"


@dataclass(frozen=True)
class Moment:
    """Something that is to happen, or happened, at a moment. ``late``: how long after it (so far), never negative."""

    id: str
    kind: str
    case_number: str
    element_id: str
    process_name: str
    state: str
    fires_at: datetime
    fired_at: datetime | None
    attempts: int
    late: timedelta


@dataclass(frozen=True)
class Stopped:
    """An incident on a case of the offices watched."""

    id: str
    case_number: str
    process_name: str
    process_key: str
    job: str
    element_id: str
    cause: str
    opened_at: datetime
    resolved_at: datetime | None
    opens: bool


@dataclass(frozen=True)
class Month:
    """What happened in one month on the cases and tasks of the offices watched.

    ``met`` and ``late``: completed tasks with a deadline, by whether they were in time; ``reviews_late``: plan
    evaluations completed late.
    """

    first: date
    new_cases: int
    completed: int
    met: int
    late: int
    reviews_late: int


def _cases_watched(engine: Engine, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A condition on support_case: an office watched owned, led or carried it; nothing of seals that hold."""
    orgs = watched_orgs(engine, actor)
    if not orgs:
        return false()
    part = case_organisation.c
    concerned = select(part.case_id).where(
        part.org_id.in_(orgs), one_of(part.relation, "owner", "lead", "carries", "accepted")
    )
    unsealed = or_(support_case.c.seal_level == 0, case_visible(actor, now))
    return and_(or_(support_case.c.owner_org.in_(orgs), support_case.c.id.in_(concerned)), unsealed)


# ---------------------------------------------------------------- moments


def moment_counts(engine: Engine, actor: Actor, *, now: datetime) -> dict[Moments, int]:
    """How many moments each list has; of the fired ones those of the last hour."""
    columns = [func.coalesce(func.sum(case((_which(kind, now), 1), else_=0)), 0) for kind in Moments]
    living = or_(
        one_of(timer.c.state, "pending", "claimed", "failed"), timer.c.fired_at > now - timedelta(hours=1)
    )  # fmt: skip
    query = select(*columns).select_from(_timers()).where(living, _cases_watched(engine, actor, now))
    with engine.database.read() as connection:
        return dict(zip(Moments, (int(n) for n in connection.execute(query).one()), strict=True))


def moments(
    engine: Engine, actor: Actor, kind: Moments, after: After | None, *, now: datetime
) -> tuple[tuple[Moment, ...], After | None]:
    """A page of moments: what waits or comes in the order of time, what has happened the latest first."""
    latest_first = kind is Moments.FIRED
    sort = timer.c.fired_at if latest_first else timer.c.fires_at
    query = select(
        timer.c.id, timer.c.kind, timer.c.element_id, timer.c.state, timer.c.fires_at, timer.c.fired_at,
        timer.c.attempts, support_case.c.number, definition_version.c.name.label("process"), sort.label("sort_value"),
    ).select_from(
        _timers()
        .join(process_instance, process_instance.c.id == timer.c.instance_id)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
    )  # fmt: skip
    query = query.where(_which(kind, now), _cases_watched(engine, actor, now))
    if after is not None and (value := after.moment()) is not None:
        beyond = sort < value if latest_first else sort > value
        query = query.where(or_(beyond, and_(sort == value, timer.c.id > after.id)))
    ordered = query.order_by(sort.desc() if latest_first else sort, timer.c.id).limit(PAGE_SIZE + 1)
    with engine.database.read() as connection:
        rows = connection.execute(ordered).all()
    page = rows[:PAGE_SIZE]
    following = After(page[-1].sort_value.isoformat(), page[-1].id) if len(rows) > PAGE_SIZE else None
    return tuple(_moment(row, now) for row in page), following


def _timers() -> Any:
    return timer.join(support_case, support_case.c.id == timer.c.case_id)


def _which(kind: Moments, now: datetime) -> ColumnElement[bool]:
    if kind is Moments.FIRED:
        return and_(one_of(timer.c.state, "fired"), timer.c.fired_at > now - timedelta(hours=1))
    if kind is Moments.FAILED:
        return one_of(timer.c.state, "failed")
    open_ones = one_of(timer.c.state, "pending", "claimed")
    return and_(open_ones, timer.c.fires_at <= now if kind is Moments.WAITING else timer.c.fires_at > now)


def _moment(row: Any, now: datetime) -> Moment:
    late = (row.fired_at or now) - row.fires_at
    return Moment(
        row.id, row.kind, row.number, row.element_id, row.process, row.state, row.fires_at, row.fired_at, row.attempts,
        max(late, timedelta()),
    )  # fmt: skip


# ---------------------------------------------------------------- incidents


def stopped(engine: Engine, actor: Actor, *, now: datetime) -> tuple[Stopped, ...]:
    """Open incidents on cases watched, the oldest first (the first hundred)."""
    query = _incidents(actor, now).where(incident.c.resolved_at.is_(None), _cases_watched(engine, actor, now))
    with engine.database.read() as connection:
        rows = connection.execute(query.order_by(incident.c.opened_at, incident.c.id).limit(100)).all()
    return tuple(_stopped(row) for row in rows)


def one_stopped(engine: Engine, actor: Actor, incident_id: str, *, now: datetime) -> Stopped:
    """An incident on a case watched. Raises NotFound."""
    query = _incidents(actor, now).where(incident.c.id == incident_id, _cases_watched(engine, actor, now))
    with engine.database.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound("incident")
    return _stopped(row)


def watched_incidents(engine: Engine, actor: Actor, incident_ids: Collection[str], *, now: datetime) -> frozenset[str]:
    """Which of these incidents are on a case watched, so that their own page opens."""
    query = select(incident.c.id).join(support_case, support_case.c.id == incident.c.case_id)
    query = query.where(incident.c.id.in_(list(incident_ids)), _cases_watched(engine, actor, now))
    with engine.database.read() as connection:
        return frozenset(connection.execute(query).scalars())


def _incidents(actor: Actor, now: datetime) -> Any:
    return select(
        incident, support_case.c.number, definition_version.c.name.label("process"), process_instance.c.process_key,
        case_visible(actor, now).label("opens"),
    ).select_from(
        incident.join(support_case, support_case.c.id == incident.c.case_id)
        .outerjoin(process_instance, process_instance.c.id == incident.c.instance_id)
        .outerjoin(definition_version, definition_version.c.id == process_instance.c.version_id)
    )  # fmt: skip


def _stopped(row: Any) -> Stopped:
    return Stopped(
        row.id, row.number, row.process or "", row.process_key or "", row.job, row.element_id, row.cause,
        row.opened_at, row.resolved_at, bool(row.opens),
    )  # fmt: skip


# ---------------------------------------------------------------- month by month


def months(engine: Engine, actor: Actor, *, now: datetime) -> tuple[Month, ...]:
    """The last twelve months, this one included, the oldest first: twelve times the same count over an index."""
    today = tokyo_date(now)
    firsts = [_month_before(today.replace(day=1), n) for n in range(MONTHS - 1, -1, -1)]
    begin = [tokyo_midnight(first) for first in [*firsts, _month_before(firsts[-1], -1)]]
    orgs = watched_orgs(engine, actor)
    done = user_task.c.completed_at
    timely = case((user_task.c.due_at.is_not(None) & (done < user_task.c.due_at), 1), else_=0)
    late = case((done >= user_task.c.due_at, 1), else_=0)
    late_review = case(((done >= user_task.c.due_at) & (user_task.c.element_id == EVALUATION), 1), else_=0)
    tasks = (
        select(_month_of(done, begin), func.count(), func.sum(timely), func.sum(late), func.sum(late_review))
        .where(user_task.c.org_id.in_(orgs), one_of(user_task.c.state, "completed"), done >= begin[0], done < begin[-1])
        .group_by("month")
    )
    opened = support_case.c.opened_at
    cases = (
        select(_month_of(opened, begin), func.count())
        .where(support_case.c.owner_org.in_(orgs), opened >= begin[0], opened < begin[-1])
        .group_by("month")
    )
    with engine.database.read() as connection:
        work = {row[0]: tuple(row[1:]) for row in connection.execute(tasks)}
        new = {row[0]: row[1] for row in connection.execute(cases)}
    return tuple(
        Month(first, new.get(n, 0), *(int(x) for x in work.get(n, (0, 0, 0, 0)))) for n, first in enumerate(firsts)
    )


def _month_before(first: date, back: int) -> date:
    index = first.year * 12 + first.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def _month_of(column: ColumnElement[datetime], begin: list[datetime]) -> ColumnElement[int]:
    """The number of the month in which an instant lies, by its beginnings."""
    return case(*((column < end, n) for n, end in enumerate(begin[1:])), else_=MONTHS).label("month")
