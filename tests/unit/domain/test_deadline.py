from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.domain.business_days import add_months, tokyo_date, tokyo_midnight
from engine.domain.deadline import (
    DEFAULT_WARN,
    ClockFacts,
    Deadline,
    DeadlineState,
    Extension,
    Hold,
    LineKind,
    Period,
    Unit,
    business_days_held,
    days_late,
    reckon,
    state_at,
)
from engine.domain.errors import CalendarNotLoaded

ONE_DAY = timedelta(days=1)
TOKYO = ZoneInfo("Asia/Tokyo")
INSTANTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    """A Tokyo wall-clock moment as a UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def a_clock(period: str | None = None, start: str = "2026-09-16T09:00", **facts) -> ClockFacts:
    return ClockFacts(at(start), period=Period.parse(period) if period else None, **facts)


def a_hold(start: str, end: str | None = None) -> Hold:
    return Hold(at(start), at(end) if end else None)


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize("text", ["5 business_days", "3 months", "48 hours", "2 business_hours", "30 calendar_days"])
def test_a_period_reads_back_as_it_is_written(text):
    assert str(Period.parse(text)) == text


def test_a_period_of_one_may_be_written_in_the_singular():
    assert Period.parse(" 1  month ") == Period(1, Unit.MONTHS)


@pytest.mark.parametrize("text", ["", "5", "days", "P3D", "-1 months", "1.5 hours", "5 days", "5 Months", "５ months"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError, match="not a period"):
        Period.parse(text)


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("period", "start", "due"),
    [
        ("1 business_days", "2026-09-16T09:00", date(2026, 9, 17)),
        ("1 business_days", "2026-09-18T23:59", date(2026, 9, 24)),
        ("0 business_days", "2026-09-18T09:00", date(2026, 9, 18)),
        ("0 business_days", "2026-09-19T09:00", date(2026, 9, 24)),
        ("3 business_days", "2026-04-01T09:00", date(2026, 4, 6)),
        ("5 business_days", "2026-12-25T09:00", date(2027, 1, 7)),
        ("10 calendar_days", "2026-09-09T09:00", date(2026, 9, 24)),
        ("30 calendar_days", "2026-09-01T09:00", date(2026, 10, 1)),
        ("3 months", "2026-06-19T09:00", date(2026, 9, 24)),
        ("1 months", "2026-08-31T09:00", date(2026, 9, 30)),
        ("6 months", "2026-08-31T09:00", date(2027, 3, 1)),
    ],
)
def test_the_first_day_is_not_counted_and_the_end_rolls_forward(city, period, start, due):
    assert reckon(a_clock(period, start), city).due_on == due


def test_a_date_deadline_ends_at_midnight_in_tokyo(city):
    deadline = reckon(a_clock(due_on=date(2026, 9, 15)), city)
    assert deadline.due_at == at("2026-09-16T00:00")
    assert not deadline.to_the_minute


def test_hours_run_on_through_closed_days(city):
    deadline = reckon(a_clock("48 hours", "2026-07-17T17:10"), city)
    assert deadline.due_at == at("2026-07-19T17:10")
    assert (deadline.due_on, deadline.to_the_minute, deadline.due_day) == (None, True, date(2026, 7, 19))


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-09-16T09:00", "2026-09-16T11:00"),
        ("2026-09-16T16:15", "2026-09-17T09:30"),
        ("2026-09-18T17:00", "2026-09-24T10:15"),
        ("2026-09-16T06:00", "2026-09-16T10:30"),
        ("2026-09-16T15:15", "2026-09-16T17:15"),
        ("2026-09-20T12:00", "2026-09-24T10:30"),
    ],
)
def test_business_hours_follow_the_opening_hours(city, start, due):
    assert reckon(a_clock("2 business_hours", start), city).due_at == at(due)


def test_a_given_date_is_taken_as_it_is(city):
    assert reckon(a_clock(due_on=date(2026, 9, 20)), city).due_on == date(2026, 9, 20)


def test_a_given_date_rolls_forward_when_asked(city):
    assert reckon(a_clock(due_on=date(2026, 9, 20), roll=True), city).due_on == date(2026, 9, 24)


def test_a_given_instant_is_the_due_moment(city):
    assert reckon(a_clock(due_instant=at("2026-10-11T16:30")), city).due_at == at("2026-10-11T16:30")


@settings(max_examples=200, deadline=None)
@given(start=INSTANTS, value=st.integers(1, 36), unit=st.sampled_from([Unit.MONTHS, Unit.CALENDAR_DAYS]))
def test_months_and_days_end_on_the_first_open_day_from_their_nominal_end(city, start, value, unit):
    day = tokyo_date(start)
    nominal = add_months(day, value) if unit is Unit.MONTHS else day + timedelta(days=value)
    while not city.is_open(nominal):
        nominal += ONE_DAY
    assert reckon(ClockFacts(start, period=Period(value, unit)), city).due_on == nominal


# ---------------------------------------------------------------- holds


def day_by_day(start: datetime, count: int, holds: list[Hold], city) -> date:
    """The obvious way: each business day whose end the running clock sees uses one up, after the first day's."""
    day = tokyo_date(start)
    left = count + city.is_open(day)
    while True:
        end_of_day = tokyo_midnight(day + ONE_DAY)
        held = any(hold.start < end_of_day <= hold.end for hold in holds)
        left -= city.is_open(day) and not held
        if not left:
            return day
        day += ONE_DAY


