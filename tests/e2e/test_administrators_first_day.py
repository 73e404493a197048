"""An administrator's first day: from `tsunagu init` on an empty machine to the first call that a worker takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.services import audit
from tests.e2e.conftest import BEGIN
from tests.e2e.offices import WINDOW
from tests.e2e.people import PASSWORD, City, Person
from tests.e2e.test_accessibility import violations
from tests.support.clock import MovedClock
from tests.support.mail import MailServer
from tests.support.narrow import too_wide
from tests.support.pictures import picture
from tests.support.server import COMMAND, live_server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300)]

TYPED_AT_FIRST = "hajimete-no-aikotoba"
HEAD = "ログインID,氏名,ふりがな,メール,組織,役割,始まりの日,終わりの日\n"
RIGHT = (
    "sakurai,桜井 みき（架空）,さくらい みき,sakurai@example.jp,AG-04,相談支援機関職員,,\n"
    "kayano,茅野 かおる（架空）,かやの かおる,,AG-04,agency_manager,,\n"
)
FAULTY = RIGHT + "morita,森田 ゆう（架空）,もりた ゆう,,AG-99,intake_worker,,\n"
CALLER = "柳 とおる"
CALL = {
    "channel": "電話", "issues": ["収入・生活費のこと"], "field_code": ["困窮"], "urgency": "なし", "name": CALLER,
    "name_kana": "やなぎ とおる",
}  # fmt: skip


def tsunagu(env: dict[str, str], *arguments: str, typed: str = "") -> str:
    """The command as an administrator runs it, without a terminal to read passwords from; returns what it says."""
    done = subprocess.run(
        [str(COMMAND), *arguments], input=typed, env={**os.environ, **env}, capture_output=True, text=True,
        timeout=240, start_new_session=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class FirstDay:
    """The office of the day: its people, what they were handed on paper, what axe found."""

    city: City
    mail: MailServer
    papers: dict[str, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    @property
    def admin(self) -> Person:
        """The administrator, whom `tsunagu init` has made."""
        return self.city.people["管理"]

    @property
    def page(self) -> Page:
        """The administrator's window."""
        return self.admin.page

    def shows(self, path: str, name: str = "") -> Page:
        """The administrator opens a page that breaks no rule, and keeps its picture when it has a name."""
        page = self.admin.opens(path) if path else self.page
        self.found += violations(page) + too_wide(page)
        if name:
            picture(page, name)
        return page

    def count(self, sql: str, **parameters: object) -> int:
        """What a counting query says."""
        with self.city.engine.database.read() as connection:
            return int(connection.execute(text(sql), parameters).scalar_one())

    def sits_down(self, name: str, login: str) -> Person:
        """Somebody at another computer."""
        context = self.city.browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport=WINDOW)
        context.set_default_timeout(20_000)
        person = self.city.people[name] = Person(self.city, name, login, context)
        return person


@pytest.fixture
def day(tmp_path: Path, browser: Browser, mail_server: MailServer) -> Iterator[FirstDay]:
    """A machine on which `tsunagu init` has just been run and `tsunagu serve` started."""
    clock = MovedClock(tmp_path / "clock", BEGIN)
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    typed = f"kanri\n管理 はじめ（架空）\nかんり はじめ\n\n{TYPED_AT_FIRST}\n{TYPED_AT_FIRST}\n"
    env = {**clock.environment(), "TSUNAGU_DATABASE_URL": url}
    assert "用意ができました" in tsunagu(env, "init", typed=typed)
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"), clock=clock)
    with live_server(url, tmp_path, clock.environment()) as server:
        city = City(engine, server, clock, browser)
        first = FirstDay(city, mail_server)
        first.sits_down("管理", "kanri")
        yield first
        assert "［直す］" not in tsunagu(env, "doctor")
        city.close()
    engine.database.dispose()


def test_a_day_that_begins_with_an_empty_machine_ends_with_a_call_taken(day: FirstDay) -> None:
    signs_in_for_the_first_time(day.admin, TYPED_AT_FIRST, at_once=False)
    names_the_organisations(day)
    hires_a_second_administrator(day)
    takes_over_a_list_of_staff(day)
    sets_hours_and_a_dated_value(day)
    tries_the_mail(day)
    hands_out_a_password(day)
    worker = day.sits_down("桜井", "sakurai")
    signs_in_for_the_first_time(worker, day.papers["sakurai"], at_once=True)
    case = worker.takes_a_call("窓口・電話・訪問などで相談を受けた", CALL)
    ends_sessions(day, worker)
    sees_nothing_of_the_case(day, case)
    assert audit.verify(day.city.engine) == []
    assert day.found == []


