"""How far a scenario moves its clock."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.domain.business_days import Calendar
from engine.reference.loader import load
from engine.scenarios.moments import Amount, agrees, moment, shown


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return load(Path(__file__).parents[3] / "workflows").calendar


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        pytest.param("2026-09-17T10:00", "2 business_days", "2026-09-24T10:00", id="over the five closed days"),
        pytest.param("2026-04-01T09:00", "1 business_day", "2026-04-02T09:00", id="one"),
        pytest.param("2026-01-31T09:00", "1 months", "2026-02-28T09:00", id="to the last day of a month"),
        pytest.param("2026-04-01T09:00", "14 days", "2026-04-15T09:00", id="days"),
        pytest.param("2026-04-01T09:00", "14 calendar_days", "2026-04-15T09:00", id="calendar days"),
        pytest.param("2026-04-01T09:00", "2 weeks", "2026-04-15T09:00", id="weeks"),
        pytest.param("2026-07-17T17:10", "48 hours", "2026-07-19T17:10", id="hours run through holidays"),
        pytest.param("2026-07-17T16:15", "2 business_hours", "2026-07-21T09:30", id="hours within opening hours"),
        pytest.param("2026-04-01T09:00", "30 minutes", "2026-04-01T09:30", id="minutes"),
    ],
)
def test_the_clock_moves_by_the_units_of_deadlines(calendar: Calendar, start: str, amount: str, end: str) -> None:
    assert shown(Amount.parse(amount).after(moment(start), calendar)) == end


@pytest.mark.parametrize("amount", ["3", "days", "3 moons", "-1 days"])
def test_other_amounts_are_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=amount):
        Amount.parse(amount)


def test_a_date_is_compared_as_people_see_it_and_a_minute_as_it_is() -> None:
    midnight = moment("2026-09-16T00:00")

    assert agrees("2026-09-16", midnight)
    assert not agrees("2026-09-15", midnight)
    assert agrees("2026-09-15", midnight, date(2026, 9, 15))  # a deadline ends at 24:00
    assert agrees("2026-09-16T00:00", midnight)
    assert not agrees("2026-09-16T00:01", midnight)
    assert not agrees("2026-09-16", None)
