"""Nobody's work: a task that opens is given only to somebody who may do it, and has somebody who may.

Found by the simulated city: an agency whose only manager wrote a request that a manager must approve, a person named
for a task whose role is another, an office in which nobody has the role. Such work would lie open for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from engine.domain.staff import ANY_CITY_ORG
from engine.services.engine import Engine
from engine.services.openings import Opened
from engine.storage import tasks
from engine.storage.database import Connection

Pair = tuple[str, str]  #: organisation and role


def find_doers(engine: Engine, connection: Connection, opened: Opened, now: datetime) -> None:
    """Take a task back from whom it was given to without the role, and call in the supervisors where nobody is left.

    Four eyes count: who did the step that a task confirms cannot do it. The supervisors are those of the division
    that answers for the organisations of the task, or else who leads the programme; they see it in their inbox.
    """
    for task in opened.tasks:
        pairs = [(row["org_id"], row["role"]) for row in opened.candidates if row["task_id"] == task["id"]]
        if any(org == ANY_CITY_ORG for org, _ in pairs):
            continue
        barred = _barred(connection, task)
        able = set(tasks.staff_in(connection, _with_subsections(engine, pairs), now)) - barred
        if task["assignee_id"] is not None and task["assignee_id"] not in able:
            task |= {"assignee_id": None, "state": "open", "claimed_at": None}
        if not able:
            wanted = _called_in(engine, connection, pairs, barred, now)
            opened.candidates += [{"task_id": task["id"], "org_id": org, "role": role} for org, role in wanted]


def _barred(connection: Connection, task: Mapping[str, Any]) -> set[str]:
    """Who did the step that the task confirms."""
    if not task["not_same_as"]:
        return set()
    return {tasks.completer_of(connection, task["instance_id"], task["not_same_as"]) or ""}


def _with_subsections(engine: Engine, pairs: Iterable[Pair]) -> list[Pair]:
    """Whoever has the role in a subsection, under whichever of its codes, may do the work of its division."""
    reference = engine.reference
    below = [
        (same, role)
        for org, role in pairs
        for code, one in reference.organisations.items()
        if one.parent_id == org and one.kind == "担当係"
        for same in sorted(reference.same_organisation(code))
    ]
    return [*pairs, *below]


def _called_in(
    engine: Engine, connection: Connection, pairs: Sequence[Pair], barred: AbstractSet[str], now: datetime
) -> list[Pair]:
    """The supervisors; for a partner outside, or a division that has no other one, those who lead the programme."""
    over = {code for org, _ in pairs for code in engine.reference.supervised_by(org)}
    division = engine.reference.text("programme_division", tokyo_date(now))
    leading = {division, *engine.reference.supervised_by(division)}
    for orgs, role in ((over, Role.SUPERVISOR), (leading, Role.SUPERVISOR), (leading, Role.PROGRAMME_LEAD)):
        wanted = sorted({(org, role.value) for org in orgs} - set(pairs))
        if set(tasks.staff_in(connection, wanted, now)) - barred:
            return wanted
    return []
