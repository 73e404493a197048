"""What was given up after its attempts: somebody must see it, whatever the reason was."""

from __future__ import annotations

from datetime import datetime

from engine.domain.staff import SYSTEM_ID
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
