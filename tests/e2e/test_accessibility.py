"""The main pages, with work on them, have no violation of WCAG A and AA that a program can find, and fit a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.config import ROOT
from engine.services import access, drafting, staff_accounts
from tests.e2e.people import PASSWORD, SHOTS, City, Person
from tests.faults.stories import tell
from tests.support.clock import MovedClock
from tests.support.server import live_server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300)]
AXE = ROOT / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WORKER, SUPERVISOR, OWNER = "早苗", "係長の楓", "手続きの梓"


@pytest.fixture(scope="module")
def office(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[City, str]]:
    """A case whose evaluation is late, its number, and the office that has it."""
    folder = tmp_path_factory.mktemp("office")
    url = f"sqlite:///{folder / 'office.sqlite3'}"
    (folder / "office.sqlite3").write_bytes(sqlite_template.read_bytes())
    story = tell(url, "scenarios/overdue_review_yanagi.yaml", until=lambda s: s.data.get("task") == "px_overdue")
    world = story.world
    clock = MovedClock(folder / "clock", world.clock.now())
    with live_server(url, folder, clock.environment()) as server:
        city = City(world.engine, server, clock, browser)
        for name in (WORKER, SUPERVISOR):
            staff_accounts.set_password(world.engine, world.people[name], PASSWORD, now=clock.now())
            city.people[name] = Person(city, name, name, browser.new_context(locale="ja-JP"))
        city.person(OWNER, "azusa", "DV-07", "process_owner")
        drafting.begin(world.engine, access.actor_by_login(world.engine, "azusa", now=clock.now()), "plan_approval",
                       now=clock.now())  # fmt: skip
        yield city, "R8-0001"
        city.close()
    world.engine.database.dispose()


def pages(city: City, case: str) -> Iterator[tuple[str, Page]]:
    """Each page, opened by somebody who works with it."""
    worker, supervisor = city.people[WORKER], city.people[SUPERVISOR]
    worker.page.goto(f"{city.server.url}/sign-in")
    yield "sign-in", worker.page
    yield "inbox", worker.opens("/inbox?view=claimable")
    worker.opens(worker.address_of("px_eval", case))
    yield "task-to-take", worker.page
    worker.takes_it()
    yield "task", worker.page
    worker.page.locator("form.sheet [data-primary]").click()
    worker.page.locator("[data-error-summary]").wait_for()
    assert worker.page.locator("table.matrix tbody tr").count() == 2, "a row that was left open is still asked for"
    yield "task-with-errors", worker.page
    for part in ("", "/household", "/plans", "/sharing", "/tasks", "/records", "/diagram"):
        yield f"case{part.replace('/', '-')}", worker.opens(f"/cases/{case}{part}")
    yield "cases", worker.opens("/cases")
    yield "new-consultation", worker.opens("/intake/new?process=intake&org=AG-04&entry=manual")
    yield "process", worker.opens("/processes/plan_execution")
    yield "notices", worker.opens("/notices")
    yield "reviews", supervisor.opens("/board/reviews")
    for part in ("/board", "/board/list", "/absences", "/timers", "/reports/months"):
        yield part.strip("/").replace("/", "-"), supervisor.opens(part)
    for part in ("forms", "form/pa_hold", "form/pa_hold/field?field=conclusion", "form/F11/field?section=0",
                 "form/F11/rule?field=next_review_on"):  # fmt: skip
        name = part.partition("?")[0].replace("/", "-")
        yield f"draft-{name}", city.people[OWNER].opens(f"/processes/plan_approval/draft/{part}")
    yield "process-new", city.people[OWNER].opens("/processes/new")
    yield "absent", supervisor.opens("/cases/R8-9999")


def violations(page: Page) -> list[str]:
    """What axe finds, one line for each rule and place."""
    expect(page.locator("[data-bpmn-url]:not([data-bpmn-state=shown])")).to_have_count(0, timeout=60_000)
    page.evaluate(AXE.read_text())
    found = page.evaluate("tags => axe.run({runOnly: tags}).then(r => r.violations)", TAGS)
    return [f"{rule['id']}: {node['html'][:150]}" for rule in found for node in rule["nodes"][:3]]


def test_no_page_breaks_a_rule_of_wcag_a_and_aa_or_is_wider_than_a_phone(office: tuple[City, str]) -> None:
    found: list[str] = []
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name, page in pages(*office):
        found += [f"{name}: {line}" for line in violations(page)]
        page.screenshot(path=SHOTS / f"wide-{name}.png", full_page=True)
        before = page.viewport_size
        page.set_viewport_size({"width": 320, "height": 700})
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            found.append(f"{name}: {width} px wide on a phone of 320 px")
        page.screenshot(path=SHOTS / f"phone-{name}.png", full_page=True)
        assert before is not None
        page.set_viewport_size(before)
    assert not found, "\n".join(found)
