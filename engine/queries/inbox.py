"""The work of one person: mine, claimable, upcoming, held, done today. Counts come from the lists' own conditions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
)

from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.kana import fold
from engine.domain.staff import Actor, Membership
from engine.queries import ordering
from engine.queries.deadlines import DueStatus, calendar_of, due_status
from engine.queries.ordering import BY_NUMBER, Key, Keys, Order
from engine.queries.org_names import org_names
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.queues import Queues, claimable, queues_of
from engine.queries.visibility import (
    KEPT,
    NOW,
    anybody_with,
    asking,
    in_capacity,
    task_actionable,
    task_visible,
)
from engine.storage.columns import Instant
from engine.storage.prepared import Prepared
from engine.storage.sql import among, one_of
from engine.storage.tables import (
    clock,
    definition_version,
    organisation,
    person,
    process_instance,
    staff,
    support_case,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine

_MIDNIGHT, _TODAY_ENDS, _SOON_ENDS = (
    bindparam(name, type_=Instant()) for name in ("midnight", "today_ends", "soon_ends")
)
_ROWS = bindparam("rows", type_=Integer())  #: those of a page, and one to see whether more follow
_NEWEST_NAMES = Prepared.by_dialect(
    lambda dialect: (
        select(definition_version.c.process_key, definition_version.c.name)
        .where(among(dialect, definition_version.c.process_key, "keys"))
        .order_by(definition_version.c.number)
    )
)
_FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")  #: sorts tasks without a deadline last


class View(StrEnum):
    """A view of the inbox."""

    MINE = "mine"  #: claimed by me
    CLAIMABLE = "claimable"  #: open, and one of my memberships may claim it
    UPCOMING = "upcoming"  #: moments that will open tasks
    HELD = "held"  #: mine, put on hold
    DONE_TODAY = "done-today"  #: completed by me since midnight


class DueFilter(StrEnum):
    """A deadline filter; the words are those of the badges."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"  #: within the next fourteen days
    LATER = "later"
    NONE = "none"


@dataclass(frozen=True)
class InboxFilter:
    """What narrows a list; an unknown value of a filter selects nothing special and is dropped by the page."""

    due: DueFilter | None = None
    process: str = ""
    org: str = ""
    words: str = ""
    after: After | None = None
    order: Order = Order.DUE

    @property
    def is_set(self) -> bool:
        """Whether anything narrows the view (page and order do not)."""
        return bool(self.due or self.process or self.org or self.words)


@dataclass(frozen=True)
class InboxRow:
    """One task in a list. ``subject_name`` is empty where the name is not known."""

    task_id: str
    version: int
    name: str
    case_number: str
    subject_name: str
    subject_kana: str
    process_key: str
    process_name: str
    stage: str
    org_name: str
    state: str
    assignee_id: str | None
    assignee_name: str
    claimed_at: datetime | None
    due: DueStatus
    hold_reason: str
    by_timer: bool
    seal_level: int
    completed_at: datetime | None
    claimable: bool


@dataclass(frozen=True)
class InboxPage:
    """One page of a view; ``total`` counts all rows of the filter, ``unfiltered`` those of the view."""

    rows: tuple[InboxRow, ...]
    total: int
    unfiltered: int
    late: int
    today: int
    next: After | None
    processes: Mapping[str, str] = field(default_factory=dict)
    orgs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Desk:
    """Whose views are shown, without the person: what their statements are kept by."""

    memberships: tuple[Membership, ...]
    elsewhere: tuple[Membership, ...]
    queues: Queues

    @property
    def anybody(self) -> Actor:
        """Somebody with these memberships; the person is a parameter."""
        return replace(anybody_with(self.memberships), elsewhere=self.elsewhere)


def _desk(connection: Connection, actor: Actor) -> _Desk:
    return _Desk(actor.memberships, actor.elsewhere, queues_of(connection, actor.memberships))


def _values(actor: Actor, now: datetime) -> dict[str, Any]:
    """The parameters of every statement here."""
    midnight = tokyo_midnight(tokyo_date(now))
    today_ends = midnight + timedelta(days=1)
    soon_ends = today_ends + timedelta(days=13)
    return asking(actor, now, midnight=midnight, today_ends=today_ends, soon_ends=soon_ends, rows=PAGE_SIZE + 1)


