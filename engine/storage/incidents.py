"""Statements for incidents: what stopped, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

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


def bring_back(connection: Connection, found: Any, at: datetime) -> None:
    """Moments of the instance and messages of the case that were given up are due again at once."""
    again = {"state": "pending", "attempts": 0, "next_at": at}
    if found.job == "timer" and found.instance_id:
        mine = (timer.c.instance_id == found.instance_id) & (timer.c.state == "failed")
        connection.execute(update(timer).where(mine).values(**again))
    if found.job == "message":
        mine = (outbox.c.case_id == found.case_id) & (outbox.c.state == "failed") & (outbox.c.kind == "message")
        connection.execute(update(outbox).where(mine).values(**again))
