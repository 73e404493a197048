"""An outreach visit, written down at the door on a tablet: a photograph, a closed browser, no signal, one record."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Error, Response, Route, expect

from engine.scenarios.world import World
from tests.e2e.offices import number_of, opened, sits_down
from tests.e2e.people import City, Person
from tests.e2e.test_accessibility import violations
from tests.faults.stories import tell
from tests.support.filling import fill
from tests.support.pictures import TABLET, picture

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]

WINDOW = {"viewport": {"width": TABLET[0], "height": TABLET[1]}, "has_touch": True}
VISIT = {
    "means": "訪問",
    "target": "本人",
    "outcome": "面会できた",
    "stage": "4 会話ができる",
    "safety": "なし",
    "next_plan": {"on": "R8.7.22", "means": "訪問"},
}


def photograph(side: int = 48) -> bytes:
    """A grey square as PNG, such as a camera would give."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\x90" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_visit_is_kept_through_a_closed_browser_and_a_lost_signal_and_sent_once(
    sqlite_url: str, tmp_path: Path, browser: Browser
) -> None:
    world = tell(sqlite_url, "demo/12_kashi.yaml", until=lambda step: step.verb == "expect").world
    with opened(world, tmp_path, browser) as city:
        visitor = sits_down(city, world, "樋口", "樋口 まこと（架空）", "higuchi", **WINDOW)
        case = number_of(world, "樫")
        found = begins_to_write(visitor, case)
        visitor = opens_the_tablet_again(city, world, visitor)
        attaches_the_photograph(visitor, case)
        sends_it_without_a_signal(visitor)
        found += finds_the_visit_once(visitor, case)
        assert found == []


def begins_to_write(visitor: Person, case: str) -> list[str]:
    """The task by touch; at 320 pixels nothing is cut off; what is typed is kept by itself."""
    visitor.finds("or_contact", case).tap()
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("訪問・接触を行い記録する")
    found = violations(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})
    with page.expect_response(keeps_the_stage):
        fill(page, {key: VISIT[key] for key in ("means", "target", "outcome", "stage")})
    expect(page.get_by_text("下書きを保存しました")).to_be_visible()
    picture(page, "outreach-tablet", size=TABLET)
    return found


def keeps_the_stage(answer: Response) -> bool:
    """A draft was kept by itself in which the last of the fields stands."""
    return answer.url.endswith("/draft") and "stage" in parse_qs(answer.request.post_data or "")


def opens_the_tablet_again(city: City, world: World, visitor: Person) -> Person:
    """The browser was closed before anything was sent; what was typed is there."""
    visitor.context.close()
    again = sits_down(city, world, "樋口", visitor.name, visitor.login, **WINDOW)
    again.opens("/inbox")
    return again


def attaches_the_photograph(visitor: Person, case: str) -> None:
    """A picture of the letter box; the draft of the form is still there after it."""
    visitor.finds("or_contact", case).tap()
    page = visitor.page
    expect(page.get_by_label("4 会話ができる")).to_be_checked()
    page.locator("summary", has_text="ファイルを付ける").tap()
    photo = {"name": "訪問先の郵便受け.png", "mimeType": "image/png", "buffer": photograph()}
    page.get_by_label("ファイル", exact=True).set_input_files(photo)
    page.get_by_role("button", name="ファイルを付ける").tap()
    expect(page.get_by_role("link", name="訪問先の郵便受け.png")).to_be_visible()
    expect(page.get_by_label("4 会話ができる")).to_be_checked()


def sends_it_without_a_signal(visitor: Person) -> None:
    """No signal: the page stays and says so. Then the answer is lost on the way; going back shows that it is done."""
    page = visitor.page
    fill(page, {key: VISIT[key] for key in ("safety", "next_plan")})
    visitor.context.set_offline(True)
    page.locator("form.sheet [data-primary]").tap()
    expect(page.get_by_role("alert")).to_contain_text("サーバーに接続できません。")
    picture(page, "outreach-no-signal", size=None)
    visitor.context.set_offline(False)
    expect(page.get_by_role("alert")).to_contain_text("つながりました。")
    page.route("**/complete", answer_is_lost, times=1)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"), page.expect_navigation():
        page.locator("form.sheet [data-primary]").tap()
    expect(page).to_have_url(re.compile("^chrome-error:"))
    page.go_back()
    expect(page.locator(".who")).to_contain_text(f"{visitor.name}さんが完了しました")


def answer_is_lost(route: Route) -> None:
    """The request arrives twice, and nobody hears of it: the tablet sends again what had no answer."""
    first, second = route.fetch(max_redirects=0), route.fetch(max_redirects=0)
    assert (first.status, second.status) == (302, 409)
    route.abort("internetdisconnected")


def finds_the_visit_once(visitor: Person, case: str) -> list[str]:
    """One record, with its stage on the chart and in the table; the file stands among the papers of the case."""
    page = visitor.page
    visitor.opens(f"/cases/{case}/contacts")
    expect(page.get_by_role("img", name="関係性の段階の移り変わり")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first).to_contain_text("面会できた")
    expect(rows.nth(1)).to_contain_text("インターホン越し")
    found = violations(page)
    picture(page, "contacts", size=TABLET)
    visitor.opens(f"/cases/{case}/documents")
    expect(page.get_by_role("link", name="訪問先の郵便受け.png")).to_be_visible()
    return found
