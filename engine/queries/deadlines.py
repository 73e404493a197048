"""How a task's deadline stands, and why it is that date: reckoned from the clock's facts, never stored as words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from engine.domain.business_days import Calendar, tokyo_date
from engine.domain.deadline import Deadline, DeadlineState, Period, days_late, reckon, state_at
from engine.domain.errors import CalendarNotLoaded, ReferenceMissing
from engine.storage import tasks
from engine.storage.clock_facts import clock_facts
from engine.storage.tables import raised

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class DueStatus:
    """How a deadline stands now. ``days``: business days left, or late when overdue; None when not countable."""

    state: DeadlineState
    due_on: date | None = None
    due_at: datetime | None = None
    days: int | None = None
    to_the_minute: bool = False
    held_until: date | None = None

    @property
    def bucket(self) -> str:
        """The group of a list in which the task stands: late, today, soon, later, held or none."""
        if self.state is DeadlineState.ON_TIME:
            return "soon" if self.days is not None and self.days <= 10 else "later"
        return _BUCKETS[self.state]


_BUCKETS = {
    DeadlineState.OVERDUE: "late",
    DeadlineState.DUE_TODAY: "today",
    DeadlineState.DUE_SOON: "soon",
    DeadlineState.HELD: "held",
    DeadlineState.NONE: "none",
}


@dataclass(frozen=True)
class Raise:
    """One notice of the ladder that was given: warn, overdue, 1, 2 or 3."""

    level: str
    at: datetime


@dataclass(frozen=True)
class ClockStory:
    """A clock with its arithmetic (``deadline.explanation``: 「なぜこの日か」) and what was raised so far.

    ``calendar_org``: the organisation whose opening days count.
    """

    deadline: Deadline
    period: Period | None
    ladder: str
    calendar_org: str
    raises: tuple[Raise, ...]


def due_status(
    *,
    due_at: datetime | None,
    due_on: date | None,
    warn_at: datetime | None,
    held: bool,
    held_until: date | None,
    started_at: datetime,
    calendar: Calendar,
    now: datetime,
) -> DueStatus:
    """The status from the copies on the task row; ``due_at`` None means that nothing was promised."""
    if due_at is None:
        return DueStatus(DeadlineState.HELD if held else DeadlineState.NONE, held_until=held_until)
    deadline = Deadline(due_at, due_on, due_on is None, warn_at, started_at)
    state = state_at(deadline, now, held=held)
    return DueStatus(
        state=state,
        due_on=deadline.due_day,
        due_at=due_at,
        days=_days(deadline, state, calendar, now),
        to_the_minute=deadline.to_the_minute,
        held_until=held_until,
    )


def _days(deadline: Deadline, state: DeadlineState, calendar: Calendar, now: datetime) -> int | None:
    try:
        if state is DeadlineState.OVERDUE:
            return days_late(deadline, now, calendar)
        return max(0, calendar.business_days_between(tokyo_date(now), deadline.due_day))
    except CalendarNotLoaded:
        return None


def calendar_of(engine: Engine, org_id: str | None, *, known_at: datetime | None = None) -> Calendar:
    """The calendar by which an organisation counts, the city's where it has none of its own; known_at: as of then."""
    reference = engine.reference if known_at is None else engine.book.known_at(known_at)
    try:
        return reference.calendar_for(org_id) if org_id else reference.calendar
    except ReferenceMissing:
        return reference.calendar


def clock_story(engine: Engine, connection: Connection, task_id: str, *, now: datetime) -> ClockStory | None:
    """The clock of a task with its explanation, or None when the task has none."""
    row = tasks.clock_of(connection, task_id)
    if row is None:
        return None
    calendar = calendar_of(engine, row.calendar, known_at=row.started_at)
    facts = clock_facts(row, tasks.clock_changes(connection, row.id))
    deadline = reckon(facts, calendar, as_of=now if row.state == "held" else None)
    told = connection.execute(
        select(raised.c.level, raised.c.raised_at).where(raised.c.task_id == task_id).order_by(raised.c.raised_at)
    )
    return ClockStory(
        deadline=deadline,
        period=facts.period,
        ladder=row.ladder,
        calendar_org=row.calendar,
        raises=tuple(Raise(level, at) for level, at in told),
    )
