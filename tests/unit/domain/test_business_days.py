from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.business_days import Calendar, add_months, tokyo_date, tokyo_midnight
from engine.domain.errors import CalendarNotLoaded

ONE_DAY = timedelta(days=1)
DAYS = st.dates(date(2010, 1, 1), date(2030, 12, 31))


def day_by_day(start: date, count: int, calendar: Calendar) -> date:
    """The obvious way: walk on (or back) and count the open days met after the first."""
    step, left, day = (ONE_DAY if count > 0 else -ONE_DAY), abs(count), start
    while left:
        day += step
        left -= calendar.is_open(day)
    return day


@settings(max_examples=300, deadline=None)
@given(start=DAYS, count=st.integers(-120, 120).filter(bool))
def test_adding_business_days_equals_walking_day_by_day(city, start, count):
    assert city.add_business_days(start, count) == day_by_day(start, count, city)


@settings(max_examples=300, deadline=None)
@given(start=DAYS, length=st.integers(0, 900))
def test_counting_between_two_days_equals_walking_day_by_day(city, start, length):
    end = start + timedelta(days=length)
    walked = sum(city.is_open(start + timedelta(days=n)) for n in range(1, length + 1))
    assert city.business_days_between(start, end) == walked
    assert city.business_days_between(end, start) == -walked


@settings(max_examples=200, deadline=None)
@given(start=DAYS, count=st.integers(1, 60))
def test_going_forward_and_back_returns_to_the_open_day(city, start, count):
    open_day = city.next_open(start)
    assert city.add_business_days(city.add_business_days(open_day, count), -count) == open_day


@settings(max_examples=200, deadline=None)
@given(day=DAYS)
def test_rolling_finds_the_nearest_open_day_on_either_side(city, day):
    following, preceding = city.next_open(day), city.previous_open(day)
    assert city.is_open(following)
    assert city.is_open(preceding)
    assert preceding <= day <= following
    assert not any(city.is_open(preceding + timedelta(days=n)) for n in range(1, (following - preceding).days))


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 9, 19), "土曜日"),
        (date(2026, 9, 20), "日曜日"),
        (date(2026, 9, 21), "敬老の日"),
        (date(2026, 9, 22), "国民の休日"),
        (date(2026, 9, 23), "秋分の日"),
        (date(2026, 12, 29), "年末年始の休み"),
        (date(2027, 1, 3), "年末年始の休み"),
        (date(2026, 9, 24), None),
        (date(2026, 12, 28), None),
        (date(2027, 1, 4), None),
    ],
)
def test_a_closed_day_names_its_reason(city, day, reason):
    assert city.why_closed(day) == reason


def test_the_five_day_closure_of_september_2026_is_skipped(city):
    assert city.add_business_days(date(2026, 9, 18), 1) == date(2026, 9, 24)


def test_no_days_roll_a_closed_day_forward_and_keep_an_open_one(city):
    assert city.add_business_days(date(2026, 9, 19), 0) == date(2026, 9, 24)
    assert city.add_business_days(date(2026, 9, 18), 0) == date(2026, 9, 18)


def test_extra_closed_and_opened_days_win_over_the_week(small):
    assert small.why_closed(date(2026, 9, 10)) == "棚卸し"
    assert small.is_open(date(2026, 9, 12))
    assert small.add_business_days(date(2026, 9, 9), 2) == date(2026, 9, 12)


@pytest.mark.parametrize(
    "question",
    [
        lambda calendar: calendar.is_open(date(2026, 8, 31)),
        lambda calendar: calendar.next_open(date(2026, 10, 1)),
        lambda calendar: calendar.add_business_days(date(2026, 9, 25), 10),
        lambda calendar: calendar.add_business_days(date(2026, 9, 3), -10),
        lambda calendar: calendar.business_days_between(date(2026, 9, 1), date(2026, 10, 1)),
    ],
    ids=["before", "after", "running past the end", "running past the beginning", "counting past the end"],
)
def test_a_question_past_the_horizon_is_refused(small, question):
    with pytest.raises(CalendarNotLoaded):
        question(small)


def test_the_last_open_day_of_a_calendar_can_still_be_reached(small):
    assert small.add_business_days(date(2026, 9, 28), 2) == date(2026, 9, 30)
    assert small.previous_open(date(2026, 9, 30)) == date(2026, 9, 30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_until": date(2025, 1, 1)},
        {"opening": time(18), "closing": time(9)},
        {"closed_weekdays": frozenset(range(7))},
    ],
    ids=["ends before it begins", "closes before it opens", "never open"],
)
def test_an_impossible_calendar_is_refused(wrong):
    with pytest.raises(ValueError, match="calendar 窓口"):
        Calendar(**{"name": "窓口", "valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)} | wrong)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 15), 1, date(2026, 2, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 10), -13, date(2024, 12, 10)),
    ],
)
def test_months_end_on_the_same_day_number_or_the_last_day(start, months, end):
    assert add_months(start, months) == end


@given(day=DAYS, months=st.integers(-60, 60))
def test_a_day_that_every_month_has_survives_months_there_and_back(day, months):
    safe = day.replace(day=min(day.day, 28))
    assert add_months(add_months(safe, months), -months) == safe


def test_a_day_begins_at_midnight_in_tokyo():
    assert tokyo_midnight(date(2026, 9, 16)) == datetime(2026, 9, 15, 15, 0, tzinfo=UTC)
    assert tokyo_date(datetime(2026, 9, 15, 14, 59, tzinfo=UTC)) == date(2026, 9, 15)
    assert tokyo_date(datetime(2026, 9, 15, 15, 0, tzinfo=UTC)) == date(2026, 9, 16)


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="naive"):
        tokyo_date(datetime(2026, 9, 15, 15, 0))  # noqa: DTZ001 - the point of the test
