"""Statements for incidents: what stopped, and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, update

from engine.storage.tables import incident, outbox, process_instance, timer


def is_open(connection: Connection, instance_id: str | None, job: str, element_id: str) -> bool:
    """Whether somebody has this to resolve already."""
    query = select(incident.c.id).where(
        incident.c.instance_id == instance_id,
        incident.c.job == job,
        incident.c.element_id == element_id,
        incident.c.resolved_at.is_(None),
    )
    return connection.execute(query.limit(1)).first() is not None


def get(connection: Connection, incident_id: str) -> Any:
    """Instance, case, job and element of an incident, or None."""
    c = incident.c
    query = select(c.instance_id, c.case_id, c.job, c.element_id).where(c.id == incident_id)
    return connection.execute(query).first()


def resolve(connection: Connection, incident_id: str, by: str, at: datetime) -> bool:
    """Note that somebody took care of it; False when that was noted before."""
    mine = (incident.c.id == incident_id) & incident.c.resolved_at.is_(None)
    return connection.execute(update(incident).where(mine).values(resolved_at=at, resolved_by=by)).rowcount == 1


def any_open(connection: Connection, instance_id: str) -> bool:
    """Whether something of the instance still waits for somebody."""
    query = select(incident.c.id).where(incident.c.instance_id == instance_id, incident.c.resolved_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def runs_again(connection: Connection, instance_id: str) -> None:
    """The instance is no longer marked as stopped."""
    mine = (process_instance.c.id == instance_id) & (process_instance.c.status == "incident")
    connection.execute(update(process_instance).where(mine).values(status="running"))


def try_again(
    connection: Connection, instance_id: str | None, case_id: str, jobs: Collection[str], at: datetime
) -> None:
    """What was tried in vain is due again at once, given up or not: by job, moments (timer) and messages (message)."""
    again = {"state": "pending", "attempts": 0, "next_at": at}
    if "timer" in jobs and instance_id:
        connection.execute(update(timer).where(timer.c.instance_id == instance_id, _in_vain(timer)).values(**again))
    if "message" in jobs:
        sent = (outbox.c.case_id == case_id) & (outbox.c.kind == "message")
        connection.execute(update(outbox).where(sent, _in_vain(outbox)).values(**again))


def _in_vain(table: Table) -> ColumnElement[bool]:
    return or_(table.c.state == "failed", and_(table.c.state == "pending", table.c.attempts > 0))
