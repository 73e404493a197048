"""Where the running instances of a process stand and where deadlines break, by element: numbers, never whose case.

A place is an open task, or a moment or message that an instance waits for; events beside a task count with their task.
One case can stand in two places. Rows only: no engine state is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, case, func, literal, or_, select

from engine.domain.errors import NotFound
from engine.queries.outline import display_name, outline
from engine.queries.paging import PAGE_SIZE, After
from engine.storage.columns import Instant
from engine.storage.tables import definition_version, incident, process_instance, subscription, timer, user_task

if TYPE_CHECKING:
    from engine.definitions.elements import BpmnModel
    from engine.services.engine import Engine

#: from how many places on an element is in class 1, 2, 3, 4
CLASSES = (1, 5, 10, 30)


@dataclass(frozen=True)
class Counts:
    """Of one element: places, of these late tasks, tasks on hold, and open incidents."""

    here: int = 0
    late: int = 0
    held: int = 0
    stopped: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.here + other.here, self.late + other.late, self.held + other.held, self.stopped + other.stopped
        )

    @property
    def heat(self) -> int:
        """The class of ``here`` from 1 to 4; 0 for none."""
        return sum(self.here >= least for least in CLASSES)


@dataclass(frozen=True)
class Standing:
    """The counts of one element in one version."""

    version: int
    element_id: str
    counts: Counts


@dataclass(frozen=True)
class Place:
    """One element with its counts over all versions. versions: number -> places. drawn: whether the shown version has
    it; no: its number in the outline, 0 where it is not drawn.
    """

    no: int
    element_id: str
    name: str
    counts: Counts
    versions: Mapping[int, int]
    drawn: bool = True


@dataclass(frozen=True)
class Heat:
    """All places of a process, in the order of the outline; those that the shown version does not have come last."""

    total: Counts
    places: tuple[Place, ...]

    @property
    def worst(self) -> Place | None:
        """The place to look at first: most late, then most places; None where nothing stands."""
        busy = [place for place in self.places if place.counts.here]
        return max(busy, key=lambda place: (place.counts.late, place.counts.here), default=None)


def heat(engine: Engine, key: str, number: int, *, now: datetime) -> Heat:
    """Where the instances of a process stand, told on the diagram of version ``number``. Raises NotFound."""
    with engine.database.read() as connection:
        ids = _version_ids(connection, key)
        rows = _rows(connection, key, now)
    if number not in ids:
        raise NotFound("process")
    found = _standings(engine, ids, rows)
    return told_on(engine.definitions.get(ids[number]).model, found, _names(engine, ids, found))


@dataclass(frozen=True)
class Stop:
    """An open incident, without anything of the case. version: number of the version that it runs on."""

    id: str
    version: int
    element_id: str
    job: str
    opened_at: datetime


def stops(
    engine: Engine, key: str, element_id: str | None, after: After | None = None
) -> tuple[tuple[Stop, ...], After | None]:
    """A page of the open incidents of a process (on one element), the oldest first, and where the next page begins."""
    query = _STOPS.where(incident.c.element_id == element_id) if element_id is not None else _STOPS
    if after is not None and (value := after.moment()) is not None:
        beyond = and_(incident.c.opened_at == value, incident.c.id > after.id)
        query = query.where(or_(incident.c.opened_at > value, beyond))
    with engine.database.read() as connection:
        rows = connection.execute(query.limit(PAGE_SIZE + 1), {"of_key": key}).all()
    page = rows[:PAGE_SIZE]
    following = After(page[-1].opened_at.isoformat(), page[-1].id) if len(rows) > PAGE_SIZE else None
    return tuple(Stop(*row) for row in page), following


def standings(engine: Engine, key: str, *, now: datetime) -> tuple[Standing, ...]:
    """The counts by version and element."""
    with engine.database.read() as connection:
        ids = _version_ids(connection, key)
        rows = _rows(connection, key, now)
    return _standings(engine, ids, rows)


def overview(engine: Engine, *, now: datetime) -> dict[str, Counts]:
    """Late tasks and open incidents of each process that has any; ``here`` and ``held`` are not counted."""
    found: dict[str, Counts] = {}
    with engine.database.read() as connection:
        for key, late in connection.execute(_LATE_BY_PROCESS, {"now": now}):
            found[key] = Counts(late=int(late))
        for key, stopped in connection.execute(_STOPPED_BY_PROCESS):
            found[key] = found.get(key, Counts()) + Counts(stopped=int(stopped))
    return found


def told_on(model: BpmnModel, found: Iterable[Standing], names: Mapping[str, str]) -> Heat:
    """The counts gathered by element of a model. names: of elements that it does not have."""
    gathered: dict[str, Place] = {}
    for one in found:
        known = gathered.get(one.element_id) or Place(0, one.element_id, "", Counts(), {}, drawn=False)
        versions = {**known.versions, one.version: known.versions.get(one.version, 0) + one.counts.here}
        gathered[one.element_id] = replace(known, counts=known.counts + one.counts, versions=versions)
    places = [
        replace(gathered.pop(step.element_id), no=step.no, name=step.name, drawn=True)
        for step in outline(model)
        if step.element_id in gathered
    ]
    places += [
        replace(place, name=names.get(place.element_id, place.element_id or "手続き全体"))
        for place in gathered.values()
    ]
    return Heat(sum((place.counts for place in places), Counts()), tuple(places))


def names_of(engine: Engine, key: str, found: Iterable[Standing]) -> dict[str, str]:
    """The names of the elements at which something stands, each from the newest version that has it."""
    with engine.database.read() as connection:
        return _names(engine, _version_ids(connection, key), found)


def _names(engine: Engine, ids: Mapping[int, str], found: Iterable[Standing]) -> dict[str, str]:
    names = {}
    for one in sorted(found, key=lambda standing: standing.version):
        element = engine.definitions.get(ids[one.version]).model.elements.get(one.element_id)
        if element is not None:
            names[one.element_id] = display_name(element)
    return names


def _standings(engine: Engine, ids: Mapping[int, str], rows: Iterable[Standing]) -> tuple[Standing, ...]:
    """Without the events beside a task or part, which are no place of their own."""
    kept: dict[tuple[int, str], Counts] = {}
    for row in rows:
        element = engine.definitions.get(ids[row.version]).model.elements.get(row.element_id)
        if row.counts.here and element is not None and element.attached_to is not None:
            continue
        place = (row.version, row.element_id)
        kept[place] = kept.get(place, Counts()) + row.counts
    return tuple(Standing(version, element, counts) for (version, element), counts in kept.items())


# ---------------------------------------------------------------- statements

_LIVING = ("running", "incident")
#: by the versions of the process: instances have an index on their version
_RUNNING = and_(definition_version.c.process_key == bindparam("of_key"), process_instance.c.status.in_(_LIVING))
_LATE = and_(user_task.c.due_at <= bindparam("now", type_=Instant), user_task.c.state != "held")


def _of_version(table: Any, *condition: Any) -> Any:
    """The table's rows of running instances with the number of their version."""
    joined = table.join(process_instance, process_instance.c.id == table.c.instance_id)
    joined = joined.join(definition_version, definition_version.c.id == process_instance.c.version_id)
    return lambda *columns: (
        select(definition_version.c.number, *columns)
        .select_from(joined)
        .where(_RUNNING, *condition)
        .group_by(definition_version.c.number, columns[0])
    )


