"""The head of a case: who it is about, who carries it, who may see it and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from engine.domain.business_days import tokyo_date
from engine.domain.errors import NotFound
from engine.domain.staff import Actor, Membership
from engine.domain.wareki import age_on
from engine.queries.org_names import org_names
from engine.queries.visibility import (
    KEPT,
    NOW,
    Scope,
    anybody_with,
    asking,
    case_visible,
    opens_sealed,
    own_orgs,
    sees_scope,
    sees_whole_case,
)
from engine.storage.prepared import Prepared
from engine.storage.sealing import unseal
from engine.storage.tables import (
    case_organisation,
    case_relation,
    case_staff,
    consent,
    household,
    household_member,
    organisation,
    person,
    staff,
    support_case,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine

_PERSON = Prepared(select(person).where(person.c.id == bindparam("person")))
_HOME = Prepared(select(household.c.name).where(household.c.id == bindparam("home")))
_MEMBERS = Prepared(
    select(household_member)
    .where(household_member.c.household_id == bindparam("home"), household_member.c.until.is_(None))
    .order_by(household_member.c.no)
)
_CONSENTS = Prepared(
    select(consent)
    .where(consent.c.case_id == bindparam("case"))
    .order_by(consent.c.given_on, consent.c.created_at, consent.c.id)
)

#: shown in place of a sealed text
MASK = "（秘匿）"


@dataclass(frozen=True)
class Subject:
    """The person the case is about. ``age`` on the day of the query; texts are empty when not known."""

    name: str
    kana: str
    sex: str
    birth: date | None
    age: int | None
    provisional: bool


@dataclass(frozen=True)
class ConsentState:
    """The newest consent of a person: あり, 一部, 未取得, 期限切れ or 撤回 (ux words), with its end."""

    subject: str
    state: str
    valid_until: date | None


@dataclass(frozen=True)
class CaseHead:
    """What every page about a case shows on top. ``whole``: the actor's office carries the case.

    ``scopes``: the parts of other organisations' records that the actor may read.
    """

    id: str
    number: str
    subject: Subject
    household_name: str
    household_size: int
    status: str
    stage: str
    urgency: str
    seal_level: int
    relation_stage: int | None
    owner_org: str
    owner_name: str
    lead_org: str
    lead_name: str
    opened_at: datetime
    closed_at: datetime | None
    closed_reason: str
    field_codes: tuple[str, ...]
    consents: tuple[ConsentState, ...]
    whole: bool
    scopes: frozenset[Scope]
    demo: bool


@dataclass(frozen=True)
class Member:
    """One member of the household."""

    name: str
    kana: str
    relation: str
    age: int | None
    lives_with: str
    job: str
    note: str


@dataclass(frozen=True)
class Contact:
    """Where the person can be reached; every text is masked while the case has a seal."""

    address: str
    residence: str
    phone_home: str
    phone_mobile: str
    email: str
    masked: bool


@dataclass(frozen=True)
class People:
    """Person and household of a case, for those who carry it or see the consultation records."""

    contact: Contact
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Part:
    """One organisation's part in the case. ``active``: it counts now."""

    org_id: str
    org_name: str
    relation: str
    legal_basis: str
    scope_items: tuple[str, ...]
    reason: str
    granted_by: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_reason: str
    active: bool
    own: bool

    @property
    def last_day(self) -> date | None:
        """The last Tokyo day on which the part counts; ``until`` is the instant from which it does not."""
        return None if self.until is None else tokyo_date(self.until - timedelta(microseconds=1))


@dataclass(frozen=True)
class Named:
    """One person who may see a case with a seal, and why."""

    name: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class RelatedCase:
    """Another case that belongs to this one and that the actor may see as well."""

    number: str
    subject_name: str
    kind: str
    status: str


def case_head(engine: Engine, actor: Actor, number: str, *, now: datetime) -> CaseHead:
    """The head of the case with that number. Raises NotFound when it is absent or not the actor's to see."""
    with engine.database.read() as connection:
        row = _seen_by(actor.memberships).record(connection, asking(actor, now, number=number))
        if row is None:
            raise NotFound("case")
        return _head_of(connection, row, now)


