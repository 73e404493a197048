"""Moments and amounts of time as scenarios write them, and the virtual clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from engine.domain.business_days import TOKYO, Calendar, add_months, tokyo_date

_AMOUNT = re.compile(r"\s*(\d{1,5})\s+([a-z_]+?)s?\s*\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_UNITS = {
    "business_day": "business_day", "business_hour": "business_hour", "calendar_day": "day", "day": "day",
    "week": "week", "month": "month", "year": "year", "hour": "hour", "minute": "minute",
}  # fmt: skip


@dataclass
class VirtualClock:
    """The clock of a run: it moves only when the scenario says so."""

    moment: datetime

    def now(self) -> datetime:
        """The present of the scenario, aware UTC."""
        return self.moment


def moment(text: str) -> datetime:
    """A moment as UTC; without an offset it is meant in Tokyo, a date alone is its 00:00. Raises ValueError."""
    found = datetime.combine(date.fromisoformat(text), time()) if _DATE.match(text) else datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=TOKYO)
    return found.astimezone(UTC)


@dataclass(frozen=True)
class Amount:
    """So many of a unit: business_day, business_hour, day, week, month, year, hour, minute."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Amount:
        """「3 business_days」, also in the singular. Raises ValueError."""
        match = _AMOUNT.match(text)
        unit = _UNITS.get(match.group(2)) if match else None
        if match is None or unit is None:
            raise ValueError(text)
        return cls(int(match.group(1)), unit)

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """The moment that much later. Days, business days and months keep the time of day in Tokyo."""
        if self.unit in ("hour", "minute"):
            return start + timedelta(**{f"{self.unit}s": self.count})
        if self.unit == "business_hour":
            return _after_opening_hours(start, timedelta(hours=self.count), calendar)
        local = start.astimezone(TOKYO)
        return datetime.combine(self._day(local.date(), calendar), local.timetz()).astimezone(UTC)

    def _day(self, start: date, calendar: Calendar) -> date:
        if self.unit == "business_day":
            return calendar.add_business_days(start, self.count)
        if self.unit in ("month", "year"):
            return add_months(start, self.count * (12 if self.unit == "year" else 1))
        return start + timedelta(days=self.count * (7 if self.unit == "week" else 1))


def _after_opening_hours(start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    """Hours that count only while the office is open."""
    at = start
    while True:
        day = calendar.next_open(tokyo_date(at))
        opening, closing = (datetime.combine(day, at, TOKYO) for at in calendar.hours_on(day))
        at = max(at, opening.astimezone(UTC))
        if at + left <= closing:
            return at + left
        left -= max(closing - at, timedelta())
        at = datetime.combine(day + timedelta(days=1), time(), TOKYO).astimezone(UTC)


def agrees(expected: str, at: datetime | None, on: date | None = None) -> bool:
    """Whether a moment is the one that was expected: to the minute when a time was written, else the Tokyo date.

    on: the date that people see, where it is not simply the date of ``at`` (a deadline ends at 24:00).
    """
    if at is None and on is None:
        return False
    if _DATE.match(expected):
        return date.fromisoformat(expected) == (on or tokyo_date(at or datetime.min.replace(tzinfo=UTC)))
    return at is not None and moment(expected) == at.astimezone(UTC).replace(second=0, microsecond=0)


def shown(at: datetime | None, on: date | None = None) -> str:
    """A moment for a report: the date where only a date counts, else date and minute in Tokyo."""
    if on is not None:
        return on.isoformat()
    if at is None:
        return "なし"
    return at.astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M")
