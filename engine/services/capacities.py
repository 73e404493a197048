"""For whom somebody with roles in several organisations works now.

Authority is a role in an organisation. Who holds roles in several chooses one of them; only its roles count then, on
every page and in every act, and the trail names it. An office that is listed under two ids is one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.visibility import same_office
from engine.services.engine import Engine
from engine.storage import audit, desks, staff


def offices(actor: Actor) -> tuple[str, ...]:
    """The organisations between which the person chooses, whether chosen now or not; one id for each office."""
    found = {min(same_office(m.org_id)) for m in (*actor.memberships, *actor.elsewhere)}
    return tuple(sorted(found))


def narrowed(actor: Actor, org_id: str) -> Actor:
    """The person with the roles of that office alone; with all of them where none of theirs is named (any more)."""
    here = tuple(m for m in actor.memberships if m.org_id in same_office(org_id))
    if not here or len(offices(actor)) < 2:
        return actor
    there = tuple(m for m in actor.memberships if m not in here)
    return replace(actor, memberships=here, capacity=min(same_office(org_id)), elsewhere=there)


def choose(engine: Engine, actor: Actor, org_id: str, *, now: datetime) -> None:
    """Work for one of one's organisations from now on; the same one again changes nothing. Raises NotFound."""
    with engine.database.write() as connection:
        whole = staff.actor(connection, actor.staff_id, tokyo_date(now))
        chosen = None if whole is None else narrowed(whole, org_id)
        if chosen is None or not chosen.capacity:
            raise NotFound("organisation")
        if desks.capacity_of(connection, actor.staff_id) == chosen.capacity:
            return
        desks.keep(connection, actor.staff_id, {"capacity": chosen.capacity})
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act="capacity.chosen",
            data={"org": chosen.capacity},
        )  # fmt: skip
