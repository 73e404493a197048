"""The functions of the language, and those that the host binds to its calendar and clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.domain.errors import ExpressionError
from engine.expressions.functions import FUNCTION_NAMES, standard_functions
from engine.expressions.interpreter import evaluate


class Dates:
    """A calendar that answers with what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, date, int]] = []

    def today(self) -> date:
        return date(2026, 4, 1)

    def months_after(self, start: date, months: int) -> date:
        self.asked.append(("months_after", start, months))
        return date(2026, 7, 1)

    def business_days_after(self, start: date, days: int) -> date:
        self.asked.append(("business_days_after", start, days))
        return date(2026, 4, 15)

    def business_days_before(self, start: date, days: int) -> date:
        self.asked.append(("business_days_before", start, days))
        return date(2026, 3, 20)


PEOPLE = [{"name": "A", "needs": True, "hours": 2}, {"name": "B", "needs": False, "hours": 3}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("len(people)", 2),
        ("len('見守り')", 3),
        ("any_of([False, True])", True),
        ("any_of([])", False),
        ("any_of(people, 'needs')", True),
        ("all_of(people, 'needs')", False),
        ("any_of(people, 'name', 'B')", True),
        ("count_of(people, 'needs')", 1),
        ("values_of(people, 'name')", ["A", "B"]),
        ("sum(values_of(people, 'hours'))", 5),
        ("sum([1, 0.5])", Decimal("1.5")),
        ("min(3, 1, 2)", 1),
        ("max(['a', 'b'])", "b"),
        ("max(today(), date_of('2027-01-01'))", date(2027, 1, 1)),
        ("contains(['a'], 'a')", True),
        ("contains('見守り', '守')", True),
        ("text_of(12)", "12"),
        ("text_of(None)", ""),
        ("text_of(today())", "2026-04-01"),
        ("text_of(True)", "はい"),
        ("is_blank('')", True),
        ("is_blank(0)", False),
        ("today()", date(2026, 4, 1)),
        ("days_after('2026-04-01', 30)", date(2026, 5, 1)),
        ("days_after(today(), -1)", date(2026, 3, 31)),
        ("days_between('2026-04-01', '2026-05-01')", 30),
        ("days_between(today(), '2026-03-31')", -1),
        ("start_of('2026-04-01')", "2026-04-01T00:00:00+09:00"),
        ("overdue_at('2026-04-30')", "2026-05-01T00:00:00+09:00"),
        ("overdue_at(at)", "2026-04-03T00:00:00+09:00"),
        ("date_of('2026-04-01T20:00:00+00:00')", date(2026, 4, 2)),
        ("months_after(today(), 3)", date(2026, 7, 1)),
        ("business_days_after('2026-04-01', 10)", date(2026, 4, 15)),
        ("start_of(business_days_before(at, 10))", "2026-03-20T00:00:00+09:00"),
    ],
)
def test_values_of_functions(text: str, expected: object) -> None:
    scope = {"people": PEOPLE, "at": datetime(2026, 4, 1, 20, tzinfo=UTC)}
    found = evaluate(text, scope, standard_functions(Dates()))
    assert (found, type(found)) == (expected, type(expected))


def test_the_calendar_gets_dates_of_tokyo() -> None:
    dates = Dates()
    evaluate("business_days_after(at, 5)", {"at": datetime(2026, 4, 1, 20, tzinfo=UTC)}, standard_functions(dates))
    assert dates.asked == [("business_days_after", date(2026, 4, 2), 5)]


@pytest.mark.parametrize(
    "text",
    [
        "days_after('1 April', 1)",
        "days_after('2026-02-30', 1)",
        "days_after(today(), 'x')",
        "days_after(today(), True)",
        "days_after(today(), 10000000)",
        "days_between(1, 2)",
        "start_of(None)",
        "business_days_after(today(), 1.5)",
        "months_after(today())",
        "any_of(1)",
        "any_of(people, 'nothing')",
        "min([])",
        "min(1, 'a')",
        "max(True, False)",
        "sum(['a'])",
        "len(None)",
        "text_of([1])",
        "values_of([1], 'a')",
    ],
)
def test_wrong_arguments_are_expression_errors(text: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        evaluate(text, {"people": PEOPLE}, standard_functions(Dates()))
    assert refusal.value.expression == text


def test_the_published_names_are_exactly_the_functions_there_are() -> None:
    assert set(standard_functions(Dates())) == FUNCTION_NAMES
