"""Stories moved in time for the demo."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.domain.business_days import Calendar, tokyo_date
from engine.reference.loader import load
from engine.scenarios.loader import parse
from engine.scenarios.model import Scenario
from engine.scenarios.shifting import NotShiftable, ending_on, length

STORY = """\
scenario: 作り話（架空）
given:
  now: 2026-06-01T09:00
  staff:
    佐藤: {org: AG-04, roles: [intake_worker]}
steps:
  - start: {process: intake, by: 佐藤, as: a, with: {birth: 1980-01-02, name: 椿, on: 2026-06-03, until: 2027-06-01}}
  - advance: {by: 2 business_days}
  - complete: {task: x, case: a, by: 佐藤, with: {at: 2026-06-03T10:00, rows: [{by: 2026-06-05}]}}
  - expect: {case: a, status: open}
"""


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return load(Path(__file__).parents[3] / "workflows").calendar


@pytest.fixture
def moved(calendar: Calendar) -> Scenario:
    return ending_on(parse(STORY, "story.yaml"), date(2026, 9, 24), calendar)


def test_a_story_ends_on_the_given_day(moved: Scenario) -> None:
    assert tokyo_date(moved.now) == date(2026, 9, 17)
    assert length(moved) == 2


def test_dates_near_the_story_keep_their_distance_in_business_days(moved: Scenario) -> None:
    assert moved.steps[0].data["with"]["on"] == "2026-09-24"
    assert moved.steps[2].data["with"] == {"at": "2026-09-24T10:00", "rows": [{"by": "2026-09-28"}]}


def test_a_birthday_stays_and_a_far_date_keeps_its_distance_in_days(moved: Scenario) -> None:
    assert moved.steps[0].data["with"]["birth"] == "1980-01-02"
    assert moved.steps[0].data["with"]["until"] == "2027-09-17"


def test_a_story_that_moves_by_months_cannot_be_moved(calendar: Calendar) -> None:
    with pytest.raises(NotShiftable):
        ending_on(parse(STORY.replace("2 business_days", "1 month"), "story.yaml"), date(2026, 9, 24), calendar)
