"""A support plan from its draft through consent and conference to the decision, and its second version beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from engine.scenarios.world import World
from tests.e2e.offices import catches_up, number_of, opened, sits_down, tell
from tests.e2e.people import City, Person
from tests.e2e.test_accessibility import violations
from tests.faults.stories import tell as told
from tests.support.filling import fill
from tests.support.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]

MATSUBA = "松葉"
PLAN: dict[str, Any] = {
    "plan_kind": "初回",
    "situation": "母82歳（要介護2）と長男54歳の二人暮らし。長男は28年、家の外に出ていない。",
    "wish": "自分が動けるうちに、息子のことを誰かにつないでおきたい。",
    "issues": [
        {"member": "松葉 きよ", "field": "高齢", "issue": "介護の負担が大きい", "priority": "1"},
        {"member": "松葉 史郎", "field": "困窮", "issue": "ひきこもりと収入のなさ", "priority": "2"},
    ],
    "goal_long": {"text": "母が安心して暮らし、長男に相談相手ができる", "by": "R9.4.30"},
    "goal_short": {"text": "介護の負担を減らす", "by": "R8.8.31"},
    "actions": [
        {
            "issue": "介護の負担", "org": "AG-01-1", "programme": "PG-01", "person_does": "週1回のデイサービスに通う",
            "frequency": "週1回", "starts_on": "R8.6.1", "ends_on": "R9.4.30",
        },
        {
            "issue": "家計", "org": "AG-04", "person_does": "家計を一緒に見る", "frequency": "月1回",
            "starts_on": "R8.6.1", "ends_on": "R9.4.30",
        },
    ],
    "lead_org": "AG-01-1",
    "use_participation": "なし",
    "use_outreach": "なし",
    "period": {"from": "R8.6.1", "to": "R9.5.31"},
    "next_review_on": "R8.9.1",
}  # fmt: skip
PARTLY = {
    "consent_result": "一部同意",
    "subject": "松葉 きよ",
    "given_by": "本人",
    "method": "書面",
    "scope_items": ["概要", "アセスメント", "プラン", "評価"],
    "scope_orgs": ["AG-01-1", "AG-04", "AG-07"],
    "excluded_orgs": ["AG-02"],
    "valid_until": "R9.5.31",
}
MEMBERS = [
    {"org": "AG-01-1", "name": "藤井 ゆうこ", "secrecy": "確認済み"},
    {"org": "AG-04", "name": "桜井 みき", "secrecy": "確認済み"},
    {"org": "AG-07", "name": "桐谷 さとる", "secrecy": "確認済み"},
]
ADEQUATE = dict.fromkeys(("課題", "目標", "施策", "役割", "期間", "本人の意向"), "適切")
CONFERENCE = {
    "held_on": "R8.5.14",
    "kind": "新規プラン",
    "attendees": [MEMBERS[0], MEMBERS[2]],
    "adequacy": ADEQUATE,
    "conclusion": "承認",
    "lead_org": "AG-01-1",
    "next_review_on": "R8.9.1",
}


class Office:
    """Who has to do with the plan, each at a computer of their own."""

    def __init__(self, city: City, world: World) -> None:
        self.city, self.world, self.case = city, world, number_of(world, MATSUBA)
        self.coordinator = self._sits("協働の担当", "桐谷 さとる（架空）", "kiritani")
        self.secretariat = self._sits("協働の管理者", "楠田 あき（架空）", "kusuda")
        self.agency = self._sits("さぽーとの相談員", "桜井 みき（架空）", "sakurai")
        self.approver = self._sits("高齢介護課の係員", "竹中 るり（架空）", "takenaka")
        self.found: list[str] = []

    def _sits(self, key: str, name: str, login: str) -> Person:
        return sits_down(self.city, self.world, key, name, login)

    def stands_on(self, person: Person, path: str = "") -> None:
        """The page breaks no rule that a program can find."""
        if path:
            person.opens(path)
        self.found += violations(person.page)


def test_a_plan_goes_from_its_draft_through_consent_and_conference_to_the_decision(
    sqlite_url: str, tmp_path: Path, browser: Browser
) -> None:
    story = told(sqlite_url, "scenarios/8050_matsuba.yaml", until=lambda step: step.data.get("task") == "ma_adjust")
    with opened(story.world, tmp_path, browser) as city:
        office = Office(city, story.world)
        drafts_the_plan(office)
        has_part_of_the_consent(office)
        prepares_the_conference(office)
        holds_it_and_decides(office)
        compares_the_next_version(office)
        assert office.found == []


def drafts_the_plan(office: Office) -> None:
    """The agency says what it can do; from its first answer on the coordinator can write."""
    agreed = {"adjust_log": "家計の相談を月1回受けられる。訪問もできる。", "role_agreed": "合意"}
    office.agency.does("ma_adjust", office.case, agreed)
    page = office.coordinator.page
    office.coordinator.finds("ma_draft", office.case).click()
    office.coordinator.takes_it()
    fill(page, PLAN)
    office.stands_on(office.coordinator)
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提出しました")


def has_part_of_the_consent(office: Office) -> None:
    """The person does not want one of the agencies to know; the sharing page says what remains."""
    coordinator = office.coordinator
    coordinator.finds("ma_consent", office.case).click()
    coordinator.takes_it()
    fill(coordinator.page, PARTLY)
    coordinator.page.locator("form.sheet [data-primary]").click()
    expect(coordinator.page.get_by_role("heading", level=1)).to_have_text("提出しました")
    office.stands_on(coordinator, f"/cases/{office.case}/sharing")
    expect(coordinator.page.locator(".facts")).to_contain_text("一部")
    picture(coordinator.page, "sharing")


def prepares_the_conference(office: Office) -> None:
    """The secretariat finds it complete, the coordinator invites, the agency that cannot come writes what it thinks."""
    office.secretariat.does("pa_check", office.case, {"checked": "付議できる"})
    schedule = {"meeting_at": "R8.5.14 13:30", "meeting_kind": "定例", "members": MEMBERS}
    office.coordinator.does("pa_schedule", office.case, schedule)
    office.coordinator.does("pa_notice", office.case, {"notice_sent_on": "R8.4.24"})
    office.agency.does("pa_opinion", office.case, {"opinion": "家計の相談は月1回で始めたい。"})
    office.stands_on(office.agency)


def holds_it_and_decides(office: Office) -> None:
    """The outcome of the conference is noted by the coordinator; the decision is the city's."""
    office.city.at("2026-05-14T14:00")
    coordinator, page = office.coordinator, office.coordinator.page
    coordinator.finds("pa_hold", office.case).click()
    coordinator.takes_it()
    fill(page, CONFERENCE)
    office.stands_on(coordinator)
    page.locator("form.sheet [data-primary]").click()
    coordinator.is_refused(office.approver.address_of("pa_decide", office.case))
    office.approver.does("pa_decide", office.case, {"decision": "支援決定"})
    office.stands_on(office.approver)
    coordinator.does("pa_share", office.case, {"given_on": "R8.5.14"})
    coordinator.is_here(office.case, "px_start")
    page.get_by_role("button", name="いまの場所へ").first.click()
    picture(page, "case-diagram", top=page.get_by_role("heading", name="流れの図"))


