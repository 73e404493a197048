"""Cases: the list, one case, and what happened on it. What of a case somebody sees is decided as on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from flask import Blueprint, Response

from engine.queries import case_file, cases, inbox, timeline, upcoming
from engine.queries.case_file import CaseHead
from engine.queries.cases import CaseFilter, CaseRow
from engine.queries.paging import PAGE_SIZE, After
from engine.queries.timeline import Entry, EntryKind
from web.access_notes import note_case, note_list
from web.api import answering, reading
from web.api.describing import Operation, operation
from web.api.inbox import AFTER, WORDS
from web.api.schemas import Note
from web.api.shapes import Instant, ListedTask, Named, Person, Tokyo, UpcomingTask
from web.pages.cases import head_of_number
from web.policy import policy
from web.runtime import actor, engine, now
from web.words import act, form_name

blueprint = Blueprint("api_cases", __name__, url_prefix="/api/v1/cases")


class Status(StrEnum):
    """How a case stands."""

    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True)
class CaseQuery:
    """Which cases to list."""

    status: Status | None = None
    organisation: Annotated[str, Note("Code of the organisation that owns the case.", longest=20)] = ""
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class CaseSearch:
    """Which cases to look for."""

    words: Annotated[str, WORDS]
    status: Status | None = None
    organisation: Annotated[str, Note("Code of the organisation that owns the case.", longest=20)] = ""
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class TimelineQuery:
    """Which lines to list."""

    kind: EntryKind | None = None
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class ListedCase:
    """A case in a list."""

    number: str
    subject: Person
    status: str
    stage: str
    urgency: str
    sealed: bool
    owner: str
    lead: str
    opened_at: Instant
    open_tasks: Annotated[int, Note("Open tasks that you may see.")]
    late_tasks: Annotated[int, Note("Of these, overdue ones.")]

    @classmethod
    def of(cls, row: CaseRow) -> ListedCase:
        """As the queries have it."""
        return cls(
            row.number, Person(row.subject_name, row.subject_kana), row.status, row.stage, row.urgency,
            row.seal_level > 0, row.owner_name, row.lead_name, row.opened_at, row.open_tasks, row.late_tasks,
        )  # fmt: skip


@dataclass(frozen=True)
class CasePage:
    """A page of cases, the newest first."""

    items: tuple[ListedCase, ...]
    total: Annotated[int, Note("Cases that the filter lets through.")]
    unfiltered: Annotated[int, Note("All cases that you may know of.")]
    organisations: Annotated[tuple[Named, ...], Note("Owners of these cases.")]
    after: Annotated[str | None, Note("Where the next page begins; null on the last one.")]
    next: Annotated[str | None, Note("Address of the next page; null on the last one and for a search.")]


@dataclass(frozen=True)
class Subject:
    """Whom the case is about. Texts are empty while they are not known."""

    name: str
    kana: str
    sex: str
    birth: Tokyo | None
    age: Annotated[int | None, Note("Today.")]
    provisional: Annotated[bool, Note("The person is not known for certain yet.")]


@dataclass(frozen=True)
class Consent:
    """The newest consent of a person: given, partial, none, pending, expired or withdrawn."""

    subject: str
    state: str
    valid_until: Tokyo | None


@dataclass(frozen=True)
class Part:
    """An organisation's part in the case."""

    organisation: Named
    relation: str
    since: Instant
    until: Instant | None
    active: bool


@dataclass(frozen=True)
class Case:
    """A case as you may see it. Addresses, telephone numbers and records are not part of this interface."""

    number: str
    subject: Subject
    household: str
    household_size: int
    status: str
    stage: str
    urgency: str
    sealed: bool
    relation_stage: Annotated[int | None, Note("Of the relation with the person, 1 to 6.")]
    owner: Named
    lead: Named | None
    opened_at: Instant
    closed_at: Instant | None
    closed_reason: str
    fields: Annotated[tuple[str, ...], Note("Codes of the fields of welfare concerned.")]
    consents: tuple[Consent, ...]
    carried_by_you: Annotated[bool, Note("Your office carries the case, so you see all of it.")]
    organisations: Annotated[tuple[Part, ...], Note("All of them if you carry the case, else your own.")]
    open_tasks: tuple[ListedTask, ...]
    upcoming: tuple[UpcomingTask, ...]


@dataclass(frozen=True)
class RecordLink:
    """A record that was written with a step."""

    id: str
    form: str
    title: str


@dataclass(frozen=True)
class Contact:
    """One attempt to reach the person."""

    means: str
    target: str
    outcome: str
    relation_stage: int | None
    safety: str
    next_on: Tokyo | None


@dataclass(frozen=True)
class TimelineEntry:
    """One line of what happened."""

    at: Instant
    kind: EntryKind
    act: Annotated[str, Note("The word of the audit trail, for example task.completed.")]
    words: Annotated[str, Note("The same for people, in the language of the request; empty for a contact.")]
    name: Annotated[str, Note("Of the task, process or moment concerned.")]
    by: Annotated[str, Note("Who did it; empty for the system.")]
    organisation: str
    reason: str
    note: str
    contact: Contact | None
    records: tuple[RecordLink, ...]

    @classmethod
    def of(cls, entry: Entry) -> TimelineEntry:
        """As the queries have it, with what the page tells of the event's data and no more."""
        told = {name: str(entry.data.get(name) or "") for name in ("level", "reason", "note")}
        contact = entry.contact
        return cls(
            entry.at, entry.kind, entry.act, "" if contact else act(entry.act, entry.name, told["level"]),
            entry.name, entry.actor_name, entry.org_name, told["reason"], told["note"],
            Contact(contact.means, contact.target, contact.outcome, contact.stage, contact.safety, contact.next_on)
            if contact else None,
            tuple(RecordLink(id, key, form_name(key)) for id, key in entry.forms),
        )  # fmt: skip