@settings(max_examples=300, deadline=None)
@given(
    start=INSTANTS,
    count=st.integers(1, 40),
    holds=st.lists(st.tuples(st.integers(0, 24 * 60), st.integers(1, 24 * 30)), max_size=4),
)
def test_holds_move_a_business_day_deadline_as_walking_day_by_day(city, start, count, holds):
    spans = [Hold(start + timedelta(hours=a), start + timedelta(hours=a + length)) for a, length in holds]
    deadline = reckon(ClockFacts(start, period=Period(count, Unit.BUSINESS_DAYS), holds=tuple(spans)), city)
    assert deadline.due_on == day_by_day(start, count, spans, city)


@settings(max_examples=200, deadline=None)
@given(start=INSTANTS, ahead=st.integers(1, 200), begin=st.integers(0, 100), length=st.integers(0, 60))
def test_a_hold_moves_a_given_date_by_the_business_days_held(city, start, ahead, begin, length):
    due_on = city.add_business_days(tokyo_date(start), ahead)
    hold = Hold(start + timedelta(days=begin), start + timedelta(days=begin + length))
    assume(hold.start < tokyo_midnight(due_on + ONE_DAY))
    held = sum(city.is_open(tokyo_date(hold.start) + timedelta(days=n)) for n in range(length))
    moved = reckon(ClockFacts(start, due_on=due_on, holds=(hold,)), city).due_on
    assert moved == city.add_business_days(due_on, held)
    assert business_days_held(hold, city, as_of=hold.end) == held


@settings(max_examples=200, deadline=None)
@given(start=INSTANTS, hours=st.integers(1, 72), holds=st.lists(st.integers(1, 100), max_size=3))
def test_an_hour_deadline_moves_by_the_time_held(city, start, hours, holds):
    spans, moment = [], start
    for length in holds:
        spans.append(Hold(moment, moment + timedelta(hours=length)))
        moment += timedelta(hours=length, minutes=10)
    deadline = reckon(ClockFacts(start, period=Period(hours, Unit.HOURS), holds=tuple(spans)), city)
    assert deadline.due_at == start + timedelta(hours=hours + sum(holds))


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2026, 9, 10), datetime(2026, 9, 25), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(1, 20),
    begin=st.integers(0, 40),
    length=st.integers(0, 80),
)
@example(start=datetime(2026, 9, 14, 6, tzinfo=UTC), hours=11, begin=9, length=1)  # due at closing time, held at night
def test_business_hours_equal_walking_in_quarters_of_an_hour(city, start, hours, begin, length):
    quarter = timedelta(minutes=15)
    start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    hold = Hold(start + begin * quarter, start + (begin + length) * quarter)
    left, moment = hours * 4, start
    while left:
        local = moment.astimezone(TOKYO)
        open_now = city.is_open(local.date()) and city.opening <= local.time() < city.closing
        left -= open_now and not hold.start <= moment < hold.end
        moment += quarter
    facts = ClockFacts(start, period=Period(hours, Unit.BUSINESS_HOURS), holds=(hold,))
    assert reckon(facts, city).due_at == moment


