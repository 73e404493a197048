"""Opening days of an organisation, and counting periods in them.

A calendar is data: which weekdays, holidays and extra days are closed, when the office opens. Nothing here
knows a holiday by itself; ``engine.reference.calendars`` builds calendars from ``workflows/calendars/``.
Dates are Tokyo dates; instants are aware and returned in UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain.errors import CalendarNotLoaded

TOKYO = ZoneInfo("Asia/Tokyo")
WEEKEND = frozenset({5, 6})  #: Saturday and Sunday, as ``date.weekday`` counts
WEEKDAY_NAMES = ("月", "火", "水", "木", "金", "土", "日")

_ONE_DAY = timedelta(days=1)


def require_aware(instant: datetime) -> datetime:
    """The instant itself; raises ValueError when it carries no time zone."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError(f"naive datetime: {instant.isoformat()}")
    return instant


def tokyo_date(instant: datetime) -> date:
    """The calendar day in Tokyo at an aware instant."""
    return require_aware(instant).astimezone(TOKYO).date()


def tokyo_midnight(day: date) -> datetime:
    """00:00 Tokyo of a day, as a UTC instant."""
    return tokyo_instant(day, time(0))


def midnight_after(day: date) -> datetime:
    """The end of a day: 00:00 Tokyo of the next one, as a UTC instant."""
    return tokyo_midnight(day + _ONE_DAY)


def day_of(value: object) -> date | None:
    """The day that a date or an ISO text (its first ten characters) names; None for anything else and for no value."""
    if isinstance(value, date):
        return value
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def tokyo_instant(day: date, at: time) -> datetime:
    """A time of day in Tokyo on a day, as a UTC instant."""
    return datetime.combine(day, at, tzinfo=TOKYO).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day number that many months later (or earlier), or that month's last day (民法143条2項).

    The result is not rolled to a business day.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, _days_in_month(year, month + 1)))


def _days_in_month(year: int, month: int) -> int:
    first_of_next = date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)
    return (first_of_next - _ONE_DAY).day


@dataclass(frozen=True, eq=False)
class Calendar:
    """The opening days of one organisation, between ``valid_from`` and ``valid_until`` (both included).

    ``holidays`` are national holidays with their names, ``closed`` further closed days with their reason
    (year-end closing, inventory day), ``opened`` days that are open although the rest would close them.
    ``confirmed_until`` is the last day for which the holidays are announced; later ones are computed.
    ``hours`` are later opening hours (from that day on, opening, closing), sorted by day.
    Every question about a day outside the validity raises CalendarNotLoaded.
    """

    name: str
    valid_from: date
    valid_until: date
    holidays: Mapping[date, str] = field(default_factory=dict)
    closed: Mapping[date, str] = field(default_factory=dict)
    opened: frozenset[date] = frozenset()
    closed_weekdays: frozenset[int] = WEEKEND
    opening: time = time(8, 30)
    closing: time = time(17, 15)
    confirmed_until: date | None = None
    hours: tuple[tuple[date, time, time], ...] = ()
    _open_by_year: dict[int, tuple[date, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.valid_until < self.valid_from:
            raise ValueError(f"calendar {self.name}: it ends before it begins")
        if not self.opening < self.closing:
            raise ValueError(f"calendar {self.name}: it closes before it opens")
        if not all(opening < closing for _, opening, closing in self.hours):
            raise ValueError(f"calendar {self.name}: it closes before it opens")
        if not self.closed_weekdays < frozenset(range(7)):
            raise ValueError(f"calendar {self.name}: closed weekdays must leave a day open")

    def hours_on(self, day: date) -> tuple[time, time]:
        """When the organisation opens and closes on a day (were it open): those of the newest row begun by then."""
        begun = [(opening, closing) for since, opening, closing in self.hours if since <= day]
        return begun[-1] if begun else (self.opening, self.closing)

    def is_open(self, day: date) -> bool:
        """Whether the organisation is open on that day."""
        return self.why_closed(day) is None

    def why_closed(self, day: date) -> str | None:
        """The Japanese reason why that day is closed, or None when it is open."""
        self._require_loaded(day)
        if day in self.opened:
            return None
        named = self.holidays.get(day) or self.closed.get(day)
        if named is not None:
            return named
        return f"{WEEKDAY_NAMES[day.weekday()]}曜日" if day.weekday() in self.closed_weekdays else None

    def next_open(self, day: date) -> date:
        """The day itself when open, otherwise the first open day after it."""
        self._require_loaded(day)
        return self._open_day(day.year, bisect_left(self._open_days(day.year), day))

    def previous_open(self, day: date) -> date:
        """The day itself when open, otherwise the last open day before it."""
        self._require_loaded(day)
        return self._open_day(day.year, bisect_right(self._open_days(day.year), day) - 1)

    def add_business_days(self, day: date, count: int) -> date:
        """The last day of a period of that many business days.

        The first day is not counted (民法140条), so the result of 1 is the next open day after ``day``.
        0 gives the day itself rolled forward; a negative count goes back in the same way.
        """
        self._require_loaded(day)
        days = self._open_days(day.year)
        if count > 0:
            return self._open_day(day.year, bisect_right(days, day) + count - 1)
        if count < 0:
            return self._open_day(day.year, bisect_left(days, day) + count)
        return self.next_open(day)

    def business_days_between(self, start: date, end: date) -> int:
        """How many open days follow ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.business_days_between(end, start)
        self._require_loaded(start)
        self._require_loaded(end)
        total = bisect_right(self._open_days(end.year), end) - bisect_right(self._open_days(start.year), start)
        return total + sum(len(self._open_days(year)) for year in range(start.year, end.year))

    def _open_day(self, year: int, index: int) -> date:
        """The open day at an index counted from 1 January of a year; it may reach into other years."""
        while index < 0:
            year -= 1
            self._require_year(year)
            index += len(self._open_days(year))
        while index >= len(self._open_days(year)):
            index -= len(self._open_days(year))
            year += 1
            self._require_year(year)
        return self._open_days(year)[index]

    def _open_days(self, year: int) -> tuple[date, ...]:
        """All open days of a year within the validity, sorted; reckoned once."""
        known = self._open_by_year.get(year)
        if known is None:
            first, last = max(date(year, 1, 1), self.valid_from), min(date(year, 12, 31), self.valid_until)
            days = (first + timedelta(days=n) for n in range((last - first).days + 1))
            known = self._open_by_year[year] = tuple(day for day in days if self.is_open(day))
        return known

    def _require_loaded(self, day: date) -> None:
        if not self.valid_from <= day <= self.valid_until:
            raise CalendarNotLoaded(f"calendar {self.name} covers {self.valid_from} to {self.valid_until}, not {day}")

    def _require_year(self, year: int) -> None:
        if not self.valid_from.year <= year <= self.valid_until.year:
            raise CalendarNotLoaded(
                f"calendar {self.name} covers {self.valid_from} to {self.valid_until}, not the year {year}"
            )
