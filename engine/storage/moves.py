"""Statements for moving instances between versions: the switch, the rows that follow, the image from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.storage.sql import as_row, columns_of, insert_all
from engine.storage.tables import (
    clock,
    incident,
    instance_move,
    process_instance,
    subscription,
    task_candidate,
    timer,
    user_task,
)
from engine.storage.tasks import OPEN_STATES

RUNNING = ("running", "incident")
#: moments that have not come: also those given up until somebody resolves the incident
AHEAD = ("pending", "claimed", "failed")
#: columns of a task that say what the version says of its element, not what people did with it
OF_ELEMENT = (
    "element_id", "name", "form_key", "city_staff_only", "not_same_as", "hold_allowed", "stage", "org_id", "locals",
)  # fmt: skip


@dataclass(frozen=True)
class MoveRow:
    """One move with its image from before."""

    id: str
    instance_id: str
    case_id: str
    from_version_id: str
    to_version_id: str
    mapping: dict[str, str]
    before_state: bytes
    before_rows: dict[str, Any]
    after_version: int
    reason: str
    moved_by: str
    moved_at: datetime
    undone_at: datetime | None


_MOVE = columns_of(instance_move, MoveRow)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep a move with its image."""
    connection.execute(insert(instance_move).values(**values))


def get(connection: Connection, move_id: str) -> MoveRow | None:
    """The move, or None."""
    row = connection.execute(select(*_MOVE).where(instance_move.c.id == move_id)).first()
    return None if row is None else as_row(MoveRow, row)


def mark_undone(connection: Connection, move_id: str, *, by: str, at: datetime) -> bool:
    """Note that a move was taken back; False when it was before."""
    statement = update(instance_move).where(instance_move.c.id == move_id, instance_move.c.undone_at.is_(None))
    return connection.execute(statement.values(undone_by=by, undone_at=at)).rowcount == 1


def running_of_version(connection: Connection, version_id: str) -> list[str]:
    """Ids of the instances that run on a version, oldest first."""
    query = (
        select(process_instance.c.id)
        .where(process_instance.c.version_id == version_id, process_instance.c.status.in_(RUNNING))
        .order_by(process_instance.c.started_at, process_instance.c.id)
    )
    return [row.id for row in connection.execute(query)]


def switch(connection: Connection, instance_id: str, seen_version: int, *, version_id: str, state: bytes) -> bool:
    """Put an instance on another version with its new snapshot if nothing happened to it since ``seen_version``."""
    statement = (
        update(process_instance)
        .where(
            process_instance.c.id == instance_id,
            process_instance.c.version == seen_version,
            process_instance.c.status.in_(RUNNING),
        )
        .values(version=seen_version + 1, version_id=version_id, state=state)
    )
    return connection.execute(statement).rowcount == 1


# ---------------------------------------------------------------- tasks


def open_rows(connection: Connection, instance_id: str) -> list[dict[str, Any]]:
    """Open, claimed and held tasks as they stand, with their candidates as [organisation, role]."""
    query = select(user_task).where(user_task.c.instance_id == instance_id, user_task.c.state.in_(OPEN_STATES))
    rows = [dict(row._mapping) for row in connection.execute(query.order_by(user_task.c.opened_at, user_task.c.id))]
    pairs = select(task_candidate).where(task_candidate.c.task_id.in_([row["id"] for row in rows]))
    found: dict[str, list[list[str]]] = {}
    for pair in connection.execute(pairs):
        found.setdefault(pair.task_id, []).append([pair.org_id, pair.role])
    return [{**row, "candidates": sorted(found.get(row["id"], []))} for row in rows]


def change_task(connection: Connection, task_id: str, values: Mapping[str, Any]) -> None:
    """Change an open task; its version goes up, so a form that was open before is told."""
    connection.execute(
        update(user_task).where(user_task.c.id == task_id).values(version=user_task.c.version + 1, **values)
    )


def set_candidates(connection: Connection, task_id: str, pairs: Sequence[Sequence[str]]) -> None:
    """Who may claim a task from now on."""
    connection.execute(delete(task_candidate).where(task_candidate.c.task_id == task_id))
    insert_all(connection, task_candidate, [{"task_id": task_id, "org_id": o, "role": r} for o, r in pairs])


