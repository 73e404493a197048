"""What a seal hides, opened by named city staff with a reason (domain rule: every reading asks one and is noted).

The reason is in the case's trail and in the access log, and those concerned are told, before anything is read; what
cannot be noted is not shown. What was opened is the answer of this one call: nothing stays open.
"""

from __future__ import annotations

from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.queries import case_file, records
from engine.queries.case_file import CaseHead, People
from engine.queries.records import RecordView
from engine.queries.visibility import SEALED
from engine.services.engine import Engine
from engine.storage import audit, cases, notifications, staff, tasks
from engine.storage.database import Connection
from engine.storage.sql import new_id

LONGEST = 500
CONTACT = "contact"


def open_people(engine: Engine, actor: Actor, head: CaseHead, *, reason: str, now: datetime) -> People:
    """Contact details of the person, not masked. Raises NotFound for who may not, FormInvalid without a reason."""
    if not case_file.sees_people(head):
        raise NotFound("case")
    _note(engine, actor, head, CONTACT, reason, now)
    found = case_file.people(engine, head, opened=True)
    assert found is not None
    return found


def open_record(
    engine: Engine, actor: Actor, head: CaseHead, record_id: str, *, reason: str, wareki: bool, now: datetime
) -> RecordView:
    """One record with its sealed values. Raises NotFound for who may not read or open it, FormInvalid."""
    records.record_view(engine, actor, head, record_id, wareki=wareki, now=now)
    _note(engine, actor, head, record_id, reason, now)
    return records.record_view(engine, actor, head, record_id, wareki=wareki, opened=True, now=now)


def told(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[str, ...]:
    """Names of those who will be told that the actor opens it. Raises NotFound for who may not open it."""
    with engine.database.read() as connection:
        if not case_file.opens_case(connection, actor, head.id, now):
            raise NotFound("case")
        ids = _told(engine, connection, actor, head, now)
        rows = (staff.by_id(connection, one) for one in ids)
        return tuple(row.name for row in rows if row is not None)


def _note(engine: Engine, actor: Actor, head: CaseHead, what: str, reason: str, now: datetime) -> None:
    reason = reason.strip()[:LONGEST]
    with engine.database.write() as connection:
        if not case_file.opens_case(connection, actor, head.id, now):
            raise NotFound("case")
        if not reason:
            raise FormInvalid({"reason": "開く理由を入力してください。"})
        people = _told(engine, connection, actor, head, now)
        notifications.add(connection, people, about="sealed_opened", case_id=head.id, task_id=None,
                          key=f"sealed_opened:{new_id()}", at=now)  # fmt: skip
        audit.log_access(connection, at=now, staff_id=actor.staff_id, act="sealed_opened", case_id=head.id, what=what,
                         reason=reason)  # fmt: skip
        audit.append(connection, chain=head.id, at=now, actor=actor.staff_id, act="sealed.opened",
                     data={"what": what, "reason": reason, "told": people, **actor.origin})  # fmt: skip


def _told(engine: Engine, connection: Connection, actor: Actor, head: CaseHead, now: datetime) -> list[str]:
    """Who is named on the case and, of a sealed household, the emergency officers of the office for these."""
    people = set(cases.named_staff(connection, head.id))
    if head.seal_level == SEALED:
        org = engine.reference.text("emergency_org", tokyo_date(now))
        pairs = [(one, Role.EMERGENCY_OFFICER.value) for one in sorted(engine.reference.same_organisation(org) | {org})]
        people |= set(tasks.staff_in(connection, pairs, now))
    return sorted(people - {actor.staff_id})