def _place(table: Any) -> Any:
    return case((func.coalesce(table.c.branch, "") != "", table.c.branch), else_=table.c.element_id)


_TASKS = _of_version(user_task, user_task.c.state.in_(("open", "claimed", "held")))(
    user_task.c.element_id,
    func.count(),
    func.sum(case((_LATE, 1), else_=0)),
    func.sum(case((user_task.c.state == "held", 1), else_=0)),
)
_MOMENTS = _of_version(timer, timer.c.kind == "token", timer.c.state.in_(("pending", "claimed")))(
    _place(timer), func.count(), literal(0), literal(0)
)
_MESSAGES = _of_version(subscription)(_place(subscription), func.count(), literal(0), literal(0))
_STOPPED = _of_version(incident, incident.c.resolved_at.is_(None))(incident.c.element_id, func.count())

_STOPS = (
    select(incident.c.id, definition_version.c.number, incident.c.element_id, incident.c.job, incident.c.opened_at)
    .select_from(
        incident.join(process_instance, process_instance.c.id == incident.c.instance_id).join(
            definition_version, definition_version.c.id == process_instance.c.version_id
        )
    )
    .where(_RUNNING, incident.c.resolved_at.is_(None))
    .order_by(incident.c.opened_at, incident.c.id)
)

_LATE_BY_PROCESS = (
    select(process_instance.c.process_key, func.count())
    .join(user_task, user_task.c.instance_id == process_instance.c.id)
    .where(user_task.c.state.in_(("open", "claimed", "held")), _LATE, process_instance.c.status.in_(_LIVING))
    .group_by(process_instance.c.process_key)
)
_STOPPED_BY_PROCESS = (
    select(process_instance.c.process_key, func.count())
    .join(incident, incident.c.instance_id == process_instance.c.id)
    .where(incident.c.resolved_at.is_(None), process_instance.c.status.in_(_LIVING))
    .group_by(process_instance.c.process_key)
)


def _rows(connection: Connection, key: str, now: datetime) -> list[Standing]:
    found = [
        Standing(row[0], row[1], Counts(int(row[2]), int(row[3] or 0), int(row[4] or 0)))
        for statement in (_TASKS, _MOMENTS, _MESSAGES)
        for row in connection.execute(statement, {"of_key": key, "now": now})
    ]
    stopped = connection.execute(_STOPPED, {"of_key": key})
    return found + [Standing(row[0], row[1], Counts(stopped=int(row[2]))) for row in stopped]


def _version_ids(connection: Connection, key: str) -> dict[int, str]:
    query = select(definition_version.c.number, definition_version.c.id).where(definition_version.c.process_key == key)
    return {row.number: row.id for row in connection.execute(query)}
