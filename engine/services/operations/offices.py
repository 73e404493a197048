"""Which office does a kind of work: a place without staff of its own is looked after by its division."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.roles import Role
from engine.services.operations.registry import OperationContext
from engine.storage import staff

COUNSELLING = "包括的相談支援"  #: words in an organisation's role of the plan (organisations.csv)
PARTICIPATION = "参加支援"


def participation_office(context: OperationContext, org_id: str) -> str | None:
    """The organisation, or the one it belongs to, in which somebody coordinates participation support today."""
    organisation = context.engine.reference.organisations.get(org_id)
    if organisation is None:
        return None
    return next((one for one in (org_id, organisation.parent_id) if one in _coordinating(context)), None)


def receives_participation(context: OperationContext, org_id: str) -> bool:
    """A referral to this organisation asks for participation support, not for consultation."""
    organisation = context.engine.reference.organisations.get(org_id)
    if organisation is None or COUNSELLING in organisation.scheme_role:
        return False
    return PARTICIPATION in organisation.scheme_role or participation_office(context, org_id) is not None


def participation_receiver(context: OperationContext, wanted: Iterable[str]) -> str:
    """Who takes the person on: the first wanted with coordinators, else the default, else the only one there is."""
    wanted = list(wanted)
    default = context.engine.reference.text("default_participation_org", context.today)
    offices = (participation_office(context, org) for org in (*wanted, default))
    found = next((office for office in offices if office is not None), None)
    if found is not None:
        return found
    everywhere = sorted(_coordinating(context))
    return everywhere[0] if len(everywhere) == 1 else next(iter(wanted), default)


def _coordinating(context: OperationContext) -> set[str]:
    role = Role.PARTICIPATION_COORDINATOR.value
    return staff.organisations_with_staff(context.connection, None, context.today, role=role)
