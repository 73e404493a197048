"""When a promise is due, why, and how it stands now.

A clock is a handful of facts (start, period or given date, holds, extensions); the due moment is reckoned from
them whenever it is asked for, so it can never be stale. Rules:

- the first day is not counted (民法140条); months end on the same day number or the month's last day (民法143条2項);
- periods in days and months roll forward to a business day (地方自治法4条の2第4項); hours run on the wall clock,
  through closed days, because that article leaves out periods set in hours;
- a date deadline ends at 24:00 Tokyo, so it is overdue from 00:00 of the next day;
- a hold stops the clock: a date moves by the business days on whose end the clock was held, an hour deadline by
  the time held, business hours by the opening time held. A hold that begins after the due moment moves nothing.

Instants are aware; results are UTC. Dates are Tokyo dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache

from engine.domain.business_days import (
    TOKYO,
    Calendar,
    add_months,
    midnight_after,
    require_aware,
    tokyo_date,
    tokyo_instant,
    tokyo_midnight,
)
from engine.domain.opening_hours import add_opening_time, opening_time_between, subtract_opening_time
from engine.domain.wareki import day_ja, duration_ja, moment_ja

_ONE_DAY = timedelta(days=1)


class Unit(Enum):
    """What a period is counted in."""

    BUSINESS_DAYS = "business_days"  #: open days of the organisation's calendar
    BUSINESS_HOURS = "business_hours"  #: hours within the organisation's opening hours
    CALENDAR_DAYS = "calendar_days"  #: days of the week alike; the end rolls forward
    MONTHS = "months"  #: calendar months; the end rolls forward
    HOURS = "hours"  #: hours on the wall clock, never stopped by a closed day

    @property
    def to_the_minute(self) -> bool:
        """Whether a period in this unit ends at a minute rather than with a day."""
        return self in (Unit.HOURS, Unit.BUSINESS_HOURS)

    @property
    def name_ja(self) -> str:
        """The Japanese word that follows the number."""
        return _UNIT_NAMES_JA[self]


_UNIT_NAMES_JA = {
    Unit.BUSINESS_DAYS: "開庁日",
    Unit.BUSINESS_HOURS: "開庁時間",
    Unit.CALENDAR_DAYS: "日",
    Unit.MONTHS: "か月",
    Unit.HOURS: "時間",
}

_PERIOD = re.compile(r"\s*(\d{1,5})\s+([a-z_]+)\s*\Z", re.ASCII)
_SINGULAR = {unit.value.removesuffix("s"): unit for unit in Unit}


@dataclass(frozen=True)
class Period:
    """A length of time with its unit; never an ISO duration when business days are meant."""

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"a period cannot be negative: {self.value} {self.unit.value}")

    @classmethod
    @lru_cache(256)  # those of definitions and reference data, read again at each opening of a task
    def parse(cls, text: str) -> Period:
        """Read ``5 business_days``, ``3 months``, ``48 hours`` (also ``1 month``); raises ValueError."""
        match = _PERIOD.match(text)
        word = match.group(2) if match else ""
        unit = _SINGULAR.get(word.removesuffix("s"))
        if match is None or unit is None:
            raise ValueError(f"not a period: {text!r} (write for example '5 business_days')")
        return cls(int(match.group(1)), unit)

    def __str__(self) -> str:
        return f"{self.value} {self.unit.value}"

    @property
    def text_ja(self) -> str:
        """``5開庁日``, ``3か月``, ``48時間``."""
        return f"{self.value}{self.unit.name_ja}"


#: The margin of 「期限間近」 where a task names none (the reference data's ``warn``; a test keeps them equal).
DEFAULT_WARN = Period(2, Unit.BUSINESS_DAYS)


@dataclass(frozen=True)
class Hold:
    """A stretch in which the clock stood still; ``end`` is None while it lasts."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Extension:
    """A later due moment granted at ``at``: by a period, until a date, or until an instant (exactly one)."""

    at: datetime
    by: Period | None = None
    until_on: date | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.by, self.until_on, self.until)) != 1:
            raise ValueError("an extension is by a period, until a date, or until an instant")


@dataclass(frozen=True)
class ClockFacts:
    """What is known of one clock. Exactly one of ``period``, ``due_on`` and ``due_instant`` is given.

    ``due_on`` is a date that the process or a person gave; it is taken as it is, or rolled forward to a
    business day when ``roll`` is set. ``warn`` is the margin before the due moment (default: two business
    days for date deadlines, none for those in hours).
    """

    started_at: datetime
    period: Period | None = None
    due_on: date | None = None
    due_instant: datetime | None = None
    holds: tuple[Hold, ...] = ()
    extensions: tuple[Extension, ...] = ()
    warn: Period | None = None
    roll: bool = False

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.period, self.due_on, self.due_instant)) != 1:
            raise ValueError("a clock has a period, a due date or a due instant, and only one of them")
        moments = [self.started_at, self.due_instant, *(e.at for e in self.extensions)]
        moments += [e.until for e in self.extensions]
        moments += [moment for hold in self.holds for moment in (hold.start, hold.end)]
        for moment in moments:
            if moment is not None:
                require_aware(moment)


