"""The small conveniences in a real browser."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from tests.web.islands.conftest import Bench

pytestmark = pytest.mark.browser

DRAFT_FORM = """<form method="post" action="/send" data-draft-url="/draft" data-dirty-guard>
  <input type="hidden" name="csrf" value="t0ken"><label>所見 <textarea name="note"></textarea></label>
  <input type="file" name="paper"><button data-primary>送る</button><p data-draft-status role="status"></p></form>"""


def rule(effect: str, scope: str, schema: object) -> str:
    """The attribute that carries a rule."""
    text = json.dumps({"effect": effect, "condition": {"scope": scope, "schema": schema}}, ensure_ascii=False)
    return f"data-rule='{text}'"


# ---- drafts ----------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_saved_as_a_draft_after_a_pause(bench: Bench, page: Page) -> None:
    page.goto(bench.page(DRAFT_FORM))
    page.get_by_label("所見").fill("本人は眠れていない")
    expect(page.get_by_role("status")).to_contain_text("下書きを保存しました")
    [(path, body)] = bench.posted
    assert (path, parse_qs(body)) == ("/draft", {"csrf": ["t0ken"], "note": ["本人は眠れていない"]})


@pytest.mark.parametrize(
    ("status", "message"), [(500, "通信を確かめて"), (401, "サインインし直す"), (409, "ほかの職員が進めた")]
)
def test_a_draft_that_is_not_saved_is_said_and_the_text_stays(
    bench: Bench, page: Page, status: int, message: str
) -> None:
    bench.answers["/draft"] = status
    page.goto(bench.page(DRAFT_FORM))
    page.get_by_label("所見").fill("残る文")
    expect(page.get_by_role("status")).to_contain_text(message)
    expect(page.get_by_label("所見")).to_have_value("残る文")


def test_a_form_that_is_sent_before_the_pause_saves_no_draft_afterwards(bench: Bench, page: Page) -> None:
    page.goto(bench.page(DRAFT_FORM))
    page.get_by_label("所見").fill("すぐ送る")
    page.get_by_role("button", name="送る").click()
    page.wait_for_timeout(2500)
    assert [path for path, _ in bench.posted] == ["/send"]


def test_leaving_with_unsaved_text_asks_first(bench: Bench, page: Page) -> None:
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(bench.page("<form data-dirty-guard><input name=a aria-label=a></form>"))
    page.get_by_label("a").press_sequentially("x")
    page.goto(bench.url + "/")
    assert asked == ["beforeunload"]


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_a_field_appears_when_its_rule_holds_and_is_not_sent_while_hidden(bench: Bench, page: Page) -> None:
    hidden = rule("SHOW", "#/properties/harm", {"const": "ある"})
    page.goto(
        bench.page(f"""<form><label><input type=radio name=harm value=ある>ある</label>
        <label><input type=radio name=harm value=ない>ない</label>
        <div {hidden}><label>内容 <input name=detail value=x></label></div></form>""")
    )
    sent = "[...new FormData(document.forms[0]).keys()]"
    expect(page.get_by_label("内容")).to_be_hidden()
    page.get_by_label("ある").check()
    expect(page.get_by_label("内容")).to_be_visible()
    assert page.evaluate(sent) == ["harm", "detail"]
    page.get_by_label("ない").check()
    expect(page.get_by_label("内容")).to_be_hidden()
    assert page.evaluate(sent) == ["harm"]


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"const": 3}, True),
        ({"enum": [1, 2]}, False),
        ({"minimum": 4}, False),
        ({"not": {"const": 5}}, True),
        ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, True),
        ({"type": "integer"}, True),
    ],
    ids=str,
)
def test_a_rule_on_a_number_reads_it_as_the_server_does(bench: Bench, page: Page, schema: object, shown: bool) -> None:
    attribute = rule("SHOW", "#/properties/count", schema)
    page.goto(bench.page(f"<form><input type=number name=count value=3><p {attribute}>見える</p></form>"))
    expect(page.get_by_text("見える", exact=True)).to_be_visible(visible=shown)


def test_a_rule_on_a_group_of_boxes_looks_at_the_ticked_ones(bench: Bench, page: Page) -> None:
    attribute = rule("SHOW", "#/properties/fields", {"contains": {"const": "困窮"}, "type": "array"})
    boxes = "".join(f"<label><input type=checkbox name=fields value={v}>{v}</label>" for v in ("高齢", "困窮"))
    page.goto(bench.page(f"<form>{boxes}<p {attribute}>家計のこと</p></form>"))
    page.get_by_label("高齢").check()
    expect(page.get_by_text("家計のこと")).to_be_hidden()
    page.get_by_label("困窮").check()
    expect(page.get_by_text("家計のこと")).to_be_visible()


def test_a_disabled_field_is_not_sent_and_comes_back(bench: Bench, page: Page) -> None:
    attribute = rule("ENABLE", "#/properties/job", {"const": "その他"})
    page.goto(bench.page(f"<form><input name=job aria-label=職><input name=text aria-label=文 {attribute}></form>"))
    expect(page.get_by_label("文")).to_be_disabled()
    page.get_by_label("職").fill("その他")
    expect(page.get_by_label("文")).to_be_enabled()


def test_a_rule_within_a_hidden_part_counts_its_fields_as_empty(bench: Bench, page: Page) -> None:
    outer, inner = rule("SHOW", "#/properties/a", {"const": True}), rule("SHOW", "#/properties/b", {"const": True})
    page.goto(
        bench.page(f"""<form><input type=checkbox name=a aria-label=a checked>
        <div {outer}><input type=checkbox name=b aria-label=b checked></div><p {inner}>奥</p></form>""")
    )
    expect(page.get_by_text("奥")).to_be_visible()
    page.get_by_label("a").uncheck()
    expect(page.get_by_text("奥")).to_be_hidden()


# ---- keys and sending ------------------------------------------------------------------------------------------------


def test_control_enter_sends_by_the_primary_button(bench: Bench, page: Page) -> None:
    buttons = "<button name=act value=hold>保留</button><button name=act value=done data-primary>完了</button>"
    page.goto(bench.page(f"<form method=post action=/send><textarea name=t aria-label=t></textarea>{buttons}</form>"))
    page.get_by_label("t").press("Control+Enter")
    page.wait_for_url("**/send")
    assert bench.posted == [("/send", "t=&act=done")]


def test_enter_that_takes_a_candidate_of_the_input_method_sends_nothing(bench: Bench, page: Page) -> None:
    page.goto(
        bench.page(
            "<form method=post action=/send><textarea name=t aria-label=t></textarea><button>送る</button></form>"
        )
    )
    page.get_by_label("t").evaluate(
        "(field) => field.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', ctrlKey: true, isComposing: true, bubbles: true, cancelable: true}))"
    )
    page.wait_for_timeout(300)
    assert bench.posted == []


def test_a_second_press_sends_nothing(bench: Bench, page: Page) -> None:
    page.goto(bench.page("<form method=post action=/send target=elsewhere><button>送る</button></form>"))
    with page.context.expect_page():
        page.get_by_role("button").click()
    page.get_by_role("button").click()
    page.wait_for_timeout(300)
    assert len(bench.posted) == 1


def test_the_slash_goes_to_the_search_field_unless_switched_off(bench: Bench, page: Page) -> None:
    search = "<input data-search aria-label=探す>"
    page.goto(bench.page(search))
    page.keyboard.press("/")
    expect(page.get_by_label("探す")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.get_by_label("探す")).to_have_value("a/b")
    page.goto(bench.page(search, attributes="data-shortcuts=off"))
    page.keyboard.press("/")
    expect(page.get_by_label("探す")).not_to_be_focused()


def test_the_question_mark_opens_the_help(bench: Bench, page: Page) -> None:
    page.goto(bench.page("<dialog data-shortcut-help>使えるキー</dialog>"))
    page.keyboard.press("?")
    expect(page.get_by_text("使えるキー")).to_be_visible()


def test_a_refused_form_puts_the_reader_at_the_summary(bench: Bench, page: Page) -> None:
    page.goto(bench.page("<div data-error-summary role=alert>2か所を直してください</div>"))
    expect(page.get_by_role("alert")).to_be_focused()


def test_the_font_of_the_product_is_there_for_japanese(bench: Bench, page: Page) -> None:
    page.goto(bench.page("<p>令和7年度の支援プラン</p>"))
    loaded = page.evaluate(
        "document.fonts.load('16px \"BIZ UDPGothic\"', '支援').then(faces => faces.map(f => f.status))"
    )
    assert loaded
    assert set(loaded) == {"loaded"}


def test_single_keys_walk_rows_and_press_what_is_in_them(bench: Bench, page: Page) -> None:
    row = """<li class="row"><input type="checkbox" data-key="x" aria-label="n{0}">
      <a class="row-link" href="#r{0}">r{0}</a><button data-key="c" type="button">c{0}</button></li>"""
    page.goto(bench.page(f"<ul>{row.format(1)}{row.format(2)}</ul><button type='button'>end</button>"))
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.get_by_label("n2")).to_be_checked()
    expect(page.get_by_label("n1")).not_to_be_checked()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert page.url.endswith("#r1")
