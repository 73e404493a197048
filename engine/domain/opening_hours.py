"""Counting time within an organisation's opening hours. Instants are aware; results are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.domain.business_days import Calendar, tokyo_date, tokyo_instant

_ONE_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)


def add_opening_time(start: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    """The instant at which that much opening time has passed since ``start``.

    Outside opening hours the time begins to run at the next opening; an amount that ends exactly at closing
    time ends there and not at the next opening. Raises CalendarNotLoaded past the calendar's horizon.
    """
    day, left = calendar.next_open(tokyo_date(start)), amount
    moment = max(start, tokyo_instant(day, calendar.hours_on(day)[0]))
    while True:
        closing = tokyo_instant(day, calendar.hours_on(day)[1])
        if moment < closing and left <= closing - moment:
            return (moment + left).astimezone(UTC)
        left -= max(closing - moment, _NO_TIME)
        day = calendar.add_business_days(day, 1)
        moment = tokyo_instant(day, calendar.hours_on(day)[0])


def subtract_opening_time(end: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    """The instant from which that much opening time is left until ``end``."""
    day, left = calendar.previous_open(tokyo_date(end)), amount
    moment = min(end, tokyo_instant(day, calendar.hours_on(day)[1]))
    while True:
        opening = tokyo_instant(day, calendar.hours_on(day)[0])
        if moment > opening and left <= moment - opening:
            return (moment - left).astimezone(UTC)
        left -= max(moment - opening, _NO_TIME)
        day = calendar.add_business_days(day, -1)
        moment = tokyo_instant(day, calendar.hours_on(day)[1])


def opening_time_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How much opening time lies between two instants (none when ``end`` is earlier)."""
    total, day, last = _NO_TIME, tokyo_date(start), tokyo_date(end)
    while day <= last:
        if calendar.is_open(day):
            begins = max(start, tokyo_instant(day, calendar.hours_on(day)[0]))
            ends = min(end, tokyo_instant(day, calendar.hours_on(day)[1]))
            total += max(ends - begins, _NO_TIME)
        day += _ONE_DAY
    return total