def task_counts(engine: Engine, actor: Actor, *, now: datetime) -> dict[View, int]:
    """How many rows each task view has (without 予定, which queries.upcoming counts)."""
    views = [view for view in View if view is not View.UPCOMING]
    with engine.database.read() as connection:
        desk, values = _desk(connection, actor), _values(actor, now)
        return {view: int(_count(desk, view).scalar(connection, values)) for view in views}


def count_elsewhere(engine: Engine, actor: Actor, view: View, *, now: datetime) -> int:
    """How many tasks of a view wait for the person in the capacities in which they do not work now."""
    if not actor.elsewhere or view not in (View.MINE, View.HELD):
        return 0
    with engine.database.read() as connection:
        here, values = _desk(connection, actor), _values(actor, now)
        everywhere = replace(here, elsewhere=())
        return int(_count(everywhere, view).scalar(connection, values) - _count(here, view).scalar(connection, values))


def inbox(engine: Engine, actor: Actor, view: View, narrow: InboxFilter, *, now: datetime) -> InboxPage:
    """One page of a view of the actor's work in the order wished: the most urgent first unless another is named."""
    keys = sort_keys(view, narrow.order)
    with engine.database.read() as connection:
        desk, values = _desk(connection, actor), _values(actor, now)
        found = _rows_found(connection, desk, view, narrow, values)
        page = found[:PAGE_SIZE]
        figures = _figures(connection, desk, view, narrow, values)
        processes, orgs = choices(connection, figures.processes, figures.orgs)
        return InboxPage(
            rows=tuple(_row(engine, row, now, view is View.CLAIMABLE) for row in page),
            total=figures.total,
            unfiltered=figures.unfiltered,
            late=figures.late,
            today=figures.today,
            next=_next(page, found, len(keys)),
            processes=processes,
            orgs=orgs,
        )


def open_tasks_of_case(engine: Engine, actor: Actor, case_id: str, *, now: datetime) -> tuple[InboxRow, ...]:
    """The case's open tasks of all its processes that the actor may see, the most urgent first."""
    with engine.database.read() as connection:
        found = _open_of_case(actor.memberships).records(connection, asking(actor, now, case=case_id))
        return tuple(_row(engine, row, now, bool(row.may_claim)) for row in found)


@lru_cache(KEPT)
def _open_of_case(memberships: tuple[Membership, ...]) -> Prepared:
    anybody = anybody_with(memberships)
    is_open = one_of(user_task.c.state, "open", "claimed", "held")
    condition = and_(user_task.c.case_id == bindparam("case"), is_open, task_visible(anybody, NOW))
    to_claim = and_(one_of(user_task.c.state, "open"), task_actionable(anybody, NOW)).label("may_claim")
    query = _rows().add_columns(to_claim).where(condition)
    return Prepared(query.order_by(func.coalesce(user_task.c.due_at, _far()), user_task.c.id))


def tasks_by_id(engine: Engine, actor: Actor, task_ids: Collection[str], *, now: datetime) -> dict[str, InboxRow]:
    """Those of the tasks that the actor may see, in whatever state, by id."""
    condition = and_(user_task.c.id.in_(sorted(task_ids)), task_visible(actor, now))
    with engine.database.read() as connection:
        return {row.id: _row(engine, row, now, False) for row in connection.execute(_rows().where(condition))}


# ---------------------------------------------------------------- order and conditions


def sort_keys(view: View, order: Order) -> Keys:
    """By what a view is sorted. Deadlines in hours stand first in every order: they run day and night."""
    due = Key(func.coalesce(user_task.c.due_at, _far()))
    if view is View.DONE_TODAY:
        due = Key(user_task.c.completed_at, descending=True)
    by_hours = and_(user_task.c.due_at.is_not(None), user_task.c.due_on.is_(None))
    first = () if view is View.DONE_TODAY else (Key(case((by_hours, 0), else_=1)),)
    return {
        Order.DUE: (due,),
        Order.OPENED: (*first, Key(user_task.c.opened_at, descending=True)),
        Order.CASE: (*first, *BY_NUMBER, due),
        Order.PROCESS: (*first, Key(user_task.c.process_key), due),
    }[order]


def _in_view(view: View, desk: _Desk) -> ColumnElement[bool]:
    """States are written out, so that both databases find the indexes that hold open tasks only."""
    anybody = desk.anybody
    mine = and_(user_task.c.assignee_id == anybody.staff_id, one_of(user_task.c.state, "open", "claimed", "held"))
    if view in (View.MINE, View.HELD):
        state = "claimed" if view is View.MINE else "held"
        return and_(mine, one_of(user_task.c.state, state), *in_capacity(anybody))
    if view is View.DONE_TODAY:
        return and_(user_task.c.completed_by == anybody.staff_id, user_task.c.completed_at >= _MIDNIGHT)
    return claimable(anybody, desk.queues, NOW)


