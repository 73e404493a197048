"""What people and schedulers do at the same moment, as functions that another process can be sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from engine.services import access, messages, tasks, timers
from engine.services.engine import Engine
from engine.storage import timers as timer_store
from tests.support.casework import make_live


def claim(engine: Engine, staff_id: str, task_id: str, now: datetime) -> None:
    """Take a task."""
    tasks.claim(engine, access.actor_by_id(engine, staff_id, now=now), task_id, now=now)


def complete(
    engine: Engine, staff_id: str, task_id: str, data: dict[str, Any], now: datetime, seen_version: int | None = None
) -> str:
    """Submit the form of a task; returns the case."""
    actor = access.actor_by_id(engine, staff_id, now=now)
    return tasks.complete(engine, actor, task_id, data, now=now, seen_version=seen_version).case_id


def hold(engine: Engine, staff_id: str, task_id: str, until: date, now: datetime) -> None:
    """Stop the clock of a task."""
    actor = access.actor_by_id(engine, staff_id, now=now)
    tasks.hold(engine, actor, task_id, until=until, reason="入院中のため", now=now)


def reassign(engine: Engine, staff_id: str, task_id: str, to: str, now: datetime) -> None:
    """Hand a task to somebody else."""
    tasks.reassign(engine, access.actor_by_id(engine, staff_id, now=now), task_id, to, now=now)


def tick(engine: Engine, now: datetime, node: str) -> timers.TickReport:
    """Let the scheduler work."""
    return timers.tick(engine, now=now, node=node)


def fire_due(engine: Engine, now: datetime, node: str) -> timers.TickReport:
    """Fire what is due, without delivering messages first as a whole tick does."""
    with engine.database.write() as connection:
        claimed = timer_store.claim_due(connection, now=now, node=node, limit=timers.BATCH, lease=timers.LEASE)
    return timers._handle(engine, claimed, now)


def route(engine: Engine, now: datetime) -> int:
    """Deliver messages."""
    return messages.route(engine, now=now)


def publish(engine: Engine, key: str, bpmn: bytes, forms: dict[str, bytes], now: datetime) -> str:
    """Make a version live as it is, in one transaction, without the checks of publishing; returns its id."""
    return make_live(engine, key, bpmn, forms, now)
