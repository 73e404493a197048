"""A process owner changes a procedure: published with a second person, running cases moved and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.services import cases, reference_data
from tests.e2e.people import City
from tests.e2e.test_accessibility import violations
from tests.support.casework import Casework
from tests.support.clock import MovedClock
from tests.support.drawn import drawn, publish
from tests.support.server import live_server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(180)]
OLD, NEW = drawn("visit", ["first", "second"]), drawn("visit", ["meet", "check", "second"])


@pytest.fixture
def city(sqlite_url: str, tmp_path: Path, browser: Browser) -> Iterator[City]:
    """An office with one small procedure that runs for two households, and a scheduler that does the work."""
    clock = MovedClock(tmp_path / "clock", "2026-04-06T10:00")
    engine = bootstrap.build(Settings(database_url=sqlite_url, workflows=ROOT / "workflows"), clock=clock)
    reference_data.load(engine.database, engine.reference)
    publish(engine, "visit", OLD, clock.now())
    office = Casework(engine, clock.now())
    office.employ("worker", "AG-04", "intake_worker")
    for _ in range(2):
        cases.start(engine, office.person("worker"), "visit", entry="manual", org_id="AG-04", now=clock.now())
    with live_server(sqlite_url, tmp_path, clock.environment()) as server:
        opened = City(engine, server, clock, browser)
        yield opened
        opened.close()
    engine.database.dispose()


def test_a_change_is_published_by_two_and_running_cases_are_moved_and_taken_back(city: City) -> None:
    owner = city.person("菅野（架空）", "owner", "DV-07", "process_owner")
    lead = city.person("森（架空）", "lead", "DV-07", "programme_lead")
    page = owner.opens("/processes/visit/publish")
    page.get_by_label("BPMNの図").set_input_files({"name": "visit.bpmn", "mimeType": "text/xml", "buffer": NEW})
    page.get_by_role("button", name="検査して準備する", exact=True).click()
    expect(page.get_by_text("新しい版にはありません")).to_be_visible()
    found = violations(page)
    page.get_by_label("理由").fill("会ってから確かめるため")
    page.get_by_role("button", name="承認を依頼する").click()
    expect(page.get_by_text("依頼した人は、自分では承認できません。")).to_be_visible()

    other = lead.opens("/processes/visit/publish")
    other.get_by_role("button", name="承認する").click()
    expect(other.get_by_text("第2版を公開しました。")).to_be_visible()

    found += violations(owner.opens("/processes/visit/compare"))
    page = owner.opens("/processes/visit/moves")
    page.get_by_role("button", name="移す準備をする").click()
    page.get_by_label("「first」をする").select_option("meet")
    page.get_by_role("button", name="試しに移す").click()
    page.get_by_label("理由").fill("新しい進め方にそろえる")
    found += violations(page)
    page.get_by_role("button", name="2件を移す").click()
    expect(page.get_by_role("heading", name="終わりました")).to_be_visible()
    page.get_by_label("元に戻す理由").fill("早すぎた")
    page.get_by_role("button", name="2件をすべて元に戻す").click()
    expect(page.get_by_role("heading", name="元に戻しました")).to_be_visible()
    assert page.get_by_role("cell", name="元に戻しました").count() == 2
    assert found == []
