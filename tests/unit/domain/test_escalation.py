from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.business_days import tokyo_midnight
from engine.domain.deadline import ClockFacts, Period, Unit, reckon
from engine.domain.escalation import LadderStep, ladder_moments
from engine.domain.roles import Role

TOKYO = ZoneInfo("Asia/Tokyo")
LADDER = (
    LadderStep("warn"),
    LadderStep("overdue"),
    LadderStep("1", Period(3, Unit.BUSINESS_DAYS), Role.AGENCY_MANAGER),
    LadderStep("2", Period(5, Unit.BUSINESS_DAYS), Role.SUPERVISOR),
    LadderStep("3", Period(10, Unit.BUSINESS_DAYS), Role.PROGRAMME_LEAD),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def test_a_missed_review_climbs_the_ladder_over_the_five_day_closure(city):
    deadline = reckon(ClockFacts(at("2026-09-01T00:00"), due_on=date(2026, 9, 15)), city)
    moments = [(moment.level, moment.at, moment.tells) for moment in ladder_moments(deadline, LADDER, city)]
    assert moments == [
        ("warn", at("2026-09-11T00:00"), None),
        ("overdue", at("2026-09-16T00:00"), None),
        ("1", at("2026-09-18T00:00"), Role.AGENCY_MANAGER),
        ("2", at("2026-09-25T00:00"), Role.SUPERVISOR),
        ("3", at("2026-10-02T00:00"), Role.PROGRAMME_LEAD),
    ]


def test_overdue_is_raised_at_midnight_even_when_the_next_day_is_closed(city):
    deadline = reckon(ClockFacts(at("2026-09-01T00:00"), due_on=date(2026, 9, 18)), city)
    overdue = next(moment for moment in ladder_moments(deadline, LADDER, city) if moment.level == "overdue")
    assert overdue.at == at("2026-09-19T00:00")


def test_a_warning_that_would_come_with_the_task_itself_is_left_out(city):
    deadline = reckon(ClockFacts(at("2026-09-14T09:00"), period=Period(1, Unit.BUSINESS_DAYS)), city)
    assert [moment.level for moment in ladder_moments(deadline, LADDER, city)] == ["overdue", "1", "2", "3"]


def test_a_task_that_opens_after_its_due_date_is_still_raised_at_every_level(city):
    deadline = reckon(ClockFacts(at("2026-09-29T00:00"), due_on=date(2026, 9, 15)), city)
    assert [moment.level for moment in ladder_moments(deadline, LADDER, city)] == ["overdue", "1", "2", "3"]


def test_the_safety_check_tells_the_supervisor_before_its_time_ends(city):
    ladder = (
        LadderStep("warn"),
        LadderStep("2", Period(8, Unit.HOURS), Role.SUPERVISOR, before=True),
        LadderStep("overdue"),
    )
    facts = ClockFacts(at("2026-07-17T17:10"), period=Period(48, Unit.HOURS), warn=Period(24, Unit.HOURS))
    moments = [(moment.level, moment.at) for moment in ladder_moments(reckon(facts, city), ladder, city)]
    expected = [("warn", "2026-07-18T17:10"), ("2", "2026-07-19T09:10"), ("overdue", "2026-07-19T17:10")]
    assert moments == [(level, at(moment)) for level, moment in expected]


@settings(max_examples=150, deadline=None)
@given(due_on=st.dates(date(2010, 2, 1), date(2030, 12, 1)))
def test_levels_fall_on_the_business_days_that_walking_finds(city, due_on):
    started = tokyo_midnight(due_on - timedelta(days=60))
    moments = ladder_moments(reckon(ClockFacts(started, due_on=due_on), city), LADDER, city)
    open_days = [due_on + timedelta(days=n) for n in range(1, 60) if city.is_open(due_on + timedelta(days=n))]
    levels = {moment.level: moment.at for moment in moments}
    assert levels["1"] == tokyo_midnight(open_days[2])
    assert levels["2"] == tokyo_midnight(open_days[4])
    assert levels["3"] == tokyo_midnight(open_days[9])


@pytest.mark.parametrize("wrong", [{"level": "4"}, {"level": "1"}], ids=["unknown level", "level without distance"])
def test_an_impossible_rung_is_refused(wrong):
    with pytest.raises(ValueError, match="escalation level"):
        LadderStep(**wrong)