def head_for_doer(connection: Connection, actor: Actor, case_id: str, now: datetime) -> tuple[CaseHead, bool]:
    """The head of a task's case, which the doer of the task sees; and whether the actor may open the case itself."""
    row = _of_a_task(actor.memberships).record(connection, asking(actor, now, case=case_id))
    return _head_of(connection, row, now), bool(row.visible)


def _columns(actor: Actor) -> list[Any]:
    scopes = [sees_scope(actor, scope, NOW).label(f"scope_{scope.name}") for scope in Scope]
    return [support_case, sees_whole_case(actor, NOW).label("whole"), *scopes]


@lru_cache(KEPT)
def _seen_by(memberships: tuple[Membership, ...]) -> Prepared:
    anybody = anybody_with(memberships)
    by_number = support_case.c.number == bindparam("number")
    return Prepared(select(*_columns(anybody)).where(by_number, case_visible(anybody, NOW)))


@lru_cache(KEPT)
def _of_a_task(memberships: tuple[Membership, ...]) -> Prepared:
    anybody = anybody_with(memberships)
    visible = case_visible(anybody, NOW).label("visible")
    return Prepared(select(*_columns(anybody), visible).where(support_case.c.id == bindparam("case")))


def _head_of(connection: Connection, row: Any, now: datetime) -> CaseHead:
    """The head made from a row of support_case that has the columns ``whole`` and ``scope_...`` beside its own."""
    names = org_names(connection, [row.owner_org, row.lead_org])
    return CaseHead(
        id=row.id,
        number=row.number,
        subject=_subject(_PERSON.record(connection, {"person": row.subject_id}), now),
        household_name=_HOME.scalar(connection, {"home": row.household_id}) or "",
        household_size=len(_members(connection, row.household_id)),
        status=row.status,
        stage=row.stage,
        urgency=row.urgency,
        seal_level=row.seal_level,
        relation_stage=row.relation_stage,
        owner_org=row.owner_org,
        owner_name=names.get(row.owner_org, row.owner_org),
        lead_org=row.lead_org or "",
        lead_name=names.get(row.lead_org or "", ""),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_reason=row.closed_reason,
        field_codes=tuple(row.field_codes or ()),
        consents=_consent_states(connection, row.id, now),
        whole=bool(row.whole),
        scopes=frozenset(scope for scope in Scope if getattr(row, f"scope_{scope.name}")),
        demo=row.demo,
    )


def people(engine: Engine, head: CaseHead, *, opened: bool = False) -> People | None:
    """Contact details and household, None for those who neither carry the case nor see its consultation records.

    opened: not masked. Only services.sealed asks so, after it has noted who opens it and why.
    """
    if not sees_people(head):
        return None
    with engine.database.read() as connection:
        row = connection.execute(
            select(person, support_case.c.household_id)
            .join(support_case, support_case.c.subject_id == person.c.id)
            .where(support_case.c.id == head.id)
        ).one()
        masked = head.seal_level > 0 and not opened
        return People(_contact(row, masked=masked), _members(connection, row.household_id))


def sees_people(head: CaseHead) -> bool:
    """Whether the reader sees the person's details and the household."""
    return head.whole or Scope.CONSULTATION in head.scopes


