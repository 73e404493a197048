"""One user task with everything needed to do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from engine.domain.errors import NotFound
from engine.domain.roles import Role
from engine.domain.staff import ANY_CITY_ORG, Actor, Membership
from engine.queries.case_file import CaseHead, head_for_doer
from engine.queries.deadlines import ClockStory, DueStatus, calendar_of, clock_story, due_status
from engine.queries.outline import NextStep, next_steps
from engine.queries.visibility import (
    candidate_matches,
    task_actionable,
    task_visible,
)
from engine.storage import tasks
from engine.storage.sealing import unseal
from engine.storage.tables import (
    audit_event,
    definition_version,
    organisation,
    process_instance,
    staff,
    support_case,
    task_candidate,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Candidate:
    """Who may do the task: a role in an organisation; the name is empty for any organisation of the city."""

    org_name: str
    role: str


@dataclass(frozen=True)
class TaskEvent:
    """One line of the task's own history."""

    at: datetime
    act: str
    actor_name: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """What the actor typed so far."""

    data: Mapping[str, Any]
    saved_at: datetime


@dataclass(frozen=True)
class TaskPage:
    """One task as one person meets it. ``version`` is what a submission has to name as seen.

    ``may_do``: one of the actor's memberships is a candidate. ``case_open``: the actor may open the case file.
    """

    id: str
    version: int
    name: str
    element_id: str
    process_key: str
    process_name: str
    version_id: str
    version_number: int
    instance_id: str
    form_key: str
    state: str
    stage: str
    locals: Mapping[str, Any]
    assignee_id: str | None
    assignee_name: str
    claimed_at: datetime | None
    completed_at: datetime | None
    completed_by_name: str
    opened_at: datetime
    by_timer: bool
    hold_allowed: bool
    held_until: date | None
    hold_reason: str
    city_staff_only: bool
    due: DueStatus
    clock: ClockStory | None
    candidates: tuple[Candidate, ...]
    instructions: str
    following: tuple[NextStep, ...]
    draft: Draft | None
    events: tuple[TaskEvent, ...]
    case: CaseHead
    case_open: bool
    mine: bool
    may_do: bool
    manages: bool
    colleagues: tuple[tuple[str, str], ...] = field(default=())
    other_office: str = ""  #: the organisation for which the actor may do it, where not for the one they work for now

    @property
    def is_open(self) -> bool:
        """Whether the task still waits to be done."""
        return self.state in ("open", "claimed", "held")


_by = staff.alias("completer")


def task_page(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> TaskPage:
    """The task with its case, clock, instructions and what comes next. Raises NotFound when absent or foreign."""
    with engine.database.read() as connection:
        row = connection.execute(_query(actor, task_id, now)).mappings().first()
        if row is None:
            raise NotFound("task")
        return _page(engine, connection, actor, row, now)


def _query(actor: Actor, task_id: str, now: datetime) -> Any:
    joined = (
        user_task.join(support_case, support_case.c.id == user_task.c.case_id)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
        .outerjoin(staff, staff.c.id == user_task.c.assignee_id)
        .outerjoin(_by, _by.c.id == user_task.c.completed_by)
    )
    columns = (
        *user_task.c, process_instance.c.version_id, definition_version.c.name.label("process_name"),
        definition_version.c.number.label("version_number"), staff.c.name.label("assignee_name"),
        _by.c.name.label("completed_by_name"), support_case.c.owner_org.label("owner_org"),
        task_actionable(actor, now).label("actionable"),
    )  # fmt: skip
    return select(*columns).select_from(joined).where(user_task.c.id == task_id, task_visible(actor, now))


def _page(engine: Engine, connection: Connection, actor: Actor, row: Any, now: datetime) -> TaskPage:
    model = engine.definitions.get(row["version_id"]).model
    element = model.elements.get(row["element_id"])
    mine = row["assignee_id"] == actor.staff_id
    managing = _manages(connection, engine, actor, row["id"])
    head, visible = head_for_doer(connection, actor, row["case_id"], now)
    return TaskPage(
        **_facts(row),
        due=_due(engine, connection, row, now),
        clock=clock_story(engine, connection, row["id"], now=now),
        candidates=_candidates(connection, row["id"]),
        instructions=element.documentation if element else "",
        following=next_steps(model, row["element_id"]) if element else (),
        draft=_draft(connection, row["id"], actor) if mine else None,
        events=_events(connection, row["case_id"], row["id"]),
        case=head,
        case_open=visible,
        mine=mine,
        may_do=_is_candidate(connection, actor.memberships, row),
        manages=managing,
        colleagues=_colleagues(connection, row["id"], now) if managing or mine else (),
        other_office=_other_office(connection, actor, row),
    )


_COPIED = (
    "id", "version", "name", "element_id", "process_key", "process_name", "version_id", "version_number",
    "instance_id", "form_key", "state", "stage", "assignee_id", "claimed_at", "completed_at", "opened_at", "by_timer",
    "hold_allowed", "held_until", "hold_reason", "city_staff_only",
)  # fmt: skip


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _COPIED},
        "locals": row["locals"] or {},
        "assignee_name": row["assignee_name"] or "",
        "completed_by_name": row["completed_by_name"] or "",
    }


