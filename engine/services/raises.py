"""Raises of the ladder: who hears of a late task; they move no token, so they go in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from engine.domain.staff import SYSTEM_ID
from engine.services.engine import Engine
from engine.storage import audit
from engine.storage import raises as store
from engine.storage.database import Connection
from engine.storage.rows import TaskRow, TimerRow

MISSED = timedelta(hours=12)  #: a moment raised later than this was missed: nobody watched the clock


@dataclass(frozen=True)
class Raise:
    """One moment of a ladder that has come, and the task that is late."""

    timer: TimerRow
    task: TaskRow

    @property
    def key(self) -> store.Key:
        """What makes it one: it is noted once."""
        return self.task.id, self.timer.branch, self.timer.fires_at


def raise_batch(engine: Engine, due: Sequence[TimerRow], *, now: datetime) -> int:
    """Note each raise once, tell the people concerned, finish the moments, in one transaction; how many were new."""
    if not due:
        return 0
    with engine.database.write() as connection:
        pending = _finished(connection, due, now)
        new = store.note(connection, [_row(one, now) for one in pending])
        noted = _first_of_each(one for one in pending if one.key in new)
        if noted:
            store.tell(connection, [notice for told in _notices(engine, connection, noted, now) for notice in told])
            audit.append_all(connection, [_event(one) for one in noted], at=now, actor=SYSTEM_ID)
    return len(noted)


def _finished(connection: Connection, due: Sequence[TimerRow], now: datetime) -> list[Raise]:
    """The raises whose task is still awaited, in due order; the moments of all others have passed for nothing."""
    tasks = store.open_tasks(connection, {timer.instance_id for timer in due})
    live, gone = [], []
    for timer in due:
        task = tasks.get((timer.instance_id, timer.ref))
        if task is not None and task.state != "held":
            live.append(Raise(timer, task))
        else:
            gone.append(timer)
    store.finish(connection, gone, state="cancelled", at=now)
    ours = store.finish(connection, [one.timer for one in live], state="fired", at=now)
    return [one for one in live if one.timer.id in ours]


def _first_of_each(raises: Iterable[Raise]) -> list[Raise]:
    return list({one.key: one for one in raises}.values())


def _row(one: Raise, now: datetime) -> dict[str, Any]:
    return {
        "task_id": one.task.id, "case_id": one.task.case_id, "element_id": one.task.element_id,
        "level": one.timer.branch, "due_at": one.timer.fires_at, "raised_at": now,
    }  # fmt: skip


def _event(one: Raise) -> audit.Event:
    data = {"level": one.timer.branch, "due": one.timer.fires_at.isoformat()}
    return audit.Event(one.task.case_id, "task.raised", one.task.id, one.task.element_id, data)


# ---------------------------------------------------------------- who is told


def _notices(
    engine: Engine, connection: Connection, noted: Sequence[Raise], now: datetime
) -> Iterable[list[dict[str, Any]]]:
    """The notices of each raise: to the assignee, or to the people of the queues that its level names."""
    queues = _queues(engine, connection, noted, now)
    staff = store.staff_in(connection, {queue for found in queues if found for queue in found}, now)
    for one, found in zip(noted, queues, strict=True):
        people = {one.task.assignee_id} if found is None else set().union(*(staff.get(q, set()) for q in found))
        notice, key = _notice(one, now)
        yield [
            {**notice, "staff_id": person, "unique_key": f"{key}:{person}", "at": now}
            for person in sorted(str(person) for person in people)
        ]


def _notice(one: Raise, now: datetime) -> tuple[dict[str, Any], str]:
    """A notice for each raise; for all that a standstill kept from being raised in time, one a day for each person."""
    if now - one.timer.fires_at > MISSED:
        return {"about": "missed", "case_id": None, "task_id": None}, f"missed:{tokyo_date(now)}"
    about = {"about": f"level:{one.timer.branch}", "case_id": one.task.case_id, "task_id": one.task.id}
    return about, f"{one.task.id}:{one.timer.branch}:{one.timer.fires_at.isoformat()}"


def _queues(
    engine: Engine, connection: Connection, noted: Sequence[Raise], now: datetime
) -> list[set[store.Queue] | None]:
    """Whom a level tells: the candidates, the agency's managers, the division's supervisors, …; None: the assignee."""
    ids, today = {one.task.id for one in noted}, tokyo_date(now)
    ladders, candidates = store.ladders(connection, ids), store.candidates(connection, ids)
    owners = store.owners(connection, {one.task.case_id for one in noted})
    found: list[set[store.Queue] | None] = []
    for one in noted:
        ladder = engine.reference.ladder(ladders.get(one.task.id, "standard"), today)
        role = next((step.tells for step in ladder if step.level == one.timer.branch), None)
        pairs = candidates.get(one.task.id, set())
        if role is not None:
            found.append(_pairs(engine, role, one.task, pairs, owners.get(one.task.case_id)))
        else:
            found.append(None if one.task.assignee_id else pairs)
    return found


def _pairs(
    engine: Engine, role: Role, task: TaskRow, candidates: set[store.Queue], owner: str | None
) -> set[store.Queue]:
    orgs = {org for org, _ in candidates if org in engine.reference.organisations}
    if not orgs and owner is not None:
        orgs = {owner}
    if role is Role.PROGRAMME_LEAD:
        division = engine.reference.text("programme_division", tokyo_date(task.opened_at))
        orgs = set(engine.reference.supervised_by(division)) | {division}
    elif role is Role.SUPERVISOR:
        orgs = set().union(*(engine.reference.supervised_by(org) for org in orgs)) or orgs
    return {(org, role.value) for org in orgs}