def test_a_hold_on_the_due_day_keeps_that_day_for_afterwards(city):
    facts = a_clock("1 business_days", "2026-09-14T09:00", holds=(a_hold("2026-09-15T10:00", "2026-09-17T09:00"),))
    assert reckon(facts, city).due_on == date(2026, 9, 17)


def test_a_hold_that_ends_the_same_day_moves_nothing(city):
    facts = a_clock("3 business_days", "2026-04-01T09:00", holds=(a_hold("2026-04-01T09:00", "2026-04-01T17:00"),))
    assert reckon(facts, city).due_on == date(2026, 4, 6)


def test_a_hold_after_the_due_moment_moves_nothing(city):
    facts = a_clock("1 business_days", "2026-09-14T09:00", holds=(a_hold("2026-09-16T09:00", "2026-09-30T09:00"),))
    assert reckon(facts, city).due_on == date(2026, 9, 15)


def test_a_hold_at_the_very_moment_of_overdue_moves_nothing(city):
    facts = a_clock("1 business_days", "2026-09-14T09:00", holds=(a_hold("2026-09-16T00:00", "2026-09-30T09:00"),))
    assert reckon(facts, city).due_on == date(2026, 9, 15)


def test_overlapping_holds_count_once(city):
    once = a_clock("5 business_days", holds=(a_hold("2026-09-17T09:00", "2026-09-28T09:00"),))
    twice = replace(
        once, holds=(a_hold("2026-09-17T09:00", "2026-09-25T09:00"), a_hold("2026-09-24T09:00", "2026-09-28T09:00"))
    )
    assert reckon(twice, city).due_on == reckon(once, city).due_on


def test_an_open_hold_moves_the_date_only_up_to_the_moment_asked_for(city):
    facts = a_clock("5 business_days", "2026-09-01T09:00", holds=(a_hold("2026-09-02T09:00"),))
    assert reckon(facts, city).due_on == date(2026, 9, 8)
    assert reckon(facts, city, as_of=at("2026-09-04T09:00")).due_on == date(2026, 9, 10)


# ---------------------------------------------------------------- extensions


@pytest.mark.parametrize(
    ("extension", "due"),
    [
        (Extension(at("2026-09-17T09:00"), by=Period(2, Unit.BUSINESS_DAYS)), date(2026, 9, 29)),
        (Extension(at("2026-09-17T09:00"), by=Period(1, Unit.MONTHS)), date(2026, 10, 26)),
        (Extension(at("2026-09-17T09:00"), until_on=date(2026, 10, 9)), date(2026, 10, 9)),
    ],
    ids=["by business days", "by a month", "until a date"],
)
def test_an_extension_moves_the_due_date(city, extension, due):
    facts = a_clock("5 business_days", "2026-09-15T09:00")
    assert reckon(facts, city).due_on == date(2026, 9, 25)
    assert reckon(replace(facts, extensions=(extension,)), city).due_on == due


def test_a_hold_after_an_extension_moves_the_extended_date(city):
    facts = a_clock(
        due_on=date(2026, 9, 15),
        start="2026-09-01T09:00",
        extensions=(Extension(at("2026-09-16T10:00"), until_on=date(2026, 9, 30)),),
        holds=(a_hold("2026-09-28T09:00", "2026-09-30T09:00"),),
    )
    assert reckon(facts, city).due_on == date(2026, 10, 2)


def test_an_hour_deadline_is_extended_by_hours(city):
    facts = a_clock("48 hours", extensions=(Extension(at("2026-09-16T10:00"), by=Period(12, Unit.HOURS)),))
    assert reckon(facts, city).due_at == at("2026-09-18T21:00")


def test_an_hour_deadline_extended_by_business_days_keeps_its_time_of_day(city):
    facts = a_clock("48 hours", extensions=(Extension(at("2026-09-16T10:00"), by=Period(1, Unit.BUSINESS_DAYS)),))
    assert reckon(facts, city).due_at == at("2026-09-24T09:00")