def _narrowing(narrow: InboxFilter) -> list[ColumnElement[bool]]:
    conditions = _due_condition(narrow.due) if narrow.due else []
    if narrow.process:
        conditions.append(user_task.c.process_key == narrow.process)
    if narrow.org:
        conditions.append(user_task.c.org_id == narrow.org)
    if narrow.words:
        conditions.append(matches_words(narrow.words))
    return conditions


def matches_words(words: str) -> ColumnElement[bool]:
    """A condition on support_case joined with person: the number, or the name or reading, contains the words."""
    folded = fold(words)
    number = words.strip().upper().replace("－", "-")
    by_number = support_case.c.number.contains(number, autoescape=True)
    if not folded:
        return by_number
    return or_(by_number, person.c.name_folded.contains(folded, autoescape=True))


def _due_condition(due: DueFilter) -> list[ColumnElement[bool]]:
    """``due_at`` is the instant from which a task is late; a date deadline ends at the midnight before it."""
    column = user_task.c.due_at
    if due is DueFilter.LATE:
        return [column <= NOW]
    if due is DueFilter.TODAY:
        return [column > NOW, column <= _TODAY_ENDS]
    if due is DueFilter.SOON:
        return [column > _TODAY_ENDS, column <= _SOON_ENDS]
    return [column > _SOON_ENDS] if due is DueFilter.LATER else [column.is_(None)]


def _far() -> ColumnElement[datetime]:
    return literal(_FAR, Instant)


# ---------------------------------------------------------------- rows


def _rows_found(
    connection: Connection, desk: _Desk, view: View, narrow: InboxFilter, values: Mapping[str, Any]
) -> Sequence[Any]:  # fmt: skip
    """The rows of a page and one more. The statement of a whole view's first page is kept."""
    if narrow.is_set or narrow.after:
        return connection.execute(_page(desk, view, narrow), values).all()
    return _first_page(desk, view, narrow.order).records(connection, values)


@lru_cache(KEPT)
def _first_page(desk: _Desk, view: View, order: Order) -> Prepared:
    return Prepared(_page(desk, view, InboxFilter(order=order)))


def _page(desk: _Desk, view: View, narrow: InboxFilter) -> Select[Any]:
    """The tasks of a page are chosen first, and only these are joined with what is shown."""
    keys = sort_keys(view, narrow.order)
    beyond = ordering.after(narrow.after, keys, user_task.c.id)
    sorted_by = [key.expression.label(f"sort_{n}") for n, key in enumerate(keys)]
    chosen = _slim(narrow).where(_in_view(view, desk), *_narrowing(narrow), *beyond)
    chosen = chosen.add_columns(user_task.c.id, *sorted_by)
    page = chosen.order_by(*ordering.clauses([*(key.expression for key in keys), user_task.c.id], keys))
    found = page.limit(_ROWS).subquery("page")
    columns = [found.c[column.name] for column in sorted_by]
    tasks = found.join(user_task, user_task.c.id == found.c.id)
    return _rows(tasks).add_columns(*columns).order_by(*ordering.clauses([*columns, found.c.id], keys))


def _rows(tasks: Any = user_task) -> Select[Any]:
    columns = (
        user_task.c.id, user_task.c.version, user_task.c.name, user_task.c.process_key, user_task.c.stage,
        user_task.c.state, user_task.c.assignee_id, user_task.c.due_at, user_task.c.due_on, user_task.c.warn_at,
        user_task.c.held_until, user_task.c.hold_reason, user_task.c.by_timer, user_task.c.opened_at,
        user_task.c.completed_at, user_task.c.claimed_at, support_case.c.number, support_case.c.seal_level,
        support_case.c.owner_org,
        person.c.name.label("subject_name"), person.c.name_kana.label("subject_kana"),
        definition_version.c.name.label("process_name"), organisation.c.name.label("org_name"),
        staff.c.name.label("assignee_name"), clock.c.calendar.label("calendar"),
    )  # fmt: skip
    return select(*columns).select_from(_joined(tasks))


