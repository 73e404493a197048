"""A supervisor's morning: thirty evaluations are late, and who was to make them has been moved to another office.

The whole of the late evaluation that is handed over and leads to a new plan: what is told, what is seen, what is done,
and each of it compared with the rows. The scheduler stands still for a while, and the board is right all the same.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import text

from engine.config import ROOT
from engine.scenarios.loader import load
from engine.scenarios.runner import take
from engine.scenarios.world import World
from engine.services import audit
from tests.e2e.offices import catches_up, number_of, opened, sits_down
from tests.e2e.offices import tell as told
from tests.e2e.people import City, Person
from tests.e2e.test_accessibility import violations
from tests.faults.stories import renamed, tell
from tests.support.narrow import too_wide
from tests.support.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

FILE = "plan_execution/scenarios/late_review_handed_over_tochi.yaml"
ALIAS, GIVEN = "栃", "栃 誠"
FAMILIES = (
    "柳 椿 楡 榎 梓 桂木 橘 楠 栃木 檜山 桐生 朴木 杏 梨本 桃田 "
    "杉原 松井 竹下 藤代 萩野 桑田 柏 椎名 樺島 槙 柚木 梅津 桜庭 栗田 樋口"
)
GIVEN_NAMES = ("とおる", "まり", "こうじ", "さち", "しん", "ふみ", "よしお")
NAMES = tuple(f"{family} {given}" for family, given in zip(FAMILIES.split(), cycle(GIVEN_NAMES), strict=False))
LATE = len(NAMES)  #: thirty
MORNING, LATER = "2026-09-28T08:40", "2026-10-02T10:00"
LEAVER, HEIR = "蓬", "若葉"
THIRD = "SELECT count(*) FROM raised WHERE level = '3' AND element_id = 'px_eval'"


@dataclass
class Office:
    """The office on that morning. held: how many tasks the person who was moved still holds."""

    city: City
    world: World
    supervisor: Person
    held: int
    found: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        """The supervisor's window."""
        return self.supervisor.page

    def shows(self, path: str, name: str = "") -> Page:
        """The supervisor opens a page that breaks no rule; it is kept as a picture when it has a name."""
        page = self.supervisor.opens(path) if path else self.page
        self.found += violations(page) + too_wide(page)
        if name:
            picture(page, name)
        return page

    def rows(self, sql: str, **parameters: Any) -> Sequence[Any]:
        """What a query says."""
        with self.city.engine.database.read() as connection:
            return connection.execute(text(sql), parameters).all()

    def count(self, sql: str, **parameters: Any) -> int:
        """What a counting query says."""
        return int(self.rows(sql, **parameters)[0][0])

    def told(self, about: str, who: str) -> int:
        """How often somebody was told of something, of levels: of evaluations."""
        query = (
            "SELECT count(*) FROM notification n LEFT JOIN user_task t ON t.id = n.task_id"
            " WHERE n.about = :about AND n.staff_id = :who AND (n.about NOT LIKE 'level:%' OR t.element_id = 'px_eval')"
        )
        return self.count(query, about=about, who=self.world.people[who])


def thirty_late_evaluations(url: str) -> World:
    """Thirty cases of one worker, who was moved; none was evaluated. Level 1 was told on 18 September, level 2 on the
    25th, with five closed days between."""
    late = tell(
        url, FILE, until=lambda step: str(step.data.get("to", "")).startswith(LATER[:10]), cases=LATE,
        name=(GIVEN, NAMES),
    )  # fmt: skip
    world = late.world
    for name, case_id in zip(NAMES, late.case_ids, strict=True):
        world.cases[name] = case_id
        told(world, "claim", task="px_eval", case=name, by=LEAVER)
    for name in NAMES[:3]:
        told(world, "claim", task="px_monitor", case=name, by=LEAVER)
    told(world, "hold", task="px_monitor", case=NAMES[2], by=LEAVER, until="2026-10-30", reason="本人が入院中")
    told(world, "advance", to=MORNING)
    return world