def _due(engine: Engine, connection: Connection, row: Mapping[str, Any], now: datetime) -> DueStatus:
    clock = tasks.clock_of(connection, row["id"])
    return due_status(
        due_at=row["due_at"],
        due_on=row["due_on"],
        warn_at=row["warn_at"],
        held=row["state"] == "held",
        held_until=row["held_until"],
        started_at=row["opened_at"],
        calendar=calendar_of(engine, clock.calendar if clock else row["owner_org"]),
        now=now,
    )


def _candidates(connection: Connection, task_id: str) -> tuple[Candidate, ...]:
    query = (
        select(task_candidate.c.org_id, task_candidate.c.role, organisation.c.name)
        .outerjoin(organisation, organisation.c.id == task_candidate.c.org_id)
        .where(task_candidate.c.task_id == task_id)
        .order_by(task_candidate.c.org_id, task_candidate.c.role)
    )
    return tuple(
        Candidate("" if row.org_id == ANY_CITY_ORG else row.name or row.org_id, row.role)
        for row in connection.execute(query)
    )


def _other_office(connection: Connection, actor: Actor, row: Mapping[str, Any]) -> str:
    if not actor.elsewhere or _is_candidate(connection, actor.memberships, row):
        return ""
    able = (m.org_id for m in actor.elsewhere if _is_candidate(connection, [m], row))
    return next(able, "")


def _is_candidate(connection: Connection, held: Iterable[Membership], row: Mapping[str, Any]) -> bool:
    """One of the memberships (of the city, where only its staff may do it) is a candidate."""
    memberships = [m for m in held if m.city_staff or not row["city_staff_only"]]
    query = select(task_candidate.c.task_id).where(
        task_candidate.c.task_id == row["id"], candidate_matches(memberships)
    )
    return connection.execute(query).first() is not None


def _manages(connection: Connection, engine: Engine, actor: Actor, task_id: str) -> bool:
    """The actor distributes the work of an organisation that may do the task."""
    managed = {
        org
        for m in actor.memberships
        if m.role in (Role.AGENCY_MANAGER.value, Role.SUPERVISOR.value) and m.org_id in engine.reference.organisations
        for org in engine.reference.covers(m.org_id)
    }
    return any(org in managed for org, _ in tasks.candidates(connection, task_id))


def _colleagues(connection: Connection, task_id: str, now: datetime) -> tuple[tuple[str, str], ...]:
    """(id, name) of the active staff who may do the task."""
    ids = tasks.staff_in(connection, tasks.candidates(connection, task_id), now)
    query = select(staff.c.id, staff.c.name).where(staff.c.id.in_(ids)).order_by(staff.c.name_kana, staff.c.name)
    return tuple((row.id, row.name) for row in connection.execute(query))


def _draft(connection: Connection, task_id: str, actor: Actor) -> Draft | None:
    found = tasks.draft_of(connection, task_id, actor.staff_id)
    if found is None:
        return None
    data = unseal(found[0])
    return Draft(data if isinstance(data, dict) else {}, found[1])


def _events(connection: Connection, case_id: str, task_id: str) -> tuple[TaskEvent, ...]:
    query = (
        select(audit_event.c.at, audit_event.c.act, audit_event.c.data, staff.c.name)
        .outerjoin(staff, staff.c.id == audit_event.c.actor)
        .where(audit_event.c.chain == case_id, audit_event.c.task_id == task_id)
        .order_by(audit_event.c.seq)
    )
    return tuple(TaskEvent(row.at, row.act, row.name or "", row.data or {}) for row in connection.execute(query))
