"""Dates, moments and codes in the words of the page's language and the person's calendar."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flask import g, has_request_context

from engine.domain.business_days import TOKYO, tokyo_date
from engine.domain.case_number import CaseNumber
from engine.domain.wareki import format_gregorian, format_wareki, format_wareki_short
from web.i18n import language

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS = "月火水木金土日"
_FIRST_ERA_DAY = date(1868, 1, 25)


def _today() -> date:
    return tokyo_date(g.now) if has_request_context() and hasattr(g, "now") else date.min


def _eras() -> bool:
    signed_in = getattr(g, "signed_in", None) if has_request_context() else None
    return True if signed_in is None else bool(signed_in.era_dates)


def day(value: date | None) -> str:
    """``9月25日（金）``; the year only when it is not the current one."""
    if value is None:
        return ""
    if value.year != _today().year:
        return full_day(value)
    if language() == "en":
        return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]}"
    return f"{value.month}月{value.day}日（{_WEEKDAYS[value.weekday()]}）"


def full_day(value: date | None) -> str:
    """``令和8年9月25日（金）`` or ``2026年9月25日（金）``, as the person prefers."""
    if value is None:
        return ""
    if language() == "en":
        return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]} {value.year}"
    return format_wareki(value) if _eras() and value >= _FIRST_ERA_DAY else format_gregorian(value)


def short_day(value: date | None) -> str:
    """``R8.9.25`` or ``2026-09-25``, for narrow tables."""
    if value is None:
        return ""
    return format_wareki_short(value) if _eras() and value >= _FIRST_ERA_DAY else value.isoformat()


def clock_time(value: datetime | None) -> str:
    """``10:42`` in Tokyo."""
    return "" if value is None else f"{value.astimezone(TOKYO):%H:%M}"


def moment(value: datetime | None) -> str:
    """``9月25日（金）10:42`` in Tokyo."""
    if value is None:
        return ""
    separator = " " if language() == "en" else ""
    return f"{day(tokyo_date(value))}{separator}{clock_time(value)}"


def moment_day(value: datetime | None) -> str:
    """The Tokyo day of a moment, as ``day``."""
    return "" if value is None else day(tokyo_date(value))


def last_day(value: datetime | None) -> str:
    """The last Tokyo day before an end moment: what ends at 00:00 held until the day before."""
    return "" if value is None else day(tokyo_date(value - timedelta(microseconds=1)))


def with_san(name: str) -> str:
    """A name as people are spoken of in Japanese: さん once, also where a provisional name has it already."""
    return name if language() != "ja" or name.endswith("さん") or "さん（" in name else f"{name}さん"


def full_moment(value: datetime | None) -> str:
    """``令和8年9月25日（金）10:42`` in Tokyo, for records and prints."""
    if value is None:
        return ""
    separator = " " if language() == "en" else ""
    return f"{full_day(tokyo_date(value))}{separator}{clock_time(value)}"


def iso(value: date | datetime | None) -> str:
    """For the ``datetime`` attribute of ``<time>``."""
    return "" if value is None else value.isoformat()


def case_number(number: str) -> str:
    """``令和8年度－0301`` for R8-0301; English pages keep the short form."""
    if language() == "en":
        return number
    try:
        return str(CaseNumber.parse(number))
    except ValueError:
        return number


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


def printable(value: object) -> object:
    """What a template writes: characters that no page may hold are shown as �, the rest stays as it is."""
    if isinstance(value, str) and _UNPRINTABLE.search(value):
        return type(value)(_UNPRINTABLE.sub("\ufffd", value))
    return value


def file_size(size: int) -> str:
    """``1.2MB`` or ``34KB``, at least 1KB."""
    return f"{size / 1_048_576:.1f}MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))}KB"


FILTERS = {
    "day": day,
    "full_day": full_day,
    "short_day": short_day,
    "clock_time": clock_time,
    "moment": moment,
    "last_day": last_day,
    "moment_day": moment_day,
    "with_san": with_san,
    "full_moment": full_moment,
    "iso": iso,
    "file_size": file_size,
    "case_number": case_number,
}
