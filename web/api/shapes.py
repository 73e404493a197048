"""The shapes that several routes give: people, deadlines, tasks of a list, problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from engine.domain.deadline import DeadlineState
from engine.queries.deadlines import DueStatus
from engine.queries.inbox import InboxRow
from engine.queries.upcoming import UpcomingRow
from web.api.schemas import Note
from web.words import due_words

Instant = Annotated[datetime, Note("RFC 3339, in UTC.")]
Tokyo = Annotated[date, Note("A date in Tokyo.")]


@dataclass(frozen=True)
class Person:
    """Whom a case is about. Texts are empty while they are not known."""

    name: str
    kana: Annotated[str, Note("The reading in hiragana.")]


@dataclass(frozen=True)
class Staff:
    """A member of staff."""

    id: str
    name: str


@dataclass(frozen=True)
class Named:
    """A thing with its code and its name."""

    id: str
    name: str


@dataclass(frozen=True)
class Process:
    """A process, by its key."""

    key: str
    name: str


@dataclass(frozen=True)
class Due:
    """How a deadline stands now."""

    state: DeadlineState
    on: Annotated[date | None, Note("Last day, a date in Tokyo; null without a deadline.")]
    at: Annotated[datetime | None, Note("The instant from which it is late.")]
    business_days: Annotated[int | None, Note("Business days left; when overdue, business days late.")]
    to_the_minute: bool
    held_until: Annotated[date | None, Note("The day on which a held clock goes on.")]
    words: Annotated[str, Note("The same for people, in the language of the request.")]

    @classmethod
    def of(cls, due: DueStatus) -> Due:
        """As the queries have it."""
        words = due_words(due)[1]
        return cls(due.state, due.due_on, due.due_at, due.days, due.to_the_minute, due.held_until, words)


@dataclass(frozen=True)
class ListedTask:
    """A task in a list."""

    id: str
    version: Annotated[int, Note("What a completion has to name as the version it was filled in for.")]
    name: str
    state: Annotated[str, Note("open, claimed, held, completed or cancelled")]
    case_number: str
    subject: Person
    process: Process
    stage: str
    organisation: str
    assignee: Staff | None
    claimed_at: Instant | None
    due: Due
    hold_reason: str
    opened_by_timer: bool
    sealed: Annotated[bool, Note("The case is sealed; handle with care.")]
    completed_at: Instant | None
    claimable: Annotated[bool, Note("You may claim it now.")]

    @classmethod
    def of(cls, row: InboxRow) -> ListedTask:
        """As the queries have it."""
        assignee = Staff(row.assignee_id, row.assignee_name) if row.assignee_id else None
        return cls(
            row.task_id, row.version, row.name, row.state, row.case_number, Person(row.subject_name, row.subject_kana),
            Process(row.process_key, row.process_name), row.stage, row.org_name, assignee, row.claimed_at,
            Due.of(row.due), row.hold_reason, row.by_timer, row.seal_level > 0, row.completed_at, row.claimable,
        )  # fmt: skip


@dataclass(frozen=True)
class UpcomingTask:
    """A task that a moment will open."""

    name: str
    case_number: str
    subject: Person
    process: Process
    opens_at: Instant
    sealed: bool

    @classmethod
    def of(cls, row: UpcomingRow) -> UpcomingTask:
        """As the queries have it."""
        return cls(
            row.task_name, row.case_number, Person(row.subject_name, row.subject_kana),
            Process(row.process_key, row.process_name), row.at, row.seal_level > 0,
        )  # fmt: skip


# ---------------------------------------------------------------- problems


@dataclass(frozen=True)
class Fault:
    """One place of the request that is wrong: of the body (pointer) or of the address (parameter)."""

    detail: str
    pointer: Annotated[str, Note("JSON Pointer into the body, for example /data/next/by.")] = ""
    parameter: str = ""


@dataclass(frozen=True)
class Difference:
    """A field in which what was sent is not what the task begins with now; both as texts for people."""

    field: str
    label: str
    sent: str
    now: str


@dataclass(frozen=True)
class Problem:
    """Why a request was refused (RFC 9457). Nothing was changed."""

    type: Annotated[str, Note("urn:tsunagu:problem: and a stable word; see docs/api.md.")]
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()
    reference: Annotated[str, Note("What to tell the administrator; stands in the installation's log.")] = ""
    version: Annotated[int, Note("Of the task, as it is now.")] = 0
    state: Annotated[str, Note("Of the task, as it is now.")] = ""
    differences: tuple[Difference, ...] = ()


Data = Annotated[Mapping[str, Any], Note("Values by field, in the shapes of the form's schema.")]
