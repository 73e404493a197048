"""From a token at a user task to its rows: who may take it, when it is due, what will remind whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.bpmn.api import OpenTask
from engine.definitions.model import DueRule, TaskSettings
from engine.domain.business_days import tokyo_date
from engine.domain.deadline import ClockFacts, Deadline, Period, reckon
from engine.domain.escalation import ladder_moments
from engine.domain.staff import ANY_CITY_ORG
from engine.expressions.functions import standard_functions
from engine.expressions.interpreter import evaluate
from engine.services.deployed import Deployed
from engine.services.engine import BoundDates, Engine
from engine.storage.rows import CaseRow
from engine.storage.sql import new_id


@dataclass(frozen=True)
class Place:
    """Where a task opens: the instance and its case."""

    engine: Engine
    deployed: Deployed
    case: CaseRow
    instance_id: str
    org_id: str
    now: datetime
    by_timer: bool = False
    timer_due_at: datetime | None = None


@dataclass
class Opened:
    """Rows to insert for newly opened tasks."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    stage: str = ""


def open_tasks(place: Place, opened: tuple[OpenTask, ...]) -> Opened:
    """The rows of every task that became open in a step."""
    rows = Opened()
    for token in opened:
        _open_task(place, token, rows)
    return rows


def _open_task(place: Place, token: OpenTask, rows: Opened) -> None:
    settings = place.deployed.model.settings(token.element_id)
    element = place.deployed.model.elements[token.element_id]
    orgs = resolve_scopes(place, settings.org_scopes, token)
    task_id = new_id()
    calendar_org = place.org_id if settings.calendar == "accepted" else place.case.owner_org
    facts = clock_facts(place, settings, token, calendar_org)
    deadline = None if facts is None else reckon(facts, place.engine.calendar_of(calendar_org))
    assignee = _assignee(settings, token)
    rows.tasks.append(
        {
            "id": task_id,
            "instance_id": place.instance_id,
            "ref": token.ref,
            "case_id": place.case.id,
            "process_key": token.process_id,
            "element_id": token.element_id,
            "name": element.name,
            "form_key": settings.form_key,
            "state": "claimed" if assignee else "open",
            "assignee_id": assignee,
            "claimed_at": place.now if assignee else None,
            "city_staff_only": settings.city_staff_only,
            "not_same_as": settings.not_same_as or "",
            "hold_allowed": settings.hold_allowed,
            "stage": settings.stage or "",
            "org_id": orgs[0] if orgs and orgs[0] != ANY_CITY_ORG else None,
            "locals": dict(token.locals),
            "opened_at": place.now,
            "by_timer": place.by_timer,
            "timer_due_at": place.timer_due_at,
            "due_at": deadline.due_at if deadline else None,
            "due_on": deadline.due_on if deadline else None,
            "warn_at": deadline.warn_at if deadline else None,
        }
    )
    rows.candidates += [{"task_id": task_id, "org_id": o, "role": r} for o in orgs for r in settings.roles]
    if settings.stage:
        rows.stage = settings.stage
    if facts is not None and deadline is not None:
        rows.clocks.append(_clock_row(place, task_id, calendar_org, settings, facts))
        rows.timers += ladder_timers(place.engine, deadline, _task_facts(place, task_id, token, settings, calendar_org))


def _assignee(settings: TaskSettings, token: OpenTask) -> str | None:
    value = token.variables.get(settings.assign_to) if settings.assign_to else None
    return value if isinstance(value, str) and value else None


def resolve_scopes(place: Place, scopes: tuple[str, ...], token: OpenTask) -> list[str]:
    """The organisations behind ``tsunagu:orgScope``; the owner when a variable names none."""
    found: list[str] = []
    for scope in scopes:
        found += [org for org in _resolve_scope(place, scope, token) if org not in found]
    return found or [place.case.owner_org]


