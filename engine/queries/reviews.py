"""定期評価の遅れ: evaluations past their due date on the cases that a supervisor's office answers for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, select

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.queries.deadlines import DueStatus, calendar_of, due_status
from engine.queries.visibility import case_visible, covered_by, taking_part, task_actionable
from engine.storage.tables import (
    case_organisation,
    clock,
    organisation,
    person,
    raised,
    staff,
    support_case,
    timer,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine

EVALUATION, WATCH = "px_eval", "px_overdue"  #: element ids of the plan_execution process
WATCHING_ROLES = frozenset({Role.SUPERVISOR.value, Role.AGENCY_MANAGER.value, Role.PROGRAMME_LEAD.value})


@dataclass(frozen=True)
class Watch:
    """The supervisor's own task about a late evaluation. ``open_to_me``: the actor may do it."""

    task_id: str
    state: str
    who: str
    completed_at: datetime | None
    open_to_me: bool


@dataclass(frozen=True)
class LateReview:
    """One late evaluation. Name and kana are None for those who may not see the case.

    ``levels``: levels of the ladder already told; ``next_level`` and ``next_at``: the next one.
    """

    task_id: str
    case_number: str
    subject_name: str | None
    subject_kana: str | None
    due: DueStatus
    due_on: date
    lead_name: str
    assignee_name: str
    levels: tuple[str, ...]
    next_level: str
    next_at: datetime | None
    watch: Watch | None
    opens: bool


def watches_reviews(actor: Actor) -> bool:
    """Whether the list of late reviews is the actor's to see."""
    return any(m.role in WATCHING_ROLES for m in actor.memberships)


_lead = organisation.alias("lead")
_owner = organisation.alias("owner")


def late_reviews(engine: Engine, actor: Actor, *, now: datetime) -> tuple[LateReview, ...]:
    """Open evaluations past their due moment, the latest first, on cases led or owned by organisations watched.

    Sealed cases that the actor may not see are left out.
    """
    if not watches_reviews(actor):
        return ()
    with engine.database.read() as connection:
        rows = connection.execute(_query(actor, now)).mappings().all()
        around = _Around(
            _levels(connection, rows), _next_levels(connection, rows), _watches(connection, actor, rows, now)
        )
    return tuple(_review(engine, row, around, now) for row in rows)


@dataclass(frozen=True)
class _Around:
    """What belongs to the evaluations, read for all of them together: three statements however many there are."""

    levels: dict[str, tuple[str, ...]]
    following: dict[tuple[str, str], tuple[str, datetime]]
    watches: dict[str, list[Any]]


def _query(actor: Actor, now: datetime) -> Any:
    joined = (
        user_task.join(support_case, support_case.c.id == user_task.c.case_id)
        .join(person, person.c.id == support_case.c.subject_id)
        .outerjoin(_lead, _lead.c.id == support_case.c.lead_org)
        .outerjoin(_owner, _owner.c.id == support_case.c.owner_org)
        .outerjoin(staff, staff.c.id == user_task.c.assignee_id)
        .outerjoin(clock, clock.c.task_id == user_task.c.id)
    )
    visible = case_visible(actor, now).label("visible")
    columns = (
        user_task.c.id, user_task.c.instance_id, user_task.c.ref, user_task.c.case_id, user_task.c.state,
        user_task.c.due_at, user_task.c.due_on, user_task.c.warn_at, user_task.c.opened_at, support_case.c.number,
        support_case.c.owner_org,
        person.c.name, person.c.name_kana, _lead.c.name.label("lead_name"),
        _owner.c.name.label("owner_name"), staff.c.name.label("assignee_name"),
        clock.c.calendar, visible,
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(joined)
        .where(
            user_task.c.element_id == EVALUATION,
            user_task.c.state.in_(("open", "claimed")),
            user_task.c.due_at <= now,
            _watched(actor, now),
        )
        .order_by(user_task.c.due_at, user_task.c.id)
    )


