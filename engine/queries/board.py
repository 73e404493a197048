"""期限ボード: the open tasks that a supervisor's offices answer for, counted and listed by one condition.

Everything is reckoned from due instants at the moment of the request, never from what was raised, so the numbers are
right while every scheduler is down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, false, func, literal, null, or_, select

from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.staff import Actor
from engine.queries.deadlines import DueStatus, calendar_of, due_status
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.reviews import WATCHING_ROLES
from engine.queries.visibility import case_visible, taking_part, task_visible
from engine.storage.columns import Instant
from engine.storage.sql import one_of
from engine.storage.tables import (
    audit_event,
    case_organisation,
    clock,
    definition_version,
    organisation,
    person,
    process_instance,
    staff,
    support_case,
    task_candidate,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine

FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")  #: sorts tasks without a deadline last
NOBODY = "-"  #: in addresses: tasks without an assignee, without an organisation
TASK_ACTS = (
    "task.completed", "task.claimed", "task.released", "task.reassigned", "task.hold", "task.resume", "task.extend",
)  # fmt: skip


class Bucket(StrEnum):
    """How a task stands; each open task is in exactly one."""

    LATE = "late"
    TODAY = "today"
    WEEK = "week"  #: until the end of this week's Sunday
    LATER = "later"
    NONE = "none"
    HELD = "held"


class Side(StrEnum):
    """What the rows of the table are."""

    PERSON = "person"
    ORG = "org"
    PROCESS = "process"
    ROLE = "role"


@dataclass(frozen=True)
class BoardFilter:
    """What narrows the board; empty texts narrow nothing. person and org: an id, or ``-`` for none."""

    bucket: Bucket | None = None
    org: str = ""
    process: str = ""
    role: str = ""
    person: str = ""
    element: str = ""
    after: After | None = None


@dataclass(frozen=True)
class Line:
    """One row of the table: who or what, and how many tasks in each bucket."""

    key: str
    name: str
    counts: Mapping[Bucket, int]

    @property
    def total(self) -> int:
        """All open tasks of the row."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Matrix:
    """People by kind of task. ``columns``: key and name; ``cells``: (person, column) to a number."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    cells: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Board:
    """The figures of the board: all from one reading of the rows."""

    counts: Mapping[Bucket, int]
    unowned: int
    lines: tuple[Line, ...]
    matrix: Matrix

    @property
    def total(self) -> int:
        """All open tasks."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class BoardRow:
    """One task of the list. Name and kana are None for who may not see the case; ``opens``: may open the task."""

    task_id: str
    name: str
    case_number: str
    subject_name: str | None
    subject_kana: str | None
    process_name: str
    org_name: str
    stage: str
    state: str
    assignee_id: str | None
    assignee_name: str
    due: DueStatus
    hold_reason: str
    seal_level: int
    opens: bool


@dataclass(frozen=True)
class BoardPage:
    """A page of the list and how many rows it has in all."""

    rows: tuple[BoardRow, ...]
    total: int
    next: After | None


def watched_orgs(engine: Engine, actor: Actor) -> list[str]:
    """The organisations whose work the actor watches, sorted."""
    mine = {m.org_id for m in actor.memberships if m.role in WATCHING_ROLES}
    return sorted(mine | {org for one in mine for org in engine.reference.covers(one)})


