"""A process owner adds an approval step with a deadline: in the editor up to the moved cases, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.definitions.editing import NewStep, with_step_after
from engine.definitions.package import PROCESS_FILE
from engine.scenarios.loader import load
from engine.scenarios.moments import VirtualClock
from engine.scenarios.runner import take
from engine.scenarios.world import World, hire
from engine.services import access, comparing, drafting
from engine.services.engine import Engine
from engine.storage import staff
from tests.e2e.keyboard import Keyboard
from tests.e2e.people import PASSWORD, City, prepared
from tests.support import databases
from tests.support.clock import MovedClock
from tests.support.pictures import picture
from tests.support.server import live_server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]
KEY = "plan_approval"
PROCESS = f"/processes/{KEY}"
NAME, NEW_ID, STAGE = "付議を承認する", "pa_approve", "付議の承認"
TOLD = "所管課の管理者が、付議前確認の結果を確かめて、付議してよいかを決めます。"
LEAD = "重層事業の所管課管理者"
STEP = NewStep(
    NEW_ID,
    {
        "name": NAME, "roles": "programme_lead", "scopes": "city", "form": "pa_check", "sla": "3 business_days",
        "not_same_as": "pa_check", "stage": STAGE,
    },
    TOLD,
)  # fmt: skip
SCENARIOS = ROOT / "workflows" / KEY / "scenarios"
SLOWLY = 120_000  #: milliseconds: what another process does on a machine that is shared


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a plan that waits for the check before its conference, and one whose conference is prepared."""
    folder = tmp_path_factory.mktemp("told")
    engine = prepared(databases.copied_sqlite(sqlite_template, folder / "told.sqlite3"), clock_in(folder))
    people: dict[str, str] = {}
    tell(engine, "conditional_kikyo", people, before="pa_check")
    tell(engine, "late_meeting_shion", people, before="pa_schedule")
    engine.database.dispose()
    return folder / "told.sqlite3"


def clock_in(folder: Path) -> MovedClock:
    """On the morning of 6 April 2026."""
    return MovedClock(folder / "clock", "2026-04-06T10:00")


@pytest.fixture
def city(told: Path, tmp_path: Path, browser: Browser, request: pytest.FixtureRequest) -> Iterator[City]:
    """The office of that morning with its server and scheduler."""
    clock, url = clock_in(tmp_path), databases.copied_sqlite(told, tmp_path / "test.sqlite3")
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"), clock=clock)
    with live_server(url, tmp_path, clock.environment()) as server:
        opened = City(engine, server, clock, browser)
        yield opened
        if getattr(request.node, "failed_in_call", False):
            for person in opened.people.values():
                person.shoots(f"failed-{person.login}")
        opened.close()
    engine.database.dispose()


def tell(engine: Engine, story: str, people: dict[str, str], *, before: str) -> None:
    """Let a scenario happen until a task of that element is open."""
    scenario = load(SCENARIOS / f"{story}.yaml")
    world = World(engine, VirtualClock(scenario.now), people=people)
    for person in scenario.staff:
        if person.name not in people:
            people[person.name] = hire(engine, person)
    for step in scenario.steps:
        if step.verb not in ("start", "complete") or step.data.get("task") == before:
            return
        assert take(world, step) == []


def test_an_approval_step_is_drawn_mended_published_by_two_and_done_in_a_moved_case(city: City) -> None:
    owner = city.person("菅野 いつき（架空）", "sugano", "DV-07", "process_owner")
    lead = city.person("芦田 ともみ（架空）", "ashida", "DV-07", "programme_lead")
    page = owner.opens(f"{PROCESS}/draft")
    page.get_by_role("button", name="下書きを開く").click()
    page.wait_for_selector("[data-editor=shown]")
    draw(page)
    describe(page)
    is_refused(page)
    mend(page)
    assert differs_from_wish(city, "sugano") == []
    ask(page)
    picture(page, "publishing", top=page.get_by_role("heading", name="公開中の版との違い"))

    other = lead.opens("/notices")
    other.get_by_role("link", name="支援プランの承認").click()
    other.get_by_role("button", name="承認する", exact=True).click()
    expect(other.get_by_text("第2版を公開しました。")).to_be_visible(timeout=SLOWLY)
    move(owner.opens(f"{PROCESS}/moves"))

    manager = city.person("楠田 あき（架空）", "kusuda", "AG-07", "agency_manager")
    manager.opens("/inbox?view=claimable").get_by_role("link", name="付議前確認をする").first.click()
    manager.takes_it()
    manager.page.get_by_label("付議できる", exact=True).check()
    manager.page.locator("form.sheet [data-primary]").click()
    expect(manager.page).to_have_url(re.compile("completed|done="), timeout=SLOWLY)
    lead.opens("/inbox?view=claimable").get_by_role("link", name=NAME).first.click()
    lead.takes_it()
    picture(lead.page, "approval-step")
    lead.page.get_by_label("付議できる", exact=True).check()
    lead.page.locator("form.sheet [data-primary]").click()
    expect(lead.page).to_have_url(re.compile("completed|done="), timeout=SLOWLY)
    assert [(row.element_id, row.state) for row in tasks_of(city, NEW_ID)] == [(NEW_ID, "completed")]
    assert len([row for row in tasks_of(city, "pa_schedule") if row.state == "open"]) == 2


