"""Calendars from ``workflows/calendars/``: one YAML file each, and the Cabinet Office's list of holidays if placed.

National holidays are computed by ``jpholiday`` year by year when first asked for. The file ``syukujitsu.csv`` of
the Cabinet Office wins for every year that it covers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jpholiday

from engine.domain.business_days import WEEKDAY_NAMES, Calendar
from engine.reference.files import ReferenceFileInvalid, as_date, as_time, only, read_mapping

CABINET_OFFICE_FILE = "syukujitsu.csv"
_KEYS = (
    *("name", "source", "extends", "valid_from", "valid_until", "holidays_announced_until", "closed_weekdays"),
    *("national_holidays", "year_end", "opening", "closing", "closed", "opened"),
)


class NationalHolidays(Mapping[date, str]):
    """Day and name of each national holiday between two years, reckoned when a year is first asked for."""

    def __init__(self, first_year: int, last_year: int, announced: Mapping[date, str]) -> None:
        self._years = range(first_year, last_year + 1)
        self._announced = announced
        self.announced_years = frozenset(day.year for day in announced)

    def __getitem__(self, day: date) -> str:
        return self._year(day.year)[day]

    def __iter__(self) -> Iterator[date]:
        return (day for year in self._years for day in self._year(year))

    def __len__(self) -> int:
        return sum(len(self._year(year)) for year in self._years)

    def _year(self, year: int) -> Mapping[date, str]:
        if year in self.announced_years:
            return {day: name for day, name in self._announced.items() if day.year == year}
        return _computed_holidays(year) if year in self._years else {}


@cache
def _computed_holidays(year: int) -> Mapping[date, str]:
    return dict(jpholiday.year_holidays(year))


def load_calendars(folder: Path) -> dict[str, Calendar]:
    """All calendars of a folder by file name (without ending); raises ReferenceFileInvalid."""
    announced = read_cabinet_office(folder / CABINET_OFFICE_FILE)
    calendars = {}
    for path in sorted(folder.glob("*.yaml")):
        calendars[path.stem] = _calendar(path, _with_base(path, ()), announced)
    return calendars


def read_cabinet_office(path: Path) -> dict[date, str]:
    """Holidays of ``syukujitsu.csv`` (CP932 as published, or UTF-8); empty when the file is not there.

    Two columns under a heading: ``2026/1/1,元日``.
    """
    if not path.exists():
        return {}
    holidays = {}
    rows = csv.reader(io.StringIO(_decoded(path), newline=""))
    next(rows, None)
    for row in rows:
        if not any(row):
            continue
        try:
            year, month, day = (int(part) for part in row[0].replace("-", "/").split("/"))
            holidays[date(year, month, day)] = row[1].strip()
        except (ValueError, IndexError):
            raise ReferenceFileInvalid(path, f"line {rows.line_num}: not a day and a name: {row}") from None
    return holidays


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ReferenceFileInvalid(path, "neither UTF-8 nor Shift_JIS")


def _with_base(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The settings of a calendar laid over those of the one that it extends."""
    if path in seen:
        raise ReferenceFileInvalid(path, "calendars extend each other in a circle")
    settings = only(path, "calendar", read_mapping(path), _KEYS)
    base_name = settings.pop("extends", None)
    if base_name is None:
        return settings
    base = path.with_name(f"{base_name}.yaml")
    if not base.exists():
        raise ReferenceFileInvalid(path, f"it extends {base_name}, which does not exist")
    return _with_base(base, (*seen, path)) | settings


def _calendar(path: Path, settings: dict[str, Any], announced: Mapping[date, str]) -> Calendar:
    missing = {"name", "valid_from", "valid_until", "opening", "closing", "closed_weekdays"} - set(settings)
    if missing:
        raise ReferenceFileInvalid(path, f"missing: {', '.join(sorted(missing))}")
    first = as_date(path, "valid_from", settings["valid_from"])
    last = as_date(path, "valid_until", settings["valid_until"])
    holidays: Mapping[date, str] = {}
    if settings.get("national_holidays", True):
        holidays = NationalHolidays(first.year, last.year, announced)
    try:
        return Calendar(
            name=str(settings["name"]),
            valid_from=first,
            valid_until=last,
            holidays=holidays,
            closed=_year_ends(path, settings, first.year, last.year) | _closed_days(path, settings),
            opened=frozenset(as_date(path, "opened", day) for day in settings.get("opened") or ()),
            closed_weekdays=_weekdays(path, settings["closed_weekdays"]),
            opening=as_time(path, "opening", settings["opening"]),
            closing=as_time(path, "closing", settings["closing"]),
            confirmed_until=_confirmed_until(path, settings, announced),
        )
    except ValueError as error:
        raise error if isinstance(error, ReferenceFileInvalid) else ReferenceFileInvalid(path, str(error)) from error


def _closed_days(path: Path, settings: dict[str, Any]) -> dict[date, str]:
    entries = [only(path, "closed", entry, ("on", "reason")) for entry in settings.get("closed") or ()]
    return {as_date(path, "closed.on", entry.get("on")): str(entry.get("reason", "臨時の休み")) for entry in entries}


def _year_ends(path: Path, settings: dict[str, Any], first_year: int, last_year: int) -> dict[date, str]:
    """The days of the year-end closing; it begins in one year and ends in the next."""
    if settings.get("year_end") is None:
        return {}
    entry = only(path, "year_end", settings["year_end"], ("from", "until", "reason"))
    reason = str(entry.get("reason", "年末年始の休み"))
    days: dict[date, str] = {}
    for year in range(first_year - 1, last_year + 1):
        day, end = _month_day(path, entry.get("from"), year), _month_day(path, entry.get("until"), year + 1)
        while day <= end:
            days[day] = reason
            day += timedelta(days=1)
    return days


def _month_day(path: Path, text: Any, year: int) -> date:
    try:
        month, day = (int(part) for part in str(text).split("-"))
        return date(year, month, day)
    except ValueError:
        raise ReferenceFileInvalid(path, f'year_end: a day like "12-29" is expected, not {text!r}') from None


def _weekdays(path: Path, names: Any) -> frozenset[int]:
    unknown = [name for name in names if name not in WEEKDAY_NAMES]
    if unknown:
        raise ReferenceFileInvalid(path, f"closed_weekdays: write 月 to 日, not {unknown}")
    return frozenset(WEEKDAY_NAMES.index(name) for name in names)


def _confirmed_until(path: Path, settings: dict[str, Any], announced: Mapping[date, str]) -> date | None:
    """The last day with announced holidays: the setting, or the last year of the Cabinet Office's file."""
    given = settings.get("holidays_announced_until")
    known = [as_date(path, "holidays_announced_until", given)] if given is not None else []
    known += [date(max(announced).year, 12, 31)] if announced else []
    return max(known, default=None)