def _joined(tasks: Any) -> Any:
    return (
        tasks.join(support_case, support_case.c.id == user_task.c.case_id)
        .join(person, person.c.id == support_case.c.subject_id)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
        .outerjoin(organisation, organisation.c.id == user_task.c.org_id)
        .outerjoin(staff, staff.c.id == user_task.c.assignee_id)
        .outerjoin(clock, clock.c.task_id == user_task.c.id)
    )


def _row(engine: Engine, row: Any, now: datetime, claimable: bool) -> InboxRow:
    return InboxRow(
        task_id=row.id,
        version=row.version,
        name=row.name,
        case_number=row.number,
        subject_name=row.subject_name,
        subject_kana=row.subject_kana,
        process_key=row.process_key,
        process_name=row.process_name,
        stage=row.stage,
        org_name=row.org_name or "",
        state=row.state,
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name or "",
        claimed_at=row.claimed_at,
        due=_status(engine, row, now),
        hold_reason=row.hold_reason,
        by_timer=row.by_timer,
        seal_level=row.seal_level,
        completed_at=row.completed_at,
        claimable=claimable,
    )


def _status(engine: Engine, row: Any, now: datetime) -> DueStatus:
    return due_status(
        due_at=row.due_at,
        due_on=row.due_on,
        warn_at=row.warn_at,
        held=row.state == "held",
        held_until=row.held_until,
        started_at=row.opened_at,
        calendar=calendar_of(engine, row.calendar or row.owner_org),
        now=now,
    )


def _next(page: Sequence[Any], found: Sequence[Any], keys: int) -> After | None:
    if len(found) <= len(page) or not page:
        return None
    return ordering.place([getattr(page[-1], f"sort_{n}") for n in range(keys)], page[-1].id)


def _slim(narrow: InboxFilter | None = None) -> Select[Any]:
    """From what conditions may name: the person only where words are looked for, since each join costs every row."""
    joined = user_task.join(support_case, support_case.c.id == user_task.c.case_id)
    if narrow is not None and narrow.words:
        joined = joined.join(person, person.c.id == support_case.c.subject_id)
    return select().select_from(joined)


@lru_cache(KEPT)
def _count(desk: _Desk, view: View) -> Prepared:
    return Prepared(_slim().add_columns(func.count()).where(_in_view(view, desk)))


@dataclass(frozen=True)
class _Figures:
    """The numbers of a view, and the processes and organisations that occur in it."""

    unfiltered: int
    total: int
    late: int
    today: int
    processes: frozenset[str]
    orgs: frozenset[str]


def _figures(
    connection: Connection, desk: _Desk, view: View, narrow: InboxFilter, values: Mapping[str, Any]
) -> _Figures:  # fmt: skip
    """All that is told of a view as a whole, in one pass over its rows."""
    if narrow.is_set:
        rows: Sequence[Any] = connection.execute(_numbers(desk, view, narrow), values).all()
    else:
        rows = _numbers_of_all(desk, view).rows(connection, values)
    unfiltered, total, late, today = (sum(int(row[column]) for row in rows) for column in range(2, 6))
    processes, orgs = frozenset(row[0] for row in rows), frozenset(row[1] for row in rows if row[1])
    return _Figures(unfiltered, total, late, today, processes, orgs)


@lru_cache(KEPT)
def _numbers_of_all(desk: _Desk, view: View) -> Prepared:
    return Prepared(_numbers(desk, view, InboxFilter()))


def _numbers(desk: _Desk, view: View, narrow: InboxFilter) -> Select[Any]:
    def how_many(name: str, conditions: list[ColumnElement[bool]]) -> Any:
        return func.coalesce(func.sum(case((and_(true(), *conditions), 1), else_=0)), 0).label(name)

    kinds = (user_task.c.process_key, user_task.c.org_id)
    query = _slim(narrow).add_columns(
        *kinds,
        func.count().label("unfiltered"),
        how_many("total", _narrowing(narrow)),
        how_many("late", _due_condition(DueFilter.LATE)),
        how_many("today", _due_condition(DueFilter.TODAY)),
    )
    return query.where(_in_view(view, desk)).group_by(*kinds)


def choices(
    connection: Connection, processes: Collection[str], orgs: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the filters may be set to within a view: processes and organisations, code to name, by name."""
    newest = _NEWEST_NAMES.rows(connection, {"keys": sorted(processes)})
    return _by_name(newest), _by_name(org_names(connection, orgs))


def _by_name(rows: Any) -> dict[str, str]:
    names = dict(rows)
    return dict(sorted(names.items(), key=lambda pair: pair[1]))