def _watched(actor: Actor, now: datetime) -> Any:
    """The case is visible, or (without a seal) led or owned by an organisation that the actor's office answers for."""
    orgs = sorted({m.org_id for m in actor.memberships if m.role in WATCHING_ROLES})
    part = case_organisation.c
    carried = (
        select(part.case_id)
        .where(part.case_id == support_case.c.id, part.relation.in_(("owner", "lead")), taking_part(now))
        .where(covered_by(orgs) | part.org_id.in_(orgs))
    ).exists()
    return and_(carried, (support_case.c.seal_level == 0) | case_visible(actor, now))


def _review(engine: Engine, row: Any, around: _Around, now: datetime) -> LateReview:
    upcoming = around.following.get((row["instance_id"], row["ref"]))
    return LateReview(
        task_id=row["id"],
        case_number=row["number"],
        subject_name=row["name"] if row["visible"] else None,
        subject_kana=row["name_kana"] if row["visible"] else None,
        due=due_status(
            due_at=row["due_at"], due_on=row["due_on"], warn_at=row["warn_at"], held=False, held_until=None,
            started_at=row["opened_at"], calendar=calendar_of(engine, row["calendar"] or row["owner_org"]), now=now,
        ),
        due_on=row["due_on"] or tokyo_date(row["due_at"]),
        lead_name=row["lead_name"] or row["owner_name"] or "",
        assignee_name=row["assignee_name"] or "",
        levels=around.levels.get(row["id"], ()),
        next_level=upcoming[0] if upcoming else "",
        next_at=upcoming[1] if upcoming else None,
        watch=_watch(around.watches.get(row["instance_id"], []), row["opened_at"]),
        opens=bool(row["visible"]),
    )  # fmt: skip


def _levels(connection: Connection, rows: Any) -> dict[str, tuple[str, ...]]:
    ids = [row["id"] for row in rows]
    query = select(raised.c.task_id, raised.c.level).where(
        raised.c.task_id.in_(ids), raised.c.level.in_(("1", "2", "3"))
    )
    found: dict[str, set[str]] = {}
    for task_id, level in connection.execute(query):
        found.setdefault(task_id, set()).add(level)
    return {task_id: tuple(sorted(levels)) for task_id, levels in found.items()}


def _next_levels(connection: Connection, rows: Any) -> dict[tuple[str, str], tuple[str, datetime]]:
    """The next moment of the ladder of each evaluation, by instance and token; one that is due but was not told yet
    (no scheduler runs) is still the next.
    """
    query = (
        select(timer.c.instance_id, timer.c.ref, timer.c.branch, timer.c.fires_at)
        .where(
            timer.c.instance_id.in_([row["instance_id"] for row in rows]),
            timer.c.kind == "level",
            timer.c.state.in_(("pending", "claimed")),
            timer.c.branch.in_(("1", "2", "3")),
        )
        .order_by(timer.c.fires_at.desc())
    )
    return {(row.instance_id, row.ref): (row.branch, row.fires_at) for row in connection.execute(query)}


def _watches(connection: Connection, actor: Actor, rows: Any, now: datetime) -> dict[str, list[Any]]:
    """The px_overdue tasks of the instances, the newest first."""
    mine = task_actionable(actor, now).label("open_to_me")
    query = (
        select(
            user_task.c.id, user_task.c.instance_id, user_task.c.state, user_task.c.opened_at,
            user_task.c.completed_at, staff.c.name, mine,
        )
        .select_from(
            user_task.join(support_case, support_case.c.id == user_task.c.case_id).outerjoin(
                staff, staff.c.id == func.coalesce(user_task.c.completed_by, user_task.c.assignee_id)
            )
        )
        .where(
            user_task.c.instance_id.in_([row["instance_id"] for row in rows]),
            user_task.c.element_id == WATCH,
            user_task.c.state != "cancelled",
        )
        .order_by(user_task.c.opened_at.desc())
    )  # fmt: skip
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.instance_id, []).append(row)
    return found


def _watch(found: list[Any], since: datetime) -> Watch | None:
    """The newest px_overdue of the same evaluation."""
    row = next((one for one in found if one.opened_at >= since), None)
    return None if row is None else Watch(row.id, row.state, row.name or "", row.completed_at, bool(row.open_to_me))
