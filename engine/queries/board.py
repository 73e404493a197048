"""期限ボード: the open tasks that a supervisor's offices answer for, counted and listed by one condition.

Everything is reckoned from due instants at the moment of the request, never from what was raised, so the numbers are
right while every scheduler is down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
)

from engine.domain.staff import Actor
from engine.queries.board_filter import (
    NOBODY,
    BoardFilter,
    Bucket,
    Side,
    bucket_of,
    narrowing,
    nights,
    watched,
    watched_orgs,
)
from engine.queries.deadlines import DueStatus, calendar_of, due_status
from engine.queries.org_names import org_names
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.visibility import case_visible, task_visible
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
TASK_ACTS = (
    "task.completed", "task.claimed", "task.released", "task.reassigned", "task.hold", "task.resume", "task.extend",
)  # fmt: skip


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


# ---------------------------------------------------------------- figures


def board(engine: Engine, actor: Actor, narrow: BoardFilter, side: Side, *, now: datetime) -> Board:
    """The figures, narrowed like the list; ``side`` says what the rows of the table are."""
    condition = and_(watched(engine, actor, now), *narrowing(narrow, now))
    with engine.database.read() as connection:
        groups = _groups(connection, condition, narrow, side, now)
        roles = _roles(connection, condition, now) if side is Side.ROLE else []
        names = _Names.read(connection, groups)
    counts: Counter[Bucket] = Counter()
    for group in groups:
        counts.update(group.counts)
    return Board(
        counts=counts,
        unowned=sum(group.total for group in groups if not group.person),
        lines=_lines(roles or groups, side, names.of(side)),
        matrix=_matrix(groups, narrow, names),
    )


@dataclass(frozen=True)
class _Group:
    """Tasks that are alike in what the board tells apart; empty texts for what was not asked or is nobody's."""

    person: str = ""
    process: str = ""
    org: str = ""
    role: str = ""
    element: str = ""
    name: str = ""
    total: int = 0
    counts: Mapping[Bucket, int] = field(default_factory=dict)


def _groups(
    connection: Connection, condition: ColumnElement[bool], narrow: BoardFilter, side: Side, now: datetime
) -> list[_Group]:
    """By person and process (as the index is sorted), by organisation or element only where these are shown."""
    task = user_task.c
    keys: list[Any] = [task.assignee_id, task.process_key]
    keys.append(task.org_id if side is Side.ORG else literal_column("''").label("org_id"))
    keys.append(task.element_id if narrow.process else literal_column("''").label("element_id"))
    grouped = [key for key in keys if getattr(key, "table", None) is user_task]
    name = func.max(task.name) if narrow.process else literal_column("''")
    query = select(*keys, name, *_numbers(now)).where(condition).group_by(*grouped)
    return [
        _Group(row[0] or "", row[1], row[2] or "", "", row[3], row[4], int(row[5]), _counts(row[5:]))
        for row in connection.execute(query)
    ]


def _numbers(now: datetime) -> list[Any]:
    """All; on hold; of the others those without a deadline, and those due by now, by tonight, by Sunday."""
    held, due = user_task.c.state == literal_column("'held'"), user_task.c.due_at
    by = [and_(not_(held), due <= until) for until in (now, *nights(now))]
    kinds = (held, and_(not_(held), due.is_(None)), *by)
    return [func.count(), *(func.sum(case((kind, 1), else_=0)) for kind in kinds)]


def _counts(numbers: Sequence[int]) -> dict[Bucket, int]:
    """What ``_numbers`` selected, by bucket."""
    total, held, none, by_now, by_tonight, by_sunday = (int(number) for number in numbers)
    counts = {
        Bucket.LATE: by_now, Bucket.TODAY: by_tonight - by_now, Bucket.WEEK: by_sunday - by_tonight,
        Bucket.LATER: total - held - none - by_sunday, Bucket.NONE: none, Bucket.HELD: held,
    }  # fmt: skip
    return {bucket: number for bucket, number in counts.items() if number}


