"""Who may see what of a case, as SQL conditions.

Deny by default. A case is seen by somebody one of whose memberships carries case work, whose organisation takes part
in the case now (or is the division that answers for one that does), and whom no seal keeps out. Lists, searches and
counts all use these conditions; nothing is filtered afterwards, so a hidden case leaves no gap and no number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    type_coerce,
)

from engine.domain.roles import Role
from engine.domain.staff import ANY_CITY_ORG, Actor, Membership
from engine.storage.columns import Instant
from engine.storage.prepared import Prepared
from engine.storage.rows import TaskRow
from engine.storage.sql import as_row, columns_of, one_of
from engine.storage.tables import (
    case_organisation,
    case_staff,
    organisation,
    organisation_cover,
    process_instance,
    record,
    referral,
    support_case,
    task_candidate,
    user_task,
)

#: roles that see case content of organisations that take part
CASE_ROLES = frozenset(
    role.value
    for role in (
        Role.INTAKE_WORKER,
        Role.AGENCY_MANAGER,
        Role.MAC_COORDINATOR,
        Role.OUTREACH_WORKER,
        Role.PARTICIPATION_COORDINATOR,
        Role.DIVISION_OFFICER,
        Role.EMERGENCY_OFFICER,
        Role.SUPERVISOR,
        Role.PROGRAMME_LEAD,
    )
)
#: roles that also see the cases of the organisations their division answers for
DIVISION_ROLES = frozenset({Role.DIVISION_OFFICER.value, Role.SUPERVISOR.value})
#: roles that a seal does not keep out of the cases in which their office takes part
SEAL_ROLES = frozenset({Role.EMERGENCY_OFFICER.value, Role.SUPERVISOR.value})
#: the office for sealed households: 寄り添い支援係, listed both as an agency and as a subsection
SEAL_OFFICE = frozenset({"AG-06", "SC-04"})
#: roles that assign the work of an office, so a sealed task must reach them
ASSIGNING_ROLES = frozenset({Role.AGENCY_MANAGER.value, *SEAL_ROLES})

RESTRICTED, SEALED = 1, 2  #: values of support_case.seal_level: named people; seal office and named people

#: how an organisation takes part such that its staff see the case
SEEING_RELATIONS = ("owner", "lead", "carries", "accepted", "asked", "consented", "granted", "plan_member")
#: those of them who share in the work; who was only asked for an assessment does not
SHARING_RELATIONS = tuple(relation for relation in SEEING_RELATIONS if relation != "asked")
#: relations whose organisations carry the case and so see the records of all others too
CARRYING_RELATIONS = ("owner", "lead")
CONFERENCE_RELATION = "conference_member"

Moment = datetime | ColumnElement[datetime]  #: an aware instant, or the parameter of a statement that is kept
NOW = bindparam("now", type_=Instant())
KEPT = 256  #: for so many sets of memberships the statements below are kept; people who have the same share them


class Scope(Enum):
    """A part of the records that a consent or a grant names (options of F08.scope_items)."""

    SUMMARY = "概要"
    CONSULTATION = "相談記録"
    ASSESSMENT = "アセスメント"
    PLAN = "プラン"
    EVALUATION = "評価"
    PARTICIPATION = "参加支援の項目別"


#: which part a 帳票 belongs to; what stands in none is seen only by its own organisation and those who carry the case
FORMS_BY_SCOPE = {
    Scope.SUMMARY: ("F04",),
    Scope.CONSULTATION: ("F01", "F02", "F12", "F14", "F15"),
    Scope.ASSESSMENT: ("F03", "F05", "F06", "screening"),
    Scope.PLAN: ("F07", "F08", "F10", "F11"),
    Scope.EVALUATION: ("F13",),
    Scope.PARTICIPATION: ("F16", "F17", "F19"),
}


def same_office(org_id: str) -> frozenset[str]:
    """The ids under which one office is listed: 寄り添い支援係 is an agency and a subsection."""
    return SEAL_OFFICE if org_id in SEAL_OFFICE else frozenset({org_id})


def _orgs(memberships: Iterable[Membership], roles: frozenset[str]) -> list[str]:
    found = {org for m in memberships if m.role in roles for org in same_office(m.org_id)}
    return sorted(found)


def own_orgs(actor: Actor) -> list[str]:
    """Organisations in which the person does case work, sorted."""
    return _orgs(actor.memberships, CASE_ROLES)


def among(column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """The column has one of the values. They are single parameters: nothing is left to expand at each execution."""
    return column.in_([literal(value) for value in values]) if values else false()


def taking_part(now: Moment) -> ColumnElement[bool]:
    """A row of case_organisation counts at ``now``: begun, not ended, not run out."""
    return and_(
        case_organisation.c.since <= now,
        case_organisation.c.ended_at.is_(None),
        or_(case_organisation.c.until.is_(None), case_organisation.c.until > now),
    )


def covered_by(org_ids: list[str]) -> ColumnElement[bool]:
    """The row's organisation is one for which a division among ``org_ids`` answers."""
    covered = select(organisation_cover.c.covers_org_id).where(among(organisation_cover.c.org_id, org_ids))
    return case_organisation.c.org_id.in_(covered)