def compares_the_next_version(office: Office) -> None:
    """In summer something changes: the coordinator writes the second version, and what it changes stands in words."""
    asks_for_a_new_plan(office)
    coordinator, page = office.coordinator, office.coordinator.page
    coordinator.finds("pa_fix", office.case).click()
    coordinator.takes_it()
    fill(page, {"plan_kind": "再プラン", "period": {"from": "R8.8.1", "to": "R9.7.31"}, "next_review_on": "R8.11.2"})
    fill(page, {"actions": [{"frequency": "週2回"}, {}], "changed_for_person": "あり"})
    page.locator("form.sheet [data-primary]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提出しました")
    coordinator.opens(f"/cases/{office.case}/plans")
    page.get_by_text("第1版からの変更").click()
    changes = page.locator("details.changes")
    expect(changes).to_contain_text("週1回")
    expect(changes).to_contain_text("週2回")
    office.stands_on(coordinator)
    picture(page, "plan-versions", size=(1280, 900))


def asks_for_a_new_plan(office: Office) -> None:
    """Support begins, and in July the day service has no more places: told, not shown."""
    world, lead = office.world, "包括の相談員"
    catches_up(world, office.city)
    for org, by in (("AG-01-1", lead), ("AG-04", "さぽーとの相談員")):
        tell(world, "complete", task="px_start", case=MATSUBA, org=org, by=by, given={"started_on": "2026-06-01"})
    tell(world, "advance", to="2026-07-01T10:00")
    reason = {"reason": "デイサービスの曜日が変わることになった"}
    tell(world, "command", name="review.request", case=MATSUBA, by=lead, given=reason)
    tell(world, "complete", task="px_self", case=MATSUBA, by=lead, given={"person_voice": "回数を増やしたい"})
    for org, by in (("AG-01-1", lead), ("AG-04", "さぽーとの相談員")):
        report = {"own_adequacy": "適切", "own_report": "続けて関わっている。"}
        tell(world, "complete", task="px_collect", case=MATSUBA, org=org, by=by, given=report)
    evaluation = {
        "goal_status": "一部達成", "changes": ["意欲の向上"], "adequacy_by_org": {"AG-01-1": "適切", "AG-04": "適切"},
        "remaining": "通う回数", "person_voice": "回数を増やしたい", "result": "見直し（再プラン）",
    }  # fmt: skip
    tell(world, "complete", task="px_eval", case=MATSUBA, by=lead, given=evaluation)
    outcome = {
        "held_on": "2026-07-01", "kind": "評価", "adequacy": ADEQUATE, "conclusion": "承認", "lead_org": "AG-01-1",
        "attendees": [{"org": "AG-07", "name": "桐谷 さとる", "secrecy": "確認済み"}],
    }  # fmt: skip
    tell(world, "complete", task="px_conf", case=MATSUBA, by="協働の担当", given=outcome)
    office.city.at("2026-07-01T11:00")
