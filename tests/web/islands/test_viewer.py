"""The diagram island in a real browser, under the product's content security policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.islands.conftest import Bench

pytestmark = pytest.mark.browser

DIAGRAM = Path(__file__).with_name("referral.bpmn").read_bytes()
MARKS = [
    {"id": "write_sheet", "kind": "done"},
    {"id": "answer", "kind": "here", "label": "いまここ"},
    {"id": "no_such_element", "kind": "here", "label": "ない"},
]


def host(marks: object = (), url: str = "/referral.bpmn") -> str:
    """What a page writes where the diagram shall be."""
    return f"""<main><h1>図</h1><div data-bpmn-url="{url}" data-bpmn-label="つなぎの流れ"
      data-marks='{json.dumps(marks, ensure_ascii=False)}'><p>図のかわりの文章</p></div></main>"""


@pytest.fixture
def shown(bench: Bench, page: Page) -> Page:
    """A page whose diagram has been drawn."""
    bench.pages["/referral.bpmn"] = DIAGRAM
    page.goto(bench.page(host(MARKS)))
    expect(page.locator("[data-bpmn-state=shown]")).to_be_visible()
    return page


def test_the_diagram_is_drawn_whole_and_the_fallback_goes(shown: Page) -> None:
    expect(shown.locator("[data-element-id=finished]").first).to_be_in_viewport()
    expect(shown.locator("[data-element-id=pool]").first).to_be_in_viewport()
    expect(shown.get_by_text("図のかわりの文章")).to_have_count(0)


def test_the_current_step_is_marked_by_words_and_not_by_colour_alone(shown: Page) -> None:
    expect(shown.get_by_text("いまここ")).to_be_visible()
    expect(shown.locator("[data-element-id=answer].mark-here")).to_have_count(1)
    expect(shown.locator("[data-element-id=write_sheet].mark-done")).to_have_count(1)


def test_a_mark_on_an_element_of_another_version_is_passed_over(shown: Page) -> None:
    expect(shown.get_by_text("ない", exact=True)).to_have_count(0)


def test_the_watermark_of_the_library_is_visible_and_uncovered(shown: Page) -> None:
    mark = shown.locator(".bjs-powered-by")
    expect(mark).to_be_visible()
    box = mark.bounding_box()
    assert box is not None
    centre = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert shown.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('.bjs-powered-by') !== null", centre)


def test_the_diagram_has_a_name_for_screen_readers(shown: Page) -> None:
    expect(shown.get_by_role("img", name="つなぎの流れ")).to_have_count(1)


def test_the_tab_key_passes_through_the_diagram(bench: Bench, page: Page) -> None:
    bench.pages["/referral.bpmn"] = DIAGRAM
    page.goto(bench.page(host(MARKS) + "<a href='#next'>次の見出し</a>"))
    expect(page.locator("[data-bpmn-state=shown]")).to_be_visible()
    seen = []
    for _ in range(7):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert seen[:4] == ["いまの場所へ", "全体を表示", "拡大", "縮小"]
    assert seen[-1] == "次の見出し"


def test_the_button_goes_to_the_current_step_at_a_readable_size(shown: Page) -> None:
    shown.set_viewport_size({"width": 400, "height": 700})
    shown.get_by_role("button", name="いまの場所へ").click()
    expect(shown.locator("[data-element-id=answer]").first).to_be_in_viewport()
    box = shown.locator("[data-element-id=answer] .djs-hit").first.bounding_box()
    assert box is not None
    assert box["width"] > 100


def test_the_wheel_scrolls_the_page_and_not_the_diagram(bench: Bench, page: Page) -> None:
    bench.pages["/referral.bpmn"] = DIAGRAM
    rest = "<p>続き</p>" * 80
    page.goto(bench.page(host(MARKS) + rest))
    expect(page.locator("[data-bpmn-state=shown]")).to_be_visible()
    page.locator(".bpmn-canvas").hover()
    page.mouse.wheel(0, 300)
    page.wait_for_function("window.scrollY > 0")


@pytest.mark.parametrize("answer", [b"<html>not BPMN</html>", b"", None], ids=["other content", "empty", "absent"])
def test_a_diagram_that_cannot_be_drawn_leaves_the_text_and_says_so(
    bench: Bench, page: Page, answer: bytes | None
) -> None:
    if answer is not None:
        bench.pages["/referral.bpmn"] = answer
    page.add_init_script("console.error = () => {}")
    page.goto(bench.page(host(MARKS)))
    expect(page.get_by_role("alert")).to_contain_text("図を表示できませんでした")
    expect(page.get_by_text("図のかわりの文章")).to_be_visible()


def test_the_buttons_are_in_english_on_an_english_page(bench: Bench, page: Page) -> None:
    bench.pages["/referral.bpmn"] = DIAGRAM
    page.goto(bench.page(host(), lang="en"))
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    expect(page.get_by_role("button", name="Go to where it is now")).to_be_hidden()


def test_the_page_with_a_diagram_has_no_accessibility_violation(shown: Page) -> None:
    axe = Path(__file__).parents[3] / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    shown.evaluate(axe.read_text())
    violations = shown.evaluate("axe.run().then(result => result.violations.map(v => v.id + ': ' + v.nodes[0].html))")
    assert violations == []
