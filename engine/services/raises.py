"""Raises of the ladder: who hears of a late task; they move no token, so they go in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from engine.domain.staff import SYSTEM_ID
from engine.services.engine import Engine
from engine.storage import absences, audit
from engine.storage import raises as store
from engine.storage.database import Connection
from engine.storage.rows import TimerRow

MISSED = timedelta(hours=12)  #: a moment raised later than this was missed: nobody watched the clock


@dataclass(frozen=True)
class Raise:
    """One moment of a ladder that has come, and the task that is late."""

    timer: TimerRow
    task: store.Late

    @property
    def key(self) -> store.Key:
        """What makes it one: it is noted once."""
        return self.task.task_id, self.timer.branch, self.timer.fires_at


def raise_batch(engine: Engine, due: Sequence[TimerRow], *, now: datetime) -> int:
    """Note each raise once, tell the people concerned, finish the moments, in one transaction; how many were new."""
    if not due:
        return 0
    with engine.database.write() as connection:
        pending = _finished(connection, due, now)
        new = store.note(connection, [one.timer.id for one in pending], at=now)
        noted = list({one.key: one for one in pending if one.key in new}.values())
        if noted:
            store.tell(connection, _notices(engine, connection, noted, now))
            audit.append_all(connection, [_event(one) for one in noted], at=now, actor=SYSTEM_ID)
    return len(noted)


def _finished(connection: Connection, due: Sequence[TimerRow], now: datetime) -> list[Raise]:
    """The raises whose task is still awaited, in due order; the moments of all others have passed for nothing."""
    tasks = store.late_tasks(connection, [timer.id for timer in due])
    store.finish(connection, [timer for timer in due if timer.id not in tasks], state="cancelled", at=now)
    ours = store.finish(connection, [timer for timer in due if timer.id in tasks], state="fired", at=now)
    return [Raise(timer, tasks[timer.id]) for timer in due if timer.id in ours]


def _event(one: Raise) -> audit.Event:
    data = {"due": one.timer.fires_at.isoformat(), "level": one.timer.branch}
    return audit.Event(one.task.case_id, "task.raised", one.task.task_id, one.task.element_id, data)


# ---------------------------------------------------------------- who is told


def _notices(engine: Engine, connection: Connection, noted: Sequence[Raise], now: datetime) -> list[dict[str, Any]]:
    """The notices of the raises: to the assignee, or to the people of the queues that its level names; and to whoever
    stands in for one of them."""
    wanted = _queues(engine, noted, tokyo_date(now))
    staff = store.staff_in(connection, {queue for queues in wanted if queues for queue in queues}, now)
    people = cache(lambda queues: sorted(set().union(*(staff.get(queue, set()) for queue in queues))))
    deputies = absences.deputies(connection, tokyo_date(now))
    rows = []
    for one, queues in zip(noted, wanted, strict=True):
        told = [one.task.assignee_id] if queues is None else people(queues)
        told = list(dict.fromkeys([*told, *(deputies[person] for person in told if person in deputies)]))
        about, case_id, task_id, key = _notice(one, now)
        rows += [
            {
                "staff_id": person, "about": about, "case_id": case_id, "task_id": task_id,
                "unique_key": f"{key}:{person}", "at": now,
            }
            for person in told
        ]  # fmt: skip
    return rows


def _notice(one: Raise, now: datetime) -> tuple[str, str | None, str | None, str]:
    """Subject, case, task and key of a notice for a raise; for all that a standstill kept from being raised in time,
    one a day for each person."""
    timer, task = one.timer, one.task
    if now - timer.fires_at > MISSED:
        return "missed", None, None, f"missed:{tokyo_date(now)}"
    key = f"{task.task_id}:{timer.branch}:{timer.fires_at.isoformat()}"
    return f"level:{timer.branch}", task.case_id, task.task_id, key


def _queues(engine: Engine, noted: Sequence[Raise], today: date) -> list[frozenset[store.Queue] | None]:
    """Whom a level tells: the candidates, the agency's managers, the division's supervisors, …; None: the assignee.

    What is the same for many tasks of a batch is worked out once.
    """
    pairs = cache(store.queues_of)

    @cache
    def told(ladder: str, level: str) -> Role | None:
        return next((step.tells for step in engine.reference.ladder(ladder, today) if step.level == level), None)

    @cache
    def over(role: Role, candidates: str, owner: str, opened: date | None) -> frozenset[store.Queue]:
        return _pairs(engine, role, pairs(candidates), owner, opened)

    found: list[frozenset[store.Queue] | None] = []
    for one in noted:
        task, role = one.task, told(one.task.ladder or "standard", one.timer.branch)
        if role is None:
            found.append(None if task.assignee_id else pairs(task.candidates))
        else:
            opened = tokyo_date(task.opened_at) if role is Role.PROGRAMME_LEAD else None
            found.append(over(role, task.candidates, task.owner_org, opened))
    return found


def _pairs(
    engine: Engine, role: Role, candidates: frozenset[store.Queue], owner: str, opened: date | None
) -> frozenset[store.Queue]:
    """opened: the day of the task, whose programme division it is that hears of it."""
    orgs = {org for org, _ in candidates if org in engine.reference.organisations} or {owner}
    if opened is not None:
        division = engine.reference.text("programme_division", opened)
        orgs = set(engine.reference.supervised_by(division)) | {division}
    elif role is Role.SUPERVISOR:
        orgs = set().union(*(engine.reference.supervised_by(org) for org in orgs)) or orgs
    return frozenset((org, role.value) for org in orgs)