# ---------------------------------------------------------------- in the editor


def draw(page: Page) -> None:
    """Make room behind the check before the conference and drop a user task on the flow there."""
    page.get_by_role("button", name="図の中を探す").click()
    page.keyboard.type("付議前確認")
    page.keyboard.press("Enter")
    page.evaluate(
        """() => {
          const canvas = document.querySelector('[data-editor]').modeler.get('canvas');
          canvas.zoom(0.8);
          const {outer, scale} = canvas.viewbox();
          canvas.viewbox({x: 640, y: 20, width: outer.width / scale, height: outer.height / scale});
        }"""
    )
    left, y = end_of(page, "pa_check", "right")
    page.locator("[data-action=space-tool]").click()
    page.mouse.move(left + 30, y - 20, steps=3)
    page.mouse.down()
    page.mouse.move(left + 100, y - 20, steps=4)
    page.mouse.move(left + 180, y - 20, steps=4)
    page.mouse.up()
    page.keyboard.press("Escape")
    right, _ = end_of(page, "pa_g_check", "left")
    page.locator("[data-action='create.user-task']").click()
    page.mouse.move((left + right) / 2, y - 30, steps=4)
    page.mouse.move((left + right) / 2, y, steps=4)
    page.mouse.click((left + right) / 2, y)
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    expect(page.get_by_label("名前", exact=True)).to_have_value(NAME)


def end_of(page: Page, element_id: str, side: str) -> tuple[float, float]:
    """A point at the middle of an element's left or right side, in the window."""
    box = page.locator(f".djs-element[data-element-id={element_id}] > .djs-visual").first.bounding_box()
    assert box is not None
    return (box["x"] if side == "left" else box["x"] + box["width"]), box["y"] + box["height"] / 2


def describe(page: Page) -> None:
    """Everything but the role, in the properties panel."""
    typed(page, "識別子（英語）", NEW_ID)
    typed(page, "進め方の説明", TOLD)
    unfold(page, "orgScope")
    page.get_by_label("市のすべての機関", exact=True).check()
    page.get_by_label("受け持つ機関", exact=True).uncheck()
    page.get_by_label("この手順を終えた人には行わせない").select_option("pa_check")
    typed(page, "期間：数", "3")
    typed(page, "ケースに示す段階", STAGE)
    page.get_by_label("様式", exact=True).select_option("pa_check")


def typed(page: Page, label: str, text: str) -> None:
    """Type into a field of the panel and leave it."""
    field = page.locator(".ed-panel").get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")
    page.evaluate("() => new Promise((done) => { setTimeout(done, 20); })")  # the panel is drawn anew


def unfold(page: Page, name: str) -> None:
    """Open a folded list of the panel."""
    part = page.locator(f"details[data-fold={name}]")
    if part.get_attribute("open") is None:
        part.locator("summary").click()


def is_refused(page: Page) -> None:
    """Without a role: the list of problems says so, and so does publishing, which offers no way on."""
    problem = page.locator(".ed-problems li").filter(has_text=NAME).filter(has_text="役割").first
    expect(problem).to_contain_text("誤り", timeout=SLOWLY)
    save(page)
    page.get_by_role("link", name="公開の準備へ進む").click()
    page.get_by_role("button", name="下書きを検査して準備する").click()
    row = page.get_by_role("row").filter(has_text=NEW_ID).filter(has_text="直してください").first
    expect(row).to_contain_text(NAME)
    expect(page.get_by_text("直すまで公開できません。")).to_be_visible()
    expect(page.get_by_role("button", name="承認を依頼する")).to_have_count(0)
    picture(page, "publish-refused")


def mend(page: Page) -> None:
    """Back in the draft, jump to the element that the problem names, and give it its role."""
    page.get_by_role("link", name="下書きを開く").click()
    page.wait_for_selector("[data-editor=shown]")
    problem = page.locator(".ed-problems li").filter(has_text=NAME).filter(has_text="役割").first
    problem.get_by_role("button").click(timeout=SLOWLY)
    expect(page.get_by_label("識別子（英語）")).to_have_value(NEW_ID)
    unfold(page, "roles")
    page.locator("details[data-fold=roles]").get_by_label(LEAD, exact=True).check()
    expect(page.locator(".ed-problems li").filter(has_text="誤り")).to_have_count(0, timeout=SLOWLY)
    save(page)
    picture(page, "editor")


def save(page: Page) -> None:
    """Press the button unless it was saved by itself meanwhile."""
    page.get_by_role("button", name="保存する", exact=True).click()
    expect(page.locator("[data-editor-state]")).to_contain_text("保存しました", timeout=SLOWLY)


