"""What stands in the queues of a person's offices: the open tasks that nobody holds and that the person may claim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, literal, or_, select

from engine.domain.staff import ANY_CITY_ORG, Actor, Membership
from engine.queries.visibility import Moment, actionable_in_queue, same_office
from engine.storage.prepared import Prepared
from engine.storage.sql import among, one_of
from engine.storage.tables import organisation, task_candidate, user_task

Queues = tuple[tuple[str, tuple[str, ...]], ...]  #: roles, and of each the organisations whose queues are searched

_SUBSECTIONS = Prepared.by_dialect(
    lambda dialect: select(organisation.c.id, organisation.c.parent_id).where(
        among(dialect, organisation.c.id, "orgs"), one_of(organisation.c.kind, "担当係")
    )
)


def claimable(actor: Actor, queues: Queues, now: Moment) -> ColumnElement[bool]:
    """A condition on user_task (joined with support_case): ``task_actionable`` for open tasks that nobody holds.

    It begins at the queues of the actor's offices, which the database keeps for open tasks only, and so costs what
    these hold and not what was ever done. queues: as ``queues_of`` found them; a list of theirs can be searched.
    """
    if not queues:
        return false()
    rows = task_candidate.c
    found = [and_(rows.role == role, rows.org_id.in_([literal(org) for org in orgs])) for role, orgs in queues]
    waiting = select(rows.task_id).where(rows.open, or_(*found))
    return and_(one_of(user_task.c.state, "open"), user_task.c.id.in_(waiting), actionable_in_queue(actor, now))


def queues_of(connection: Connection, memberships: Iterable[Membership]) -> Queues:
    """The rows that ``visibility.candidate_matches`` finds, as pairs of a role and organisations, both sorted."""
    own = {membership: same_office(membership.org_id) for membership in memberships}
    listed = sorted(set().union(*own.values()))
    rows: Any = _SUBSECTIONS.rows(connection, {"orgs": listed})
    parents = dict(rows)
    by_role: dict[str, set[str]] = {}
    for membership, orgs in own.items():
        found = by_role.setdefault(membership.role, set())
        found |= orgs | {str(parents[org]) for org in orgs if parents.get(org)}
        if membership.city_staff:
            found.add(ANY_CITY_ORG)
    return tuple((role, tuple(sorted(orgs))) for role, orgs in sorted(by_role.items()))
