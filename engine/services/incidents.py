"""What was given up after its attempts: somebody must see it, whatever the reason was."""

from __future__ import annotations

from datetime import datetime

from engine.domain.errors import NotFound
from engine.domain.staff import SYSTEM_ID, Actor
from engine.services.engine import Engine
from engine.storage import audit, incidents, instances
from engine.storage.sql import new_id


def give_up(
    engine: Engine, *, job: str, instance_id: str | None, case_id: str, element_id: str, error: Exception, now: datetime
) -> None:
    """Open an incident for something that no further attempt is made for; once, however often it is given up."""
    with engine.database.write() as connection:
        if incidents.is_open(connection, instance_id, job, element_id):
            return
        instances.open_incident(
            connection,
            {
                "id": new_id(), "instance_id": instance_id, "case_id": case_id, "job": job, "element_id": element_id,
                "cause": f"{type(error).__name__}: {error}"[:2000], "detail": {"given_up": True}, "opened_at": now,
            },
        )  # fmt: skip
        audit.append(
            connection, chain=case_id, at=now, actor=SYSTEM_ID, act="incident.opened", element_id=element_id,
            data={"job": job},
        )  # fmt: skip


def retry(engine: Engine, actor: Actor, incident_id: str, *, now: datetime) -> bool:
    """Let what was given up be tried again at once, and note who did so; False when somebody has done it before.

    Moments and messages that were given up come back. What a person did (a task's completion) that person sends
    again: the draft was kept. Raises NotFound.
    """
    with engine.database.write() as connection:
        found = incidents.get(connection, incident_id)
        if found is None:
            raise NotFound("incident")
        if not incidents.resolve(connection, incident_id, actor.staff_id, now):
            return False
        incidents.try_again(connection, found.instance_id, found.case_id, (found.job,), now)
        if found.instance_id and not incidents.any_open(connection, found.instance_id):
            incidents.runs_again(connection, found.instance_id)
        audit.append(
            connection, chain=found.case_id or audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id,
            act="incident.retried", element_id=found.element_id, data={"job": found.job, "incident": incident_id},
        )  # fmt: skip
    return True