def test_thirty_late_reviews_are_seen_shared_out_and_handed_over_and_one_leads_to_a_new_plan(
    sqlite_url: str, tmp_path: Path, browser: Browser
) -> None:
    world = thirty_late_evaluations(sqlite_url)
    with opened(world, tmp_path, browser) as city:
        for key, name, org, role in (
            ("菫", "菫 さき（架空）", "AG-04", "intake_worker"), ("管理", "管理 はじめ（架空）", "DV-07", "sysadmin"),
            ("責任者", "榊 まさし（架空）", "DV-07", "programme_lead"),
        ):  # fmt: skip
            city.person(name, f"login-{role}", org, role)
            with world.engine.database.read() as connection:
                query = text("SELECT id FROM staff WHERE login = :login")
                world.people[key] = connection.execute(query, {"login": f"login-{role}"}).scalar_one()
        for key in (LEAVER, HEIR):
            _is_called(world, key, f"{key} ゆう（架空）")
        office = Office(city, world, sits_down(city, world, "係長の楓", "楓 けい（架空）", "kaede"), LATE + 3)
        sees_what_is_late(office)
        reads_who_was_told(office)
        reminds_and_extends(office)
        hands_three_over_and_takes_them_back(office)
        is_told_of_a_change_without_reloading(office)
        hands_everything_over(office)
        closes_the_account(office)
        has_a_deputy(office)
        goes_on_while_nothing_is_told(office)
        confirms_one(office)
        sees_a_new_plan_decided(office)
        assert audit.verify(city.engine) == []
        assert office.found == []


def _is_called(world: World, key: str, name: str) -> None:
    with world.engine.database.write() as connection:
        connection.execute(
            text("UPDATE staff SET name = :name WHERE id = :id"), {"name": name, "id": world.people[key]}
        )


def _number(line: Locator) -> int:
    found = re.search(r"(\d+)件", line.inner_text())
    assert found
    return int(found[1])


def sees_what_is_late(office: Office) -> None:
    """How late in business days, what was told, what comes next, as the rows have it; a task is two clicks away."""
    page = office.shows("/board", "board")
    expect(page.locator("#reviews")).to_contain_text(f"{LATE}件")
    panel = page.get_by_role("region", name="定期評価の遅れ").locator("tbody tr")
    expect(panel.first).to_contain_text("6営業日超過")
    expect(panel.first).to_contain_text("段階2まで")
    expect(panel.first).to_contain_text("段階3 10月2日")
    late = "SELECT count(*) FROM user_task WHERE state IN ('open', 'claimed') AND due_at <= :now"
    strip = page.locator("ul.strip a")
    assert _number(strip.filter(has_text="期限超過")) == office.count(late, now=str(office.city.clock.now())[:26])
    assert _number(strip.filter(has_text="保留中")) == 1
    strip.filter(has_text="期限超過").click()
    page.locator("tbody a").first.click()
    assert "/tasks/" in page.url
    page = office.shows("/board/reviews", "reviews")
    expect(page.locator("tbody tr")).to_have_count(LATE)


def reads_who_was_told(office: Office) -> None:
    """Level 1 went to the manager of the agency, level 2 to the supervisor, level 3 to nobody yet."""
    assert office.told("level:1", "所長の槇") == office.told("level:2", "係長の楓") == LATE
    assert office.count(THIRD) == 0
    strangers = office.told("level:1", "よその職員") + office.told("level:2", "よその職員")
    assert strangers == office.told("level:2", HEIR) == 0
    page = office.shows("/notices")
    expect(page.locator("ol.timeline li").first).to_be_visible()


