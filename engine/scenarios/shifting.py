"""A story moved in time so that it ends on a given day: counted in business days, so that nobody works on a holiday."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from engine.domain.business_days import TOKYO, Calendar
from engine.scenarios.model import Scenario, Step

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2})?\Z")
_BUSINESS_DAYS = re.compile(r"(\d+) business_days?\Z")
#: dates further after the end of a story (the end of a plan, of a consent) keep their distance in calendar days
NEAR = timedelta(days=45)
#: dates this long before a story (a birthday) stay as they are
LONG_AGO = timedelta(days=400)


class NotShiftable(Exception):
    """The story moves its clock otherwise than by business days."""


@dataclass(frozen=True)
class _Shift:
    """From one first day to another."""

    old: date
    new: date
    old_end: date
    calendar: Calendar

    def day(self, day: date) -> date:
        if day < self.old - LONG_AGO:
            return day
        if day > self.old_end + NEAR or not self.calendar.is_open(day):
            return day + (self.new - self.old)
        distance = self.calendar.business_days_between(self.old, day)
        return self.new if distance == 0 else self.calendar.add_business_days(self.new, distance)

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self.value(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        match = _DAY.match(value) if isinstance(value, str) else None
        if match is None:
            return value
        return self.day(date.fromisoformat(match.group(1))).isoformat() + (match.group(2) or "")


def length(scenario: Scenario) -> int:
    """Business days from the beginning of a story to its end. Raises NotShiftable."""
    return sum(_business_days(step) for step in scenario.steps if step.verb in ("advance", "down"))


def _business_days(step: Step) -> int:
    match = _BUSINESS_DAYS.match(str(step.data.get("by", "")))
    if match is None:
        raise NotShiftable(f"line {step.line}: only advance by business days can be moved in time")
    return int(match.group(1))


def ending_on(scenario: Scenario, day: date, calendar: Calendar) -> Scenario:
    """The story with its clock and the dates in its forms moved; ``day`` is a business day. Raises NotShiftable."""
    days, begin = length(scenario), scenario.now.astimezone(TOKYO)
    old, new = begin.date(), calendar.add_business_days(day, -days) if days else day
    old_end = calendar.add_business_days(old, days) if days else old
    shift = _Shift(old, new, old_end, calendar)
    return replace(
        scenario,
        now=datetime.combine(new, begin.timetz()).astimezone(scenario.now.tzinfo),
        steps=tuple(replace(step, data=shift.value(step.data)) for step in scenario.steps),
    )
