"""Who is asking, and whether that person may know of the thing at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.domain.errors import CityStaffOnly, NotAuthorised, NotFound
from engine.domain.roles import Role
from engine.domain.staff import Actor, Membership
from engine.queries import visibility
from engine.services.engine import Engine
from engine.storage import cases, staff, tasks
from engine.storage.database import Connection
from engine.storage.rows import CaseRow, TaskRow

MANAGING_ROLES = frozenset({Role.AGENCY_MANAGER.value, Role.SUPERVISOR.value})


def actor_by_id(engine: Engine, staff_id: str, *, now: datetime) -> Actor:
    """The person with today's memberships. Raises NotFound for one who is not active."""
    with engine.database.read() as connection:
        actor = staff.actor(connection, staff_id, tokyo_date(now))
    if actor is None:
        raise NotFound("staff")
    return actor


def actor_by_login(engine: Engine, login: str, *, now: datetime) -> Actor:
    """The person behind a login. Raises NotFound."""
    with engine.database.read() as connection:
        row = staff.by_login(connection, login)
    if row is None:
        raise NotFound("staff")
    return actor_by_id(engine, row.id, now=now)


def visible_case(connection: Connection, actor: Actor, case_id: str, *, now: datetime) -> CaseRow:
    """The case; NotFound when it does not exist or the person may not know of it."""
    case = cases.get(connection, case_id)
    if case is None or not (actor.is_system or visibility.sees_case(connection, actor, case_id, now)):
        raise NotFound("case")
    return case


@dataclass(frozen=True)
class TaskAccess:
    """A task as one person meets it."""

    task: TaskRow
    candidates: frozenset[tuple[str, str]]
    memberships: tuple[Membership, ...]  #: those of the person that give the authority to do it


def visible_task(connection: Connection, actor: Actor, task_id: str, *, now: datetime) -> TaskAccess:
    """The task and the person's authority over it; NotFound when it does not exist or is not to be known of."""
    task = visibility.seen_task(connection, actor, task_id, now)
    if task is None:
        raise NotFound("task")
    pairs = tasks.candidates(connection, task_id)
    held = tuple(m for m in actor.memberships if _gives_authority(connection, m, task_id, pairs))
    return TaskAccess(task, pairs, held)


def _gives_authority(
    connection: Connection, membership: Membership, task_id: str, pairs: frozenset[tuple[str, str]]
) -> bool:
    """Whether the membership is a candidate, by the rule that also makes the inbox."""
    if (membership.org_id, membership.role) in pairs:
        return True
    return visibility.is_candidate(connection, membership, task_id)


def require_doer(access: TaskAccess, act: str, actor: Actor) -> None:
    """The person may do this task. Raises CityStaffOnly or NotAuthorised."""
    relevant = access.memberships or actor.memberships
    if access.task.city_staff_only and not any(m.city_staff for m in relevant):
        raise CityStaffOnly(access.task.element_id)
    if not access.memberships:
        raise NotAuthorised(act, access.task.element_id)


def manages(access: TaskAccess, actor: Actor, engine: Engine) -> bool:
    """The person distributes the work of an organisation that may do the task, or of its division."""
    orgs = {org for org, _ in access.candidates}
    covered = {org for m in actor.memberships if m.role in MANAGING_ROLES for org in engine.reference.covers(m.org_id)}
    return bool(orgs & covered)
