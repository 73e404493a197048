"""A worker's morning: some twenty tasks, colleagues who are faster, a call in between; by keyboard where one can."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.scenarios.world import World
from tests.e2e.offices import begun, catches_up, number_of, opened, sits_down, tell
from tests.e2e.people import City, Person
from tests.e2e.test_accessibility import violations
from tests.support.filling import fill
from tests.support.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]

STAFF = {
    "桜井": ("AG-04", "intake_worker"),
    "森田": ("AG-04", "intake_worker"),
    "茅野": ("AG-04", "agency_manager"),
    "梅原": ("AG-02", "intake_worker"),
}
#: when the call came in, and who called; an interview is due five business days later
CALLS = {
    "2026-04-06T10:00": {"柳 とおる": "やなぎ とおる", "椿 まり": "つばき まり"},
    "2026-04-09T11:20": {"楡 こうじ": "にれ こうじ", "榎 さち": "えのき さち"},
    "2026-04-10T09:10": {"梓 はるか": "あずさ はるか"},
    "2026-04-13T09:30": {"桂木 しん": "かつらぎ しん", "橘 ふみ": "たちばな ふみ", "楠 よしお": "くすのき よしお"},
    "2026-04-14T10:15": {
        "栃木 けい": "とちぎ けい", "檜山 あや": "ひやま あや", "桐生 まこと": "きりゅう まこと",
        "朴木 れん": "ほおのき れん", "杏 ちえ": "あんず ちえ",
    },
    "2026-04-15T14:00": {"梨本 ゆき": "なしもと ゆき", "桃田 りく": "ももた りく"},
    "2026-04-16T16:40": {"杉原 のぶ": "すぎはら のぶ", "松井 かずえ": "まつい かずえ"},
    "2026-04-17T15:05": {"竹下 そう": "たけした そう", "藤代 みな": "ふじしろ みな", "萩野 たえ": "はぎの たえ"},
}  # fmt: skip
MINE = ("柳 とおる", "榎 さち", "桂木 しん", "梨本 ゆき", "杉原 のぶ", "竹下 そう")
MORNING = "2026-04-20T08:40"
INTERVIEW = {
    "household_members": [
        {"name": "柳 とおる", "kana": "やなぎ とおる", "relation": "本人", "age": "41"},
        {"name": "柳 けいこ", "kana": "やなぎ けいこ", "relation": "母", "age": "68", "lives_with": "同居"},
    ],
    "complaint": "仕事が続かず、家賃の支払いが遅れている。母には心配をかけたくない。",
    "isolation": "ほぼなし",
    "policy": "まず家計の見通しを一緒に立て、働き方は本人の速さで考える。",
}
REFERRAL = {
    "to_org": "AG-02", "reason": "手帳の相談を希望している。", "sharing_basis": "本人の同意", "given_by": "本人",
    "method": "口頭（記録）", "consent_result": "同意あり", "scope_items": ["概要"], "scope_orgs": ["AG-02"],
    "valid_until": "2026-12-31",
}  # fmt: skip


def register(world: World, name: str, kana: str) -> None:
    """A call that is written down."""
    tell(world, "start", process="intake", by="桜井", **{"as": name}, given={
        "channel": "電話", "issues": ["収入・生活費のこと"], "field_code": ["困窮"], "urgency": "なし",
        "name": name, "name_kana": kana,
    })  # fmt: skip


def decide(world: World, name: str, screening: str) -> None:
    """The interview took place and the manager has decided how to go on."""
    member = {"name": name, "relation": "本人", "age": 52}
    talk = {"household_members": [member], "complaint": "暮らしの見通しが立たない。", "policy": "一緒に考える。"}
    tell(world, "complete", task="in_interview", case=name, by="桜井", given=talk)
    reason = {"screening_result": screening, "screening_reason": "本人の希望と、いまの支援の様子から。"}
    tell(world, "complete", task="in_screen", case=name, by="茅野", given=reason)


def two_weeks(url: str) -> World:
    """What has gathered since 6 April: late, due today, due soon, later, on hold, to come."""
    world = begun(url, next(iter(CALLS)), STAFF)
    for at, people in CALLS.items():
        tell(world, "advance", to=at)
        for name, kana in people.items():
            register(world, name, kana)
    tell(world, "advance", to="2026-04-17T16:10")
    decide(world, "栃木 けい", "自機関で支援")
    decide(world, "檜山 あや", "他機関へつなぐ")
    decide(world, "桐生 まこと", "多機関協働")
    decide(world, "朴木 れん", "他機関へつなぐ")
    tell(world, "complete", task="in_refer", case="朴木 れん", by="桜井", given=REFERRAL)
    tell(world, "complete", task="in_answer", case="朴木 れん", by="梅原", given={"answer": "受け入れる"})
    for name in MINE:
        tell(world, "claim", task="in_interview", case=name, by="桜井")
    tell(world, "claim", task="in_consent", case="桐生 まこと", by="桜井")
    tell(world, "claim", task="in_own", case="栃木 けい", by="桜井")
    tell(world, "claim", task="in_interview", case="杏 ちえ", by="桜井")
    tell(world, "hold", task="in_interview", case="杏 ちえ", by="桜井", until="2026-05-07", reason="本人が入院中")
    tell(world, "advance", to=MORNING)
    return world


def test_twenty_tasks_are_read_shared_out_done_and_put_aside_before_noon(
    sqlite_url: str, tmp_path: Path, browser: Browser
) -> None:
    world = two_weeks(sqlite_url)
    with opened(world, tmp_path, browser) as city:
        worker = sits_down(city, world, "桜井", "桜井 みき（架空）", "sakurai")
        sits_down(city, world, "森田", "森田 かおり（架空）", "morita")
        found = reads_the_inbox(worker)
        found += looks_for_a_case(worker)
        found += claims_what_a_colleague_has_just_taken(worker, world, city)
        found += completes_the_latest(worker)
        found += meets_a_task_that_has_changed(worker, world, city)
        hands_over_and_holds(worker)
        found += takes_a_call(worker)
        found += reads_the_notices(worker)
        assert found == []


def reads_the_inbox(worker: Person) -> list[str]:
    """What is late and what is today, with counts that agree with the list; the sheet of keys; from row to row."""
    page = worker.opens("/inbox")
    expect(page.locator(".lede")).to_have_text("8件のうち、2件が期限を過ぎています。今日が期限のものは1件です。")
    expect(page.locator("li.row")).to_have_count(8)
    counts = page.get_by_role("navigation", name="受信箱の表示").locator(".n").all_inner_texts()
    assert counts == ["8", "10", "1", "1", "0"]
    expect(page.locator("li.row").first).to_contain_text("5営業日超過")
    found = violations(page)
    picture(page, "inbox")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="使えるキー")).to_be_visible()
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("li.row").first.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("インテーク面接・課題整理を行う")
    return found


def looks_for_a_case(worker: Person) -> list[str]:
    """From anywhere, by kana in half width."""
    page = worker.page
    page.keyboard.press("/")
    page.keyboard.type("ﾔﾅｷﾞ")
    page.keyboard.press("Enter")
    expect(page.locator(".lede")).to_contain_text("1件を表示しています。")
    expect(page.locator("tbody tr")).to_contain_text("柳 とおるさん")
    found = violations(page)
    page.locator("main h1").click()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox")
    return found


def claims_what_a_colleague_has_just_taken(worker: Person, world: World, city: City) -> list[str]:
    """Only what is late, kept until it is taken off; two are ticked, one is gone meanwhile: each says how it went."""
    page = worker.opens("/inbox?view=claimable")
    page.get_by_role("combobox", name="期限").select_option("期限超過")
    page.get_by_role("button", name="絞り込む").click()
    expect(page.locator(".lede")).to_have_text("10件のうち3件を表示しています。")
    worker.opens("/cases")
    worker.opens("/inbox?view=claimable")
    expect(page.locator("li.row")).to_have_count(3)
    for key in "jxjx":
        page.keyboard.press(key)
    catches_up(world, city)
    tell(world, "claim", task="in_interview", case="楡 こうじ", by="森田")
    page.get_by_role("button", name="選んだ仕事を引き受ける").click()
    expect(page.get_by_role("status")).to_contain_text("2件のうち1件ができました。")
    expect(page.locator("ul.results li").nth(1)).to_contain_text("先に森田 かおり（架空）さんが引き受けました")
    found = violations(page)
    picture(page, "claimed-together", size=(1280, 520))
    page.get_by_role("link", name="引き受け待ちへ").click()
    page.get_by_role("button", name="条件をすべて外す").click()
    expect(page.locator("li.row")).to_have_count(8)
    return found


def completes_the_latest(worker: Person) -> list[str]:
    """Why this date, what follows; on paper there are no buttons; then it is done and says what is open now."""
    page = worker.opens("/inbox")
    page.locator("li.row").first.get_by_role("link").first.click()
    page.get_by_text("なぜこの日か").click()
    expect(page.locator("ol.why .result")).to_contain_text("2026年4月13日（月）の終わり")
    fill(page, INTERVIEW)
    found = violations(page)
    page.get_by_text("なぜこの日か").click()
    picture(page, "task")
    has_no_buttons_on_paper(page)
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提出しました")
    expect(page.get_by_role("link", name="スクリーニング")).to_be_visible()
    return found


def has_no_buttons_on_paper(page: Page) -> None:
    """The print has the text that was typed, and nothing to press."""
    page.emulate_media(media="print")
    expect(page.get_by_label("主訴")).to_be_visible()
    for part in ("button:not(.vh)", "header.top", "nav", "summary:text-is('保留する')", "input[type=file]"):
        assert not [one for one in page.locator(part).all() if one.is_visible()], f"{part} on paper"
    page.emulate_media(media="screen")


def meets_a_task_that_has_changed(worker: Person, world: World, city: City) -> list[str]:
    """The manager gave a later date while the worker was typing: nothing typed is lost, and it can be sent again."""
    page = worker.page
    worker.opens(worker.finds("in_interview", number_of(world, "榎 さち")).get_attribute("href") or "")
    fill(page, {**INTERVIEW, "household_members": [{"name": "榎 さち", "relation": "本人", "age": "77"}]})
    catches_up(world, city)
    later = {"due_on": "2026-04-27", "reason": "本人の通院と重なった", "legal_basis": "市の運用"}
    tell(world, "extend", task="in_interview", case="榎 さち", by="茅野", **later)
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("alert")).to_contain_text("表示中に内容が変わりました")
    expect(page.get_by_label("主訴")).to_have_value(INTERVIEW["complaint"])
    found = violations(page)
    picture(page, "changed-meanwhile")
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提出しました")
    return found


def hands_over_and_holds(worker: Person) -> None:
    """One goes to a colleague with a note, one waits until a day with its reason."""
    page = worker.opens("/inbox?view=mine")
    page.locator("li.row", has_text="桐生 まことさん").get_by_role("link").first.focus()
    page.keyboard.press("a")
    page.get_by_label("相手").select_option("森田 かおり（架空）")
    page.get_by_label("引き継ぎの内容").fill("本人は平日の午前が話しやすいそうです。")
    page.get_by_role("button", name="引き継ぐ", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("引き継ぎました。")
    worker.opens("/inbox?view=mine")
    page.locator("li.row", has_text="竹下 そうさん").get_by_role("link").first.focus()
    page.keyboard.press("h")
    page.get_by_label("再開する日").fill("R8.5.8")
    page.get_by_label("保留の理由").fill("本人が5月8日に退院するため")
    page.get_by_role("button", name="保留する", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("保留しました。")
    expect(page.locator(".who")).to_contain_text("5月8日（金）に再開")
    expect(worker.opens("/inbox?view=held").locator("li.row")).to_have_count(2)


def takes_a_call(worker: Person) -> list[str]:
    """The telephone rings: somebody known by that name comes up while it is typed; choosing three things is enough."""
    page = worker.page
    page.get_by_role("link", name="新しい相談").click()
    page.get_by_role("link", name="窓口・電話・訪問などで相談を受けた").click()
    fill(page, {"channel": "電話", "issues": ["収入・生活費のこと"], "field_code": ["困窮"], "urgency": "なし"})
    fill(page, {"name": "柳 透", "name_kana": "ヤナギ トオル"})
    same = page.get_by_role("region", name="同じ人かもしれない記録")
    expect(same.get_by_role("listitem")).to_have_count(1)
    expect(same).to_contain_text("柳 とおるさん")
    found = violations(page)
    picture(page, "new-call", top=page.locator("fieldset.form-section", has=page.locator("[name=name]")))
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("status").first).to_contain_text("を受け付けました。")
    return found


def reads_the_notices(worker: Person) -> list[str]:
    """What was told of one's own tasks, and it is read."""
    page = worker.opens("/notices")
    expect(page.locator("ol.timeline li").first).to_be_visible()
    found = violations(page)
    page.get_by_role("button", name="すべて既読にする").click()
    expect(page.get_by_text("新着")).to_have_count(0)
    return found