def test_an_extension_says_exactly_one_thing():
    with pytest.raises(ValueError, match="extension"):
        Extension(at("2026-09-16T10:00"))


# ---------------------------------------------------------------- states


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-09-10T23:59", DeadlineState.ON_TIME),
        ("2026-09-11T00:00", DeadlineState.DUE_SOON),
        ("2026-09-14T23:59", DeadlineState.DUE_SOON),
        ("2026-09-15T00:00", DeadlineState.DUE_TODAY),
        ("2026-09-15T23:59", DeadlineState.DUE_TODAY),
        ("2026-09-16T00:00", DeadlineState.OVERDUE),
    ],
)
def test_a_date_deadline_passes_through_its_states(city, now, state):
    deadline = reckon(a_clock(due_on=date(2026, 9, 15), start="2026-09-01T09:00"), city)
    assert state_at(deadline, at(now)) is state


def test_an_hour_deadline_is_overdue_at_its_minute(city):
    deadline = reckon(a_clock("48 hours", "2026-07-17T17:10", warn=Period(24, Unit.HOURS)), city)
    assert state_at(deadline, at("2026-07-18T17:09")) is DeadlineState.ON_TIME
    assert state_at(deadline, at("2026-07-18T17:10")) is DeadlineState.DUE_SOON
    assert state_at(deadline, at("2026-07-19T17:09")) is DeadlineState.DUE_TODAY
    assert state_at(deadline, at("2026-07-19T17:10")) is DeadlineState.OVERDUE


def test_a_held_clock_is_neither_soon_nor_late(city):
    deadline = reckon(a_clock(due_on=date(2026, 9, 15)), city)
    assert state_at(deadline, at("2026-10-15T09:00"), held=True) is DeadlineState.HELD


def test_no_deadline_is_a_state_of_its_own():
    assert state_at(None, at("2026-10-15T09:00")) is DeadlineState.NONE


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-09-15T23:59", 0),
        ("2026-09-16T00:00", 1),
        ("2026-09-18T09:00", 3),
        ("2026-09-22T09:00", 3),
        ("2026-09-25T09:00", 5),
        ("2026-10-02T09:00", 10),
    ],
)
def test_days_late_are_business_days(city, now, days):
    deadline = reckon(a_clock(due_on=date(2026, 9, 15), start="2026-09-01T09:00"), city)
    assert days_late(deadline, at(now), city) == days


def test_overdue_on_a_closed_day_is_no_business_day_late_yet(city):
    deadline = reckon(a_clock(due_on=date(2026, 9, 18), start="2026-09-01T09:00"), city)
    assert state_at(deadline, at("2026-09-19T09:00")) is DeadlineState.OVERDUE
    assert days_late(deadline, at("2026-09-19T09:00"), city) == 0


# ---------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("facts", "warn_at"),
    [
        ({"due_on": date(2026, 9, 25)}, "2026-09-18T00:00"),
        ({"due_on": date(2026, 9, 25), "warn": Period(10, Unit.BUSINESS_DAYS)}, "2026-09-08T00:00"),
        ({"due_on": date(2026, 9, 25), "warn": Period(1, Unit.MONTHS)}, "2026-08-25T00:00"),
        ({"due_on": date(2026, 9, 25), "warn": Period(7, Unit.CALENDAR_DAYS)}, "2026-09-18T00:00"),
        ({"due_on": date(2026, 9, 25), "warn": Period(0, Unit.BUSINESS_DAYS)}, "2026-09-25T00:00"),
        ({"period": "48 hours", "warn": Period(24, Unit.HOURS)}, "2026-09-17T09:00"),
        ({"period": "4 business_hours", "warn": Period(1, Unit.BUSINESS_HOURS)}, "2026-09-16T12:00"),
        ({"period": "48 hours"}, None),
    ],
    ids=["default", "business days", "month", "days", "on the day", "hours", "business hours", "hours without"],
)
def test_the_warning_comes_its_margin_before_the_due_moment(city, facts, warn_at):
    assert reckon(a_clock(**facts), city).warn_at == (at(warn_at) if warn_at else None)


def test_the_default_margin_is_two_business_days():
    assert Period(2, Unit.BUSINESS_DAYS) == DEFAULT_WARN


