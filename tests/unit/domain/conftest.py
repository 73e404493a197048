"""A calendar of twenty-odd years whose holidays come from the package ``holidays``, not from the product's source."""

from __future__ import annotations

from datetime import date, time, timedelta

import holidays
import pytest

from engine.domain.business_days import Calendar

FIRST, LAST = date(2008, 1, 1), date(2034, 12, 31)


@pytest.fixture(scope="session")
def city() -> Calendar:
    """A city office: weekends, national holidays and 29 December to 3 January closed."""
    national = holidays.country_holidays("JP", language="ja", years=range(FIRST.year, LAST.year + 1))
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    year_end = {
        day: "年末年始の休み" for day in days if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    }
    return Calendar("市役所", FIRST, LAST, holidays=dict(national.items()), closed=year_end)


@pytest.fixture
def small() -> Calendar:
    """A calendar of one month with one extra closed and one opened day; open 9 to 12."""
    return Calendar(
        "窓口",
        date(2026, 9, 1),
        date(2026, 9, 30),
        closed={date(2026, 9, 10): "棚卸し"},
        opened=frozenset({date(2026, 9, 12)}),
        opening=time(9),
        closing=time(12),
    )