def may_open_sealed(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> bool:
    """Whether the actor may open, with a reason, what the case's seal hides."""
    with engine.database.read() as connection:
        return opens_case(connection, actor, head.id, now)


def opens_case(connection: Connection, actor: Actor, case_id: str, now: datetime) -> bool:
    """The same within an open connection."""
    query = select(support_case.c.id).where(support_case.c.id == case_id, opens_sealed(actor, now))
    return connection.execute(query).first() is not None


def parts(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[Part, ...]:
    """Which organisations take or took part: all for those who carry the case, otherwise those of the actor's own."""
    own = own_orgs(actor)
    query = (
        select(case_organisation, organisation.c.name.label("org_name"), staff.c.name.label("granted_name"))
        .outerjoin(organisation, organisation.c.id == case_organisation.c.org_id)
        .outerjoin(staff, staff.c.id == case_organisation.c.granted_by)
        .where(case_organisation.c.case_id == head.id)
        .order_by(case_organisation.c.since, case_organisation.c.id)
    )
    if not head.whole:
        query = query.where(case_organisation.c.org_id.in_(own))
    with engine.database.read() as connection:
        return tuple(_part(row, own, now) for row in connection.execute(query))


def named_people(engine: Engine, head: CaseHead) -> tuple[Named, ...]:
    """Who is let through the seal by name, the earliest first; none without a seal, or for who does not carry the case.

    Beside them a seal lets through the office for sealed households, and supervisors and emergency officers concerned.
    """
    if not head.whole or not head.seal_level:
        return ()
    query = (
        select(staff.c.name, case_staff.c.reason, case_staff.c.since)
        .join(staff, staff.c.id == case_staff.c.staff_id)
        .where(case_staff.c.case_id == head.id)
        .order_by(case_staff.c.since, staff.c.name)
    )
    with engine.database.read() as connection:
        return tuple(Named(*row) for row in connection.execute(query))


def related_cases(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[RelatedCase, ...]:
    """Cases that belong together with this one, of those the actor may see."""
    query = (
        select(support_case.c.number, person.c.name, case_relation.c.kind, support_case.c.status)
        .select_from(
            case_relation.join(support_case, support_case.c.id == case_relation.c.other_case_id).join(
                person, person.c.id == support_case.c.subject_id
            )
        )
        .where(case_relation.c.case_id == head.id, case_visible(actor, now))
        .order_by(support_case.c.number)
    )
    with engine.database.read() as connection:
        return tuple(RelatedCase(*row) for row in connection.execute(query))


# ---------------------------------------------------------------- pieces


def _subject(row: Any, now: datetime) -> Subject:
    today = tokyo_date(now)
    age = age_on(row.birth, today) if row.birth and row.birth <= today else None
    return Subject(row.name, row.name_kana, row.sex, row.birth, age, row.provisional)


def _contact(row: Any, *, masked: bool) -> Contact:
    def text(stored: str | None) -> str:
        if stored is None:
            return ""
        return MASK if masked else str(unseal(stored))

    return Contact(
        address=text(row.address),
        residence=text(row.residence),
        phone_home=text(row.phone_home),
        phone_mobile=text(row.phone_mobile),
        email=text(row.email),
        masked=masked,
    )


def _members(connection: Connection, household_id: str) -> tuple[Member, ...]:
    rows = _MEMBERS.records(connection, {"home": household_id})
    return tuple(
        Member(row.name, row.name_kana, row.relation, row.age, row.lives_with, row.job, row.note) for row in rows
    )


def _consent_states(connection: Connection, case_id: str, now: datetime) -> tuple[ConsentState, ...]:
    """The newest consent per person, in the order of first asking; a person first known by another name is one."""
    rows = _CONSENTS.records(connection, {"case": case_id})
    newest = {row.subject_person_id or row.subject: row for row in rows}
    return tuple(
        ConsentState(row.subject, consent_word(row, tokyo_date(now)), row.valid_until) for row in newest.values()
    )


def consent_word(row: Any, today: date) -> str:
    """How a consent stands on a day, as a stable word: given, partial, none, pending, expired or withdrawn."""
    if row.withdrawn_on is not None:
        return "withdrawn"
    word = _CONSENT_WORDS.get(row.result, "none")
    if word in ("given", "partial") and row.valid_until is not None and row.valid_until < today:
        return "expired"
    return word


_CONSENT_WORDS = {"同意あり": "given", "一部同意": "partial", "同意なし": "none", "保留": "pending"}


def _part(row: Any, own: list[str], now: datetime) -> Part:
    active = row.since <= now and row.ended_at is None and (row.until is None or row.until > now)
    return Part(
        org_id=row.org_id,
        org_name=row.org_name or row.org_id,
        relation=row.relation,
        legal_basis=row.legal_basis,
        scope_items=tuple(row.scope_items or ()),
        reason=row.reason,
        granted_by=row.granted_name or "",
        since=row.since,
        until=row.until,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        active=active,
        own=row.org_id in own,
    )
