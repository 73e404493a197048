"""経過: what happened on a case, the newest first: contacts, records, steps of the procedure, who took part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, or_, select

from engine.domain.staff import SYSTEM_ID, Actor
from engine.queries import ordering
from engine.queries.case_file import CaseHead
from engine.queries.decision_tables import Decided, decided
from engine.queries.ordering import Key
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.visibility import Scope, own_orgs, record_visible
from engine.storage.tables import (
    audit_event,
    contact,
    definition_version,
    organisation,
    process_instance,
    record,
    staff,
    support_case,
    user_task,
)

if TYPE_CHECKING:
    from engine.services.engine import Engine


class EntryKind(StrEnum):
    """What a line of the timeline tells; also the filter of the page."""

    CONTACT = "contact"  #: somebody reached out to the person or the household
    RECORD = "record"  #: a 帳票 was written or corrected
    STEP = "step"  #: a task was completed, held, handed over ...
    SHARING = "sharing"  #: consent and participation of organisations


@dataclass(frozen=True)
class ContactFacts:
    """One attempt to reach the person. ``stage``: 関係性の段階 1 to 6."""

    means: str
    target: str
    outcome: str
    stage: int | None
    safety: str
    next_on: date | None


@dataclass(frozen=True)
class Entry:
    """One line. ``act`` is the audit word of a step; ``forms`` the (record id, form key) written with it.

    ``decided``: by decision tables on the way. ``name``: of the task, the process or the moment that the act is about.
    """

    at: datetime
    kind: EntryKind
    act: str
    name: str
    actor_name: str
    org_name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[tuple[str, str], ...] = ()
    contact: ContactFacts | None = None
    decided: tuple[Decided, ...] = ()


#: audit acts that concern who may know, for the filter 同意・共有
SHARING_ACTS = ("consent", "grant", "seal", "participation")
#: audit acts that repeat what a record or contact line already tells
_TOLD_BY_RECORDS = ("draft", "access")


def timeline(
    engine: Engine, actor: Actor, head: CaseHead, kind: EntryKind | None, *, now: datetime
) -> tuple[Entry, ...]:
    """All lines that the actor may read, the newest first.

    Steps are told to those who carry the case; who takes part otherwise reads the own organisation's steps.
    """
    with engine.database.read() as connection:
        forms = _forms_by_task(connection, actor, head, now)
        steps = _steps(engine, connection, actor, head, forms)
        entries = [*steps, *_contacts(connection, actor, head)]
        entries += _loose_records(connection, actor, head, now)
    wanted = [entry for entry in entries if kind is None or entry.kind is kind]
    return tuple(sorted(wanted, key=lambda entry: entry.at, reverse=True))


def contacts(engine: Engine, actor: Actor, head: CaseHead) -> tuple[Entry, ...]:
    """Every contact that the actor may read, the oldest first: for the picture, which shows all of them."""
    with engine.database.read() as connection:
        return tuple(sorted(_contacts(connection, actor, head), key=lambda entry: entry.at))


@dataclass(frozen=True)
class ContactPage:
    """One page of contacts, the newest first."""

    rows: tuple[Entry, ...]
    next: After | None


def contact_page(engine: Engine, actor: Actor, head: CaseHead, after: After | None) -> ContactPage:
    """One page of the contacts that the actor may read."""
    keys = (Key(contact.c.at, descending=True),)
    query = _contact_rows(actor, head).where(*ordering.after(after, keys, contact.c.id))
    query = query.order_by(*ordering.clauses([contact.c.at, contact.c.id], keys)).limit(PAGE_SIZE + 1)
    with engine.database.read() as connection:
        found = connection.execute(query).all()
    page = found[:PAGE_SIZE]
    more = ordering.place([page[-1].at], page[-1].id) if len(found) > len(page) else None
    return ContactPage(tuple(_contact(row) for row in page), more)


def _steps(
    engine: Engine, connection: Connection, actor: Actor, head: CaseHead, forms: Mapping[str, list[tuple[str, str]]]
) -> list[Entry]:
    query = (
        select(audit_event, user_task.c.name.label("task_name"), staff.c.name.label("actor_name"), organisation.c.name)
        .outerjoin(user_task, user_task.c.id == audit_event.c.task_id)
        .outerjoin(staff, staff.c.id == audit_event.c.actor)
        .outerjoin(organisation, organisation.c.id == user_task.c.org_id)
        .where(audit_event.c.chain == head.id)
        .order_by(audit_event.c.seq.desc())
    )
    if not head.whole:
        query = query.where(or_(user_task.c.org_id.in_(own_orgs(actor)), audit_event.c.actor == actor.staff_id))
    names = _names(engine, connection, head.id)
    return [
        _step(row, forms.get(row.task_id, []), names)
        for row in connection.execute(query)
        if not row.act.startswith(_TOLD_BY_RECORDS)
    ]


def _names(engine: Engine, connection: Connection, case_id: str) -> dict[str, str]:
    """Names of the case's processes by key, of their elements by id, and of organisations by number."""
    query = (
        select(process_instance.c.process_key, process_instance.c.version_id, definition_version.c.name)
        .join(definition_version, definition_version.c.id == process_instance.c.version_id)
        .where(process_instance.c.case_id == case_id)
        .distinct()
    )
    found = engine.reference.names()
    for row in connection.execute(query):
        elements = engine.definitions.get(row.version_id).model.elements
        found |= {element.id: element.name for element in elements.values() if element.name}
        found[row.process_key] = row.name
    return found