class LineKind(Enum):
    """What one line of 「why this date?」 tells."""

    START = "start"  #: when the clock began and what it promised
    GIVEN = "given"  #: the date or instant was given, not counted
    SKIPPED = "skipped"  #: a closed day that did not count
    ROLLED = "rolled"  #: the end fell on a closed day and moved on
    HOLD = "hold"  #: the clock stood still
    EXTENDED = "extended"  #: somebody granted more time
    UNCONFIRMED = "unconfirmed"  #: the date lies beyond the announced holidays
    RESULT = "result"  #: the due date or moment


@dataclass(frozen=True)
class Line:
    """One line of the arithmetic, in Japanese, with the day or the instant it speaks of."""

    kind: LineKind
    text_ja: str
    on: date | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Deadline:
    """A reckoned due moment.

    ``due_at`` is the UTC instant from which the clock is overdue; for a date deadline that is 00:00 Tokyo of
    the day after ``due_on``. ``due_on`` is the date a person sees, None when the deadline is to the minute.
    ``warn_at`` may lie before ``started_at`` when the period is shorter than the margin.
    """

    due_at: datetime
    due_on: date | None
    to_the_minute: bool
    warn_at: datetime | None
    started_at: datetime
    explanation: tuple[Line, ...] = ()

    @property
    def due_day(self) -> date:
        """The Tokyo day on which the time ends, for date deadlines and those in hours alike."""
        return self.due_on if self.due_on is not None else tokyo_date(self.due_at)


class DeadlineState(Enum):
    """How a clock stands."""

    ON_TIME = "on_time"  #: more than the warning margin is left
    DUE_SOON = "due_soon"  #: within the warning margin
    DUE_TODAY = "due_today"  #: the time ends today
    OVERDUE = "overdue"  #: the time has ended
    HELD = "held"  #: the clock stands still
    NONE = "none"  #: there is no deadline


@dataclass(frozen=True)
class _Due:
    """The due moment while it is being reckoned: a day, or an instant."""

    on: date | None = None
    at: datetime | None = None

    @property
    def overdue_from(self) -> datetime:
        if self.at is not None:
            return self.at
        assert self.on is not None
        return midnight_after(self.on)


def reckon(facts: ClockFacts, calendar: Calendar, *, as_of: datetime | None = None) -> Deadline:
    """The due moment of a clock, with the arithmetic that led to it.

    ``as_of``: count a hold that still lasts up to this moment; without it, it moves nothing yet.
    Raises CalendarNotLoaded when the reckoning runs past the calendar's horizon.
    """
    due, lines = _first_due(facts, calendar)
    for event in _in_order(facts, as_of):
        if isinstance(event, Extension):
            due, more = _extended(due, event, calendar)
        elif event.start < due.overdue_from:
            due, more = _after_hold(due, event, facts, calendar)
        else:
            continue
        lines.extend(more)
    lines.extend(_closing_lines(due, calendar))
    return Deadline(
        due_at=due.overdue_from,
        due_on=due.on,
        to_the_minute=due.at is not None,
        warn_at=_warn_at(due, facts.warn, calendar),
        started_at=facts.started_at.astimezone(UTC),
        explanation=tuple(lines),
    )


def state_at(deadline: Deadline | None, now: datetime, *, held: bool = False) -> DeadlineState:
    """How a clock stands at an aware instant; a clock that is held is neither soon nor late."""
    require_aware(now)
    if deadline is None:
        return DeadlineState.NONE
    if held:
        return DeadlineState.HELD
    if now >= deadline.due_at:
        return DeadlineState.OVERDUE
    if tokyo_date(now) == deadline.due_day:
        return DeadlineState.DUE_TODAY
    if deadline.warn_at is not None and now >= deadline.warn_at:
        return DeadlineState.DUE_SOON
    return DeadlineState.ON_TIME


def days_late(deadline: Deadline, now: datetime, calendar: Calendar) -> int:
    """Business days since the due day, 0 when not overdue (or when only closed days have passed)."""
    if require_aware(now) < deadline.due_at:
        return 0
    return calendar.business_days_between(deadline.due_day, tokyo_date(now))


def business_days_held(hold: Hold, calendar: Calendar, *, as_of: datetime) -> int:
    """How many business days a hold took: open days on whose end it lasted, up to ``as_of`` if it still does."""
    end = hold.end if hold.end is not None else as_of
    return _open_days_from(tokyo_date(hold.start), tokyo_date(end), calendar)


