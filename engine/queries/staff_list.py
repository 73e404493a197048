"""Staff as pages need them: the demo's people on the sign-in page, and the memberships of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.domain.staff import Actor
from engine.queries.org_names import org_names
from engine.queries.visibility import same_office
from engine.storage.tables import membership, organisation, staff

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Desk:
    """A role in an organisation, by code and by the organisation's name."""

    org_id: str
    org_name: str
    role: str


@dataclass(frozen=True)
class DemoPerson:
    """One invented person of the demo."""

    login: str
    name: str
    desks: tuple[Desk, ...]


def demo_people(engine: Engine) -> tuple[DemoPerson, ...]:
    """The people of the demo; empty in a database that is not a demo (no real account is ever listed)."""
    query = (
        select(
            staff.c.login, staff.c.name, membership.c.org_id, organisation.c.name.label("org_name"), membership.c.role
        )
        .join(membership, membership.c.staff_id == staff.c.id)
        .join(organisation, organisation.c.id == membership.c.org_id)
        .where(staff.c.demo.is_(True), staff.c.status == "active")
        .order_by(organisation.c.id, staff.c.login, membership.c.role)
    )
    found: dict[tuple[str, str], list[Desk]] = {}
    with engine.database.read() as connection:
        for row in connection.execute(query):
            found.setdefault((row.login, row.name), []).append(Desk(row.org_id, row.org_name, row.role))
    return tuple(DemoPerson(login, name, tuple(desks)) for (login, name), desks in found.items())


def desks(engine: Engine, actor: Actor) -> tuple[Desk, ...]:
    """The actor's memberships with the names of the organisations."""
    with engine.database.read() as connection:
        names = org_names(connection, actor.org_ids)
    return tuple(Desk(m.org_id, names.get(m.org_id, m.org_id), m.role) for m in actor.memberships)


@dataclass(frozen=True)
class Office:
    """An organisation for which the person may work, with the roles held there."""

    org_id: str
    org_name: str
    roles: tuple[str, ...]


def offices(engine: Engine, actor: Actor) -> tuple[Office, ...]:
    """Between what somebody with roles in several organisations chooses, by id; none for who has no choice.

    An office that is listed under two ids stands here once.
    """
    roles: dict[str, list[str]] = {}
    for held in (*actor.memberships, *actor.elsewhere):
        roles.setdefault(min(same_office(held.org_id)), []).append(held.role)
    if len(roles) < 2:
        return ()
    with engine.database.read() as connection:
        known = org_names(connection, roles)
    return tuple(Office(org, known.get(org, org), tuple(dict.fromkeys(held))) for org, held in sorted(roles.items()))


def names(engine: Engine, ids: Iterable[str]) -> dict[str, str]:
    """Names of members of staff by id; ids of nobody are left out."""
    query = select(staff.c.id, staff.c.name).where(staff.c.id.in_(sorted(set(ids))))
    with engine.database.read() as connection:
        return {row.id: row.name for row in connection.execute(query)}
