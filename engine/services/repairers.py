"""Who may move instances between versions, and who may repair one.

How the rules of access are read here: "override with reason" is the supervisor's, for the cases of the
organisations that the supervisor's division answers for (by the case's owner or lead organisation). Process owners
deploy versions and administrators keep accounts; both see no case data, and which branch of whose support goes on is
case work, so they repair nothing. Moving running instances to a version belongs to deploying it: a process owner may do
it for any instance of the process, and is told element names and reasons, never whose case it is.
"""

from __future__ import annotations

from datetime import datetime

from engine.domain.errors import FormInvalid, NotAuthorised, NotFound, NotOpen
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.queries import visibility
from engine.services.engine import Engine
from engine.storage import cases, instances
from engine.storage.database import Connection
from engine.storage.moves import RUNNING
from engine.storage.rows import CaseRow, InstanceRow


def running_instance(connection: Connection, instance_id: str) -> tuple[InstanceRow, CaseRow]:
    """An instance that has not ended, with its case. Raises NotFound; NotOpen for one that has ended."""
    instance = instances.get(connection, instance_id)
    case = cases.get(connection, instance.case_id) if instance is not None else None
    if instance is None or case is None:
        raise NotFound("instance")
    if instance.status not in RUNNING:
        raise NotOpen(instance.status)
    return instance, case


def require_repairer(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, act: str, now: datetime
) -> None:
    """The actor supervises the case's owner or lead organisation and may know of the case.

    Raises NotFound for a case that is not to be known of, NotAuthorised otherwise.
    """
    if not visibility.sees_case(connection, actor, case.id, now):
        raise NotFound("instance")
    if not _supervises(engine, actor, case):
        raise NotAuthorised(act, case.number)


def require_mover(engine: Engine, connection: Connection, actor: Actor, case: CaseRow, now: datetime) -> None:
    """The actor deploys processes, or may repair this case."""
    if not is_process_owner(actor):
        require_repairer(engine, connection, actor, case, "instance.move", now)


def is_process_owner(actor: Actor) -> bool:
    """Whether the person deploys process versions."""
    return actor.has_role(Role.PROCESS_OWNER.value)


def require_reason(reason: str) -> None:
    """FormInvalid for an empty reason."""
    if not reason.strip():
        raise FormInvalid({"reason": "理由を入力してください。"})


def _supervises(engine: Engine, actor: Actor, case: CaseRow) -> bool:
    covered = {
        org
        for membership in actor.memberships
        if membership.role == Role.SUPERVISOR.value
        for org in engine.reference.covers(membership.org_id)
    }
    return bool(covered & {case.owner_org, case.lead_org})