def _with_parents(org_ids: list[str]) -> Select[tuple[str]]:
    """The organisations themselves and the divisions of which they are subsections."""
    parents = select(organisation.c.parent_id).where(
        among(organisation.c.id, org_ids), one_of(organisation.c.kind, "担当係")
    )
    return select(organisation.c.id).where(or_(among(organisation.c.id, org_ids), organisation.c.id.in_(parents)))


def _takes_part(now: Moment, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(case_organisation.c.case_id == support_case.c.id, taking_part(now), or_(*conditions))


def _relation(memberships: Iterable[Membership], now: Moment) -> ColumnElement[bool]:
    """One of the memberships' organisations takes part in the case, or answers for one that does."""
    memberships = tuple(memberships)
    rows = case_organisation.c
    ways: list[ColumnElement[bool]] = []
    if working := _orgs(memberships, CASE_ROLES):
        ways.append(and_(among(rows.org_id, working), one_of(rows.relation, *SEEING_RELATIONS)))
    if dividing := _orgs(memberships, DIVISION_ROLES):
        ways.append(and_(covered_by(dividing), one_of(rows.relation, *SEEING_RELATIONS)))
    if invited := _orgs(memberships, frozenset({Role.CONFERENCE_MEMBER.value})):
        ways.append(and_(among(rows.org_id, invited), one_of(rows.relation, CONFERENCE_RELATION)))
    return _takes_part(now, *ways) if ways else false()


def _named(actor: Actor) -> ColumnElement[bool]:
    return exists().where(case_staff.c.case_id == support_case.c.id, case_staff.c.staff_id == actor.staff_id)


def _seal_allows(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """Whom a seal lets through: named people, the seal office, supervisors and emergency officers concerned."""
    ways = [support_case.c.seal_level == 0, _named(actor)]
    if any(m.org_id in SEAL_OFFICE and m.role in CASE_ROLES for m in actor.memberships):
        ways.append(support_case.c.seal_level == SEALED)
    passing = [m for m in actor.memberships if m.role in SEAL_ROLES]
    if passing:
        ways.append(_relation(passing, now))
    return or_(*ways)


def _seal_office(actor: Actor) -> ColumnElement[bool]:
    """An emergency officer of the seal office sees every sealed household, whoever took the call."""
    in_office = any(m.org_id in SEAL_OFFICE and m.role == Role.EMERGENCY_OFFICER.value for m in actor.memberships)
    return support_case.c.seal_level == SEALED if in_office else false()


def case_visible(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on support_case: the actor may know of the case at ``now``."""
    related = _relation(actor.memberships, now)
    return or_(and_(related, _seal_allows(actor, now)), _seal_office(actor))


def opens_sealed(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on support_case: the actor may open, with a reason, what a seal hides in it.

    City staff only: the emergency officers concerned, those of the seal office, and who is named on the case.
    """
    of_city = [m for m in actor.memberships if m.city_staff and m.role in CASE_ROLES]
    if not of_city:
        return false()
    ways = [_named(actor), _seal_office(Actor(actor.staff_id, actor.name, tuple(of_city)))]
    if officers := [m for m in of_city if m.role == Role.EMERGENCY_OFFICER.value]:
        ways.append(_relation(officers, now))
    return and_(case_visible(actor, now), or_(*ways))


def sees_whole_case(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on support_case: the actor's office carries the case (or answers for one that does).

    Who carries a case is related to it, so of ``case_visible`` only the seal is left to ask.
    """
    ways = _carrying(actor)
    carries = _takes_part(now, *ways) if ways else false()
    return or_(and_(carries, _seal_allows(actor, now)), _seal_office(actor))


def among_whole_cases(actor: Actor, now: Moment, case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """As ``sees_whole_case``, for lists of all there is: they begin at the cases of the offices, not at every case."""
    rows, ways = case_organisation.c, _carrying(actor)
    carried = case_id.in_(select(rows.case_id).where(or_(*ways), taking_part(now))) if ways else false()
    return or_(and_(carried, _seal_allows(actor, now)), _seal_office(actor))


def _carrying(actor: Actor) -> list[ColumnElement[bool]]:
    rows = case_organisation.c
    ways: list[ColumnElement[bool]] = []
    if working := own_orgs(actor):
        ways.append(and_(among(rows.org_id, working), one_of(rows.relation, *CARRYING_RELATIONS)))
    if dividing := _orgs(actor.memberships, DIVISION_ROLES):
        ways.append(and_(covered_by(dividing), one_of(rows.relation, *CARRYING_RELATIONS)))
    return ways


def candidate_matches(memberships: Iterable[Membership]) -> ColumnElement[bool]:
    """A condition on task_candidate: one membership has the role in the organisation.

    A subsection counts as its division; ``*city`` is any organisation of the city.
    """
    ways = [_candidate_of(m) for m in memberships]
    return or_(*ways) if ways else false()


def _candidate_of(membership: Membership) -> ColumnElement[bool]:
    rows = task_candidate.c
    orgs: list[ColumnElement[bool]] = [rows.org_id.in_(_with_parents(sorted(same_office(membership.org_id))))]
    if membership.city_staff:
        orgs.append(rows.org_id == ANY_CITY_ORG)
    return and_(rows.role == membership.role, or_(*orgs))


def task_actionable(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on user_task (joined with support_case): the actor may claim it, or holds it.

    ``city_staff_only`` counts only memberships in organisations of the city. A seal keeps candidates out who are
    not named, except those who assign the office's work.
    """
    mine = user_task.c.assignee_id == actor.staff_id
    return or_(mine, and_(_is_candidate(actor.memberships), _seal_admits_candidate(actor, now)))


def actionable_in_queue(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """As ``task_actionable``, for tasks found in a queue of the actor's: their candidates are not read once more."""
    mine = user_task.c.assignee_id == actor.staff_id
    return or_(mine, and_(*_city_staff_where_asked(actor.memberships), _seal_admits_candidate(actor, now)))


def in_capacity(actor: Actor) -> list[ColumnElement[bool]]:
    """A condition on user_task for somebody who works in one of several capacities: it is work of that one.

    What may be done in none of them stays in sight in each, so that nothing is lost between them.
    """
    if not actor.elsewhere:
        return []

    def for_one_of(memberships: Iterable[Membership]) -> ColumnElement[bool]:
        return exists().where(task_candidate.c.task_id == user_task.c.id, candidate_matches(memberships))

    return [or_(for_one_of(actor.memberships), ~for_one_of(actor.elsewhere))]


def _is_candidate(memberships: Iterable[Membership]) -> ColumnElement[bool]:
    memberships = tuple(memberships)
    anyone = exists().where(task_candidate.c.task_id == user_task.c.id, candidate_matches(memberships))
    return and_(anyone, *_city_staff_where_asked(memberships))


def _city_staff_where_asked(memberships: tuple[Membership, ...]) -> list[ColumnElement[bool]]:
    """Of a task for city staff only, a membership in an organisation of the city has to be the candidate."""
    city = [m for m in memberships if m.city_staff]
    if len(city) == len(memberships):
        return []
    by_city = exists().where(task_candidate.c.task_id == user_task.c.id, candidate_matches(city))
    return [or_(user_task.c.city_staff_only.is_(False), by_city)]


def _seal_admits_candidate(actor: Actor, now: Moment) -> ColumnElement[bool]:
    assigning = [m for m in actor.memberships if m.role in ASSIGNING_ROLES]
    return or_(_seal_allows(actor, now), _is_candidate(assigning)) if assigning else _seal_allows(actor, now)


def task_visible(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on user_task (joined with support_case): actionable, or on a case in whose work the office shares.

    Who was only asked, or sits in one conference, sees the tasks of the own organisation.
    """
    own = own_orgs(actor)
    of_own_org = among(user_task.c.org_id, own) if own else false()
    shares = or_(of_own_org, _shares_work(actor, now))
    return or_(task_actionable(actor, now), and_(case_visible(actor, now), shares))


def _shares_work(actor: Actor, now: Moment) -> ColumnElement[bool]:
    rows = case_organisation.c
    ways: list[ColumnElement[bool]] = []
    if working := own_orgs(actor):
        ways.append(and_(among(rows.org_id, working), one_of(rows.relation, *SHARING_RELATIONS)))
    if dividing := _orgs(actor.memberships, DIVISION_ROLES):
        ways.append(and_(covered_by(dividing), one_of(rows.relation, *SHARING_RELATIONS)))
    return or_(_takes_part(now, *ways) if ways else false(), _seal_office(actor))


def record_visible(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on record (joined with support_case): what of the case's records the actor may read.

    Records of the own organisation always; all of them where the office carries the case; otherwise the parts that
    the organisation's consent or grant names, and the つなぐシート that was sent to it.
    """
    own = own_orgs(actor)
    if not own and not _orgs(actor.memberships, frozenset({Role.CONFERENCE_MEMBER.value})):
        return false()
    ways: list[ColumnElement[bool]] = [sees_whole_case(actor, now)]
    if own:
        ways += [among(record.c.org_id, own), _sent_to(own)]
        ways += [_scope_covers(own, scope, forms, now) for scope, forms in FORMS_BY_SCOPE.items()]
    return and_(case_visible(actor, now), or_(*ways))


def _sent_to(own: list[str]) -> ColumnElement[bool]:
    return exists().where(referral.c.record_id == record.c.id, among(referral.c.to_org, own))


def _scope_covers(own: list[str], scope: Scope, forms: tuple[str, ...], now: Moment) -> ColumnElement[bool]:
    """scope_items is stored as JSON text, so a named part is found between its quotation marks."""
    named = exists().where(
        case_organisation.c.case_id == record.c.case_id,
        among(case_organisation.c.org_id, own),
        taking_part(now),
        type_coerce(case_organisation.c.scope_items, Text).contains(f'"{scope.value}"'),
    )
    return and_(one_of(record.c.form_key, *forms), named)


def visible_case_id(connection: Connection, actor: Actor, number: str, now: datetime) -> str | None:
    """The id of the case with that number, or None when it is absent or not the actor's to see."""
    query = select(support_case.c.id).where(support_case.c.number == number, case_visible(actor, now))
    return connection.execute(query).scalar()


def instance_visible(actor: Actor, now: Moment) -> ColumnElement[bool]:
    """A condition on process_instance (joined with support_case): the case is seen whole, or the office carries it."""
    own = own_orgs(actor)
    carried = among(process_instance.c.org_id, own) if own else false()
    return and_(case_visible(actor, now), or_(sees_whole_case(actor, now), carried))


def sees_scope(actor: Actor, scope: Scope, now: Moment) -> ColumnElement[bool]:
    """A condition on support_case: the actor sees that part of what all organisations wrote."""
    own = own_orgs(actor)
    whole = sees_whole_case(actor, now)
    if not own:
        return whole
    named = exists().where(
        case_organisation.c.case_id == support_case.c.id,
        among(case_organisation.c.org_id, own),
        taking_part(now),
        type_coerce(case_organisation.c.scope_items, Text).contains(f'"{scope.value}"'),
    )
    return or_(whole, and_(case_visible(actor, now), named))


def sees_case(connection: Connection, actor: Actor, case_id: str, now: datetime) -> bool:
    """Whether the person may know of this case."""
    return _case_seen_by(actor.memberships).first(connection, asking(actor, now, case=case_id)) is not None


def asking(actor: Actor, now: datetime, **more: Any) -> dict[str, Any]:
    """The parameters of a statement that was built for ``anybody_with`` the actor's memberships at ``NOW``."""
    return {"person": actor.staff_id, "now": now, **more}


def anybody_with(memberships: tuple[Membership, ...]) -> Actor:
    """Whoever has these memberships: the conditions take the person as a parameter then."""
    return Actor(bindparam("person", type_=Text()), "", memberships)  # type: ignore[arg-type]


@lru_cache(KEPT)
def _case_seen_by(memberships: tuple[Membership, ...]) -> Prepared:
    seen = case_visible(anybody_with(memberships), NOW)
    return Prepared(select(support_case.c.id).where(support_case.c.id == bindparam("case"), seen))


def seen_task(connection: Connection, actor: Actor, task_id: str, now: datetime) -> TaskRow | None:
    """The task; None when it does not exist or the person may not know of it."""
    row = _task_seen_by(actor.memberships).first(connection, asking(actor, now, task=task_id))
    return None if row is None else as_row(TaskRow, row)


@lru_cache(KEPT)
def _task_seen_by(memberships: tuple[Membership, ...]) -> Prepared:
    return Prepared(
        select(*columns_of(user_task, TaskRow))
        .join(support_case, support_case.c.id == user_task.c.case_id)
        .where(user_task.c.id == bindparam("task"), task_visible(anybody_with(memberships), NOW))
    )


def is_candidate(connection: Connection, membership: Membership, task_id: str) -> bool:
    """Whether a membership is a candidate of the task."""
    return _candidacy_of(membership).first(connection, {"task": task_id}) is not None


@lru_cache(KEPT)
def _candidacy_of(membership: Membership) -> Prepared:
    candidate = candidate_matches([membership])
    return Prepared(select(task_candidate.c.task_id).where(task_candidate.c.task_id == bindparam("task"), candidate))
