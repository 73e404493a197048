"""Statements for consents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from engine.storage.sql import as_row, columns_of
from engine.storage.tables import consent

GIVEN = ("同意あり", "一部同意")


@dataclass(frozen=True)
class Consent:
    """What was agreed, with whom, until when."""

    id: str
    case_id: str
    subject: str
    subject_person_id: str | None  #: the person of the case, by whatever name; None for a household member
    given_by: str
    result: str
    scope_items: tuple[str, ...]
    scope_orgs: tuple[str, ...]
    excluded_orgs: tuple[str, ...]
    given_on: date
    valid_until: date | None
    withdrawn_on: date | None
    plan_version_id: str | None


_COLUMNS = columns_of(consent, Consent)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a consent."""
    connection.execute(insert(consent).values(**values))


def exists(connection: Connection, source_key: str) -> bool:
    """Whether this step has recorded its consent already."""
    return connection.execute(select(consent.c.id).where(consent.c.source_key == source_key)).first() is not None


def valid(connection: Connection, case_id: str, on: date) -> list[Consent]:
    """Consents of a case that hold on a day, newest first.

    Each subject's newest answer counts: a later refusal takes an earlier consent away.
    """
    query = select(*_COLUMNS).where(consent.c.case_id == case_id, consent.c.result != "保留")
    newest: dict[str, Consent] = {}
    for row in connection.execute(query.order_by(consent.c.created_at.desc(), consent.c.id.desc())):
        found = as_row(Consent, row)
        newest.setdefault(found.subject_person_id or found.subject, found)
    return [c for c in newest.values() if _holds(c, on)]


def _holds(found: Consent, on: date) -> bool:
    if found.result not in GIVEN or (found.withdrawn_on is not None and found.withdrawn_on <= on):
        return False
    return found.valid_until is None or found.valid_until >= on


def withdraw(connection: Connection, case_id: str, *, subject: str | None, on: date, reason: str) -> int:
    """Note the withdrawal on every consent of the case (of one subject) that was given; returns how many."""
    conditions = [consent.c.case_id == case_id, consent.c.withdrawn_on.is_(None), consent.c.result.in_(GIVEN)]
    if subject:
        conditions.append(or_(consent.c.subject == subject, consent.c.subject_person_id == subject))
    result = connection.execute(update(consent).where(*conditions).values(withdrawn_on=on, withdrawn_reason=reason))
    return int(result.rowcount)


def given_at(connection: Connection, consent_id: str) -> datetime | None:
    """When a consent was recorded, or None."""
    return connection.execute(select(consent.c.created_at).where(consent.c.id == consent_id)).scalar_one_or_none()