# ---------------------------------------------------------------- the first reckoning


def last_day(start: date, period: Period, calendar: Calendar) -> date:
    """The last day of a period counted in days, business days or months; it is a business day."""
    return _end_of_days(start, period, calendar)[0]


def _first_due(facts: ClockFacts, calendar: Calendar) -> tuple[_Due, list[Line]]:
    started_at = facts.started_at
    if facts.period is None:
        return _given_due(facts, calendar)
    lines = [
        Line(
            LineKind.START,
            f"開始 {moment_ja(started_at)}、期間 {facts.period.text_ja}（{_counting_rule(facts.period.unit)}）",
            at=started_at.astimezone(UTC),
        )
    ]
    if facts.period.unit is Unit.HOURS:
        return _Due(at=started_at.astimezone(UTC) + timedelta(hours=facts.period.value)), lines
    if facts.period.unit is Unit.BUSINESS_HOURS:
        due_at = add_opening_time(started_at, timedelta(hours=facts.period.value), calendar)
        return _Due(at=due_at), lines + _skipped(tokyo_date(started_at), tokyo_date(due_at), calendar)
    due_on, more = _end_of_days(tokyo_date(started_at), facts.period, calendar)
    return _Due(on=due_on), [*lines, *more]


def _given_due(facts: ClockFacts, calendar: Calendar) -> tuple[_Due, list[Line]]:
    if facts.due_instant is not None:
        at = facts.due_instant.astimezone(UTC)
        return _Due(at=at), [Line(LineKind.GIVEN, f"定められた時刻 {moment_ja(at)}", at=at)]
    assert facts.due_on is not None
    lines = [Line(LineKind.GIVEN, f"定められた日 {day_ja(facts.due_on)}", on=facts.due_on)]
    if not facts.roll:
        return _Due(on=facts.due_on), lines
    rolled, more = _rolled(facts.due_on, calendar)
    return _Due(on=rolled), [*lines, *more]


@lru_cache(512)  # tasks that open on one day have few different periods; a calendar never changes
def _end_of_days(start: date, period: Period, calendar: Calendar) -> tuple[date, tuple[Line, ...]]:
    """The last day of a period counted in days or months, and the days that were skipped or rolled over."""
    if period.unit is Unit.BUSINESS_DAYS:
        if period.value == 0:
            return _rolled(start, calendar)
        end = calendar.add_business_days(start, period.value)
        return end, tuple(_skipped(start, end, calendar))
    if period.unit is Unit.MONTHS:
        return _rolled(add_months(start, period.value), calendar)
    return _rolled(start + timedelta(days=period.value), calendar)


def _rolled(day: date, calendar: Calendar) -> tuple[date, tuple[Line, ...]]:
    open_day = calendar.next_open(day)
    lines = tuple(
        Line(LineKind.ROLLED, f"{day_ja(closed)}は閉庁日（{reason}）のため、次の開庁日へ", on=closed)
        for closed, reason in _closed_days(day - _ONE_DAY, open_day, calendar)
    )
    return open_day, lines


def _skipped(after: date, until: date, calendar: Calendar) -> list[Line]:
    return [
        Line(LineKind.SKIPPED, f"{day_ja(closed)}は数えない（{reason}）", on=closed)
        for closed, reason in _closed_days(after, until, calendar)
    ]


def _closed_days(after: date, until: date, calendar: Calendar) -> Iterable[tuple[date, str]]:
    day = after + _ONE_DAY
    while day <= until:
        reason = calendar.why_closed(day)
        if reason is not None:
            yield day, reason
        day += _ONE_DAY


# ---------------------------------------------------------------- holds and extensions


def _in_order(facts: ClockFacts, as_of: datetime | None) -> list[Hold | Extension]:
    """Holds (joined where they overlap, cut at the start) and extensions by the moment they began."""
    events: list[Hold | Extension] = [*_joined_holds(facts, as_of), *facts.extensions]
    return sorted(events, key=lambda event: event.at if isinstance(event, Extension) else event.start)


def _joined_holds(facts: ClockFacts, as_of: datetime | None) -> list[Hold]:
    joined: list[Hold] = []
    for hold in sorted(facts.holds, key=lambda hold: hold.start):
        start, end = max(hold.start, facts.started_at), hold.end if hold.end is not None else as_of
        if end is None or end <= start:
            continue
        last = joined[-1] if joined else None
        if last is not None and last.end is not None and start <= last.end:
            joined[-1] = replace(last, end=max(last.end, end))
        else:
            joined.append(Hold(start, end))
    return joined