def set_ladder(connection: Connection, task_id: str, ladder: str) -> None:
    """By which ladder a late task is raised."""
    connection.execute(update(clock).where(clock.c.task_id == task_id).values(ladder=ladder))


def add_clock(connection: Connection, values: Mapping[str, Any]) -> None:
    """A promise for a task that had none."""
    connection.execute(insert(clock).values(**values))


def drop_clock(connection: Connection, task_id: str) -> None:
    """Take a promise back that an undone move had made."""
    connection.execute(delete(clock).where(clock.c.task_id == task_id))


# ---------------------------------------------------------------- moments and subscriptions


def moments_ahead(connection: Connection, instance_id: str) -> list[dict[str, Any]]:
    """Moments of an instance that have not come."""
    query = select(timer).where(timer.c.instance_id == instance_id, timer.c.state.in_(AHEAD))
    return [dict(row._mapping) for row in connection.execute(query.order_by(timer.c.id))]


def rename_moment(connection: Connection, timer_id: str, *, element_id: str, branch: str) -> None:
    """A moment belongs to another element now. A scheduler that holds it loses it: its token has changed."""
    statement = update(timer).where(timer.c.id == timer_id, timer.c.state.in_(AHEAD))
    connection.execute(statement.values(element_id=element_id, branch=branch))
    connection.execute(
        update(timer)
        .where(timer.c.id == timer_id, timer.c.state == "claimed")
        .values(state="pending", lease_owner=None, lease_until=None, fence=timer.c.fence + 1)
    )


def restore_moment(connection: Connection, image: Mapping[str, Any]) -> None:
    """A moment as it was before; one that was taken away since is awaited again."""
    rename_moment(connection, image["id"], element_id=image["element_id"], branch=image["branch"])
    connection.execute(
        update(timer)
        .where(timer.c.id == image["id"], timer.c.state == "cancelled")
        .values(state="pending", element_id=image["element_id"], branch=image["branch"])
    )


def rename_subscription(connection: Connection, subscription_id: str, *, element_id: str, branch: str) -> None:
    """A subscription belongs to another element now."""
    statement = update(subscription).where(subscription.c.id == subscription_id)
    connection.execute(statement.values(element_id=element_id, branch=branch))


def replace_subscriptions(connection: Connection, instance_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Exactly these subscriptions of an instance."""
    connection.execute(delete(subscription).where(subscription.c.instance_id == instance_id))
    insert_all(connection, subscription, rows)


# ---------------------------------------------------------------- cancelling and trying again


def cancel_instance(connection: Connection, instance_id: str, seen_version: int, *, at: datetime) -> bool:
    """End an instance without an end event, if nothing happened to it since ``seen_version``; its rows go with it."""
    statement = (
        update(process_instance)
        .where(
            process_instance.c.id == instance_id,
            process_instance.c.version == seen_version,
            process_instance.c.status.in_(RUNNING),
        )
        .values(version=seen_version + 1, status="cancelled", ended_at=at)
    )
    if connection.execute(statement).rowcount != 1:
        return False
    connection.execute(
        update(timer)
        .where(timer.c.instance_id == instance_id, timer.c.state.in_(AHEAD))
        .values(state="cancelled", lease_owner=None, lease_until=None, fence=timer.c.fence + 1)
    )
    connection.execute(delete(subscription).where(subscription.c.instance_id == instance_id))
    return True


@dataclass(frozen=True)
class IncidentRow:
    """An instance that could not go on."""

    id: str
    instance_id: str | None
    case_id: str | None
    job: str
    element_id: str
    cause: str
    opened_at: datetime
    resolved_at: datetime | None


_INCIDENT = columns_of(incident, IncidentRow)


def incident_of(connection: Connection, incident_id: str) -> IncidentRow | None:
    """The incident, or None."""
    row = connection.execute(select(*_INCIDENT).where(incident.c.id == incident_id)).first()
    return None if row is None else as_row(IncidentRow, row)


def resolve_incidents(connection: Connection, instance_id: str, *, by: str, at: datetime) -> int:
    """Mark what is open for an instance as resolved; how many there were."""
    statement = update(incident).where(incident.c.instance_id == instance_id, incident.c.resolved_at.is_(None))
    return connection.execute(statement.values(resolved_by=by, resolved_at=at)).rowcount
