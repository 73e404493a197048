"""The pages in a real browser: accessible, nothing cut off at 320 px, usable by keyboard and without scripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from engine.config import ROOT
from engine.domain.roles import Role
from engine.services import cases, deployments
from tests.support import databases
from tests.web.site import Site, Thing

pytestmark = pytest.mark.browser
AXE = ROOT / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
INTAKE = "/intake/new?process=intake&org=AG-04&entry=manual"


@dataclass(frozen=True)
class Served:
    """A site with its address, a case of the city's intake process, a task with one field, and a worker's cookie."""

    site: Site
    url: str
    case: Thing
    simple: Thing
    token: str

    def paths(self) -> dict[str, str]:
        """Every kind of page by name."""
        file = f"/cases/{self.case.number}"
        return {
            "sign-in": "/sign-in", "inbox": "/inbox?view=claimable", "upcoming": "/inbox?view=upcoming",
            "cases": "/cases", "timeline": file, "household": f"{file}/household", "sharing": f"{file}/sharing",
            "plans": f"{file}/plans", "tasks": f"{file}/tasks", "records": f"{file}/records",
            "record": f"{file}/records/{self.case.record_id}", "diagram": f"{file}/diagram",
            "documents": f"{file}/documents", "contacts": f"{file}/contacts",
            "task": f"/tasks/{self.case.task_id}", "intake": INTAKE, "choice": "/intake/new",
            "processes": "/processes", "process": "/processes/plan_execution", "tables": "/processes/intake",
            "notices": "/notices", "settings": "/settings", "tokens": "/settings/tokens",
            "help": "/help", "error": "/nowhere",
        }  # fmt: skip


NOTHING = Thing("", "", "", "", "")
NAMES = list(Served(None, "", NOTHING, NOTHING, "").paths())  # type: ignore[arg-type]
CALL = {
    "channel": "電話", "issues": ["住まいについて"], "field_code": ["困窮"], "urgency": "なし", "name": "柳 和夫",
    "name_kana": "やなぎ かずお", "sex": "男性",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site behind a real port, with the city's own processes."""
    file = tmp_path_factory.mktemp("served") / "site.sqlite3"
    site = Site.open(databases.copied_sqlite(sqlite_template, file))
    workflows = site.office.engine.settings.workflows
    deployments.deploy_folder(site.office.engine, workflows, by=None, reason="test", now=site.clock.moment)
    case, simple = a_call(site), site.a_talk(site.a_case())
    browser = site.browser(site.employ(Role.INTAKE_WORKER))
    for thing in (case, simple):
        browser.post(f"/tasks/{thing.task_id}/claim")
    cookie = browser.client.get_cookie("tsunagu")
    assert cookie is not None
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Served(site, f"http://127.0.0.1:{server.server_port}", case, simple, cookie.value)
    server.shutdown()
    thread.join()
    server.server_close()
    site.office.engine.database.dispose()


def a_call(site: Site) -> Thing:
    """A case that came by telephone: its intake sheet is written, the interview waits."""
    engine, worker = site.office.engine, site.office.person("worker")
    started = cases.start(engine, worker, "intake", entry="manual", data=CALL, now=site.clock.moment)
    records = site.office.rows("SELECT id FROM record WHERE case_id = :c ORDER BY form_key", c=started.case_id)
    assert started.task_id is not None
    return Thing(started.case_number, started.case_id, started.task_id, records[0].id, started.instance_id)


def enter(page: Page, served: Served) -> None:
    """Be signed in."""
    page.context.add_cookies([{"name": "tsunagu", "value": served.token, "url": served.url}])


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_accessibility_fault_and_fits_320_pixels(name: str, served: Served, page: Page) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed; script/setup --test")
    enter(page, served)
    page.goto(served.url + served.paths()[name])
    if name in ("diagram", "process", "tables"):
        page.wait_for_selector("[data-bpmn-state=shown]")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        ".then(r => r.violations.map(v => ({id: v.id, nodes: v.nodes.map(n => n.html.slice(0, 160))})))"
    )
    assert found == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_first_stop_of_the_keyboard_leads_to_the_content(served: Served, page: Page) -> None:
    enter(page, served)
    page.goto(served.url + "/cases")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "本文へ移動"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_draft_is_saved_while_somebody_types(served: Served, page: Page) -> None:
    enter(page, served)
    page.goto(f"{served.url}/tasks/{served.simple.task_id}")
    page.get_by_label("note").fill("打ちかけの文")
    page.get_by_text("下書きを保存しました").wait_for()
    page.reload()
    assert page.get_by_label("note").input_value() == "打ちかけの文"


def test_after_claiming_a_row_the_focus_stands_on_the_next_one(served: Served, page: Page) -> None:
    for _ in range(3):
        served.site.a_case()
    enter(page, served)
    page.goto(served.url + "/inbox?view=claimable&sort=case")
    rows = page.locator("li.row a.row-link")
    following = rows.nth(1).get_attribute("id")
    rows.first.focus()
    page.keyboard.press("c")
    page.wait_for_url("**claimed=**")
    assert "sort=case" in page.url
    assert page.evaluate("document.activeElement.id") == following


def test_likely_the_same_people_appear_while_somebody_types(served: Served, page: Page) -> None:
    enter(page, served)
    page.goto(served.url + INTAKE)
    page.locator("input[name=name]").press_sequentially("柳和夫")
    page.locator("[data-same-person]").get_by_text(f"{served.case.number}を別の画面で開く").wait_for()
    page.locator("input[name=name]").fill("青木")
    page.locator("[data-same-person]").wait_for(state="hidden")


def test_work_goes_on_without_any_script(served: Served, browser: Browser) -> None:
    context = browser.new_context(locale="ja-JP", java_script_enabled=False)
    page = context.new_page()
    enter(page, served)
    case = served.site.a_case()
    page.goto(f"{served.url}/cases/{case.number}/diagram")
    assert "図を表示するにはスクリプトが要ります" in page.inner_text("main")
    page.goto(f"{served.url}/tasks/{case.task_id}")
    page.get_by_role("button", name="引き受ける").click()
    page.get_by_label("note").fill("訪問した")
    page.get_by_role("button", name="提出して次へ進める").last.click()
    assert "提出しました" in page.inner_text("h1")
    context.close()
