"""Where values come from: the small language of ``x-prefill``, ``x-default``, ``x-rows-from`` and date limits.

``now``, ``today``, ``actor.org``, ``person.name``, ``case.field_codes``, ``record.F01.issues``,
``variable.lead_org``, ``parameter.first_review_interval``, ``data.period.to`` (this form; in a column or part: this row
or group), ``row`` (number of the row), and sums of a day and intervals: ``today + parameter.plan_period_max``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import add_months
from engine.forms.api import PrefillSources
from engine.forms.values import parse_interval

_TERM = r"(?:now|today|row|(?:actor|person|case|record|variable|parameter|data)(?:\.[A-Za-z0-9_\-]{1,64}){1,4})"
_PATH = re.compile(rf"{_TERM}(?: \+ {_TERM}){{0,2}}")


def is_path(value: object) -> bool:
    """Whether a value is written in this language (otherwise it is meant literally)."""
    return isinstance(value, str) and _PATH.fullmatch(value) is not None


def value_at(path: str, sources: PrefillSources, data: Mapping[str, Any] | None = None) -> Any:
    """The value of a path or sum; None where any part is missing or does not fit."""
    first, *added = (_term(term, sources, data or {}) for term in path.split(" + "))
    if not added:
        return first
    day = _day(first)
    for interval in added:
        day = _later(day, interval) if day is not None else None
    return day


def origin_of(path: str, sources: PrefillSources) -> str:
    """The words for where a prefilled value came from; empty when it needs none (clock, person at work)."""
    head, _, rest = path.partition(".")
    if head == "record":
        form = rest.split(".")[0]
        return f"{sources.record_labels.get(form, form)}から"
    return {"person": "本人の情報から", "case": "ケースの情報から", "variable": "これまでの手続きから",
            "parameter": "市の標準の値"}.get(head, "")  # fmt: skip


def _term(term: str, sources: PrefillSources, data: Mapping[str, Any]) -> Any:
    if term == "now":
        return sources.now
    if term == "today":
        return sources.today
    if term == "row":
        return data.get("row")
    head, *parts = term.split(".")
    roots: Mapping[str, Mapping[str, Any]] = {
        "actor": sources.actor, "person": sources.person, "case": sources.case, "record": sources.records,
        "variable": sources.variables, "parameter": sources.parameters, "data": data,
    }  # fmt: skip
    value: Any = roots[head]
    for part in parts:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _later(day: date, interval: Any) -> date | None:
    parsed = parse_interval(str(interval)) if interval is not None else None
    if parsed is None:
        return None
    number, unit = parsed
    try:
        return add_months(day, number) if unit == "months" else date.fromordinal(day.toordinal() + number)
    except (ValueError, OverflowError):
        return None