@dataclass(frozen=True)
class TimelinePage:
    """A page of what happened, the latest first."""

    items: tuple[TimelineEntry, ...]
    total: int
    after: Annotated[str | None, Note("Where the next page begins; null on the last one.")]
    next: Annotated[str | None, Note("Address of the next page; null on the last one.")]


@blueprint.get("")
@policy("case_work")
@operation(Operation("listCases", "Cases that you may know of", CasePage, query=CaseQuery))
def listing() -> Response:
    """One page of cases."""
    asked = reading.query(CaseQuery)
    return _page("", asked.status, asked.organisation, answering.place(asked.after, "?after"))


@blueprint.post("/search")
@policy("case_work")
@operation(Operation("searchCases", "Cases by number, name or reading", CasePage, body=CaseSearch))
def search() -> Response:
    """One page of the cases that the words name. Changes nothing; the search is noted, its words are not kept."""
    asked = reading.body(CaseSearch)
    after = answering.place(asked.after, "/after")
    note_list("cases")
    return _page(asked.words, asked.status, asked.organisation, after)


@blueprint.get("/<number>")
@policy("case_work")
@operation(Operation("getCase", "One case", Case))
def show(number: str) -> Response:
    """The head of the case, who takes part, and its work."""
    head = head_of_number(number)
    note_case(head.id, "case")
    return answering.answer(_case(head))


@blueprint.get("/<number>/timeline")
@policy("case_work")
@operation(Operation("listTimeline", "What happened on a case", TimelinePage, query=TimelineQuery))
def happened(number: str) -> Response:
    """One page of contacts, records, steps and sharing."""
    asked = reading.query(TimelineQuery)
    after = answering.place(asked.after, "?after")
    head = head_of_number(number)
    note_case(head.id, "timeline")
    entries = timeline.timeline(engine(), actor(), head, asked.kind, now=now())
    page, following = _from(entries, after)
    return answering.answer(
        TimelinePage(
            tuple(TimelineEntry.of(entry) for entry in page), len(entries),
            answering.token(following), answering.next_address(following),
        )
    )  # fmt: skip


# ---------------------------------------------------------------- pieces


def _page(words: str, status: Status | None, organisation: str, after: After | None) -> Response:
    narrow = CaseFilter(words, status.value if status else "", organisation, after)
    page = cases.list_cases(engine(), actor(), narrow, now=now())
    return answering.answer(
        CasePage(
            tuple(ListedCase.of(row) for row in page.rows), page.total, page.unfiltered,
            tuple(Named(*pair) for pair in page.orgs.items()),
            answering.token(page.next), answering.next_address(page.next),
        )
    )  # fmt: skip


def _case(head: CaseHead) -> Case:
    about = head.subject
    return Case(
        number=head.number,
        subject=Subject(about.name, about.kana, about.sex, about.birth, about.age, about.provisional),
        household=head.household_name, household_size=head.household_size, status=head.status, stage=head.stage,
        urgency=head.urgency, sealed=head.seal_level > 0, relation_stage=head.relation_stage,
        owner=Named(head.owner_org, head.owner_name), lead=Named(head.lead_org, head.lead_name) if head.lead_org else
        None,
        opened_at=head.opened_at, closed_at=head.closed_at, closed_reason=head.closed_reason, fields=head.field_codes,
        consents=tuple(Consent(c.subject, c.state, c.valid_until) for c in head.consents), carried_by_you=head.whole,
        organisations=tuple(
            Part(Named(part.org_id, part.org_name), part.relation, part.since, part.until, part.active)
            for part in case_file.parts(engine(), actor(), head, now=now())
        ),
        open_tasks=tuple(
            ListedTask.of(row) for row in inbox.open_tasks_of_case(engine(), actor(), head.id, now=now())
        ),
        upcoming=tuple(
            UpcomingTask.of(row) for row in upcoming.upcoming_of_case(engine(), actor(), head.id, now=now())
        ),
    )  # fmt: skip


def _from(entries: Sequence[Entry], after: After | None) -> tuple[Sequence[Entry], After | None]:
    """A page of lines, which stand the latest first, and where the next one begins.

    A place is an instant and how many lines of that instant were given; lines that come meanwhile are newer.
    """
    moment = after.moment() if after else None
    begin = 0
    if after is not None and moment is not None:
        newer = sum(entry.at > moment for entry in entries)
        begin = newer + (int(after.id) if after.id.isascii() and after.id.isdigit() and len(after.id) < 7 else 0)
    page = entries[begin : begin + PAGE_SIZE]
    if not page or begin + len(page) >= len(entries):
        return page, None
    last = page[-1].at
    given = sum(entry.at == last for entry in entries[: begin + len(page)])
    return page, After(last.isoformat(), str(given))
