"""Single values as people, pages, scenario files and the API give them, to the one form in which they are kept.

Every function returns the kept value or raises ValueError whose text is the end of a Japanese sentence beginning
with the field's label. None stands for "left empty".
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time
from typing import Any

from engine.domain.business_days import TOKYO
from engine.domain.kana import is_reading, to_hiragana
from engine.domain.wareki import DateNotUnderstood, format_gregorian, parse_date

MAX_INT = 10**9
_DATE_EXAMPLE = "は「R8.9.25」「令和8年9月25日」「2026-09-25」のように入力してください。"
_MOMENT_EXAMPLE = "は「2026-09-25 10:42」「R8.9.25 10:42」のように入力してください。"
_CLOCK = re.compile(r"(?P<day>.+?)(?:[T ]+)(?P<hour>\d{1,2})[:時](?P<minute>\d{1,2})分?(?::\d{2}(?:\.\d+)?)?")
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?")
_INTERVAL = re.compile(
    r"(\d{1,4})(か月|カ月|ヶ月|ヵ月|箇月|ケ月|月|months?|日|calendar_days?|days?|週間?|weeks?|年|years?"
    r"|business_days?|営業日|開庁日)"
)
_INTERVAL_UNITS = {"日": ("calendar_days", 1), "c": ("calendar_days", 1), "d": ("calendar_days", 1),
                   "週": ("calendar_days", 7), "w": ("calendar_days", 7), "年": ("months", 12), "y": ("months", 12),
                   "b": ("business_days", 1), "営": ("business_days", 1), "開": ("business_days", 1)}  # fmt: skip
_EMAIL = re.compile(r"[^@\s<>\"',;:\\()\[\]]{1,64}@[^@\s<>\"',;:\\()\[\]]{1,190}\.[A-Za-z0-9-]{2,63}")
_TEL = re.compile(r"[0-9+\-()#*,.内線 x]{2,40}")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-"))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  #: categories Cc and Cs but tab and line break
_TRUE = frozenset({"true", "はい", "あり", "有", "on", "1", "yes", "する", "○", "済", "済み", "確認済み"})
_FALSE = frozenset({"false", "いいえ", "なし", "無", "off", "0", "no", "しない", "×", "未", "未確認"})


def clean_text(value: Any, *, lines: bool) -> str | None:
    """A text without control characters and surrounding space; None when nothing is left.

    Numbers and booleans that a file gave without quotation marks are taken as they are written. lines: whether
    line breaks stay.
    """
    if type(value) is str and value.isprintable():  # one line without anything to be taken out
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        value = "はい" if value else "いいえ"
    if isinstance(value, (int, float, date)):
        value = value.isoformat() if isinstance(value, date) else str(value)
    if not isinstance(value, str):
        raise ValueError("は文字で入力してください。")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    if not lines:
        text = " ".join(text.replace("\t", " ").split("\n"))
    return text.strip() or None


def folded(value: Any) -> str | None:
    """One line with widths folded, for numbers, dates and addresses of machines."""
    text = clean_text(value, lines=False)
    return unicodedata.normalize("NFKC", text).strip() or None if text is not None else None


def parse_bool(value: Any, true_label: str, false_label: str) -> bool | None:
    """True or False from the labels of the field or the usual words."""
    if isinstance(value, bool) or value is None:
        return value
    text = folded(value)
    if text is None:
        return None
    if text == unicodedata.normalize("NFKC", true_label) or text.lower() in _TRUE:
        return True
    if text == unicodedata.normalize("NFKC", false_label) or text.lower() in _FALSE:
        return False
    raise ValueError(f"は「{true_label}」か「{false_label}」を選んでください。")


def parse_int(value: Any) -> int | None:
    """A whole number, in any width, with or without separators."""
    if isinstance(value, bool):
        raise ValueError("は数字で入力してください。")
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) <= MAX_INT else "多すぎる"
    text = folded(value)
    if text is None:
        return None
    match = re.fullmatch(r"(-?\d{1,10})(?:歳|人|件|回|か月|名|円)?", text.replace(",", "").translate(_DASHES))
    if match is None or abs(int(match[1])) > MAX_INT:
        raise ValueError("は数字で入力してください。")
    return int(match[1])


def parse_day(value: Any, today: date) -> str | None:
    """A date as ISO text, from Japanese or Gregorian writing."""
    if isinstance(value, datetime):
        return (value.astimezone(TOKYO) if value.tzinfo else value).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = folded(value)
    if text is None:
        return None
    if len(text) > 40:
        raise ValueError(_DATE_EXAMPLE)
    if _ISO_MOMENT.fullmatch(text):
        moment = parse_moment(text, today)
        return datetime.fromisoformat(moment).astimezone(TOKYO).date().isoformat() if moment else None
    try:
        return parse_date(text, today=today).isoformat()
    except DateNotUnderstood as error:
        said = error.message_ja.partition("。")[0]
        if said == "日付として読めません":
            raise ValueError(_DATE_EXAMPLE) from None
        raise ValueError(f"を確かめてください。{said}。") from None


def parse_moment(value: Any, today: date) -> str | None:
    """A moment as ISO text with its offset; without one it is meant in Asia/Tokyo. A day alone is its 00:00."""
    if isinstance(value, datetime):
        return _kept_moment(value)
    if isinstance(value, date):
        return _kept_moment(datetime.combine(value, time(0)))
    text = folded(value)
    if text is None:
        return None
    if len(text) > 60:
        raise ValueError(_MOMENT_EXAMPLE)
    if _ISO_MOMENT.fullmatch(text):
        try:
            return _kept_moment(datetime.fromisoformat(text))
        except ValueError:
            raise ValueError(_MOMENT_EXAMPLE) from None
    return _kept_moment(_written_moment(text, today))


def _written_moment(text: str, today: date) -> datetime:
    match = _CLOCK.fullmatch(text)
    try:
        if match is None:
            return datetime.combine(parse_date(text, today=today), time(0))
        clock = time(int(match["hour"]), int(match["minute"]))
        return datetime.combine(parse_date(match["day"], today=today), clock)
    except ValueError:
        raise ValueError(_MOMENT_EXAMPLE) from None


def _kept_moment(moment: datetime) -> str:
    try:
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=TOKYO)
        return aware.astimezone(TOKYO).isoformat(timespec="minutes" if not aware.second else "seconds")
    except (OverflowError, ValueError):
        raise ValueError(_MOMENT_EXAMPLE) from None


def instant_of(kept: str) -> datetime:
    """The aware UTC datetime of a kept moment."""
    return datetime.fromisoformat(kept).astimezone(UTC)


def parse_interval(value: str) -> tuple[int, str] | None:
    """``3 months``, ``3か月``, ``2週間``, ``1年``, ``14日`` as (number, unit of deadlines), else None."""
    text = unicodedata.normalize("NFKC", value).strip().lower().replace(" ", "").replace("ケ月", "か月")
    match = _INTERVAL.fullmatch(text)
    if match is None:
        return None
    unit, factor = _INTERVAL_UNITS.get(match[2][0], ("months", 1))
    return (int(match[1]) * factor, unit)


def keep_interval(value: Any) -> str | None:
    """An interval as ``3 months``."""
    text = folded(value)
    if text is None:
        return None
    parsed = parse_interval(text) if len(text) <= 40 else None
    if parsed is None or parsed[0] < 1:
        raise ValueError("は「3か月」「14日」のように入力してください。")
    return f"{parsed[0]} {parsed[1]}"


def keep_kana(value: Any) -> str | None:
    """A reading in hiragana; katakana is turned into hiragana."""
    text = clean_text(value, lines=False)
    if text is None:
        return None
    reading = to_hiragana(text)
    if not is_reading(reading):
        raise ValueError("はひらがなで入力してください。")
    return reading


def keep_tel(value: Any) -> str | None:
    """A telephone number with widths folded; dashes of all kinds are hyphens."""
    text = folded(value)
    if text is None:
        return None
    text = text.translate(_DASHES)
    if not _TEL.fullmatch(text) or not any(c.isdigit() for c in text):
        raise ValueError("は「058-000-0000」のように数字で入力してください。")
    return text


def keep_email(value: Any) -> str | None:
    """A mail address with widths folded."""
    text = folded(value)
    if text is None:
        return None
    if not _EMAIL.fullmatch(text):
        raise ValueError("は「name@example.jp」のように入力してください。")
    return text


def interval_ja(kept: str) -> str:
    """``3 months`` as 「3か月」, for reading."""
    parsed = parse_interval(kept)
    if parsed is None:
        return kept
    words = {"months": "か月", "calendar_days": "日", "business_days": "開庁日"}
    return f"{parsed[0]}{words[parsed[1]]}"


def limit_ja(day: date) -> str:
    """A date inside an error message."""
    return format_gregorian(day, weekday=False)