def ask(page: Page) -> None:
    """Prepare again, wait for the scenarios, read whom it hits, and ask for approval."""
    page.get_by_role("link", name="公開の準備へ進む").click()
    page.get_by_role("button", name="いまの下書きで準備し直す").click()
    expect(page.get_by_text("想定と違います").first).to_be_visible(timeout=SLOWLY)
    expect(page.get_by_text("件のうち5件が想定と違います。")).to_be_visible(timeout=SLOWLY)
    standing = page.locator("section[aria-labelledby=impact]").get_by_role("row").filter(has_text="pa_check")
    expect(standing.last).to_contain_text("新しい版にもあります")
    page.get_by_label("理由").fill("付議の前に、所管課の承認を受けるため")
    page.get_by_label("想定ケースと違う結果になることを確かめました").check()
    page.get_by_role("button", name="承認を依頼する").click()
    expect(page.get_by_text("依頼した人は、自分では承認できません。")).to_be_visible()


def move(page: Page) -> None:
    """Both plans go to the new version: tried first, then moved with their progress shown."""
    page.get_by_role("button", name="移す準備をする").click()
    expect(page.get_by_text("すべての場所が、移す先の版にもあります。")).to_be_visible()
    page.get_by_role("button", name="試しに移す").click()
    expect(page.get_by_role("heading", name="試し終わりました")).to_be_visible(timeout=SLOWLY)
    page.get_by_label("理由").fill("動いている手続きにも承認を加えるため")
    picture(page, "moving")
    page.get_by_role("button", name="2件を移す").click()
    expect(page.get_by_role("heading", name="終わりました")).to_be_visible(timeout=SLOWLY)
    expect(page.get_by_text("移しました").first).to_be_visible()


# ---------------------------------------------------------------- by keyboard


def test_the_same_step_is_added_in_the_outline_by_keyboard_alone(city: City) -> None:
    owner = city.person("菅野 いつき（架空）", "sugano", "DV-07", "process_owner")
    owner.page.goto(f"{city.server.url}/processes")
    keys = Keyboard(owner.page)
    keys.types("ログインID", "sugano")
    keys.types("パスワード", PASSWORD)
    with owner.page.expect_navigation():
        keys.press("Enter")
    keys.follows("支援プランの承認（重層的支援会議）")
    keys.follows("下書きを編集する")
    keys.presses("下書きを開く")
    keys.follows("手順の一覧で編集する")
    keys.follows("付議前確認をする")
    keys.types("新しい手順の名前 ※必須", NAME)
    keys.types("識別子（英語） ※必須", NEW_ID)
    keys.types("進め方の説明", TOLD)
    keys.ticks("相談支援機関の管理者", on=False)
    keys.ticks(LEAD)
    keys.ticks("受け持つ機関", on=False)
    keys.ticks("市のすべての機関")
    keys.chooses("この手順を終えた人には行わせない", "付議前確認をする")
    keys.chooses("様式", "付議前確認をする（pa_check）")
    keys.types("数", "3")
    keys.types("ケースに示す段階", STAGE)
    picture(owner.page, "outline-step", top=owner.page.get_by_role("heading", name="この後に手順を加える"))
    keys.presses("手順を加える")
    expect(owner.page.get_by_text("手順を加えました。図にも描きました。")).to_be_visible()
    expect(owner.page.get_by_role("link", name=NAME)).to_be_visible()
    assert keys.unseen == []
    assert differs_from_wish(city, "sugano") == []


# ---------------------------------------------------------------- what came of it


def differs_from_wish(city: City, login: str) -> list[Any]:
    """What the product's own comparison finds between a draft and the step as it is wanted; ways by their words."""
    with city.engine.database.read() as connection:
        staff_id = staff.by_login(connection, login).id  # type: ignore[union-attr]
    actor = access.actor_by_id(city.engine, staff_id, now=city.clock.now())
    files = drafting.files(city.engine, actor, KEY)
    workflow = (ROOT / "workflows" / KEY / PROCESS_FILE).read_bytes()
    wanted = {**files, PROCESS_FILE: with_step_after(workflow, "pa_check", STEP)}
    found = comparing.compare(*(comparing.contents_of(KEY, one) for one in (wanted, files)))
    ways = [change for change in found if change.theme == "way"]
    gone = sorted((change.name, change.before) for change in ways if change.before)
    come = sorted((change.name, change.after) for change in ways if change.after)
    return [*(change for change in found if change.theme not in ("way", "place")), *([] if gone == come else ways)]


def tasks_of(city: City, element_id: str) -> list[Any]:
    """The tasks of an element."""
    with city.engine.database.read() as connection:
        asked = "SELECT element_id, state FROM user_task WHERE element_id = ? ORDER BY opened_at"
        return list(connection.exec_driver_sql(asked, (element_id,)))
