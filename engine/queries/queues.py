"""What stands in the queues of a person's offices: the open tasks that nobody holds and that the person may claim."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from engine.domain.staff import ANY_CITY_ORG, Actor, Membership
from engine.queries.visibility import actionable_in_queue, same_office
from engine.storage.sql import one_of
from engine.storage.tables import organisation, task_candidate, user_task


def claimable(connection: Connection, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A condition on user_task (joined with support_case): ``task_actionable`` for open tasks that nobody holds.

    It begins at the queues of the actor's offices, which the database keeps for open tasks only, and so costs what
    these hold and not what was ever done. The offices are looked up first: a list of theirs can be searched.
    """
    queues = _queues(connection, actor.memberships)
    if not queues:
        return false()
    waiting = select(task_candidate.c.task_id).where(task_candidate.c.open, or_(*queues))
    return and_(one_of(user_task.c.state, "open"), user_task.c.id.in_(waiting), actionable_in_queue(actor, now))


def _queues(connection: Connection, memberships: Iterable[Membership]) -> list[ColumnElement[bool]]:
    """The rows that ``visibility.candidate_matches`` finds, as pairs of a role and a list of organisations."""
    own = {membership: same_office(membership.org_id) for membership in memberships}
    subsections = select(organisation.c.id, organisation.c.parent_id).where(
        organisation.c.id.in_(sorted(set().union(*own.values()))), organisation.c.kind == "担当係"
    )
    parents = {row.id: row.parent_id for row in connection.execute(subsections)}
    by_role: dict[str, set[str]] = {}
    for membership, orgs in own.items():
        found = by_role.setdefault(membership.role, set())
        found |= orgs | {str(parents[org]) for org in orgs if parents.get(org)}
        if membership.city_staff:
            found.add(ANY_CITY_ORG)
    rows = task_candidate.c
    return [and_(rows.role == role, rows.org_id.in_(sorted(orgs))) for role, orgs in sorted(by_role.items())]