def signs_in_for_the_first_time(person: Person, password: str, *, at_once: bool) -> None:
    """With the password that was typed or handed over, and then with one of one's own. at_once: it is demanded."""
    page = person.page
    page.goto(f"{person.city.server.url}/sign-in")
    page.get_by_label("ログインID", exact=True).fill(person.login)
    page.get_by_label("パスワード", exact=True).fill(password)
    page.get_by_role("button", name="サインイン", exact=True).click()
    if not at_once:
        expect(page.get_by_role("heading", level=1)).to_have_text("職員")
        page.goto(f"{person.city.server.url}/settings")
        page.get_by_role("link", name="パスワードを替える").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("パスワードを替える")
    page.get_by_label("いまのパスワード", exact=True).fill(password)
    page.get_by_label("新しいパスワード", exact=True).fill(PASSWORD)
    page.get_by_label("新しいパスワード（もう一度）", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="パスワードを替える").click()
    expect(page.get_by_role("button", name="サインイン", exact=True)).to_be_visible()


def names_the_organisations(day: FirstDay) -> None:
    """A placeholder gets the name that the city has chosen; one that the plan does not name is added."""
    nameless = day.count("SELECT count(*) FROM organisation WHERE placeholder")
    page = day.shows("/admin/organisations", "admin-organisations")
    expect(page.locator(".lede")).to_contain_text(f"{nameless}の組織には、まだ")
    page.get_by_role("link", name="地域包括支援センター（1）").click()
    page.get_by_label("名前", exact=True).fill("うぬま東地域包括支援センター（架空）")
    day.shows("")
    page.get_by_role("button", name="組織の内容を変える").click()
    expect(page.get_by_role("status")).to_contain_text("変更を記録しました。")
    page.locator(".crumb a").click()
    expect(page.locator(".lede")).to_contain_text(f"{nameless - 1}の組織には、まだ")
    page.get_by_role("link", name="組織を加える").click()
    page.get_by_role("button", name="組織を加える").click()
    expect(page.get_by_role("alert")).to_contain_text("組織の名前を入力してください")
    page.get_by_label("名前", exact=True).fill("川島なんでも相談室（架空）")
    page.get_by_label("種類", exact=True).select_option("実施機関（拠点）")
    page.get_by_label("上の組織", exact=True).select_option("AG-04")
    page.get_by_label("担当課", exact=True).select_option("DV-04")
    day.shows("")
    page.get_by_role("button", name="組織を加える").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("川島なんでも相談室（架空） AG-101")


