"""A process owner edits a draft: a name, a role, a problem that is mended, and somebody who was faster."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from engine.config import ROOT
from engine.definitions.model import read_model
from engine.services import access, drafting
from tests.e2e.people import City

AXE = ROOT / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
DRAFT = "/processes/plan_approval/draft"
STATE = "[data-editor-state]"


def test_a_process_owner_edits_a_draft_and_is_told_of_somebody_elses_save(city: City) -> None:
    owner = city.person("中村 健（架空）", "nakamura", "DV-07", "process_owner")
    second = city.person("森 恵（架空）", "mori", "DV-07", "process_owner")
    page = owner.opens(DRAFT)
    page.get_by_role("button", name="下書きを開く").click()
    page.wait_for_selector("[data-editor=shown]")
    expect(page.get_by_text("直すところはありません。").first).to_be_visible()
    assert faults(page) == []

    choose(page, "pa_schedule")
    rename(page, "会議の日程と構成員を決める")
    role(page, "多機関協働事業者").uncheck()
    problem = page.locator(".ed-problems li").filter(has_text="会議の日程と構成員を決める").first
    expect(problem).to_contain_text("誤り")
    choose(page, "pa_check")
    problem.get_by_role("button").click()
    expect(page.get_by_label("識別子（英語）")).to_have_value("pa_schedule")
    role(page, "多機関協働事業者").check()
    expect(page.get_by_text("直すところはありません。").first).to_be_visible()
    page.get_by_role("button", name="保存する", exact=True).click()
    expect(page.locator(STATE)).to_contain_text("保存しました")

    theirs = second.opens(DRAFT)
    theirs.wait_for_selector("[data-editor=shown]")
    choose(theirs, "pa_schedule")
    rename(theirs, "日程を決める")
    theirs.keyboard.press("Control+s")
    expect(theirs.locator(STATE)).to_contain_text("保存しました")

    rename(page, "会議を準備する")
    page.keyboard.press("Control+s")
    told = page.locator(".ed-taken")
    expect(told).to_contain_text("森 恵（架空）さんが")
    expect(told).to_contain_text("日程を決める → 会議を準備する")
    assert name_in(city, "nakamura") == "日程を決める"
    told.get_by_role("button", name="自分の変更を保存する").click()
    expect(page.locator(STATE)).to_contain_text("保存しました")
    assert name_in(city, "nakamura") == "会議を準備する"


def choose(page: Page, element_id: str) -> None:
    """Click an element of the drawing."""
    page.locator(f".djs-element[data-element-id={element_id}] > .djs-hit").first.click(force=True)
    expect(page.get_by_label("識別子（英語）")).to_have_value(element_id)


def rename(page: Page, name: str) -> None:
    """Type another name of what is chosen."""
    field = page.get_by_label("名前", exact=True)
    field.fill(name)
    field.press("Tab")


def role(page: Page, name: str) -> Any:
    """The box of a role in the list of roles, unfolded."""
    roles = page.locator("details[data-fold=roles]")
    if roles.get_attribute("open") is None:
        roles.locator("summary").click()
    return roles.get_by_label(name, exact=True)


def name_in(city: City, login: str) -> str:
    """The name of the task in the draft that counts."""
    (row,) = [p for p in city.people.values() if p.login == login]
    with city.engine.database.read() as connection:
        staff_id = connection.exec_driver_sql(f"SELECT id FROM staff WHERE login = '{row.login}'").scalar_one()
    actor = access.actor_by_id(city.engine, staff_id, now=city.clock.now())
    files = drafting.files(city.engine, actor, "plan_approval")
    return read_model(files["process.bpmn"]).elements["pa_schedule"].name


def faults(page: Page) -> list[Any]:
    """What axe finds on the page, the canvas aside, which has its outline."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate(
        "() => axe.run({exclude: ['.ed-canvas']}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
        ".then(r => r.violations.map(v => ({id: v.id, nodes: v.nodes.map(n => n.html.slice(0, 160))})))"
    )
    return found
