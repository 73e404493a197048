"""Who is told that a task was given to somebody: that person, and whoever stands in for them today."""

from __future__ import annotations

from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.storage import absences, notifications
from engine.storage.database import Connection


def tell_assigned(
    connection: Connection, to: str, *, by: str, case_id: str, task_id: str, version: int, now: datetime
) -> None:
    """Within the transaction that gives the task; nobody is told of what they do themselves. version: of the task."""
    deputy = absences.deputies(connection, tokyo_date(now)).get(to)
    for person, about in ((to, "assigned"), (deputy, "assigned_absent")):
        if person is not None and person != by:
            notifications.add(connection, [person], about=about, case_id=case_id, task_id=task_id,
                              key=f"{about}:{task_id}:{version}", at=now)  # fmt: skip
