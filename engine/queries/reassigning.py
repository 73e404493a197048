"""For whoever hands tasks over: who can take them and carries how much, what somebody leaves, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, case, func, or_, select

from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.errors import NotFound
from engine.domain.staff import ANY_CITY_ORG, Actor
from engine.queries.board import BoardRow
from engine.queries.board_filter import watched_orgs
from engine.queries.visibility import case_visible
from engine.storage import reassignments
from engine.storage.board_tables import absence
from engine.storage.reassignments import BatchRow, ItemRow
from engine.storage.sql import one_of
from engine.storage.tables import (
    case_staff,
    draft,
    membership,
    organisation,
    person,
    staff,
    support_case,
    task_candidate,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Receiver:
    """A colleague: for how many of the chosen tasks the role fits, the open tasks before, those due in two weeks.

    ``gains``: how many of the chosen tasks are not the person's already.
    """

    staff_id: str
    name: str
    fits: int
    before: int
    soon: int
    gains: int
    away_until: Any  #: last day of an absence that runs today, or None

    @property
    def after(self) -> int:
        """Open tasks afterwards, if everything goes through."""
        return self.before + self.gains


@dataclass(frozen=True)
class Left:
    """What a person leaves that does not go over with tasks: the kind and where it hangs."""

    kind: str  #: draft, named
    case_number: str
    task_name: str


@dataclass(frozen=True)
class ItemView:
    """One task of a batch as its page shows it. Names are None for who may not see the case."""

    item: ItemRow
    task_name: str
    case_number: str
    subject_name: str | None


@dataclass(frozen=True)
class BatchView:
    """A batch with its rows and the numbers of both sides now."""

    row: BatchRow
    to_name: str
    items: tuple[ItemView, ...]

    def count(self, state: str) -> int:
        """How many rows are in a state."""
        return sum(view.item.state == state for view in self.items)


def receivers(engine: Engine, tasks: Sequence[BoardRow], *, now: datetime) -> tuple[Receiver, ...]:
    """Active colleagues who may do at least one of the tasks by role and organisation, by name."""
    ids = [task.task_id for task in tasks]
    today = tokyo_date(now)
    parent = case((organisation.c.kind == "担当係", organisation.c.parent_id), else_=membership.c.org_id)
    city = and_(organisation.c.city_staff, task_candidate.c.org_id == ANY_CITY_ORG)
    query = (
        select(staff.c.id, staff.c.name, func.count(task_candidate.c.task_id.distinct()).label("fits"))
        .select_from(
            membership.join(staff, staff.c.id == membership.c.staff_id)
            .join(organisation, organisation.c.id == membership.c.org_id)
            .join(task_candidate, task_candidate.c.role == membership.c.role)
        )
        .where(
            task_candidate.c.task_id.in_(ids),
            or_(task_candidate.c.org_id == membership.c.org_id, task_candidate.c.org_id == parent, city),
            staff.c.status == "active",
            membership.c.valid_from <= today,
            or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today),
        )
        .group_by(staff.c.id, staff.c.name)
        .order_by(staff.c.name, staff.c.id)
    )
    with engine.database.read() as connection:
        found = connection.execute(query).all()
        people = [row.id for row in found]
        load = _load(connection, people, now)
        away = _away(connection, people, now)
    return tuple(
        Receiver(row.id, row.name, row.fits, *load.get(row.id, (0, 0)),
                 gains=sum(task.assignee_id != row.id for task in tasks), away_until=away.get(row.id))
        for row in found
    )  # fmt: skip


def _load(connection: Connection, people: Sequence[str], now: datetime) -> dict[str, tuple[int, int]]:
    """Open tasks of each person, and those due within two weeks (late ones included)."""
    ends = tokyo_midnight(tokyo_date(now) + timedelta(days=15))
    soon = func.coalesce(func.sum(case((user_task.c.due_at <= ends, 1), else_=0)), 0)
    query = (
        select(user_task.c.assignee_id, func.count(), soon)
        .where(user_task.c.assignee_id.in_(people), one_of(user_task.c.state, "open", "claimed", "held"))
        .group_by(user_task.c.assignee_id)
    )
    return {who: (int(n), int(due)) for who, n, due in connection.execute(query)}


def _away(connection: Connection, people: Sequence[str], now: datetime) -> dict[str, Any]:
    today = tokyo_date(now)
    query = select(absence.c.staff_id, absence.c.until_on).where(
        absence.c.staff_id.in_(people), absence.c.from_on <= today, absence.c.until_on >= today,
        absence.c.ended_at.is_(None),
    )  # fmt: skip
    return {row.staff_id: row.until_on for row in connection.execute(query)}


def left_behind(engine: Engine, actor: Actor, staff_id: str, *, now: datetime) -> tuple[Left, ...]:
    """Drafts on open tasks and names on sealed cases, of cases the actor sees: they need a hand of their own."""
    drafts = (
        select(support_case.c.number, user_task.c.name)
        .select_from(
            draft.join(user_task, user_task.c.id == draft.c.task_id).join(
                support_case, support_case.c.id == user_task.c.case_id
            )
        )
        .where(draft.c.staff_id == staff_id, one_of(user_task.c.state, "open", "claimed", "held"))
        .where(case_visible(actor, now))
    )
    on = select(case_staff.c.case_id).where(case_staff.c.staff_id == staff_id)
    named = select(support_case.c.number).where(
        support_case.c.id.in_(on), support_case.c.status != "closed", case_visible(actor, now)
    )
    with engine.database.read() as connection:
        found = [
            Left("draft", row.number, row.name) for row in connection.execute(drafts.order_by(support_case.c.number))
        ]
        found += [Left("named", row.number, "") for row in connection.execute(named.order_by(support_case.c.number))]
    return tuple(found)


def colleagues(engine: Engine, actor: Actor, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """Active people of the organisations that the actor watches: id and name, by name."""
    today = tokyo_date(now)
    query = (
        select(staff.c.id, staff.c.name)
        .select_from(membership.join(staff, staff.c.id == membership.c.staff_id))
        .where(
            membership.c.org_id.in_(watched_orgs(engine, actor)),
            staff.c.status == "active",
            membership.c.valid_from <= today,
            or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today),
        )
        .distinct()
        .order_by(staff.c.name, staff.c.id)
    )
    with engine.database.read() as connection:
        return tuple((row.id, row.name) for row in connection.execute(query))


def batch(engine: Engine, actor: Actor, number: int, *, now: datetime) -> BatchView:
    """A batch of the actor's own. Raises NotFound."""
    with engine.database.read() as connection:
        row = reassignments.get(connection, number)
        if row is None or row.made_by != actor.staff_id:
            raise NotFound("reassignment")
        items = reassignments.items(connection, number)
        name = connection.execute(select(staff.c.name).where(staff.c.id == row.to_staff)).scalar() or ""
        about = _about(connection, actor, [item.task_id for item in items], now)
    views = (ItemView(item, *about.get(item.task_id, ("", "", None))) for item in items)
    return BatchView(row, name, tuple(views))


def _about(
    connection: Connection, actor: Actor, ids: Sequence[str], now: datetime
) -> dict[str, tuple[str, str, str | None]]:
    """Name of the task, number of the case, and whose it is; nothing of sealed cases that the actor does not see."""
    seen = case_visible(actor, now)
    query = (
        select(user_task.c.id, user_task.c.name, support_case.c.number, person.c.name.label("who"), seen.label("seen"))
        .select_from(
            user_task.join(support_case, support_case.c.id == user_task.c.case_id).join(
                person, person.c.id == support_case.c.subject_id
            )
        )
        .where(user_task.c.id.in_(ids), or_(support_case.c.seal_level == 0, seen))
    )
    rows = connection.execute(query)
    return {row.id: (row.name, row.number, row.who if row.seen else None) for row in rows}
