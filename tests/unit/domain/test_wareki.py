from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.wareki import (
    DateNotUnderstood,
    age_on,
    duration_ja,
    fiscal_year,
    fiscal_year_label,
    fiscal_year_short,
    format_day,
    format_gregorian,
    format_wareki,
    format_wareki_short,
    moment_ja,
    parse_date,
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("R7.4.1", date(2025, 4, 1)),
        ("r7.4.1", date(2025, 4, 1)),
        ("R7/4/1", date(2025, 4, 1)),
        ("R07-04-01", date(2025, 4, 1)),
        ("令和7年4月1日", date(2025, 4, 1)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("令7.4.1", date(2025, 4, 1)),
        ("Ｒ７．４．１", date(2025, 4, 1)),
        ("令和　７年　４月　１日", date(2025, 4, 1)),
        ("令和七年十二月二十五日", date(2025, 12, 25)),
        ("昭和五十一年十月十日", date(1976, 10, 10)),
        ("㍻30年4月1日", date(2018, 4, 1)),
        ("2025-04-01", date(2025, 4, 1)),
        ("2025/4/1", date(2025, 4, 1)),
        ("2025.4.1", date(2025, 4, 1)),
        ("２０２５年４月１日", date(2025, 4, 1)),
        ("2025－04－01", date(2025, 4, 1)),
        ("西暦2025年4月1日", date(2025, 4, 1)),
        ("20250401", date(2025, 4, 1)),
        ("8.9.25", date(2026, 9, 25)),
        ("8年9月25日", date(2026, 9, 25)),
        ("令和8年9月25日（金）", date(2026, 9, 25)),
        ("2026年9月25日(金曜日)", date(2026, 9, 25)),
        ("M45.7.29", date(1912, 7, 29)),
        ("明治45年7月30日", date(1912, 7, 30)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("T15.12.25", date(1926, 12, 25)),
        ("S1.12.25", date(1926, 12, 25)),
        ("S64.1.7", date(1989, 1, 7)),
        ("H1.1.8", date(1989, 1, 8)),
        ("H31.4.30", date(2019, 4, 30)),
        ("明治元年1月25日", date(1868, 1, 25)),
    ],
)
def test_a_date_is_read_in_every_writing(text, day):
    assert parse_date(text) == day


def test_a_bare_date_is_meant_in_the_era_of_today():
    assert parse_date("8.9.25", today=date(2000, 1, 1)) == date(1996, 9, 25)


@pytest.mark.parametrize(
    "text",
    ["", "あした", "9/25", "R7.13.1", "R7.2.30", "2025-02-29", "R0.1.1", "X7.4.1", "R7.4", "25-4", "1850-01-01"],
)
def test_what_is_no_date_is_refused_with_advice(text):
    with pytest.raises(DateNotUnderstood) as refusal:
        parse_date(text)
    assert refusal.value.message_ja.endswith("ください。")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("昭和64年1月8日", "昭和は昭和64年1月7日まで"),
        ("平成31年5月1日", "平成は平成31年4月30日まで"),
        ("H35.4.1", "平成は"),
        ("大正15年12月26日", "大正は"),
        ("令和元年4月30日", "令和は2019年5月1日に始まりました"),
        ("平成元年1月7日", "平成は1989年1月8日に始まりました"),
        ("明治元年1月24日", "明治"),
    ],
)
def test_a_day_outside_its_era_is_refused(text, words):
    with pytest.raises(DateNotUnderstood, match=words):
        parse_date(text)


@given(st.dates(date(1868, 1, 25), date(2100, 12, 31)))
def test_every_day_reads_back_from_every_form_it_is_written_in(day):
    assert parse_date(format_wareki(day)) == day
    assert parse_date(format_wareki(day, weekday=False)) == day
    assert parse_date(format_wareki_short(day)) == day
    assert parse_date(format_gregorian(day)) == day
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2026, 9, 25), "令和8年9月25日（金）", "R8.9.25"),
        (date(2019, 5, 1), "令和元年5月1日（水）", "R1.5.1"),
        (date(2019, 4, 30), "平成31年4月30日（火）", "H31.4.30"),
        (date(1989, 1, 7), "昭和64年1月7日（土）", "S64.1.7"),
        (date(1926, 12, 25), "昭和元年12月25日（土）", "S1.12.25"),
        (date(1912, 7, 29), "明治45年7月29日（月）", "M45.7.29"),
    ],
)
def test_a_day_is_written_in_its_era(day, long, short):
    assert (format_wareki(day), format_wareki_short(day)) == (long, short)


def test_the_year_is_left_out_only_within_the_current_year():
    assert format_day(date(2026, 9, 25), date(2026, 1, 1)) == "9月25日（金）"
    assert format_day(date(2027, 1, 4), date(2026, 12, 28)) == "2027年1月4日（月）"
    assert format_day(date(2027, 1, 4), date(2026, 12, 28), wareki=True) == "令和9年1月4日（月）"


def test_a_moment_is_written_in_tokyo_time():
    assert moment_ja(datetime(2026, 9, 25, 1, 42, tzinfo=UTC)) == "2026年9月25日（金）10:42"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0分"),
        (timedelta(days=3, hours=2, minutes=5), "3日2時間5分"),
        (timedelta(minutes=90), "1時間30分"),
    ],
)
def test_a_duration_leaves_out_what_is_zero(length, text):
    assert duration_ja(length) == text


@pytest.mark.parametrize(
    ("day", "year", "label", "short"),
    [
        (date(2025, 4, 1), 2025, "令和7年度", "R7"),
        (date(2026, 3, 31), 2025, "令和7年度", "R7"),
        (date(2019, 4, 1), 2019, "令和元年度", "R1"),
        (date(2019, 3, 31), 2018, "平成30年度", "H30"),
        (date(1989, 2, 1), 1988, "昭和63年度", "S63"),
    ],
)
def test_a_fiscal_year_runs_from_april_to_march(day, year, label, short):
    assert (fiscal_year(day), fiscal_year_label(year), fiscal_year_short(year)) == (year, label, short)


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2000, 4, 1), date(2026, 3, 31), 25),
        (date(2000, 4, 1), date(2026, 4, 1), 26),
        (date(2004, 2, 29), date(2025, 2, 28), 20),
        (date(2004, 2, 29), date(2025, 3, 1), 21),
        (date(2026, 4, 1), date(2026, 4, 1), 0),
    ],
)
def test_age_counts_full_years(birth, day, age):
    assert age_on(birth, day) == age


def test_nobody_has_an_age_before_birth():
    with pytest.raises(ValueError, match="before the birth"):
        age_on(date(2026, 4, 2), date(2026, 4, 1))
