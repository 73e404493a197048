"""Dates as people write and read them: Japanese eras and the Gregorian calendar, fiscal years, ages.

Years before 明治6年 followed another calendar; they are read here as the Gregorian date with that number, as
registers print them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from engine.domain.business_days import TOKYO, WEEKDAY_NAMES, require_aware


@dataclass(frozen=True)
class Era:
    """One era: its first day, and the last day on which its name may be written."""

    name: str
    letter: str
    first: date
    last: date | None  #: None while the era lasts

    def year_of(self, day: date) -> int:
        """The year within the era; 1 for 元年."""
        return day.year - self.first.year + 1


#: 明治 to 昭和 share the day on which they changed (改元 took effect within the day); 平成 and 令和 do not (政令).
ERAS = (
    Era("明治", "M", date(1868, 1, 25), date(1912, 7, 30)),
    Era("大正", "T", date(1912, 7, 30), date(1926, 12, 25)),
    Era("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("令和", "R", date(2019, 5, 1), None),
)
_BY_WRITING = {writing: era for era in ERAS for writing in (era.name, era.name[0], era.letter)}
_EXAMPLE = "「R8.9.25」「令和8年9月25日」「2026-09-25」のように書いてください。"

_ERA_DATE = re.compile(r"(明治|大正|昭和|平成|令和|[明大昭平令MTSHR])(元|\d{1,2})[年./-](\d{1,2})[月./-](\d{1,2})日?\Z")
_GREGORIAN_DATE = re.compile(r"(?:西暦)?(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?\Z")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_BARE_DATE = re.compile(r"(元|\d{1,2})[年./-](\d{1,2})[月./-](\d{1,2})日?\Z")
_WEEKDAY = re.compile(r"\([月火水木金土日](?:曜日?)?\)\Z")
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十]+")
_KANJI_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-") | {"。": ".", "・": ".", "、": "."})


class DateNotUnderstood(ValueError):
    """The text is no date, or names a day that does not exist; ``message_ja`` says what to do."""

    def __init__(self, text: str, message_ja: str) -> None:
        super().__init__(f"{text!r}: {message_ja}")
        self.text, self.message_ja = text, message_ja


def parse_date(text: str, *, today: date | None = None) -> date:
    """Read a date in Japanese or Gregorian form, in half or full width.

    ``R7.4.1``, ``令和7年4月1日``, ``令和元年5月1日``, ``2025-04-01``, ``2025/4/1``, ``20250401``. A bare
    ``8.9.25`` is meant in the current era, that of ``today`` (by default the newest one). A weekday behind the
    date is ignored. Raises DateNotUnderstood.
    """
    plain = _plain(text)
    if match := _ERA_DATE.match(plain):
        return _in_era(text, _BY_WRITING[match.group(1)], match.group(2), match.group(3), match.group(4))
    if match := _GREGORIAN_DATE.match(plain) or _COMPACT_DATE.match(plain):
        return _day(text, int(match.group(1)), int(match.group(2)), int(match.group(3)))
    if match := _BARE_DATE.match(plain):
        era = era_of(today) if today is not None else ERAS[-1]
        return _in_era(text, era, match.group(1), match.group(2), match.group(3))
    raise DateNotUnderstood(text, f"日付として読めません。{_EXAMPLE}")


def _plain(text: str) -> str:
    """Half width, upper case, without spaces and weekday, with kanji numbers as digits."""
    folded = "".join(unicodedata.normalize("NFKC", text).upper().split()).translate(_DASHES)
    return _KANJI_NUMBER.sub(lambda found: _kanji_number(found.group()), _WEEKDAY.sub("", folded))


def _kanji_number(text: str) -> str:
    """``二十五`` and ``二五`` as ``25``; what is no number stays as it is."""
    if "十" not in text:
        return "".join(str(_KANJI_DIGITS[digit]) for digit in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return text
    return str((_KANJI_DIGITS[tens] if tens else 1) * 10 + (_KANJI_DIGITS[ones] if ones else 0))


def _in_era(text: str, era: Era, year: str, month: str, day: str) -> date:
    number = 1 if year == "元" else int(year)
    if number < 1:
        raise DateNotUnderstood(text, f"{era.name}に0年はありません。1年目は「元」または「1」と書いてください。")
    found = _day(text, era.first.year + number - 1, int(month), int(day))
    if found < era.first:
        first = format_gregorian(era.first, weekday=False)
        raise DateNotUnderstood(text, f"{era.name}は{first}に始まりました。元号を確かめてください。")
    if era.last is not None and found > era.last:
        raise DateNotUnderstood(text, f"{era.name}は{_era_text(era, era.last)}までです。元号を確かめてください。")
    return found


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise DateNotUnderstood(text, f"その日は暦にありません。{_EXAMPLE}") from None
    if found < ERAS[0].first:
        raise DateNotUnderstood(text, "明治より前の日付は使えません。年を確かめてください。")
    return found


def era_of(day: date) -> Era:
    """The era of a day; on a day on which the era changed, the new one. Raises ValueError before 明治."""
    for era in reversed(ERAS):
        if day >= era.first:
            return era
    raise ValueError(f"no era for {day}")


def _era_text(era: Era, day: date) -> str:
    year = era.year_of(day)
    return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def format_wareki(day: date, *, weekday: bool = True) -> str:
    """``令和8年9月25日（金）``; the first year is 元年. Raises ValueError before 明治."""
    return _era_text(era_of(day), day) + (_weekday(day) if weekday else "")


def format_wareki_short(day: date) -> str:
    """``R8.9.25``, for narrow tables."""
    era = era_of(day)
    return f"{era.letter}{era.year_of(day)}.{day.month}.{day.day}"


def format_gregorian(day: date, *, weekday: bool = True) -> str:
    """``2026年9月25日（金）``."""
    return f"{day.year}年{day.month}月{day.day}日" + (_weekday(day) if weekday else "")


def format_day(day: date, today: date, *, wareki: bool = False) -> str:
    """For screens: ``9月25日（金）`` within the current year, the full date otherwise."""
    if day.year == today.year:
        return f"{day.month}月{day.day}日{_weekday(day)}"
    return format_wareki(day) if wareki else format_gregorian(day)


def _weekday(day: date) -> str:
    return f"（{WEEKDAY_NAMES[day.weekday()]}）"


@lru_cache(512)  # the days of which deadlines speak are few
def day_ja(day: date) -> str:
    """``2026年9月15日（火）``."""
    return format_gregorian(day)


def moment_ja(instant: datetime) -> str:
    """``2026年9月15日（火）10:42`` in Tokyo; refuses a naive instant."""
    local = require_aware(instant).astimezone(TOKYO)
    return f"{day_ja(local.date())}{local:%H:%M}"


def duration_ja(length: timedelta) -> str:
    """``3日2時間5分``; parts that are zero are left out."""
    minutes = int(length.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days}日" if days else "", f"{hours}時間" if hours else "", f"{minutes}分" if minutes else ""]
    return "".join(parts) or "0分"


def fiscal_year(day: date) -> int:
    """The Gregorian year in which the fiscal year (1 April to 31 March) of a day began."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_year_label(year: int) -> str:
    """``令和7年度`` for 2025.

    A fiscal year keeps the era with which it began, but the one from April 2019 is 令和元年度 throughout
    (新元号への円滑な移行に向けた関係省庁連絡会議申合せ, 2019-04-01): both follow from the era on 1 May.
    """
    era = era_of(date(year, 5, 1))
    number = era.year_of(date(year, 5, 1))
    return f"{era.name}{'元' if number == 1 else number}年度"


def fiscal_year_short(year: int) -> str:
    """``R7`` for 2025, for URLs and file names."""
    era = era_of(date(year, 5, 1))
    return f"{era.letter}{era.year_of(date(year, 5, 1))}"


def age_on(birth: date, day: date) -> int:
    """Full years of age on a day; who was born on 29 February grows older on 1 March of common years.

    Raises ValueError when the day lies before the birth.
    """
    if day < birth:
        raise ValueError(f"{day} lies before the birth on {birth}")
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