def watched(engine: Engine, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A condition on user_task joined with support_case: open work of the organisations watched, or on their cases.

    Sealed cases that the actor may not see are left out, as if they did not exist.
    """
    orgs = watched_orgs(engine, actor)
    if not orgs:
        return false()
    part = case_organisation.c
    carried = select(part.case_id).where(
        part.org_id.in_(orgs), one_of(part.relation, "owner", "lead"), taking_part(now)
    )
    concerned = or_(user_task.c.org_id.in_(orgs), user_task.c.case_id.in_(carried))
    unsealed = or_(support_case.c.seal_level == 0, case_visible(actor, now))
    return and_(one_of(user_task.c.state, "open", "claimed", "held"), concerned, unsealed)


def _bucket(now: datetime) -> ColumnElement[str]:
    today = tokyo_date(now)
    tonight = tokyo_midnight(today + timedelta(days=1))
    sunday = tokyo_midnight(today + timedelta(days=7 - today.weekday()))
    due = user_task.c.due_at
    return case(
        (user_task.c.state == "held", Bucket.HELD.value),
        (due.is_(None), Bucket.NONE.value),
        (due <= now, Bucket.LATE.value),
        (due <= tonight, Bucket.TODAY.value),
        (due <= sunday, Bucket.WEEK.value),
        else_=Bucket.LATER.value,
    )


def _narrowing(narrow: BoardFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (user_task.c.org_id, narrow.org), (user_task.c.assignee_id, narrow.person),
        (user_task.c.process_key, narrow.process), (user_task.c.element_id, narrow.element),
    ):  # fmt: skip
        if wanted:
            found.append(column.is_(None) if wanted == NOBODY else column == wanted)
    if narrow.role:
        mine = and_(task_candidate.c.task_id == user_task.c.id, task_candidate.c.role == narrow.role)
        found.append(exists().where(mine))
    if narrow.bucket:
        found.append(_bucket(now) == narrow.bucket.value)
    return found


# ---------------------------------------------------------------- figures


def board(engine: Engine, actor: Actor, narrow: BoardFilter, side: Side, *, now: datetime) -> Board:
    """The figures, narrowed like the list; ``side`` says what the rows of the table are."""
    condition = and_(watched(engine, actor, now), *_narrowing(narrow, now))
    with engine.database.read() as connection:
        groups = _groups(connection, condition, now)
        roles = _roles(connection, condition, now) if side is Side.ROLE else []
        names = _Names.read(connection, groups)
    counts: Counter[Bucket] = Counter()
    for group in groups:
        counts[Bucket(group.bucket)] += group.n
    return Board(
        counts=counts,
        unowned=sum(group.n for group in groups if group.assignee_id is None),
        lines=_lines(roles, "role", {}) if side is Side.ROLE else _lines(groups, _COLUMNS[side], names.of(side)),
        matrix=_matrix(groups, narrow, names),
    )


_COLUMNS = {Side.PERSON: "assignee_id", Side.ORG: "org_id", Side.PROCESS: "process_key"}


def _slim() -> Any:
    return user_task.join(support_case, support_case.c.id == user_task.c.case_id)


def _groups(connection: Connection, condition: ColumnElement[bool], now: datetime) -> list[Any]:
    keys = (
        user_task.c.org_id, user_task.c.process_key, user_task.c.element_id, user_task.c.assignee_id,
        _bucket(now).label("bucket"),
    )  # fmt: skip
    inner = select(*keys, user_task.c.name).select_from(_slim()).where(condition).subquery("work")
    columns = [inner.c[key.name] for key in keys]
    query = select(*columns, func.max(inner.c.name).label("name"), func.count().label("n")).group_by(*columns)
    return list(connection.execute(query).all())


def _roles(connection: Connection, condition: ColumnElement[bool], now: datetime) -> list[Any]:
    """A task that several roles may do counts in each of them."""
    pairs = select(task_candidate.c.role, user_task.c.id, _bucket(now).label("bucket")).select_from(
        _slim().join(task_candidate, task_candidate.c.task_id == user_task.c.id)
    )
    inner = pairs.where(task_candidate.c.open, condition).distinct().subquery("work")
    query = select(inner.c.role, inner.c.bucket, func.count().label("n")).group_by(inner.c.role, inner.c.bucket)
    return list(connection.execute(query).all())


@dataclass(frozen=True)
class _Names:
    staff: Mapping[str, str]
    orgs: Mapping[str, str]
    processes: Mapping[str, str]

    @classmethod
    def read(cls, connection: Connection, groups: Iterable[Any]) -> _Names:
        """The names of everybody and everything in the groups: three statements."""
        groups = list(groups)
        people = sorted({g.assignee_id for g in groups if g.assignee_id})
        orgs = sorted({g.org_id for g in groups if g.org_id})
        keys = sorted({g.process_key for g in groups})
        version = definition_version.c
        newest = select(version.process_key, version.name).where(version.process_key.in_(keys))
        return cls(
            dict(connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(people))).all()),
            dict(connection.execute(select(organisation.c.id, organisation.c.name).where(organisation.c.id.in_(orgs))).all()),  # noqa: E501
            dict(connection.execute(newest.order_by(version.number)).all()),
        )  # fmt: skip

    def of(self, side: Side) -> Mapping[str, str]:
        """Code to name for what a side of the table shows."""
        return {Side.PERSON: self.staff, Side.ORG: self.orgs, Side.PROCESS: self.processes}[side]


def _lines(groups: Iterable[Any], column: str, names: Mapping[str, str]) -> tuple[Line, ...]:
    """By name, what has none first: 担当者なし is a row like any other."""
    found: dict[str, Counter[Bucket]] = {}
    for group in groups:
        key = getattr(group, column) or NOBODY
        found.setdefault(key, Counter())[Bucket(group.bucket)] += group.n
    lines = (Line(key, names.get(key, "" if key == NOBODY else key), counts) for key, counts in found.items())
    return tuple(sorted(lines, key=lambda line: (line.key != NOBODY, line.name, line.key)))


def _matrix(groups: Iterable[Any], narrow: BoardFilter, names: _Names) -> Matrix:
    """Columns are processes; within one process, its tasks."""
    columns: dict[str, str] = {}
    cells: Counter[tuple[str, str]] = Counter()
    for group in groups:
        key = group.element_id if narrow.process else group.process_key
        columns[key] = group.name if narrow.process else names.processes.get(key, key)
        cells[group.assignee_id or NOBODY, key] += group.n
    people = {who: names.staff.get(who, "") for who, _ in cells}
    return Matrix(
        tuple(sorted(columns.items(), key=lambda pair: (pair[1], pair[0]))),
        tuple(sorted(people.items(), key=lambda pair: (pair[0] != NOBODY, pair[1], pair[0]))),
        cells,
    )


# ---------------------------------------------------------------- rows


def tasks_on_board(engine: Engine, actor: Actor, narrow: BoardFilter, *, now: datetime) -> BoardPage:
    """A page of exactly the tasks that the figure counts, the most urgent first."""
    sort = func.coalesce(user_task.c.due_at, literal(FAR, Instant))
    base = and_(watched(engine, actor, now), *_narrowing(narrow, now))
    chosen = select(user_task.c.id, sort.label("sort_value")).select_from(_slim()).where(base)
    if narrow.after and (moment := narrow.after.moment()):
        chosen = chosen.where(or_(sort > moment, and_(sort == moment, user_task.c.id > narrow.after.id)))
    page = chosen.order_by(sort, user_task.c.id).limit(PAGE_SIZE + 1).subquery("page")
    query = rows_of(page.join(user_task, user_task.c.id == page.c.id), actor, now).add_columns(page.c.sort_value)
    with engine.database.read() as connection:
        found = connection.execute(query.order_by(page.c.sort_value, page.c.id)).all()
        total = connection.execute(select(func.count()).select_from(_slim()).where(base)).scalar_one()
    rows = found[:PAGE_SIZE]
    following = After(rows[-1].sort_value.isoformat(), rows[-1].id) if len(found) > PAGE_SIZE else None
    return BoardPage(tuple(read_row(engine, row, now) for row in rows), total, following)


def chosen_tasks(engine: Engine, actor: Actor, task_ids: Iterable[str], *, now: datetime) -> tuple[BoardRow, ...]:
    """Those of the tasks that are on the actor's board, the most urgent first; at most 500 are looked at."""
    wanted = sorted(set(task_ids))[:500]
    query = rows_of(user_task, actor, now).where(watched(engine, actor, now), user_task.c.id.in_(wanted))
    with engine.database.read() as connection:
        found = connection.execute(query.order_by(func.coalesce(user_task.c.due_at, literal(FAR, Instant)))).all()
    return tuple(read_row(engine, row, now) for row in found)


def all_ids(engine: Engine, actor: Actor, narrow: BoardFilter, *, most: int, now: datetime) -> list[str]:
    """The ids of the first tasks of a list, the most urgent first."""
    sort = func.coalesce(user_task.c.due_at, literal(FAR, Instant))
    query = select(user_task.c.id).select_from(_slim()).where(watched(engine, actor, now), *_narrowing(narrow, now))
    with engine.database.read() as connection:
        return [row.id for row in connection.execute(query.order_by(sort, user_task.c.id).limit(most))]


def rows_of(tasks: Any, actor: Actor, now: datetime) -> Any:
    """What ``read_row`` needs of tasks; names only of cases that the actor sees."""
    joined = (
        tasks.join(support_case, support_case.c.id == user_task.c.case_id)
        .join(person, person.c.id == support_case.c.subject_id)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
        .outerjoin(organisation, organisation.c.id == user_task.c.org_id)
        .outerjoin(staff, staff.c.id == user_task.c.assignee_id)
        .outerjoin(clock, clock.c.task_id == user_task.c.id)
    )
    seen = case_visible(actor, now)
    return select(
        user_task.c.id, user_task.c.name, user_task.c.stage, user_task.c.state, user_task.c.assignee_id,
        user_task.c.due_at, user_task.c.due_on, user_task.c.warn_at, user_task.c.held_until, user_task.c.hold_reason,
        user_task.c.opened_at, support_case.c.number, support_case.c.seal_level, support_case.c.owner_org,
        case((seen, person.c.name), else_=null()).label("subject_name"),
        case((seen, person.c.name_kana), else_=null()).label("subject_kana"),
        definition_version.c.name.label("process_name"), organisation.c.name.label("org_name"),
        staff.c.name.label("assignee_name"), clock.c.calendar, task_visible(actor, now).label("opens"),
    ).select_from(joined)  # fmt: skip


def read_row(engine: Engine, row: Any, now: datetime) -> BoardRow:
    """A selected row with its deadline as it stands now."""
    due = due_status(
        due_at=row.due_at, due_on=row.due_on, warn_at=row.warn_at, held=row.state == "held",
        held_until=row.held_until, started_at=row.opened_at,
        calendar=calendar_of(engine, row.calendar or row.owner_org), now=now,
    )  # fmt: skip
    return BoardRow(
        task_id=row.id, name=row.name, case_number=row.number, subject_name=row.subject_name,
        subject_kana=row.subject_kana, process_name=row.process_name, org_name=row.org_name or "", stage=row.stage,
        state=row.state, assignee_id=row.assignee_id, assignee_name=row.assignee_name or "", due=due,
        hold_reason=row.hold_reason, seal_level=row.seal_level, opens=bool(row.opens),
    )  # fmt: skip


# ---------------------------------------------------------------- what changed meanwhile


def changes_since(engine: Engine, actor: Actor, since: datetime, *, now: datetime) -> int:
    """How many tasks of the board opened, were acted on or changed their bucket by time since a page was made."""
    base = watched(engine, actor, now)
    fresh = or_(user_task.c.opened_at > since, and_(user_task.c.due_at > since, user_task.c.due_at <= now))
    opened = select(user_task.c.id).select_from(_slim()).where(base, fresh)
    orgs = watched_orgs(engine, actor)
    acts = select(audit_event.c.task_id).where(audit_event.c.act.in_(TASK_ACTS), audit_event.c.at > since)
    part = case_organisation.c
    carried = select(part.case_id).where(part.org_id.in_(orgs), one_of(part.relation, "owner", "lead"))
    acted = (
        select(user_task.c.id)
        .select_from(_slim())
        .where(user_task.c.id.in_(acts), or_(user_task.c.org_id.in_(orgs), user_task.c.case_id.in_(carried)))
        .where(or_(support_case.c.seal_level == 0, case_visible(actor, now)))
    )
    with engine.database.read() as connection:
        return len(set(connection.execute(opened).scalars()) | set(connection.execute(acted).scalars()))
