"""The functions that expressions may call: pure ones, and those of dates that the host binds.

A date argument is a ``date``, a text ``YYYY-MM-DD`` or an aware instant (its date in Asia/Tokyo). Calendar arithmetic
itself belongs to the host: which days are open is data of an organisation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.domain.errors import ExpressionError

TOKYO = ZoneInfo("Asia/Tokyo")


class DateFunctions(Protocol):
    """Calendar and clock of the organisation for which an expression is evaluated."""

    def today(self) -> date:
        """The date in Asia/Tokyo."""

    def months_after(self, start: date, months: int) -> date:
        """Last day of a period of months; the calendar's roll-forward rule is applied."""

    def business_days_after(self, start: date, days: int) -> date:
        """Last day of a period of business days; the first day is not counted."""

    def business_days_before(self, start: date, days: int) -> date:
        """The day from which ``days`` business days remain until ``start``."""


# ---------------------------------------------------------------- pure functions


def length(value: object) -> int:
    """Number of items of a list or object, or of characters of a text."""
    if not isinstance(value, (str, list, tuple, Mapping)):
        raise _refused("len", "一覧か文字を渡してください")
    return len(value)


def any_of(items: object, *test: object) -> bool:
    """True if an item is true; with a key: if an item's value is; with key and value: if it equals the value."""
    return any(_holds("any_of", item, test) for item in _items("any_of", items))


def all_of(items: object, *test: object) -> bool:
    """Like any_of, for every item; true for an empty list."""
    return all(_holds("all_of", item, test) for item in _items("all_of", items))


def count_of(items: object, *test: object) -> int:
    """Number of items for which any_of's test holds."""
    return sum(1 for item in _items("count_of", items) if _holds("count_of", item, test))


def values_of(items: object, key: object) -> list[object]:
    """The value under ``key`` of each item."""
    return [_value_of("values_of", item, key) for item in _items("values_of", items)]


def smallest(*values: object) -> object:
    """Smallest of the arguments, or of the one list given; all of one kind."""
    return min(_comparable("min", values))  # type: ignore[type-var]  # _comparable has checked the kinds


def largest(*values: object) -> object:
    """Largest of the arguments, or of the one list given; all of one kind."""
    return max(_comparable("max", values))  # type: ignore[type-var]  # _comparable has checked the kinds


def total(items: object) -> int | Decimal:
    """Sum of a list of numbers."""
    result: int | Decimal = 0
    for item in _items("sum", items):
        if isinstance(item, bool) or not isinstance(item, (int, Decimal)):
            raise _refused("sum", "数の一覧を渡してください")
        result = result + item
    return result


def contains(container: object, item: object) -> bool:
    """True if a list holds the item, or a text the part."""
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    return item in _items("contains", container)


def text_of(value: object) -> str:
    """A number, date, instant, text or truth value as text; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, (str, int, Decimal)):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise _refused("text_of", "一覧や項目を持つ値は文字にできません")


def is_blank(value: object) -> bool:
    """True for None, an empty text, an empty list and an object without entries; zero and false are not blank."""
    return value is None or (isinstance(value, (str, list, tuple, Mapping)) and len(value) == 0)


def _items(function: str, items: object) -> list[object]:
    if not isinstance(items, (list, tuple)):
        raise _refused(function, "一覧を渡してください")
    return list(items)


def _holds(function: str, item: object, test: tuple[object, ...]) -> bool:
    if not test:
        return bool(item)
    value = _value_of(function, item, test[0])
    return bool(value) if len(test) == 1 else value == test[1]


def _value_of(function: str, item: object, key: object) -> object:
    if not isinstance(item, Mapping) or not isinstance(key, str) or key not in item:
        raise _refused(function, f"一覧の要素に項目「{str(key)[:40]}」がありません")
    return item[key]


def _comparable(function: str, values: tuple[object, ...]) -> list[object]:
    items = _items(function, values[0]) if len(values) == 1 else list(values)
    if not items:
        raise _refused(function, "空の一覧には使えません")
    kinds = ((int, Decimal), (str,), (datetime,), (date,))
    if any(isinstance(item, bool) for item in items) or not any(
        all(isinstance(item, kind) for item in items) for kind in kinds
    ):
        raise _refused(function, "同じ種類の値を渡してください")
    return items


def _refused(function: str, reason: str) -> ExpressionError:
    return ExpressionError(function, f"関数「{function}」: {reason}。")


# ---------------------------------------------------------------- dates


def date_of(value: object) -> date:
    """A date from a date, a text ``YYYY-MM-DD`` or an aware instant (its date in Asia/Tokyo)."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _refused("date_of", "時差の付いていない日時は使えません")
        return value.astimezone(TOKYO).date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if len(value) == 10 else date_of(datetime.fromisoformat(value))
        except ValueError:
            pass
    raise _refused("date_of", "日付は「2026-04-01」の形で渡してください")


def days_after(start: object, days: object) -> date:
    """The day ``days`` calendar days after ``start``; negative counts back."""
    return date_of(start) + timedelta(days=_count("days_after", days))


def days_between(start: object, end: object) -> int:
    """Calendar days from ``start`` to ``end``; negative when ``end`` is earlier."""
    return (date_of(end) - date_of(start)).days


def start_of(day: object) -> str:
    """The instant 00:00 Asia/Tokyo of a day, ISO 8601 with offset; for date timers."""
    return datetime.combine(date_of(day), time(), TOKYO).isoformat()


def overdue_at(day: object) -> str:
    """The instant from which a deadline on ``day`` is overdue: 00:00 Asia/Tokyo of the next day."""
    return start_of(date_of(day) + timedelta(days=1))


def _count(function: str, number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > 40_000:
        raise _refused(function, "日数・月数は整数で渡してください")
    return number


PURE: Mapping[str, Callable[..., object]] = {
    "len": length,
    "any_of": any_of,
    "all_of": all_of,
    "count_of": count_of,
    "values_of": values_of,
    "min": smallest,
    "max": largest,
    "sum": total,
    "contains": contains,
    "text_of": text_of,
    "is_blank": is_blank,
    "date_of": date_of,
    "days_after": days_after,
    "days_between": days_between,
    "start_of": start_of,
    "overdue_at": overdue_at,
}
#: every function that a published definition may call
FUNCTION_NAMES: frozenset[str] = frozenset(
    {*PURE, "today", "months_after", "business_days_after", "business_days_before"}
)


def standard_functions(dates: DateFunctions) -> dict[str, Callable[..., object]]:
    """All functions of the language, those of dates bound to the host's calendar and clock."""

    def months_after(start: object, months: object) -> date:
        return dates.months_after(date_of(start), _count("months_after", months))

    def business_days_after(start: object, days: object) -> date:
        return dates.business_days_after(date_of(start), _count("business_days_after", days))

    def business_days_before(start: object, days: object) -> date:
        return dates.business_days_before(date_of(start), _count("business_days_before", days))

    return {
        **PURE,
        "today": dates.today,
        "months_after": months_after,
        "business_days_after": business_days_after,
        "business_days_before": business_days_before,
    }
