"""Twenty years of days against the obvious way: walking day by day, and quarter of an hour by quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.business_days import TOKYO, Calendar, add_months, tokyo_date, tokyo_instant, tokyo_midnight
from engine.domain.deadline import ClockFacts, DeadlineState, Period, Unit, days_late, reckon, state_at
from engine.domain.opening_hours import add_opening_time, opening_time_between, subtract_opening_time

ONE_DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
DAYS = st.dates(date(2011, 1, 1), date(2030, 12, 31))
QUARTERS_OF_A_DAY = st.integers(0, 95)


def month_by_month(day: date, months: int) -> date:
    """Walk to the first of the month that many months on, then on to the day number while the month lasts."""
    first = day.replace(day=1)
    for _ in range(months):
        first += ONE_DAY
        while first.day != 1:
            first += ONE_DAY
    found = first
    while found.day < day.day and (found + ONE_DAY).month == first.month:
        found += ONE_DAY
    return found


def instant(day: date, quarter: int) -> datetime:
    return (datetime.combine(day, time(0), TOKYO) + quarter * QUARTER).astimezone(UTC)


def is_open_at(moment: datetime, calendar: Calendar) -> bool:
    local = moment.astimezone(TOKYO)
    return calendar.is_open(local.date()) and calendar.opening <= local.time() < calendar.closing


def quarters_open(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Open quarters of an hour from start to end, both on a quarter."""
    found, moment = 0, start
    while moment < end:
        found += is_open_at(moment, calendar)
        moment += QUARTER
    return found


@settings(max_examples=200, deadline=None)
@given(day=DAYS, months=st.integers(0, 60))
def test_months_end_where_walking_from_month_to_month_ends(day: date, months: int) -> None:
    assert add_months(day, months) == month_by_month(day, months)


@settings(max_examples=60, deadline=None)
@given(day=DAYS, quarter=QUARTERS_OF_A_DAY, quarters=st.integers(1, 80))
def test_opening_time_runs_only_in_open_quarters(city: Calendar, day: date, quarter: int, quarters: int) -> None:
    start = instant(day, quarter)
    end = add_opening_time(start, quarters * QUARTER, city)
    assert quarters_open(start, end, city) == quarters
    assert is_open_at(end - QUARTER, city)
    assert opening_time_between(start, end, city) == quarters * QUARTER


@settings(max_examples=60, deadline=None)
@given(day=DAYS, quarter=QUARTERS_OF_A_DAY, quarters=st.integers(1, 80))
def test_opening_time_before_an_instant_is_counted_back(city: Calendar, day: date, quarter: int, quarters: int) -> None:
    end = instant(day, quarter)
    start = subtract_opening_time(end, quarters * QUARTER, city)
    assert quarters_open(start, end, city) == quarters
    assert is_open_at(start, city)


@settings(max_examples=150, deadline=None)
@given(day=DAYS, count=st.integers(1, 40), wait=st.integers(0, 120), quarter=QUARTERS_OF_A_DAY)
def test_a_deadline_is_late_from_the_midnight_after_it_by_the_open_days_since(
    city: Calendar, day: date, count: int, wait: int, quarter: int
) -> None:
    started, now = tokyo_instant(day, time(9)), instant(day + timedelta(days=wait), quarter)
    deadline = reckon(ClockFacts(started, period=Period(count, Unit.BUSINESS_DAYS)), city)
    due, left = day, count
    while left:
        due += ONE_DAY
        left -= city.is_open(due)
    today = tokyo_date(now)
    late = today > due
    assert (state_at(deadline, now) is DeadlineState.OVERDUE) is late
    assert (state_at(deadline, now) is DeadlineState.DUE_TODAY) is (today == due)
    since = sum(city.is_open(due + timedelta(days=n)) for n in range(1, (today - due).days + 1)) if late else 0
    assert days_late(deadline, now, city) == since


@settings(max_examples=150, deadline=None)
@given(day=DAYS, count=st.integers(3, 40), margin=st.integers(1, 5))
def test_a_warning_leaves_that_many_open_days(city: Calendar, day: date, count: int, margin: int) -> None:
    facts = ClockFacts(
        tokyo_instant(day, time(9)),
        period=Period(count, Unit.BUSINESS_DAYS),
        warn=Period(margin, Unit.BUSINESS_DAYS),
    )
    deadline = reckon(facts, city)
    warned = tokyo_date(deadline.warn_at or deadline.due_at)
    assert deadline.warn_at == tokyo_midnight(warned)
    following = [warned + timedelta(days=n) for n in range(1, (deadline.due_day - warned).days + 1)]
    assert sum(map(city.is_open, following)) == margin
