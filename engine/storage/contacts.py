"""Statements for contacts, referrals and placements: what was done with and for the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine.storage.sql import as_row, columns_of, insert_new, new_id
from engine.storage.tables import contact, placement, referral


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a contact; the same step does not insert it twice."""
    insert_new(connection, contact, [{"id": new_id(), **values}])


def add_placement(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a placement entry; the same step does not insert it twice."""
    insert_new(connection, placement, [{"id": new_id(), **values}])


@dataclass(frozen=True)
class Referral:
    """One matter sent from one organisation to another."""

    id: str
    case_id: str
    source_key: str  #: ``instance:token:operation[:kind]`` of the step that sent it
    kind: str
    from_org: str
    to_org: str
    reason: str
    sharing_basis: str
    status: str
    overlap_until: date | None
    sent_at: datetime


_REFERRAL = columns_of(referral, Referral)


def send(connection: Connection, values: Mapping[str, Any]) -> str:
    """Insert a referral; returns its id, also when this step has inserted it already."""
    query = select(referral.c.id).where(referral.c.source_key == values["source_key"])
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return str(known)
    referral_id = new_id()
    connection.execute(insert(referral).values(id=referral_id, **values))
    return referral_id


def get_referral(connection: Connection, referral_id: str) -> Referral | None:
    """One referral, or None."""
    row = connection.execute(select(*_REFERRAL).where(referral.c.id == referral_id)).first()
    return None if row is None else as_row(Referral, row)


def newest_referral(connection: Connection, case_id: str, kind: str) -> Referral | None:
    """The newest referral of a kind, or None."""
    query = (
        select(*_REFERRAL)
        .where(referral.c.case_id == case_id, referral.c.kind == kind)
        .order_by(referral.c.sent_at.desc(), referral.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else as_row(Referral, row)


def unanswered(connection: Connection, case_id: str, kind: str) -> list[Referral]:
    """Referrals of a kind that nobody has answered yet, oldest first."""
    query = (
        select(*_REFERRAL)
        .where(referral.c.case_id == case_id, referral.c.kind == kind, referral.c.status == "sent")
        .order_by(referral.c.sent_at, referral.c.id)
    )
    return [as_row(Referral, row) for row in connection.execute(query)]


def withdraw_of_instance(connection: Connection, instance_id: str, *, at: datetime, reason: str) -> None:
    """End what an instance has sent and nobody has answered."""
    connection.execute(
        update(referral)
        .where(referral.c.source_key.startswith(f"{instance_id}:", autoescape=True), referral.c.status == "sent")
        .values(status="declined", answered_at=at, answer_reason=reason)
    )


def change_referral(connection: Connection, referral_id: str, values: Mapping[str, Any]) -> None:
    """Change facts of a referral."""
    connection.execute(update(referral).where(referral.c.id == referral_id).values(**values))


def count_placements(connection: Connection, case_id: str, kind: str) -> int:
    """How many entries of a kind (element id) a case has."""
    query = select(func.count()).where(placement.c.case_id == case_id, placement.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def placement_on(connection: Connection, case_id: str, kind: str) -> datetime | None:
    """When the newest entry of a kind was made, or None."""
    query = select(func.max(placement.c.at)).where(placement.c.case_id == case_id, placement.c.kind == kind)
    return connection.execute(query).scalar_one_or_none()
