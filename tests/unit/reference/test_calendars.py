from __future__ import annotations

import shutil
from datetime import date, time
from pathlib import Path

import holidays
import pytest

from engine.reference.calendars import load_calendars
from engine.reference.files import ReferenceFileInvalid

CALENDARS = Path(__file__).parents[3] / "workflows" / "calendars"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(CALENDARS / "city.yaml", tmp_path)
    return tmp_path


def with_changes(folder: Path, text: str) -> Path:
    """A second calendar that extends the city's."""
    (folder / "desk.yaml").write_text("extends: city\nname: 窓口\n" + text, encoding="utf-8")
    return folder


def test_national_holidays_of_twenty_years_agree_with_an_independent_source():
    years = range(2010, 2031)
    loaded = load_calendars(CALENDARS)["city"].holidays
    independent = holidays.country_holidays("JP", years=years)
    assert {day for day in loaded if day.year in years} == set(independent)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2019, 5, 1), "即位の日"),
        (date(2020, 7, 24), "スポーツの日"),
        (date(2021, 8, 9), "山の日"),
        (date(2026, 9, 22), "国民の休日"),
        (date(2026, 5, 6), "振替休日"),
        (date(2026, 12, 29), "年末年始の休み"),
        (date(2010, 1, 2), "年末年始の休み"),
        (date(2037, 3, 31), None),
    ],
)
def test_the_city_closes_on_holidays_of_every_kind(day, reason):
    why = load_calendars(CALENDARS)["city"].why_closed(day)
    assert why is None if reason is None else reason in why


def test_the_city_opens_from_half_past_eight_to_a_quarter_past_five():
    city = load_calendars(CALENDARS)["city"]
    assert (city.opening, city.closing) == (time(8, 30), time(17, 15))


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig"])
def test_the_cabinet_office_file_wins_for_the_years_it_covers(folder, encoding):
    rows = "国民の祝日・休日月日,国民の祝日・休日名称\r\n2026/1/1,元日\r\n2026/6/10,臨時の祝日\r\n"
    (folder / "syukujitsu.csv").write_bytes(rows.encode(encoding))
    city = load_calendars(folder)["city"]
    assert city.why_closed(date(2026, 6, 10)) == "臨時の祝日"
    assert city.is_open(date(2026, 9, 21))
    assert not city.is_open(date(2027, 9, 20))


def test_a_newer_cabinet_office_file_moves_the_announced_horizon(folder):
    (folder / "syukujitsu.csv").write_text("日,名称\n2028/1/1,元日\n", encoding="utf-8")
    assert load_calendars(folder)["city"].confirmed_until == date(2028, 12, 31)
    assert load_calendars(CALENDARS)["city"].confirmed_until == date(2027, 12, 31)


def test_a_calendar_extends_the_city_and_changes_what_it_names(folder):
    text = 'closed_weekdays: [日]\nclosing: "19:00"\nclosed: [{on: 2026-10-01, reason: 棚卸し}]\nopened: [2026-09-21]\n'
    desk = load_calendars(with_changes(folder, text))["desk"]
    assert desk.is_open(date(2026, 9, 19))
    assert desk.is_open(date(2026, 9, 21))
    assert desk.why_closed(date(2026, 9, 22)) == "国民の休日"
    assert desk.why_closed(date(2026, 10, 1)) == "棚卸し"
    assert (desk.opening, desk.closing) == (time(8, 30), time(19, 0))


def test_a_calendar_may_ignore_national_holidays_and_year_end(folder):
    desk = load_calendars(with_changes(folder, "national_holidays: false\nyear_end: null\n"))["desk"]
    assert desk.is_open(date(2026, 9, 21))
    assert desk.is_open(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("closed_weekdays: [Sat]\n", "closed_weekdays"),
        ("closed_weekdays: [月, 火, 水, 木, 金, 土, 日]\n", "leave a day open"),
        ("closed: [{on: 1 October}]\n", "closed.on"),
        ("closed: [{at: 2026-10-01}]\n", "unknown keys: at"),
        ("opening: 830\n", "opening"),
        ('year_end: {from: "13-45", until: "01-03"}\n', "year_end"),
        ("valid_until: 2001-01-01\n", "ends before it begins"),
        ("colour: blue\n", "unknown keys: colour"),
        ("extends: moon\n", "duplicate key"),
        ("name: [\n", "desk.yaml"),
    ],
)
def test_a_calendar_with_a_mistake_is_refused(folder, text, problem):
    with pytest.raises(ReferenceFileInvalid, match=problem):
        load_calendars(with_changes(folder, text))


@pytest.mark.parametrize(("base", "problem"), [("moon", "does not exist"), ("desk", "in a circle")])
def test_a_calendar_cannot_extend_what_is_not_there_or_itself(folder, base, problem):
    (folder / "desk.yaml").write_text(f"extends: {base}\nname: 窓口\n", encoding="utf-8")
    with pytest.raises(ReferenceFileInvalid, match=problem):
        load_calendars(folder)


@pytest.mark.parametrize("row", ["2026/13/1,元日", "2026/1/1", "あした,元日"])
def test_a_holiday_row_that_is_no_day_is_refused_with_its_line(folder, row):
    (folder / "syukujitsu.csv").write_text(f"日,名称\n{row}\n", encoding="utf-8")
    with pytest.raises(ReferenceFileInvalid, match="line 2"):
        load_calendars(folder)