def reminds_and_extends(office: Office) -> None:
    """Two are reminded of, once a day; one gets a later date, with its reason and its basis, and is late no longer."""
    page = office.page
    evaluations = f"/board/list?element=px_eval&person={office.world.people[LEAVER]}"
    chosen = _choose(office, evaluations, 2, "催促する")
    office.shows("")
    page.get_by_role("button", name="催促する").click()
    expect(page.get_by_role("status")).to_have_text("2件のうち2件を終えました。")
    _choose(office, evaluations, 2, "催促する")
    page.get_by_role("button", name="催促する").click()
    expect(page.locator("tbody tr").first).to_contain_text("今日はもう催促しました。")
    assert office.told("reminded", LEAVER) == len(chosen) == 2
    (task,) = _choose(office, evaluations, 1, "期限を延ばす")
    page.get_by_label("新しい期限 ※必須", exact=True).fill("R8.10.23")
    page.get_by_role("button", name="期限を延ばす").click()
    expect(page.locator("#reason-error")).to_be_visible()
    page.get_by_label("理由 ※必須", exact=True).fill("本人の入院のため、退院の後に行う。")
    page.get_by_label("根拠（法令・要綱）", exact=True).fill("実施要綱 第12条第3項（架空）")
    office.shows("", "extend")
    page.get_by_role("button", name="期限を延ばす").click()
    expect(page.get_by_role("status")).to_have_text("1件のうち1件を終えました。")
    ((due, basis),) = office.rows(
        "SELECT t.due_on, h.legal_basis FROM user_task t JOIN clock c ON c.task_id = t.id"
        " JOIN clock_change h ON h.clock_id = c.id WHERE t.id = :id AND h.kind = 'extend'", id=task,
    )  # fmt: skip
    assert (str(due), basis) == ("2026-10-23", "実施要綱 第12条第3項（架空）")
    expect(office.supervisor.opens("/board").locator("#reviews")).to_contain_text(f"{LATE - 1}件")


def _choose(office: Office, path: str, number: int, act: str) -> list[str]:
    """Tick the first tasks of a list and press what is to be done; returns their ids."""
    page = office.supervisor.opens(path)
    boxes = page.locator("tbody input[type=checkbox]")
    for place in range(number):
        boxes.nth(place).check()
    ids = [boxes.nth(place).get_attribute("value") or "" for place in range(number)]
    page.get_by_role("button", name=act).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("担当替え" if act == "担当を替える" else act)
    return ids


def hands_three_over_and_takes_them_back(office: Office) -> None:
    """Before and after stand beside each person; the way back gives every task to whom it was."""
    page, heir = office.page, office.world.people[HEIR]
    chosen = _choose(office, f"/board/list?element=px_eval&person={office.world.people[LEAVER]}", 3, "担当を替える")
    line = page.locator("tbody tr").filter(has_text=f"{HEIR} ゆう（架空）").last
    expect(line).to_contain_text("0 → 3")
    line.get_by_role("radio").check()
    page.get_by_role("button", name="担当を替える").click()
    expect(page.get_by_role("status")).to_contain_text("3件のうち3件を")
    assert {task for (task,) in office.rows("SELECT id FROM user_task WHERE assignee_id = :p", p=heir)} == set(chosen)
    office.shows("")
    page.get_by_role("button", name="3件を元に戻す").click()
    expect(page.locator("tbody tr").filter(has_text="元に戻しました")).to_have_count(3)
    assert _held(office, LEAVER) == office.held
    assert _held(office, HEIR) == 0


def _held(office: Office, who: str) -> int:
    query = "SELECT count(*) FROM user_task WHERE assignee_id = :p AND state IN ('claimed', 'held')"
    return office.count(query, p=office.world.people[who])


def is_told_of_a_change_without_reloading(office: Office) -> None:
    """The board lies open; a colleague takes something, and a minute later the page says so and shows it when asked."""
    page = office.page
    page.clock.install()
    office.supervisor.opens("/board")
    catches_up(office.world, office.city)
    told(office.world, "claim", task="px_monitor", case=NAMES[10], by=HEIR)
    page.clock.fast_forward(61_000)
    said = page.locator("[data-changes]")
    expect(said).to_contain_text("1件の変更があります。")
    said.get_by_role("link", name="表示する").click()
    expect(
        page.locator("tbody tr").filter(has=page.get_by_role("rowheader", name=f"{HEIR} ゆう")).first
    ).to_be_visible()


