from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from engine.domain.deadline import DEFAULT_WARN, Period, Unit
from engine.domain.errors import ReferenceMissing
from engine.domain.roles import Role
from engine.reference.files import ReferenceFileInvalid
from engine.reference.loader import load
from engine.reference.model import Reference

WORKFLOWS = Path(__file__).parents[3] / "workflows"
TODAY = date(2026, 4, 1)


@pytest.fixture(scope="module")
def city() -> Reference:
    return load(WORKFLOWS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the reference data that a test may spoil."""
    for name in ("reference", "calendars"):
        shutil.copytree(WORKFLOWS / name, tmp_path / name)
    return tmp_path


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# ---------------------------------------------------------------- organisations


def test_every_organisation_and_programme_of_the_plan_is_there(city):
    assert len(city.organisations) == 36
    assert len(city.programmes) == 19


def test_the_seven_unnamed_centres_are_marked_as_placeholders(city):
    marked = {code for code, organisation in city.organisations.items() if organisation.placeholder}
    assert marked == {f"AG-01-{n}" for n in range(1, 8)} | {"AG-07"}


@pytest.mark.parametrize(
    ("org_id", "division"),
    [
        ("AG-01", "DV-01"),
        ("AG-01-5", "DV-01"),
        ("AG-02", "DV-02"),
        ("AG-03", "DV-03"),
        ("AG-04", "DV-04"),
        ("AG-06", "DV-04"),
        ("AG-08", "DV-04"),
        ("AG-09", "DV-09"),
        ("AG-11", "DV-08"),
        ("DV-04", "DV-04"),
        ("SC-03", "DV-04"),
        ("AG-07", "DV-07"),
        ("AG-05", None),
        ("AG-13", None),
    ],
)
def test_each_organisation_knows_its_division(city, org_id, division):
    assert city.division_of(org_id) == division


@pytest.mark.parametrize("org_id", ["DV-04", "SC-03", "SC-04", "AG-06"])
def test_a_division_and_its_subsections_cover_the_agencies_of_the_division(city, org_id):
    assert city.covers(org_id) == {"AG-04", "AG-06", "AG-08", "DV-04", "SC-03", "SC-04"}


def test_a_division_does_not_cover_another_division_of_the_same_field(city):
    assert city.organisation("DV-06").field_code == city.organisation("DV-01").field_code
    assert not city.covers("DV-06") & city.covers("DV-01")


@pytest.mark.parametrize("org_id", ["AG-01", "AG-01-1", "AG-04", "AG-07", "AG-08", "AG-13"])
def test_an_agency_covers_only_itself(city, org_id):
    assert city.covers(org_id) == {org_id}


def test_the_division_assumed_for_the_coordinator_sees_none_of_its_cases(city):
    assert "AG-07" not in city.covers("DV-07")
    assert city.supervised_by("AG-07") == {"DV-07"}


def test_one_organisation_listed_twice_is_known_as_the_same(city):
    assert city.same_organisation("AG-06") == city.same_organisation("SC-04") == {"AG-06", "SC-04"}
    assert city.covers("AG-03") == {"AG-03", "DV-03"}


def test_supervisors_of_an_agency_sit_in_its_division_and_subsections(city):
    assert city.supervised_by("AG-01-3") == {"DV-01", "SC-01"}
    assert city.supervised_by("AG-04") == {"DV-04", "SC-03", "SC-04", "AG-06"}
    assert city.supervised_by("AG-13") == frozenset()


def test_city_staff_are_those_of_directly_run_organisations_divisions_and_subsections(city):
    direct = {"AG-03", "AG-06", "AG-09", "AG-10", "AG-11"}
    offices = {code for code in city.organisations if code[:2] in ("DV", "SC")}
    assert {code for code in city.organisations if city.is_city_staff(code)} == direct | offices


def test_a_programme_names_the_divisions_in_charge(city):
    assert city.programme("PG-12").division_org_ids == ("DV-01", "DV-06")
    assert city.programme("PG-06").division_org_ids == ()
    assert city.programme("PG-07").is_new
    assert city.programme("PG-10").process_ids == ("outreach",)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("first_review_interval", "3 months"),
        ("review_interval", "6 months"),
        ("plan_period_max", "12 months"),
        ("max_hold", "60 business_days"),
        ("review_notice", "10 business_days"),
        ("handoff_overlap", "3 months"),
        ("outreach_silence", "30 calendar_days"),
        ("outreach_silence_high", "7 calendar_days"),
        ("safety_check", "48 hours"),
    ],
)
def test_periods_are_dated_values_of_the_city(city, name, period):
    assert city.period(name, TODAY) == Period.parse(period)


def test_the_default_warning_of_deadlines_is_the_one_in_the_reference_data(city):
    assert city.period("warn", TODAY) == DEFAULT_WARN


@pytest.mark.parametrize(
    ("name", "org_id"),
    [
        ("multi_agency_coordinator", "AG-07"),
        ("default_outreach_org", "AG-08"),
        ("default_participation_org", "AG-08"),
    ],
)
def test_organisations_that_the_plan_leaves_open_are_named(city, name, org_id):
    assert city.text(name, TODAY) == org_id


def test_every_value_says_where_it_comes_from(city):
    assert [name for name, parameter in city.parameters.items() for v in parameter.values if len(v.source) < 4] == []


def test_a_changed_value_holds_from_its_day(folder):
    row = "    - {from: 2025-04-01, value: 60,"
    earlier = '    - {from: 2025-04-01, value: 40, source: "改正前"}'
    spoil(
        folder / "reference" / "parameters.yaml",
        f"unit: business_days\n  values:\n{row}",
        f"unit: business_days\n  values:\n{earlier}\n{row.replace('2025', '2026')}",
    )
    changed = load(folder)
    assert changed.number("max_hold", date(2026, 3, 31)) == 40
    assert changed.number("max_hold", date(2026, 4, 1)) == 60


def test_no_value_is_made_up_for_a_time_before_the_first(city):
    with pytest.raises(ReferenceMissing, match="review_interval"):
        city.period("review_interval", date(2020, 1, 1))


def test_the_standard_ladder_tells_manager_supervisor_and_programme_lead(city):
    steps = [(step.level, step.after, step.tells) for step in city.ladder("standard", TODAY)]
    assert steps == [
        ("warn", None, None),
        ("overdue", None, None),
        ("1", Period(3, Unit.BUSINESS_DAYS), Role.AGENCY_MANAGER),
        ("2", Period(5, Unit.BUSINESS_DAYS), Role.SUPERVISOR),
        ("3", Period(10, Unit.BUSINESS_DAYS), Role.PROGRAMME_LEAD),
    ]
    assert city.ladder("none", TODAY) == ()


# ---------------------------------------------------------------- vocabulary


def test_every_role_has_its_traits_and_few_see_cases(city):
    assert set(city.roles) == set(Role)
    blind = {role for role in Role if not city.traits(role).sees_cases}
    assert blind == {
        Role.COMMUNITY_DEVELOPER,
        Role.PROGRAMME_LEAD,
        Role.PROCESS_OWNER,
        Role.AUDITOR,
        Role.SYSADMIN,
        Role.CONFERENCE_MEMBER,
    }


def test_only_officers_and_supervisors_see_the_whole_division(city):
    wide = {role for role in Role if city.traits(role).division_wide}
    assert wide == {Role.DIVISION_OFFICER, Role.SUPERVISOR}


def test_sharing_bases_carry_the_words_of_the_form(city):
    privacy_law = ["本人の同意", "69条2項2号", "69条2項3号", "69条2項4号"]
    other_laws = ["106条の6", "虐待防止各法", "要対協", "困難女性支援法15条", "生困法9条", "生命・身体の緊急"]
    assert [basis.option for basis in city.sharing_bases] == privacy_law + other_laws
    assert city.sharing_basis("69条2項3号").code == "other_public_body"


def test_use_for_a_reasonable_ground_needs_the_reason_in_words(city):
    needing = {basis.code for basis in city.sharing_bases if basis.needs_reason}
    assert needing == {"internal_use", "other_public_body", "special_reason"}


def test_lists_of_the_city_are_marked_until_the_city_confirms_them(city):
    assert "孤立の解消" in city.options("F13.changes")
    assert city.option_lists["F13.changes"].placeholder


@pytest.mark.parametrize(
    "question",
    [
        lambda city: city.organisation("AG-99"),
        lambda city: city.covers("AG-99"),
        lambda city: city.calendar_for("AG-99"),
        lambda city: city.programme("PG-99"),
        lambda city: city.role("boss"),
        lambda city: city.period("nothing", TODAY),
        lambda city: city.period("multi_agency_coordinator", TODAY),
        lambda city: city.number("consent_default_end", TODAY),
        lambda city: city.ladder("nothing", TODAY),
        lambda city: city.sharing_basis("勘"),
        lambda city: city.options("F99.x"),
    ],
)
def test_an_unknown_code_is_refused(city, question):
    with pytest.raises(ReferenceMissing):
        question(city)


# ---------------------------------------------------------------- spoiled files


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("organisations.csv", "AG-01-2,", "AG-01-1,", "given twice"),
        ("organisations.csv", "地域包括支援センター,DV-01", "地域包括支援センター,DV-77", "DV-77"),
        ("organisations.csv", "agency_id,kind", "agency_id,sort", "columns missing: kind"),
        ("organisation_settings.yaml", "calendars: {}", "calendars: {AG-08: moon}", "moon"),
        ("organisation_settings.yaml", "[AG-06, SC-04]", "[AG-06, SC-44]", "unknown organisation: SC-44"),
        ("parameters.yaml", "value: AG-07", "value: AG-77", "unknown organisation: AG-77"),
        ("parameters.yaml", "value: 60, source", "valeu: 60, source", "unknown keys: valeu"),
        ("parameters.yaml", "max_hold:", "review_interval:", "duplicate key"),
        ("roles.yaml", "auditor:", "auditer:", "unknown keys: auditer"),
        ("roles.yaml", "{reads_audit: true}", "{reads_audit: yes}", "true or false"),
        ("roles.yaml", "auditor: {reads_audit: true}\n", "", "role auditor is missing"),
        ("ladders.yaml", "tells: supervisor", "tells: superviser", "superviser"),
        ("ladders.yaml", "after: 3 business_days, ", "", "needs a distance"),
        ("options.yaml", "精神の安定", "健康状態の改善", "given twice"),
        ("sharing_bases.yaml", "option: 要対協, ", "", "code, option and label"),
    ],
)
def test_a_spoiled_file_is_refused_with_its_name_and_the_problem(folder, name, old, new, problem):
    spoil(folder / "reference" / name, old, new)
    with pytest.raises(ReferenceFileInvalid, match=problem) as refusal:
        load(folder)
    assert refusal.value.path.name == name


def test_a_row_with_too_few_columns_is_refused(folder):
    path = folder / "reference" / "programmes.csv"
    path.write_text(path.read_text(encoding="utf-8") + "PG-20,counselling\n", encoding="utf-8")
    with pytest.raises(ReferenceFileInvalid, match="wrong number of columns"):
        load(folder)


def test_an_organisation_takes_the_calendar_of_its_parent(folder):
    (folder / "calendars" / "centre.yaml").write_text(
        "extends: city\nname: 地域包括支援センター\nclosed_weekdays: [日]\n", encoding="utf-8"
    )
    spoil(folder / "reference" / "organisation_settings.yaml", "calendars: {}", "calendars: {AG-01: centre}")
    reference = load(folder)
    saturday = date(2026, 9, 12)
    assert reference.calendar_for("AG-01-4").is_open(saturday)
    assert not reference.calendar_for("AG-02").is_open(saturday)
