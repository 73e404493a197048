"""Who may use a route. Every route declares one policy; a route without one is answered to nobody.

A policy says which roles an area is for. What of a case somebody sees is decided in ``engine.queries.visibility``,
who may do a task in ``engine.services.access``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.queries.reviews import WATCHING_ROLES
from engine.queries.visibility import CASE_ROLES
from engine.services.publications import APPROVING_ROLES

View = TypeVar("View", bound=Callable[..., Any])


class Policy(StrEnum):
    """An area of the product and whom it is for."""

    PUBLIC = "public"  #: anybody, signed in or not
    SIGNED_IN = "signed_in"  #: every member of staff
    CASE_WORK = "case_work"  #: roles that see case content, and members of a conference
    REVIEWS = "reviews"  #: those who watch the reviews of plans
    ADMIN = "admin"  #: accounts, organisations, calendars, mail; no case content
    PROCESS_OWNER = "process_owner"  #: those who change processes and move what runs on them
    PUBLISHING = "publishing"  #: they, and those who agree to what they publish


ROLES = {
    Policy.CASE_WORK: CASE_ROLES | {Role.CONFERENCE_MEMBER.value},
    Policy.REVIEWS: WATCHING_ROLES,
    Policy.ADMIN: frozenset({Role.SYSADMIN.value}),
    Policy.PROCESS_OWNER: frozenset({Role.PROCESS_OWNER.value}),
    Policy.PUBLISHING: APPROVING_ROLES,
}


def policy(name: str) -> Callable[[View], View]:
    """Declare the policy of a route. Stands directly under the route decorator."""
    declared = Policy(name)

    def declare(view: View) -> View:
        view.policy = declared  # type: ignore[attr-defined]
        return view

    return declare


def takes_files(max_bytes: int) -> Callable[[View], View]:
    """Declare that a route takes larger requests than others, from people who are signed in."""

    def declare(view: View) -> View:
        view.max_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return declare


def max_bytes_of(view: object) -> int | None:
    """How large a request the view takes, None for the size that holds for all."""
    found = getattr(view, "max_bytes", None)
    return found if isinstance(found, int) else None


def policy_of(view: object) -> Policy | None:
    """The policy that a view function declares, or None."""
    found = getattr(view, "policy", None)
    return found if isinstance(found, Policy) else None


def allows(declared: Policy, actor: Actor) -> bool:
    """Whether one of the actor's memberships carries a role of the area."""
    roles = ROLES.get(declared)
    return roles is None or any(membership.role in roles for membership in actor.memberships)