TIMERS = "SELECT instance_id, ref, branch, fires_at, state FROM timer ORDER BY id"
DUE = "SELECT id, due_at, warn_at, held_until, state FROM user_task ORDER BY id"


def hands_everything_over(office: Office) -> None:
    """All that the person held goes to one colleague with notes; dates, timers and the hold stay as they are."""
    page, before = office.page, (office.rows(TIMERS), office.rows(DUE))
    page = office.supervisor.opens("/reassign")
    page.get_by_label("だれから").select_option(label=f"{LEAVER} ゆう（架空）")
    page.get_by_role("button", name="この人の仕事を表示する").click()
    expect(page.locator("h2").first).to_contain_text(f"{office.held}件")
    page.get_by_label("この仕事の引継ぎ").first.fill("母の通院が月曜。電話は午後に。")
    row = page.get_by_role("row").filter(has=page.get_by_role("radio")).filter(has_text=f"{HEIR} ゆう（架空）")
    expect(row).to_contain_text(f"1 → {office.held + 1}")
    row.get_by_role("radio").check()
    page.get_by_label("すべての仕事に共通の引継ぎ").fill("4月の異動の引継ぎ。評価から始める。")
    office.shows("", "transfer")
    page.get_by_role("button", name="担当を替える").click()
    expect(page.get_by_role("status")).to_contain_text(f"{office.held}件のうち{office.held}件を")
    office.shows("", "transfer-done")
    assert (office.rows(TIMERS), office.rows(DUE)) == before
    assert (_held(office, LEAVER), _held(office, HEIR)) == (0, office.held + 1)
    notes = office.rows("SELECT note FROM reassignment_task WHERE note <> ''")
    assert [note for (note,) in notes] == ["母の通院が月曜。電話は午後に。"]
    assert office.told("assigned", HEIR) >= office.held


def closes_the_account(office: Office) -> None:
    """Now the administrator can close the account, and nothing hangs on it."""
    leaver = office.world.people[LEAVER]
    admin = office.city.people["管理 はじめ（架空）"]
    page = admin.opens(f"/admin/staff/{leaver}")
    expect(page.locator(".facts")).to_contain_text("0件")
    page.get_by_role("button", name="利用を終える").click()
    expect(page.locator(".facts")).to_contain_text("利用終了")
    orphans = (
        "SELECT count(*) FROM user_task t LEFT JOIN staff s ON s.id = t.assignee_id"
        " WHERE t.state IN ('claimed', 'held') AND (s.id IS NULL OR s.status = 'left')"
    )
    assert office.count(orphans) == 0
    assert office.count("SELECT count(*) FROM membership WHERE staff_id = :p AND valid_until IS NULL", p=leaver) == 0


def has_a_deputy(office: Office) -> None:
    """The colleague is away in the first days of October, and somebody stands in, who is told."""
    page = office.shows("/absences")
    page.locator("#staff").select_option(label=f"{HEIR} ゆう（架空）")
    page.locator("#deputy").select_option(label="菫 さき（架空）")
    page.locator("#from").fill("R8.10.1")
    page.locator("#until").fill("R8.10.9")
    page.get_by_role("button", name="不在を登録する").click()
    expect(page.locator("tbody tr")).to_contain_text(f"{office.held + 1}件")
    office.shows("", "absences")
    assert office.told("deputy", "菫") == 1


