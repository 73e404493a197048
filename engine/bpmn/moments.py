"""From a timer's expression to instants: ISO 8601 durations, instants, dates and repeating intervals."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.bpmn.failures import RunFailed

TOKYO = ZoneInfo("Asia/Tokyo")
_DURATION = re.compile(
    r"P(?=[0-9T])(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?"
)
_CYCLE = re.compile(r"R(\d{1,4})?/(P.+)")


@dataclass(frozen=True)
class Cycle:
    """A repeating timer: first due instant (UTC), the period as text, fires left (None: without end)."""

    due: datetime
    period: str
    left: int | None


def due_instant(value: object, now: datetime) -> datetime:
    """When a timer is due, UTC.

    value: an aware instant; a date or ``YYYY-MM-DD`` (00:00 Asia/Tokyo); an ISO instant with offset; or an ISO duration
    counted from ``now``, where months and years end on the same day number or on the month's last day.
    """
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), TOKYO).astimezone(UTC)
    if not isinstance(value, str):
        raise RunFailed("タイマーの式は、日付・日時・期間（P3Dなど）を返してください")
    text = value.strip()
    if text[:1].upper() == "P":
        return after(now, text)
    try:
        return due_instant(date.fromisoformat(text), now) if len(text) == 10 else _utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise RunFailed(f"タイマーの値「{text[:40]}」を読み取れません") from error


def cycle(value: object, now: datetime) -> Cycle:
    """A repeating interval ``R3/P7D`` or ``R/P7D``; the first fire comes after one period."""
    match = _CYCLE.fullmatch(value.strip().upper()) if isinstance(value, str) else None
    if match is None or match[1] == "0":
        raise RunFailed("繰り返しのタイマーは「R3/P7D」の形で書いてください")
    due = after(now, match[2])
    if due <= now:
        raise RunFailed("繰り返しの間隔が0です")
    return Cycle(due, match[2], int(match[1]) if match[1] else None)


def after(start: datetime, duration: str) -> datetime:
    """``start`` plus an ISO duration, on Asia/Tokyo's calendar; UTC."""
    match = _DURATION.fullmatch(duration.upper())
    if match is None:
        raise RunFailed(f"期間「{duration[:40]}」を読み取れません")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    local = _plus_months(start.astimezone(TOKYO), years * 12 + months)
    try:
        return (local + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)).astimezone(
            UTC
        )
    except OverflowError as error:
        raise RunFailed(f"期間「{duration[:40]}」が長すぎます") from error


def _plus_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > 9_990:
        raise RunFailed("期間が長すぎます")
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise RunFailed("タイマーの日時に時差（+09:00など）が付いていません")
    return instant.astimezone(UTC)