def _after_hold(due: _Due, hold: Hold, facts: ClockFacts, calendar: Calendar) -> tuple[_Due, list[Line]]:
    assert hold.end is not None
    span, begun = f"保留 {moment_ja(hold.start)} から {moment_ja(hold.end)} まで", hold.start.astimezone(UTC)
    if due.on is not None:
        days = _open_days_from(tokyo_date(hold.start), tokyo_date(hold.end), calendar)
        moved = calendar.add_business_days(due.on, days) if days else due.on
        line = Line(LineKind.HOLD, f"{span}：{days}開庁日は数えない", at=begun)
        return _Due(on=moved), [line, *_skipped(due.on, moved, calendar)]
    assert due.at is not None
    if facts.period is not None and facts.period.unit is Unit.BUSINESS_HOURS:
        held = opening_time_between(hold.start, hold.end, calendar)
        text = f"{span}：開庁時間で{duration_ja(held)}は数えない"
        moved_at = add_opening_time(due.at, held, calendar) if held else due.at  # the end of a day is not the next day
        return _Due(at=moved_at), [Line(LineKind.HOLD, text, at=begun)]
    held = hold.end - hold.start
    return _Due(at=due.at + held), [Line(LineKind.HOLD, f"{span}：{duration_ja(held)}は数えない", at=begun)]


def _open_days_from(start: date, end: date, calendar: Calendar) -> int:
    """Open days from ``start`` on and before ``end``: those whose end fell within the hold."""
    return calendar.business_days_between(start - _ONE_DAY, end - _ONE_DAY)


def _extended(due: _Due, extension: Extension, calendar: Calendar) -> tuple[_Due, list[Line]]:
    moved = _extended_due(due, extension, calendar)
    by = f"{extension.by.text_ja}延長し、" if extension.by is not None else ""
    text = f"延長（{moment_ja(extension.at)}）：{by}{_due_ja(moved)}まで"
    return moved, [Line(LineKind.EXTENDED, text, on=moved.on, at=extension.at.astimezone(UTC))]


def _extended_due(due: _Due, extension: Extension, calendar: Calendar) -> _Due:
    if extension.until is not None:
        return _Due(at=extension.until.astimezone(UTC))
    if extension.until_on is not None:
        return _Due(on=extension.until_on)
    assert extension.by is not None
    if extension.by.unit is Unit.HOURS:
        return _Due(at=due.overdue_from + timedelta(hours=extension.by.value))
    if extension.by.unit is Unit.BUSINESS_HOURS:
        return _Due(at=add_opening_time(due.overdue_from, timedelta(hours=extension.by.value), calendar))
    if due.at is None:
        assert due.on is not None
        return _Due(on=_end_of_days(due.on, extension.by, calendar)[0])
    local = due.at.astimezone(TOKYO)
    return _Due(at=tokyo_instant(_end_of_days(local.date(), extension.by, calendar)[0], local.time()))


# ---------------------------------------------------------------- warning and wording


@lru_cache(512)  # as ``_end_of_days``
def _warn_at(due: _Due, warn: Period | None, calendar: Calendar) -> datetime | None:
    if warn is None:
        if due.on is None:
            return None
        warn = DEFAULT_WARN
    if warn.unit is Unit.HOURS:
        return due.overdue_from - timedelta(hours=warn.value)
    if warn.unit is Unit.BUSINESS_HOURS:
        return subtract_opening_time(due.overdue_from, timedelta(hours=warn.value), calendar)
    day = due.on if due.on is not None else tokyo_date(due.overdue_from)
    return tokyo_midnight(_days_before(day, warn, calendar))


def _days_before(day: date, period: Period, calendar: Calendar) -> date:
    if period.unit is Unit.BUSINESS_DAYS:
        return calendar.add_business_days(day, -period.value) if period.value else day
    if period.unit is Unit.MONTHS:
        return add_months(day, -period.value)
    return day - timedelta(days=period.value)


def _closing_lines(due: _Due, calendar: Calendar) -> list[Line]:
    lines = []
    day = due.on if due.on is not None else tokyo_date(due.overdue_from)
    if calendar.confirmed_until is not None and day > calendar.confirmed_until:
        text = f"{day_ja(calendar.confirmed_until)}より後の祝日はまだ公表されていないため、見込みで数えている"
        lines.append(Line(LineKind.UNCONFIRMED, text, on=calendar.confirmed_until))
    suffix = "の終わり（24時）" if due.on is not None else ""
    lines.append(Line(LineKind.RESULT, f"期限 {_due_ja(due)}{suffix}", on=due.on, at=due.overdue_from))
    return lines


def _counting_rule(unit: Unit) -> str:
    if unit is Unit.HOURS:
        return "閉庁日も続けて数える"
    return "開庁時間だけ数える" if unit is Unit.BUSINESS_HOURS else "初日は数えない"


def _due_ja(due: _Due) -> str:
    return day_ja(due.on) if due.on is not None else moment_ja(due.overdue_from)