def _roles(connection: Connection, condition: ColumnElement[bool], now: datetime) -> list[_Group]:
    """A task that several roles may do counts in each of them, once however many organisations have the role."""
    pairs = select(task_candidate.c.role, user_task.c.id, bucket_of(now).label("bucket"))
    pairs = pairs.select_from(user_task.join(task_candidate, task_candidate.c.task_id == user_task.c.id))
    inner = pairs.where(task_candidate.c.open, condition).distinct().subquery("work")
    query = select(inner.c.role, inner.c.bucket, func.count()).group_by(inner.c.role, inner.c.bucket)
    return [
        _Group(role=role, total=number, counts={Bucket(bucket): number})
        for role, bucket, number in connection.execute(query)
    ]


@dataclass(frozen=True)
class _Names:
    staff: Mapping[str, str]
    orgs: Mapping[str, str]
    processes: Mapping[str, str]

    @classmethod
    def read(cls, connection: Connection, groups: Sequence[_Group]) -> _Names:
        """The names of everybody and everything in the groups: three statements."""
        people = sorted({group.person for group in groups if group.person})
        keys = sorted({group.process for group in groups})
        version = definition_version.c
        newest = select(version.process_key, version.name).where(version.process_key.in_(keys))
        return cls(
            dict(connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(people))).all()),
            org_names(connection, [group.org for group in groups]),
            dict(connection.execute(newest.order_by(version.number)).all()),
        )  # fmt: skip

    def of(self, side: Side) -> Mapping[str, str]:
        """Code to name for what a side of the table shows; roles are named by the page."""
        return {Side.PERSON: self.staff, Side.ORG: self.orgs, Side.PROCESS: self.processes}.get(side, {})


def _lines(groups: Iterable[_Group], side: Side, names: Mapping[str, str]) -> tuple[Line, ...]:
    """By name, what has none first: 担当者なし is a row like any other."""
    found: dict[str, dict[Bucket, int]] = {}
    for group in groups:
        counts = found.setdefault(getattr(group, side.value) or NOBODY, dict.fromkeys(Bucket, 0))
        for bucket, number in group.counts.items():
            counts[bucket] += number
    lines = (Line(key, names.get(key, "" if key == NOBODY else key), counts) for key, counts in found.items())
    return tuple(sorted(lines, key=lambda line: (line.key != NOBODY, line.name, line.key)))


def _matrix(groups: Iterable[_Group], narrow: BoardFilter, names: _Names) -> Matrix:
    """Columns are processes; within one process, its tasks."""
    columns: dict[str, str] = {}
    cells: Counter[tuple[str, str]] = Counter()
    for group in groups:
        key = group.element if narrow.process else group.process
        columns[key] = group.name if narrow.process else names.processes.get(key, key)
        cells[group.person or NOBODY, key] += group.total
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
    base = and_(watched(engine, actor, now), *narrowing(narrow, now))
    chosen = select(user_task.c.id, sort.label("sort_value")).where(base)
    if narrow.after and (moment := narrow.after.moment()):
        chosen = chosen.where(or_(sort > moment, and_(sort == moment, user_task.c.id > narrow.after.id)))
    page = chosen.order_by(sort, user_task.c.id).limit(PAGE_SIZE + 1).subquery("page")
    query = rows_of(page.join(user_task, user_task.c.id == page.c.id), actor, now).add_columns(page.c.sort_value)
    with engine.database.read() as connection:
        found = connection.execute(query.order_by(page.c.sort_value, page.c.id)).all()
        total = connection.execute(select(func.count()).select_from(user_task).where(base)).scalar_one()
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
    query = select(user_task.c.id).where(watched(engine, actor, now), *narrowing(narrow, now))
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
    opened = select(user_task.c.id).where(base, fresh)
    orgs = watched_orgs(engine, actor)
    acts = select(audit_event.c.task_id).where(audit_event.c.act.in_(TASK_ACTS), audit_event.c.at > since)
    part = case_organisation.c
    carried = select(part.case_id).where(part.org_id.in_(orgs), one_of(part.relation, "owner", "lead"))
    acted = (
        select(user_task.c.id)
        .select_from(user_task.join(support_case, support_case.c.id == user_task.c.case_id))
        .where(user_task.c.id.in_(acts), or_(user_task.c.org_id.in_(orgs), user_task.c.case_id.in_(carried)))
        .where(or_(support_case.c.seal_level == 0, case_visible(actor, now)))
    )
    with engine.database.read() as connection:
        return len(set(connection.execute(opened).scalars()) | set(connection.execute(acted).scalars()))