# ---------------------------------------------------------------- why this date?


def kinds(deadline: Deadline) -> list[LineKind]:
    return [line.kind for line in deadline.explanation]


def test_the_explanation_names_each_closed_day_that_was_skipped(city):
    deadline = reckon(a_clock("2 business_days", "2026-09-17T09:00"), city)
    skipped = [line for line in deadline.explanation if line.kind is LineKind.SKIPPED]
    assert [line.on for line in skipped] == [date(2026, 9, day) for day in range(19, 24)]
    assert "敬老の日" in skipped[2].text_ja


def test_the_explanation_begins_with_the_start_and_ends_with_the_result(city):
    deadline = reckon(a_clock("2 business_days", "2026-09-14T09:00"), city)
    assert kinds(deadline) == [LineKind.START, LineKind.RESULT]
    assert deadline.explanation[0].text_ja == "開始 2026年9月14日（月）09:00、期間 2開庁日（初日は数えない）"
    assert deadline.explanation[-1].text_ja == "期限 2026年9月16日（水）の終わり（24時）"


def test_the_explanation_shows_rolling_holds_and_extensions(city):
    facts = a_clock(
        "3 months",
        "2026-06-19T09:00",
        holds=(a_hold("2026-07-01T09:00", "2026-07-03T09:00"),),
        extensions=(Extension(at("2026-07-06T09:00"), by=Period(1, Unit.BUSINESS_DAYS)),),
    )
    deadline = reckon(facts, city)
    expected = [LineKind.START] + [LineKind.ROLLED] * 5 + [LineKind.HOLD, LineKind.SKIPPED, LineKind.SKIPPED]
    assert kinds(deadline) == [*expected, LineKind.EXTENDED, LineKind.RESULT]
    assert deadline.due_on == date(2026, 9, 29)


def test_a_date_beyond_the_announced_holidays_says_so(city):
    announced = replace(city, confirmed_until=date(2026, 12, 31))
    assert LineKind.UNCONFIRMED in kinds(reckon(a_clock("6 months"), announced))
    assert LineKind.UNCONFIRMED not in kinds(reckon(a_clock("1 months"), announced))


@settings(max_examples=150, deadline=None)
@given(start=INSTANTS, count=st.integers(1, 60))
def test_open_days_and_explained_days_together_make_up_the_whole_stretch(city, start, count):
    deadline = reckon(ClockFacts(start, period=Period(count, Unit.BUSINESS_DAYS)), city)
    skipped = kinds(deadline).count(LineKind.SKIPPED)
    assert (deadline.due_on - tokyo_date(start)).days == count + skipped


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "facts",
    [{}, {"due_on": date(2026, 9, 15), "period": Period(1, Unit.HOURS)}],
    ids=["nothing to count", "two promises"],
)
def test_a_clock_makes_exactly_one_promise(facts):
    with pytest.raises(ValueError, match="clock"):
        ClockFacts(at("2026-09-16T09:00"), **facts)


@pytest.mark.parametrize(
    "build",
    [
        lambda naive, aware: ClockFacts(naive, due_on=date(2026, 9, 15)),
        lambda naive, aware: ClockFacts(aware, due_instant=naive),
        lambda naive, aware: ClockFacts(aware, due_on=date(2026, 9, 15), holds=(Hold(naive),)),
        lambda naive, aware: ClockFacts(aware, due_on=date(2026, 9, 15), holds=(Hold(aware, naive),)),
        lambda naive, aware: ClockFacts(
            aware, due_on=date(2026, 9, 15), extensions=(Extension(naive, until_on=date(2026, 9, 16)),)
        ),
        lambda naive, aware: state_at(None, naive),
    ],
    ids=["start", "due instant", "hold start", "hold end", "extension", "now"],
)
def test_naive_instants_are_refused_everywhere(build):
    with pytest.raises(ValueError, match="naive"):
        build(datetime(2026, 9, 16, 9, 0), at("2026-09-16T09:00"))  # noqa: DTZ001


def test_a_due_date_past_the_calendar_is_refused(city):
    with pytest.raises(CalendarNotLoaded):
        reckon(a_clock("120 months"), city)