def _step(row: Any, forms: list[tuple[str, str]], names: Mapping[str, str]) -> Entry:
    completed = row.act.endswith("completed")
    kind = EntryKind.SHARING if row.act.split(".")[0] in SHARING_ACTS else EntryKind.STEP
    return Entry(
        at=row.at,
        kind=EntryKind.RECORD if completed and forms else kind,
        act=row.act,
        name=row.task_name or names.get((row.data or {}).get("process", "") or row.element_id or "", ""),
        actor_name="" if row.actor == SYSTEM_ID else row.actor_name or "",
        org_name=row.name or "",
        data=row.data or {},
        forms=tuple(forms) if completed else (),
        decided=decided(row.data or {}, names),
    )


def _forms_by_task(
    connection: Connection, actor: Actor, head: CaseHead, now: datetime
) -> dict[str, list[tuple[str, str]]]:
    query = _visible_records(actor, head, now).where(record.c.task_id.is_not(None), record.c.number == 1)
    found: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.task_id, []).append((row.id, row.form_key))
    return found


def _loose_records(connection: Connection, actor: Actor, head: CaseHead, now: datetime) -> list[Entry]:
    """Records that no step line tells: corrections, and those of tasks whose steps the actor does not see."""
    query = _visible_records(actor, head, now)
    if head.whole:
        query = query.where(or_(record.c.task_id.is_(None), record.c.number > 1))
    else:
        own = own_orgs(actor)
        query = query.where(or_(record.c.task_id.is_(None), record.c.number > 1, record.c.org_id.not_in(own)))
    return [
        Entry(
            at=row.at,
            kind=EntryKind.RECORD,
            act="record.corrected" if row.number > 1 else "record.written",
            name="",
            actor_name=row.author_name or "",
            org_name=row.org_name or "",
            data={"reason": row.reason},
            forms=((row.id, row.form_key),),
        )
        for row in connection.execute(query)
    ]


def _visible_records(actor: Actor, head: CaseHead, now: datetime) -> Any:
    return (
        select(
            record.c.id, record.c.task_id, record.c.form_key, record.c.number, record.c.at, record.c.reason,
            staff.c.name.label("author_name"), organisation.c.name.label("org_name"),
        )
        .select_from(
            record.join(support_case, support_case.c.id == record.c.case_id)
            .outerjoin(staff, staff.c.id == record.c.author_id)
            .outerjoin(organisation, organisation.c.id == record.c.org_id)
        )
        .where(record.c.case_id == head.id, record_visible(actor, now))
        .order_by(record.c.at, record.c.id)
    )  # fmt: skip


def _contacts(connection: Connection, actor: Actor, head: CaseHead) -> list[Entry]:
    return [_contact(row) for row in connection.execute(_contact_rows(actor, head))]


def _contact_rows(actor: Actor, head: CaseHead) -> Select[Any]:
    query = (
        select(contact, staff.c.name.label("actor_name"), organisation.c.name.label("org_name"))
        .outerjoin(staff, staff.c.id == contact.c.staff_id)
        .outerjoin(organisation, organisation.c.id == contact.c.org_id)
        .where(contact.c.case_id == head.id)
    )
    if not head.whole and Scope.CONSULTATION not in head.scopes:
        query = query.where(contact.c.org_id.in_(own_orgs(actor)))
    return query


def _contact(row: Any) -> Entry:
    return Entry(
        at=row.at,
        kind=EntryKind.CONTACT,
        act="contact",
        name="",
        actor_name=row.actor_name or "",
        org_name=row.org_name or "",
        forms=((row.record_id, "F15"),) if row.record_id else (),
        contact=ContactFacts(row.means, row.target, row.outcome, row.stage, row.safety, row.next_on),
    )