def hires_a_second_administrator(day: FirstDay) -> None:
    """Nobody changes the own roles, so there are two; the second gets a paper with a password for once."""
    page = day.shows("/admin/staff/new")
    page.get_by_label("ログインID", exact=True).fill("kanri2")
    page.get_by_label("氏名", exact=True).fill("管理 つぎ（架空）")
    page.locator("#org_id").select_option("DV-07")
    page.locator("#role").select_option("sysadmin")
    page.get_by_role("button", name="職員を登録する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("初回のパスワード")
    day.shows("", "admin-first-password")
    assert len(page.locator("code.one-time").inner_text()) == 19


def takes_over_a_list_of_staff(day: FirstDay) -> None:
    """One row names an organisation that there is not: nothing is taken over until the file is right."""
    before = day.count("SELECT count(*) FROM staff")
    page = day.shows("/admin/import")
    _choose_file(page, FAULTY)
    expect(page.get_by_role("alert")).to_contain_text("4行目「組織」")
    expect(page.locator("tbody tr").nth(0)).to_contain_text("新しい職員")
    expect(page.locator("tbody tr").nth(2)).to_contain_text("取り込めません")
    day.shows("", "admin-import")
    assert day.count("SELECT count(*) FROM staff") == before
    page.locator(".crumb a").click()
    _choose_file(page, RIGHT)
    expect(page.get_by_role("heading", level=1)).to_contain_text("取り込む内容の確認")
    assert day.count("SELECT count(*) FROM staff") == before
    page.get_by_role("button", name="2行をすべて取り込む").click()
    expect(page.get_by_role("status")).to_contain_text("2行をまとめて取り込みました。")
    assert day.count("SELECT count(*) FROM staff") == before + 2


def _choose_file(page: Page, lines: str) -> None:
    content = (HEAD + lines).encode("cp932")  # as a spreadsheet in Japan saves it
    page.set_input_files("#file", {"name": "職員.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="内容を確かめる").click()


def sets_hours_and_a_dated_value(day: FirstDay) -> None:
    """The agency opens later from May on, the office is closed one day, reviews come sooner from the next year."""
    page = day.shows("/admin/calendars?of=AG-04", "admin-calendar")
    hours = page.get_by_role("region", name="開庁時間を変える")
    for label, value in (("いつから", "R8.5.1"), ("開く時刻", "09:00"), ("閉まる時刻", "17:00")):
        hours.get_by_label(label, exact=True).fill(value)
    hours.get_by_label("根拠", exact=True).fill("委託契約書 第5条（架空）")
    hours.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("変更を記録しました。")
    page = day.admin.opens("/admin/calendars")
    one = page.get_by_role("region", name="1日を閉庁日・開庁日にする")
    for label, value in (("どの日か", "R8.8.14"), ("理由", "庁舎の点検"), ("根拠", "庁舎管理規則（架空）")):
        one.get_by_label(label, exact=True).fill(value)
    one.get_by_role("button").click()
    expect(page.get_by_role("listitem").filter(has_text="庁舎の点検")).to_have_count(1)
    day.shows("/admin/policies")
    day.shows("/admin/ladders/standard")
    page = day.shows("/admin/policies/review_interval", "admin-parameter")
    page.get_by_label("いつから", exact=True).fill("R9.4.1")
    page.get_by_label("値", exact=True).fill("5")
    page.get_by_role("button", name="新しい値を記録する").click()
    expect(page.get_by_role("alert")).to_contain_text("根拠")
    page.get_by_label("根拠", exact=True).fill("実施要綱 第12条（架空）")
    page.get_by_role("button", name="新しい値を記録する").click()
    expect(page.locator("tbody tr").first).to_contain_text("実施要綱 第12条（架空）")
    assert day.count("SELECT count(*) FROM reference_change") == 5


def tries_the_mail(day: FirstDay) -> None:
    """The mail server of the city takes the mail, and there is nothing of anybody in it."""
    page = day.shows("/admin/mail", "admin-mail")
    page.get_by_label("サーバーの名前", exact=True).fill(day.mail.host)
    page.get_by_label("ポート", exact=True).fill(str(day.mail.port))
    page.get_by_label("暗号化のしかた", exact=True).select_option("none")
    page.get_by_label("差出人のアドレス", exact=True).fill("tsunagu@example.jp")
    page.get_by_role("button", name="メールの設定を保存する").click()
    expect(page.get_by_role("status")).to_contain_text("変更を記録しました。")
    page.get_by_label("送る先のアドレス", exact=True).fill("kanri@example.jp")
    page.get_by_role("button", name="試しのメールを送る").click()
    expect(page.get_by_role("status")).to_contain_text("試しのメールをメールサーバーに渡しました。")
    assert day.mail.recipients == [["kanri@example.jp"]]
    assert day.mail.received[0]["From"] == "tsunagu@example.jp"


def hands_out_a_password(day: FirstDay) -> None:
    """The imported worker is found by name and gets a paper."""
    page = day.shows("/admin/staff", "admin-staff")
    page.get_by_role("searchbox").fill("さくらい")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="桜井 みき（架空）").click()
    expect(page.locator(".facts")).to_contain_text("パスワード未設定")
    page.get_by_role("button", name="初回のパスワードを作り直す").click()
    day.papers["sakurai"] = page.locator("code.one-time").inner_text()


def ends_sessions(day: FirstDay, worker: Person) -> None:
    """The worker has left a tablet in the bus: that one goes, the other goes on working; at last both go."""
    day.city.at("2026-04-06T10:20")
    tablet = day.sits_down("桜井のタブレット", "sakurai")
    tablet.opens("/inbox")
    page = day.admin.opens("/admin/staff?status=all")
    page.get_by_role("link", name="桜井 みき（架空）").click()
    sessions = page.get_by_role("region", name="サインイン").get_by_role("listitem")
    expect(sessions).to_have_count(2)
    day.shows("")
    picture(page, "admin-sessions", top=page.locator("#roles"))
    sessions.first.get_by_role("button", name="この端末をサインアウトさせる").click()
    expect(sessions).to_have_count(1)
    _is_let_in(tablet, still=False)
    _is_let_in(worker, still=True)
    page.get_by_role("button", name="すべての端末からサインアウトさせる").click()
    expect(sessions).to_have_count(0)
    _is_let_in(worker, still=False)
    query = "SELECT count(*) FROM audit_event WHERE act = 'staff.signed_out'"
    assert day.count(query) == 2


def _is_let_in(person: Person, *, still: bool) -> None:
    person.page.goto(f"{person.city.server.url}/inbox")
    asked = person.page.get_by_role("button", name="サインイン", exact=True)
    expect(asked).to_have_count(0 if still else 1)


def sees_nothing_of_the_case(day: FirstDay, case: str) -> None:
    """Whatever the bar leads to, and the address of the case itself, name nobody who was called about."""
    page = day.admin.opens("/admin/staff")
    links = page.locator("header.top a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(links) > 5
    for path in dict.fromkeys(links):
        text_shown = day.admin.opens(path).locator("body").inner_text()
        assert CALLER not in text_shown
        assert case not in text_shown
    for number in (case, "R8-9999"):  # the same of one that there is and of one that there is not
        heading = day.admin.opens(f"/cases/{number}").get_by_role("heading", level=1)
        expect(heading).to_have_text("この操作はできません")