def _resolve_scope(place: Place, scope: str, token: OpenTask) -> list[str]:
    case, reference = place.case, place.engine.reference
    lead = case.lead_org or case.owner_org
    if scope == "city":
        return [ANY_CITY_ORG]
    if scope in ("field", "lead_field"):
        return _division(place, case.owner_org if scope == "field" else lead)
    fixed = {"owner": case.owner_org, "lead": lead, "accepted": place.org_id}
    value = fixed.get(scope) or token.locals.get(scope, token.variables.get(scope))
    org = value if isinstance(value, str) and value in reference.organisations else scope
    if org not in reference.organisations:
        return []
    return [org, *sorted(reference.same_organisation(org) - {org})]


def _division(place: Place, org: str) -> list[str]:
    """The division in charge first, then its subsections; the organisation itself where nobody answers for it."""
    division = place.engine.reference.division_of(org)
    if division is None:
        return [org]
    return [division, *sorted(place.engine.reference.supervised_by(org) - {division})]


# ---------------------------------------------------------------- clocks


def clock_facts(place: Place, settings: TaskSettings, token: OpenTask, calendar_org: str) -> ClockFacts | None:
    """The promise of a task: its period, the date the process gives, or the earlier of both."""
    warn = Period.parse(settings.warn) if settings.warn else None
    by_period = ClockFacts(started_at=place.now, period=Period.parse(settings.sla), warn=warn) if settings.sla else None
    by_date = _given_facts(place, settings, token, warn)
    if by_period is None or by_date is None:
        return by_date or by_period
    if settings.due_rule is not DueRule.EARLIER:
        return by_date
    calendar = place.engine.calendar_of(calendar_org)
    return min((by_period, by_date), key=lambda facts: reckon(facts, calendar).due_at)


def _given_facts(place: Place, settings: TaskSettings, token: OpenTask, warn: Period | None) -> ClockFacts | None:
    if not settings.due:
        return None
    functions = standard_functions(BoundDates(place.engine.calendar_of(place.case.owner_org), place.now))
    value = evaluate(settings.due, {**token.variables, **token.locals}, functions)
    if value is None or value == "":
        return None
    common = {"started_at": place.now, "warn": warn, "roll": settings.roll}
    if isinstance(value, str) and len(value) > len("2026-04-01"):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return ClockFacts(due_instant=value, **common)  # type: ignore[arg-type]
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return ClockFacts(due_on=day, **common)  # type: ignore[arg-type]


def _clock_row(
    place: Place, task_id: str, calendar_org: str, settings: TaskSettings, facts: ClockFacts
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "task_id": task_id,
        "case_id": place.case.id,
        "calendar": calendar_org,
        "period": str(facts.period) if facts.period else None,
        "due_on": facts.due_on,
        "due_instant": facts.due_instant,
        "roll": facts.roll,
        "warn": str(facts.warn) if facts.warn else None,
        "ladder": settings.ladder,
        "started_at": facts.started_at,
        "state": "running",
    }


@dataclass(frozen=True)
class TaskFacts:
    """What the timers of a task's ladder have to know of it."""

    task_id: str
    instance_id: str
    case_id: str
    element_id: str
    ref: str
    ladder: str
    calendar_org: str
    now: datetime


def _task_facts(place: Place, task_id: str, token: OpenTask, settings: TaskSettings, calendar_org: str) -> TaskFacts:
    return TaskFacts(
        task_id, place.instance_id, place.case.id, token.element_id, token.ref, settings.ladder, calendar_org, place.now
    )


def ladder_timers(engine: Engine, deadline: Deadline, task: TaskFacts) -> list[dict[str, Any]]:
    """The moments at which somebody hears of the task: warn, overdue, levels 1 to 3."""
    if task.ladder == "none":
        return []
    calendar = engine.calendar_of(task.calendar_org)
    rows = []
    for moment in ladder_moments(deadline, engine.reference.ladder(task.ladder, tokyo_date(task.now)), calendar):
        rows.append(
            {
                "id": new_id(),
                "kind": "level",
                "instance_id": task.instance_id,
                "case_id": task.case_id,
                "element_id": task.element_id,
                "ref": task.ref,
                "branch": moment.level,
                "occurrence": f"{task.task_id}:{moment.level}:{moment.at.isoformat()}",
                "fires_at": moment.at,
                "next_at": moment.at,
                "state": "pending",
            }
        )
    return rows
