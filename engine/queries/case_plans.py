"""Consents, support plans and referrals of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, or_, select

from engine.domain.business_days import tokyo_date
from engine.domain.staff import Actor
from engine.queries.case_file import CaseHead, consent_word
from engine.queries.visibility import Scope, own_orgs
from engine.storage.tables import consent, organisation, plan_item, plan_version, programme, referral

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to; ``state`` is the word of case_file.consent_word on the day of the query."""

    subject: str
    given_by: str
    method: str
    state: str
    scope_items: tuple[str, ...]
    scope_orgs: tuple[str, ...]
    excluded_orgs: tuple[str, ...]
    given_on: date
    valid_until: date | None
    withdrawn_on: date | None
    withdrawn_reason: str
    record_id: str | None


@dataclass(frozen=True)
class PlanItem:
    """One measure of a plan."""

    no: int
    issue: str
    programme_name: str
    org_name: str
    staff_text: str
    person_does: str
    frequency: str
    starts_on: date | None
    ends_on: date | None
    note: str
    started_on: date | None


@dataclass(frozen=True)
class PlanVersion:
    """One version of a support plan with its measures."""

    id: str
    number: int
    kind: str
    status: str
    lead_name: str
    period_from: date | None
    period_until: date | None
    first_monitor_on: date | None
    next_review_on: date | None
    review_no: int
    conclusion: str
    evaluation_result: str
    decided_at: datetime | None
    created_at: datetime
    record_id: str | None
    items: tuple[PlanItem, ...]


@dataclass(frozen=True)
class Referral:
    """One つなぎ, escalation or handoff."""

    kind: str
    from_name: str
    to_name: str
    reason: str
    sharing_basis: str
    status: str
    answer_reason: str
    overlap_until: date | None
    sent_at: datetime
    answered_at: datetime | None
    record_id: str | None


def consents(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[Consent, ...]:
    """Consents, the newest first: all for those who carry the case, else those that name an own organisation."""
    own = frozenset(own_orgs(actor))
    query = (
        select(consent)
        .where(consent.c.case_id == head.id)
        .order_by(consent.c.given_on.desc(), consent.c.created_at.desc(), consent.c.id.desc())
    )
    with engine.database.read() as connection:
        rows = [
            row for row in connection.execute(query) if head.whole or own.intersection(row.scope_orgs or ())
        ]  # the scope is a list inside a row of a visible case; nothing beyond the case is read
        return tuple(_consent(row, _org_names(connection), tokyo_date(now)) for row in rows)


def plans(engine: Engine, head: CaseHead) -> tuple[PlanVersion, ...]:
    """Plan versions, the newest first; none for those who see neither the case nor its plan."""
    if not head.whole and Scope.PLAN not in head.scopes:
        return ()
    query = (
        select(plan_version, organisation.c.name.label("lead_name"))
        .outerjoin(organisation, organisation.c.id == plan_version.c.lead_org)
        .where(plan_version.c.case_id == head.id)
        .order_by(plan_version.c.created_at.desc(), plan_version.c.id.desc())
    )
    with engine.database.read() as connection:
        found = connection.execute(query).all()
        items = _items(connection, [row.id for row in found])
        return tuple(_plan(row, items.get(row.id, ())) for row in found)


def referrals(engine: Engine, actor: Actor, head: CaseHead) -> tuple[Referral, ...]:
    """Referrals, the newest first: all for those who carry the case, else those from or to an own organisation."""
    sender, receiver = organisation.alias("sender"), organisation.alias("receiver")
    query = (
        select(referral, sender.c.name.label("from_name"), receiver.c.name.label("to_name"))
        .outerjoin(sender, sender.c.id == referral.c.from_org)
        .outerjoin(receiver, receiver.c.id == referral.c.to_org)
        .where(referral.c.case_id == head.id)
        .order_by(referral.c.sent_at.desc(), referral.c.id)
    )
    if not head.whole:
        own = own_orgs(actor)
        query = query.where(or_(referral.c.from_org.in_(own), referral.c.to_org.in_(own)))
    with engine.database.read() as connection:
        return tuple(_referral(row) for row in connection.execute(query))


def _org_names(connection: Connection) -> dict[str, str]:
    return {row.id: row.name for row in connection.execute(select(organisation.c.id, organisation.c.name))}


def _consent(row: Any, names: dict[str, str], today: date) -> Consent:
    return Consent(
        subject=row.subject,
        given_by=row.given_by,
        method=row.method,
        state=consent_word(row, today),
        scope_items=tuple(row.scope_items or ()),
        scope_orgs=tuple(names.get(org, org) for org in row.scope_orgs or ()),
        excluded_orgs=tuple(names.get(org, org) for org in row.excluded_orgs or ()),
        given_on=row.given_on,
        valid_until=row.valid_until,
        withdrawn_on=row.withdrawn_on,
        withdrawn_reason=row.withdrawn_reason,
        record_id=row.record_id,
    )


def _items(connection: Connection, version_ids: list[str]) -> dict[str, tuple[PlanItem, ...]]:
    query = (
        select(plan_item, organisation.c.name.label("org_name"), programme.c.name.label("programme_name"))
        .outerjoin(organisation, organisation.c.id == plan_item.c.org_id)
        .outerjoin(programme, programme.c.id == plan_item.c.programme_id)
        .where(plan_item.c.plan_version_id.in_(version_ids))
        .order_by(plan_item.c.no)
    )
    found: dict[str, list[PlanItem]] = {}
    for row in connection.execute(query):
        found.setdefault(row.plan_version_id, []).append(_item(row))
    return {version: tuple(items) for version, items in found.items()}


def _item(row: Any) -> PlanItem:
    return PlanItem(
        no=row.no,
        issue=row.issue,
        programme_name=row.programme_name or row.programme_id or "",
        org_name=row.org_name or row.org_id or "",
        staff_text=row.staff_text,
        person_does=row.person_does,
        frequency=row.frequency,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        note=row.note,
        started_on=row.started_on,
    )


def _plan(row: Any, items: tuple[PlanItem, ...]) -> PlanVersion:
    return PlanVersion(
        id=row.id,
        number=row.number,
        kind=row.kind,
        status=row.status,
        lead_name=row.lead_name or "",
        period_from=row.period_from,
        period_until=row.period_until,
        first_monitor_on=row.first_monitor_on,
        next_review_on=row.next_review_on,
        review_no=row.review_no,
        conclusion=row.conclusion,
        evaluation_result=row.evaluation_result,
        decided_at=row.decided_at,
        created_at=row.created_at,
        record_id=row.record_id,
        items=items,
    )


def _referral(row: Any) -> Referral:
    return Referral(
        kind=row.kind,
        from_name=row.from_name or row.from_org,
        to_name=row.to_name or row.to_org,
        reason=row.reason,
        sharing_basis=row.sharing_basis,
        status=row.status,
        answer_reason=row.answer_reason,
        overlap_until=row.overlap_until,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
        record_id=row.record_id,
    )
