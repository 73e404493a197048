"""Statements for incidents: what stopped, and why."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine.storage.tables import incident


def is_open(connection: Connection, instance_id: str | None, job: str, element_id: str) -> bool:
    """Whether somebody has this to resolve already."""
    query = select(incident.c.id).where(
        incident.c.instance_id == instance_id,
        incident.c.job == job,
        incident.c.element_id == element_id,
        incident.c.resolved_at.is_(None),
    )
    return connection.execute(query.limit(1)).first() is not None
