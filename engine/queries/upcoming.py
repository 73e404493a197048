"""予定: moments on visible cases that will open a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, false, func, select, tuple_

from engine.domain.staff import Actor, Membership
from engine.queries import ordering
from engine.queries.inbox import InboxFilter, choices, matches_words
from engine.queries.ordering import BY_NUMBER, Key, Keys, Order
from engine.queries.outline import opens_task
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.visibility import (
    KEPT,
    NOW,
    Moment,
    among_whole_cases,
    anybody_with,
    asking,
    sees_whole_case,
)
from engine.storage.prepared import Prepared
from engine.storage.sql import one_of
from engine.storage.tables import definition_version, person, process_instance, support_case, timer

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class UpcomingRow:
    """One task that will open at ``at``."""

    task_name: str
    case_number: str
    subject_name: str
    subject_kana: str
    process_key: str
    process_name: str
    at: datetime
    seal_level: int


@dataclass(frozen=True)
class UpcomingPage:
    """One page of 予定; ``total`` counts all rows of the filter, ``processes`` and ``orgs`` occur in the view."""

    rows: tuple[UpcomingRow, ...]
    total: int
    unfiltered: int
    next: After | None
    processes: Mapping[str, str] = field(default_factory=dict)
    orgs: Mapping[str, str] = field(default_factory=dict)


def count_upcoming(engine: Engine, actor: Actor, *, now: datetime) -> int:
    """How many tasks will be opened by a moment on cases that the actor's office carries."""
    with engine.database.read() as connection:
        return _figures(engine, _of_office(actor.memberships).records(connection, asking(actor, now))).count


def upcoming(engine: Engine, actor: Actor, narrow: InboxFilter, *, now: datetime) -> UpcomingPage:
    """One page of the tasks that a moment will open on cases that the actor's office carries, the nearest first
    unless another order is named."""
    keys = _sort_keys(narrow.order)
    with engine.database.read() as connection:
        figures = _figures(engine, _of_office(actor.memberships).records(connection, asking(actor, now)))
        narrowed = and_(_opening(_pending(actor, now), figures.names), *_narrowing(narrow))
        query = (
            _rows()
            .where(narrowed, *ordering.after(narrow.after, keys, timer.c.id))
            .add_columns(*(key.expression.label(f"sort_{n}") for n, key in enumerate(keys)))
        )
        query = query.order_by(*ordering.clauses([*(key.expression for key in keys), timer.c.id], keys))
        found = connection.execute(query.limit(PAGE_SIZE + 1)).all()
        page = found[:PAGE_SIZE]
        more = len(found) > len(page)
        last = [page[-1]._mapping[f"sort_{n}"] for n in range(len(keys))] if more else []
        processes, orgs = choices(connection, figures.processes, figures.orgs)
        return UpcomingPage(
            rows=tuple(_row(row, figures.names) for row in page),
            total=_count(connection, narrowed) if narrow.is_set else figures.count,
            unfiltered=figures.count,
            next=ordering.place(last, page[-1].id) if more else None,
            processes=processes,
            orgs=orgs,
        )


def upcoming_of_case(engine: Engine, actor: Actor, case_id: str, *, now: datetime) -> tuple[UpcomingRow, ...]:
    """The tasks that moments will open on one case, the nearest first."""
    with engine.database.read() as connection:
        groups = _of_case(actor.memberships).records(connection, asking(actor, now, case=case_id))
        names = _figures(engine, groups).names
        if not names:
            return ()
        pending = and_(_waiting(), timer.c.case_id == case_id, sees_whole_case(actor, now))
        query = _rows().where(_opening(pending, names)).order_by(timer.c.fires_at, timer.c.id)
        return tuple(_row(row, names) for row in connection.execute(query))


#: where the token will go on: the branch behind an event gateway, else the element itself
_place = case((timer.c.branch != "", timer.c.branch), else_=timer.c.element_id)


def _waiting() -> ColumnElement[bool]:
    """Written out, so that both databases find the index that holds these moments only."""
    return and_(one_of(timer.c.kind, "token"), one_of(timer.c.state, "pending", "claimed"))