@contextmanager
def standing_still(office: Office) -> Iterator[None]:
    """The scheduler's process does nothing; it is not stopped in the middle of a writing transaction."""
    (scheduler,) = [one for one in _children(office.city.server.pid) if b"scheduler" in _command(one)]
    file = str(office.city.engine.settings.database_url).removeprefix("sqlite:///")
    for _ in range(100):
        os.kill(scheduler, signal.SIGSTOP)
        if _is_free(file):
            break
        os.kill(scheduler, signal.SIGCONT)
        time.sleep(0.1)
    try:
        yield
    finally:
        os.kill(scheduler, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    """The processes that a process has started, on Linux."""
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(one) for one in said.split()]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _is_free(file: str) -> bool:
    connection = sqlite3.connect(file, timeout=0.2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def goes_on_while_nothing_is_told(office: Office) -> None:
    """Days later the scheduler stands still: the board says so, and how late everything is, is right. The deputy takes
    over. Then it goes on, and level 3 is told to the lead of the programme, once for each."""
    with standing_still(office):
        office.city.at(LATER)
        page = office.shows("/board", "board-alone")
        expect(page.locator(".band")).to_contain_text("通知のしくみが止まっています")
        panel = page.get_by_role("region", name="定期評価の遅れ").locator("tbody tr")
        expect(panel.first).to_contain_text("10営業日超過")
        expect(panel.first).to_contain_text("段階2まで")
        expect(panel.first).to_contain_text("段階3 10月2日")
        assert office.count(THIRD) == 0
        takes_over(office)
    office.city.waits_until(lambda: office.count(THIRD) == LATE - 1, seconds=90)
    assert office.told("level:3", "責任者") == LATE - 1
    page = office.supervisor.opens("/board/reviews")
    expect(page.locator("tbody tr")).to_have_count(LATE - 1)
    expect(page.locator("tbody tr").first).to_contain_text("段階3まで")


def takes_over(office: Office) -> None:
    """Who stands in sees the tasks of who is away, and takes one."""
    deputy = office.city.people["菫 さき（架空）"]
    page = deputy.opens("/deputy")
    rows = page.locator("tbody tr")
    before = rows.count()
    last = rows.filter(has_text=number_of(office.world, NAMES[-1])).filter(has_text="評価")
    last.first.get_by_role("button", name="代わりに引き受ける").click()
    deputy.opens("/deputy")
    expect(rows).to_have_count(before - 1)
    assert _held(office, "菫") == 1


def confirms_one(office: Office) -> None:
    """The supervisor notes why the evaluation is late, from the list."""
    number = number_of(office.world, NAMES[5])
    page = office.supervisor.opens("/board/reviews")
    page.locator("tbody tr").filter(has_text=number).get_by_role("link", name="確認する").click()
    office.supervisor.takes_it()
    page.locator('form.sheet [name="late_reason"]').fill("担当者の異動で引継ぎが遅れた。")
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提出しました")
    row = office.supervisor.opens("/board/reviews").locator("tbody tr").filter(has_text=number)
    expect(row).to_contain_text("楓 けい（架空）さんが確認")


def sees_a_new_plan_decided(office: Office) -> None:
    """The colleague evaluates, and what follows to the decision on the second plan comes as the scenario says."""
    world, city = office.world, office.city
    world.cases[ALIAS] = world.case(NAMES[5])
    steps = load(ROOT / "workflows" / FILE).steps
    first = next(
        n for n, step in enumerate(steps) if step.data.get("task") == "px_eval" and step.data.get("by") == HEIR
    )
    for step in steps[first:]:
        if step.verb == "advance":
            city.at(str(step.data["to"])[:16])
            continue
        catches_up(world, city)
        failures = take(world, renamed(step, GIVEN, NAMES[5]))
        assert not failures, f"line {step.line}: {failures[0].text_ja}"
    versions = "SELECT count(*) FROM plan_version v JOIN support_plan p ON p.id = v.plan_id WHERE p.case_id = :c"
    assert office.count(versions, c=world.cases[ALIAS]) == 2
    expect(office.supervisor.opens("/board/reviews").locator("tbody tr")).to_have_count(LATE - 2)
