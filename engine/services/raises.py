"""Raises of the ladder: who hears of a late task; they move no token, so they go in batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from engine.domain.staff import SYSTEM_ID
from engine.services.engine import Engine
from engine.storage import audit, cases, notifications, tasks, timers
from engine.storage.database import Connection
from engine.storage.rows import TaskRow, TimerRow


def raise_batch(engine: Engine, due: Sequence[TimerRow], *, now: datetime) -> int:
    """Note each raise once, tell the people concerned, finish the moments, in one transaction; how many were new."""
    if not due:
        return 0
    count = 0
    with engine.database.write() as connection:
        open_tasks = {
            (instance, task.ref): task
            for instance in {timer.instance_id for timer in due}
            for task in tasks.open_of_instance(connection, instance)
        }
        noted: list[tuple[TimerRow, TaskRow]] = []
        for timer in due:
            task = open_tasks.get((timer.instance_id, timer.ref))
            live = task is not None and task.state != "held"
            if timers.finish(connection, timer, state="fired" if live else "cancelled", at=now) and task and live:
                noted.append((timer, task))
        for timer, task in sorted(noted, key=lambda pair: (pair[1].case_id, pair[0].fires_at)):
            count += _raise(engine, connection, timer, task, now)
    return count


def _raise(engine: Engine, connection: Connection, timer: TimerRow, task: TaskRow, now: datetime) -> int:
    row = {
        "task_id": task.id, "case_id": task.case_id, "element_id": task.element_id, "level": timer.branch,
        "due_at": timer.fires_at, "raised_at": now,
    }  # fmt: skip
    if not tasks.raise_levels(connection, [row]):
        return 0
    told = _people(engine, connection, timer.branch, task, now)
    notifications.add(connection, told, about=f"level:{timer.branch}", case_id=task.case_id, task_id=task.id,
                      key=f"{task.id}:{timer.branch}:{timer.fires_at.isoformat()}", at=now)  # fmt: skip
    audit.append(
        connection, chain=task.case_id, at=now, actor=SYSTEM_ID, act="task.raised", task_id=task.id,
        element_id=task.element_id, data={"level": timer.branch, "due": timer.fires_at.isoformat()},
    )  # fmt: skip
    return 1


def _people(engine: Engine, connection: Connection, level: str, task: TaskRow, now: datetime) -> list[str]:
    """Whom a level tells: the assignee (or the candidates), the agency's managers, the division's supervisors, …"""
    clock = tasks.clock_of(connection, task.id)
    ladder = engine.reference.ladder(clock.ladder if clock else "standard", tokyo_date(now))
    role = next((step.tells for step in ladder if step.level == level), None)
    candidates = tasks.candidates(connection, task.id)
    if role is None:
        return [task.assignee_id] if task.assignee_id else tasks.staff_in(connection, sorted(candidates), now)
    return tasks.staff_in(connection, _pairs(engine, connection, role, task, candidates), now)


def _pairs(
    engine: Engine, connection: Connection, role: Role, task: TaskRow, candidates: frozenset[tuple[str, str]]
) -> list[tuple[str, str]]:
    case = cases.get(connection, task.case_id)
    orgs = {org for org, _ in candidates if org in engine.reference.organisations}
    if not orgs and case is not None:
        orgs = {case.owner_org}
    if role is Role.PROGRAMME_LEAD:
        division = engine.reference.text("programme_division", tokyo_date(task.opened_at))
        orgs = set(engine.reference.supervised_by(division)) | {division}
    elif role is Role.SUPERVISOR:
        orgs = set().union(*(engine.reference.supervised_by(org) for org in orgs)) or orgs
    return sorted((org, role.value) for org in orgs)