def _pending(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """Pending moments on cases seen whole."""
    return and_(_waiting(), among_whole_cases(actor, now, timer.c.case_id))


def _opening(pending: ColumnElement[bool], names: Mapping[tuple[str, str], str]) -> ColumnElement[bool]:
    """Those of them whose element opens a task."""
    pair = tuple_(process_instance.c.version_id, _place)
    return and_(pending, pair.in_(list(names)) if names else false())


@dataclass(frozen=True)
class _Figures:
    """How many tasks moments will open, the names of the tasks by (version, element), and where they occur."""

    count: int
    names: Mapping[tuple[str, str], str]
    processes: frozenset[str]
    orgs: frozenset[str]


@lru_cache(KEPT)
def _of_office(memberships: tuple[Membership, ...]) -> Prepared:
    return Prepared(_grouped(_pending(anybody_with(memberships), NOW)))


@lru_cache(KEPT)
def _of_case(memberships: tuple[Membership, ...]) -> Prepared:
    whole = sees_whole_case(anybody_with(memberships), NOW)
    return Prepared(_grouped(and_(_waiting(), timer.c.case_id == bindparam("case"), whole)))


def _grouped(pending: ColumnElement[bool]) -> Any:
    instance = process_instance.c
    keys = (instance.version_id, _place.label("place"), instance.process_key, instance.org_id)
    joined = timer.join(process_instance, instance.id == timer.c.instance_id)
    joined = joined.join(support_case, support_case.c.id == timer.c.case_id)
    query = select(*keys, func.count().label("n")).select_from(joined).where(pending)
    return query.group_by(instance.version_id, "place", instance.process_key, instance.org_id)


def _figures(engine: Engine, groups: Sequence[Any]) -> _Figures:
    """All that is told of the moments as a whole, from one pass over them."""
    names: dict[tuple[str, str], str] = {}
    for version_id, place in {(row.version_id, row.place) for row in groups}:
        name = opens_task(engine.definitions.get(version_id).model, place)
        if name is not None:
            names[version_id, place] = name
    known = [row for row in groups if (row.version_id, row.place) in names]
    return _Figures(
        sum(row.n for row in known), names,
        frozenset(row.process_key for row in known), frozenset(row.org_id for row in known if row.org_id),
    )  # fmt: skip


def _narrowing(narrow: InboxFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if narrow.process:
        conditions.append(process_instance.c.process_key == narrow.process)
    if narrow.org:
        conditions.append(process_instance.c.org_id == narrow.org)
    if narrow.words:
        conditions.append(matches_words(narrow.words))
    return conditions


def _sort_keys(order: Order) -> Keys:
    nearest = Key(timer.c.fires_at)
    first = {Order.CASE: BY_NUMBER, Order.PROCESS: (Key(process_instance.c.process_key),)}
    return (*first.get(order, ()), nearest)


def _joined() -> Any:
    return (
        timer.join(process_instance, process_instance.c.id == timer.c.instance_id)
        .join(support_case, support_case.c.id == timer.c.case_id)
        .join(person, person.c.id == support_case.c.subject_id)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
    )


def _rows() -> Any:
    columns = (
        timer.c.id,
        timer.c.fires_at,
        _place.label("place"),
        process_instance.c.version_id,
        process_instance.c.process_key,
        definition_version.c.name.label("process_name"),
        support_case.c.number,
        support_case.c.seal_level,
        person.c.name,
        person.c.name_kana,
    )
    return select(*columns).select_from(_joined())


def _row(row: Any, names: Mapping[tuple[str, str], str]) -> UpcomingRow:
    return UpcomingRow(
        task_name=names[row.version_id, row.place],
        case_number=row.number,
        subject_name=row.name,
        subject_kana=row.name_kana,
        process_key=row.process_key,
        process_name=row.process_name,
        at=row.fires_at,
        seal_level=row.seal_level,
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(_joined()).where(condition)).scalar_one()
