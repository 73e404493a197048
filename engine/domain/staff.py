"""Who acts: a staff member with the roles held in organisations."""

from __future__ import annotations

from dataclasses import dataclass

ANY_CITY_ORG = "*city"  #: candidate organisation meaning "any organisation of the city"


@dataclass(frozen=True)
class Membership:
    """One role held in one organisation."""

    org_id: str
    role: str
    city_staff: bool


@dataclass(frozen=True)
class Actor:
    """The person on whose authority something happens, with the memberships valid at that moment.

    capacity: the organisation for which somebody of several works now; its memberships alone count then, and those
    of the others stand in ``elsewhere``. Empty: all of them count.
    """

    staff_id: str
    name: str
    memberships: tuple[Membership, ...] = ()
    capacity: str = ""
    elsewhere: tuple[Membership, ...] = ()
    by_token: str = ""  #: id of the personal token with which a program acts for the person; empty on the pages

    @property
    def origin(self) -> dict[str, str]:
        """What the trail says beside the person about how an act came in."""
        told = {"token": self.by_token, "capacity": self.capacity}
        return {name: value for name, value in told.items() if value}

    @property
    def is_system(self) -> bool:
        """Whether this is the scheduler rather than a person."""
        return self.staff_id == SYSTEM_ID

    @property
    def org_ids(self) -> frozenset[str]:
        """Organisations in which the person holds any role."""
        return frozenset(m.org_id for m in self.memberships)

    def has_role(self, role: str, org_id: str | None = None) -> bool:
        """Whether the person holds ``role`` (in ``org_id``, when given)."""
        return any(m.role == role and org_id in (None, m.org_id) for m in self.memberships)

    def city_staff_in(self, org_ids: frozenset[str], roles: frozenset[str]) -> bool:
        """Whether one of the memberships that give the authority is a city organisation."""
        return any(m.city_staff and m.role in roles and m.org_id in org_ids for m in self.memberships)


SYSTEM_ID = "system"
SYSTEM = Actor(SYSTEM_ID, "システム")
