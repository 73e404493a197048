"""Organisations, calendars and dated values changed by an administrator: dated, in the trail, for what comes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from engine import bootstrap
from engine.domain.business_days import tokyo_date
from engine.domain.reference_change import ChangeKind
from engine.domain.roles import Role
from engine.queries.deadlines import clock_story
from engine.services import reference_changes, reference_data
from tests.web.site import Site, Visitor


@pytest.fixture
def admin(site: Site) -> Visitor:
    """The browser of a system administrator."""
    return site.browser(site.employ(Role.SYSADMIN))


def next_open_day(site: Site) -> date:
    """The next business day after today."""
    return site.office.engine.reference.calendar.add_business_days(tokyo_date(site.clock.moment), 1)


def close(admin: Visitor, day: date, seen: int = 0, of: str = "city") -> int:
    """Close a day; the status of the answer."""
    form = {
        "of": of,
        "on": day.isoformat(),
        "state": "closed",
        "reason": "庁舎の点検",
        "source": "決裁",
        "seen_version": seen,
    }
    return admin.post("/admin/calendars/day", form).status


def test_a_placeholder_gets_its_name_everywhere_and_the_change_is_in_the_trail(site: Site, admin: Visitor) -> None:
    assert "仮の名前" in admin.get("/admin/organisations/AG-01-1").words
    form = {"name": "鵜沼東センター（架空）", "kind": "実施機関（拠点）", "parent_id": "AG-01", "division_id": "DV-01",
            "delivery_mode": "委託", "seen_version": 0}  # fmt: skip
    assert admin.post("/admin/organisations/AG-01-1", form).status == 302
    engine = site.office.engine
    assert engine.reference.organisation("AG-01-1").name == "鵜沼東センター（架空）"
    assert (
        site.count("SELECT count(*) FROM organisation WHERE name = '鵜沼東センター（架空）' AND NOT placeholder") == 1
    )
    assert reference_data.load(engine.database, engine.book.files) == 0, "a new start takes the name away"
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'reference.organisation'") == 1
    assert admin.post("/admin/organisations/AG-01-1", {**form, "name": "別の名前"}).status == 409
    circle = {**form, "name": "別", "parent_id": "AG-01-1"}
    assert admin.post("/admin/organisations/AG-01", circle).status == 422


def test_an_organisation_is_added_once_and_has_people_a_calendar_and_a_supervisor(site: Site, admin: Visitor) -> None:
    form = {"name": "川島相談室（架空）", "kind": "実施機関（拠点）", "parent_id": "AG-04", "division_id": "DV-04",
            "delivery_mode": "委託"}  # fmt: skip
    assert admin.post("/admin/organisations/new", {**form, "name": "", "kind": "no"}).status == 422
    assert admin.post("/admin/organisations/new", form).location.startswith("/admin/organisations/AG-101")
    assert admin.post("/admin/organisations/new", form).status == 422
    assert "川島相談室（架空）" in admin.get("/admin/organisations").words
    engine = site.office.engine
    added, parent = engine.reference.organisation("AG-101"), engine.reference.organisation("AG-04")
    assert (added.calendar, added.field_code) == (parent.calendar, parent.field_code)
    assert "AG-101" in engine.reference.covers("DV-04")
    assert reference_data.load(engine.database, engine.book.files) == 0, "a new start takes it away"
    assert site.count("SELECT count(*) FROM organisation WHERE id = 'AG-101' AND NOT placeholder") == 1
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'reference.organisation'") == 1
    worker = site.browser(site.employ(Role.INTAKE_WORKER, org="AG-101", login="kawashima"))
    assert "川島相談室（架空）" in worker.get("/settings").words + worker.get("/inbox").text
    again = {**form, "name": "川島の相談室（架空）", "seen_version": reference_changes.seen_of(
        engine, ChangeKind.ORGANISATION, "AG-101")}  # fmt: skip
    assert admin.post("/admin/organisations/AG-101", again).status == 302
    assert engine.reference.organisation("AG-101").name == "川島の相談室（架空）"


def test_a_day_closed_later_moves_no_promise_but_counts_for_what_opens_afterwards(site: Site, admin: Visitor) -> None:
    engine = site.office.engine
    before = site.office.task("second", case_id=site.a_case().case_id)
    site.clock.moment += timedelta(minutes=1)
    assert close(admin, next_open_day(site)) == 302
    with engine.database.read() as connection:
        story = clock_story(engine, connection, before.id, now=site.clock.moment)
    assert story is not None
    assert story.deadline.due_at == datetime.fromisoformat(before.due_at)
    site.clock.moment += timedelta(minutes=1)
    site.office.now = site.clock.moment
    after = site.office.task("second", case_id=site.a_case().case_id)
    assert after.due_at > before.due_at
    assert "庁舎の点検" in admin.get("/admin/calendars").words
    assert close(admin, next_open_day(site)) == 409


def test_an_organisation_has_its_own_days_and_hours_and_those_below_it_share_them(site: Site, admin: Visitor) -> None:
    day = next_open_day(site)
    assert close(admin, day, of="AG-01") == 302
    hours = {
        "of": "AG-01",
        "from": day.isoformat(),
        "opening": "10:00",
        "closing": "19:00",
        "source": "契約",
        "seen_version": 0,
    }
    assert admin.post("/admin/calendars/hours", hours).status == 302
    reference = site.office.engine.reference
    assert not reference.calendar_for("AG-01-3").is_open(day)
    assert reference.calendar.is_open(day)
    assert [f"{t:%H:%M}" for t in reference.calendar_for("AG-01").hours_on(day)] == ["10:00", "19:00"]
    assert [f"{t:%H:%M}" for t in reference.calendar_for("AG-01").hours_on(day - timedelta(days=1))] == [
        "08:30",
        "17:15",
    ]
    assert admin.post("/admin/calendars/hours", {**hours, "closing": "09:00"}).status == 422


def test_a_value_holds_from_its_day_and_the_past_cannot_be_rewritten(site: Site, admin: Visitor) -> None:
    today = tokyo_date(site.clock.moment)
    form = {"from": (today + timedelta(days=30)).isoformat(), "value": "4", "source": "要綱改正", "seen_version": 0}
    assert admin.post("/admin/policies/review_interval", form).status == 302
    reference = site.office.engine.reference
    assert (reference.number("review_interval", today), reference.number("review_interval", today + timedelta(30))) == (
        6,
        4,
    )
    assert "要綱改正" in admin.get("/admin/policies/review_interval").words
    past = {**form, "from": (today - timedelta(days=1)).isoformat()}
    assert "過ぎた日の設定は変えられません" in admin.post("/admin/policies/review_interval", past).words
    assert admin.post("/admin/policies/review_interval", {**form, "value": "0"}).status == 422
    (text,) = [name for name, parameter in reference.parameters.items() if parameter.unit == "text"]
    assert admin.post(f"/admin/policies/{text}", form).status == 422


def test_the_levels_of_a_ladder_move_from_a_day_on(site: Site, admin: Visitor) -> None:
    today = tokyo_date(site.clock.moment)
    form = {
        "from": today.isoformat(),
        "after-1": "2",
        "after-2": "4",
        "after-3": "8",
        "source": "決裁",
        "seen_version": 0,
    }
    assert admin.post("/admin/ladders/standard", form).status == 302
    ladder = site.office.engine.reference.ladder("standard", today)
    assert [step.after.value for step in ladder if step.after] == [2, 4, 8]
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'reference.ladder'") == 1


def test_another_process_takes_the_change_over(site: Site, admin: Visitor) -> None:
    day, other = next_open_day(site), bootstrap.build(site.office.engine.settings)
    assert close(admin, day) == 302
    assert other.reference.calendar.is_open(day)
    reference_changes.refresh(other)
    assert not other.reference.calendar.is_open(day)
    assert other.book.known_at(site.clock.moment - timedelta(minutes=1)).calendar.is_open(day)
