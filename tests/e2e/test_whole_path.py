"""The whole path in a browser: from the first call to the reviewed plan, each step by the person whose step it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.people import City

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]

CALL = {
    "channel": "他機関から",
    "visitor_name": "居宅介護支援の担当者",
    "visitor_relation": "その他",
    "visitor_relation_text": "担当ケアマネジャー",
    "issues": ["介護のこと", "ひきこもり・不登校", "家族との関係について"],
    "issue_main": "ひきこもり・不登校",
    "issue_text": "母の介護と、28年ひきこもっている長男のこれからを一緒に考えてほしい。",
    "field_code": ["高齢", "困窮"],
    "urgency": "なし",
    "name": "松葉 きよ",
    "name_kana": "まつば きよ",
    "sex": "女性",
    "birth": "S18.9.12",
    "postcode_address": "架空市緑町1丁目",
}
INTERVIEW = {
    "household_members": [
        {"name": "松葉 きよ", "kana": "まつば きよ", "relation": "本人", "age": "82"},
        {
            "name": "松葉 史郎",
            "kana": "まつば しろう",
            "relation": "長男",
            "age": "54",
            "lives_with": "同居",
            "job": "無職",
        },
    ],
    "complaint": "介護が重くなり、長男のことを誰にも相談できずにいる。",
    "hikikomori_months": "336",
    "isolation": "ほぼなし",
    "policy": "介護サービスを整えながら、長男に関わる機関を広げる。",
}
FIRST_CONSENT = {
    "consent_result": "同意あり",
    "subject": "松葉 きよ",
    "given_by": "本人",
    "method": "書面",
    "scope_items": ["概要", "相談記録", "アセスメント"],
    "scope_orgs": ["AG-07", "AG-02", "AG-04"],
    "valid_until": "R9.3.31",
}
ESCALATION = {
    "to_org": "AG-07",
    "reason": "介護とひきこもりが重なり、一つの機関では支えきれない。",
    "sharing_basis": "本人の同意",
    "escalation_reasons": ["個別の専門分野で解決できない", "世帯に複数分野の課題"],
    "done_so_far": "訪問3回。介護サービスの調整。",
    "agencies_involved": [
        {"org": "AG-02", "role": "ひきこもりの相談"},
        {"org": "AG-04", "role": "家計の相談"},
    ],
    "expectation": "役割分担と、長男への関わり方の整理",
    "urgency": "なし",
    "issue_matrix": [
        {"member": "松葉 きよ", "field": "高齢", "issue": "介護の負担"},
        {"member": "松葉 史郎", "field": "困窮", "issue": "収入がない"},
    ],
}
ISSUES = [
    {
        "member": "松葉 きよ", "field": "高齢", "issue": "介護の負担が大きい",
        "agencies": "地域包括支援センター（1）", "priority": "1",
    },
    {
        "member": "松葉 史郎", "field": "困窮", "issue": "長いひきこもりと収入のなさ",
        "agencies": "生活相談センターさぽーと", "priority": "2",
    },
]  # fmt: skip
PLAN = {
    "plan_kind": "初回",
    "situation": "母82歳（要介護2）と長男54歳の二人暮らし。",
    "wish": "自分が動けるうちに、息子のことを誰かにつないでおきたい。",
    "issues": [
        {"member": "松葉 きよ", "field": "高齢", "issue": "介護の負担", "priority": "1"},
        {"member": "松葉 史郎", "field": "困窮", "issue": "ひきこもりと収入", "priority": "2"},
    ],
    "goal_long": {"text": "母が安心して暮らし、長男に相談相手ができる", "by": "R9.4.30"},
    "goal_short": {"text": "介護の負担を減らす", "by": "2026-08-31"},
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
    "first_monitor": "3か月",
    "review_interval": "6か月",
    "next_review_on": "R8.9.1",
}  # fmt: skip
PLAN_CONSENT = {
    "consent_result": "同意あり",
    "subject": "松葉 きよ",
    "given_by": "本人",
    "method": "書面",
    "scope_items": ["概要", "アセスメント", "プラン", "評価"],
    "scope_orgs": ["AG-01-1", "AG-04", "AG-07"],
    "valid_until": "R9.5.31",
}
ADEQUATE = dict.fromkeys(("課題", "目標", "施策", "役割", "期間", "本人の意向"), "適切")


def test_a_call_becomes_a_plan_that_is_reviewed(city: City) -> None:
    worker = city.person("包括の相談員", "houkatsu", "AG-01-1", "intake_worker")
    manager = city.person("包括の管理者", "houkatsu-kanri", "AG-01-1", "agency_manager")
    kikan = city.person("基幹の相談員", "kikan", "AG-02", "intake_worker")
    support = city.person("さぽーとの相談員", "support", "AG-04", "intake_worker")
    coordinator = city.person("協働の担当", "kyodo", "AG-07", "mac_coordinator")
    mac_manager = city.person("協働の管理者", "kyodo-kanri", "AG-07", "agency_manager")
    officer = city.person("高齢介護課の係員", "kourei", "DV-01", "division_officer")
    supervisor = city.person("高齢介護課の係長", "kourei-kakari", "DV-01", "supervisor")
    child = city.person("子どもの相談員", "kodomo", "AG-03", "intake_worker")

    # ---- 相談受付
    case = worker.takes_a_call("窓口・電話・訪問などで相談を受けた", CALL)
    interview = worker.address_of("in_interview", case)
    worker.shoots("inbox-after-the-call")
    child.finds_nothing_at(interview)  # another agency's case is not there
    child.finds_nothing_at(f"/cases/{case}")
    worker.does("in_interview", case, INTERVIEW)
    worker.shoots("completed")
    screening = manager.address_of("in_screen", case)
    worker.is_refused(screening)  # sees it, but the screening is the manager's
    worker.shoots("refused")
    manager.does("in_screen", case, {
        "screening_result": "多機関協働", "screening_reason": "二つの分野にまたがり、既存の連携だけでは難しい",
    })  # fmt: skip
    worker.does("in_consent", case, FIRST_CONSENT)
    worker.does("in_escalate", case, ESCALATION)
    worker.is_here(case, "in_approve")
    worker.shoots("diagram-of-the-intake")
    assert not worker.has("in_approve", case)
    manager.does("in_approve", case, {"approved": "承認"})

    # ---- 多機関協働
    city.at("2026-04-09T10:00")
    coordinator.does("ma_receive", case, {"acknowledged_on": "R8.4.9"})
    coordinator.does("ma_precheck", case, {"precheck_opinion": "関わる", "precheck_note": "二分野の調整が要る"})
    coordinator.is_refused(mac_manager.address_of("ma_decide", case))
    mac_manager.does("ma_decide", case, {"accept_result": "受理", "accept_reason": "世帯全体の調整が要る"})
    coordinator.is_here(case, "ma_collect")
    coordinator.shoots("diagram-of-the-assessment")
    kikan.does("ma_collect", case, {"situation_report": "相談歴はない。訪問で関われる。"})
    support.does("ma_collect", case, {"situation_report": "家計の相談を受けられる。"})
    city.at("2026-04-15T13:30")
    coordinator.does("ma_meet", case, {
        "met": "会えた", "method": "訪問", "with": "本人", "body": "母と面談。長男は部屋から出ない。",
    })  # fmt: skip
    coordinator.does("ma_untangle", case, {"rows": ISSUES})
    coordinator.does("ma_match", case, {
        "plan_needed": "必要", "rows": [{**ISSUES[0], "programmes": "PG-01"}, ISSUES[1]],
    })  # fmt: skip
    coordinator.does("ma_adjust", case, {"adjust_log": "三機関で役割を確かめた。", "role_agreed": "合意"})
    city.at("2026-04-22T10:00")
    coordinator.does("ma_draft", case, PLAN)
    coordinator.does("ma_consent", case, PLAN_CONSENT)

    # ---- プランの承認
    mac_manager.does("pa_check", case, {"checked": "付議できる"})
    coordinator.does("pa_schedule", case, {
        "meeting_at": "2026-05-14 13:30",
        "meeting_kind": "定例",
        "members": [
            {"org": "AG-01-1", "name": "包括の相談員", "secrecy": "確認済み"},
            {"org": "AG-04", "name": "さぽーとの相談員", "secrecy": "確認済み"},
            {"org": "AG-07", "name": "協働の担当", "secrecy": "確認済み"},
        ],
    })  # fmt: skip
    coordinator.does("pa_notice", case, {"notice_sent_on": "R8.4.24"})
    support.does("pa_opinion", case, {"opinion": "家計の相談は月1回で始めたい。"})
    city.at("2026-05-14T14:00")
    coordinator.does("pa_hold", case, {
        "held_on": "R8.5.14",
        "kind": "新規プラン",
        "attendees": [
            {"org": "AG-01-1", "name": "包括の相談員", "secrecy": "確認済み"},
            {"org": "AG-07", "name": "協働の担当", "secrecy": "確認済み"},
        ],
        "adequacy": ADEQUATE,
        "conclusion": "承認",
        "lead_org": "AG-01-1",
        "next_review_on": "R8.9.1",
    })  # fmt: skip
    coordinator.is_refused(officer.address_of("pa_decide", case))  # the decision is the city's
    officer.does("pa_decide", case, {"decision": "支援決定"})
    coordinator.does("pa_share", case, {"given_on": "R8.5.14"})
    coordinator.opens(f"/cases/{case}/plans")
    coordinator.shoots("plan")

    # ---- 支援の実施、評価の遅れ、評価
    support.does("px_start", case, {"started_on": "R8.6.1"})
    worker.does("px_start", case, {"started_on": "R8.6.1"})
    worker.is_here(case, "px_record")
    city.at("2026-08-18T09:00")
    city.waits_until(lambda: worker.has("px_eval", case))
    worker.shoots("inbox-with-the-evaluation")
    assert supervisor.opens("/board/reviews").get_by_text("期限を過ぎた定期評価はありません。").is_visible()
    city.at("2026-09-02T09:00")
    city.waits_until(lambda: supervisor.has("px_overdue", case))
    line = supervisor.opens("/board/reviews").get_by_role("row").filter(has_text=case)
    expect(line).to_contain_text("松葉 きよ")
    supervisor.shoots("overdue-reviews")
    line.get_by_role("link", name="確認する").click()
    expect(supervisor.page.get_by_role("heading", level=1)).to_have_text("定期評価の遅れを確認する")
    supervisor.does("px_overdue", case, {"late_reason": "担当者の交代で引継ぎが遅れた"})
    support.does("px_collect", case, {"own_adequacy": "おおむね適切", "own_report": "家計の面談が続いている。"})
    worker.does("px_self", case, {"person_voice": "相談できる人ができた。"})
    worker.does("px_eval", case, {
        "goal_status": "一部達成",
        "changes": ["生活リズムが整った"],
        "adequacy_by_org": {"AG-01-1": "適切", "AG-04": "適切"},
        "result": "継続",
        "remaining": "長男の居場所",
        "person_voice": "続けたい",
        "next_review_on": "R9.3.1",
    })  # fmt: skip
    coordinator.does("px_conf", case, {
        "held_on": "R8.9.2",
        "kind": "評価",
        "attendees": [{"org": "AG-07", "name": "協働の担当", "secrecy": "確認済み"}],
        "adequacy": ADEQUATE,
        "conclusion": "承認",
        "lead_org": "AG-01-1",
        "next_review_on": "R9.3.1",
    })  # fmt: skip
    worker.opens(f"/cases/{case}")
    worker.shoots("case-file")
    worker.opens(f"/cases/{case}/records")
    worker.shoots("records")
    worker.opens(f"/cases/{case}/sharing")
    worker.shoots("sharing")
    supervisor.opens("/board/reviews")
    expect(supervisor.page.get_by_text("期限を過ぎた定期評価はありません。")).to_be_visible()
    worker.opens(f"/cases/{case}/plans")
    expect(worker.page.locator("main")).to_contain_text("令和9年3月1日")
    worker.shoots("plan-after-the-review")


CONSENT = {
    "consent_result": "同意あり",
    "given_by": "本人",
    "method": "書面",
    "scope_items": ["概要", "参加支援の項目別"],
    "scope_orgs": ["AG-08"],
    "valid_until": "R9.3.31",
}


def test_a_person_found_at_home_is_handed_over_to_participation_support(city: City) -> None:
    visitor = city.person("樅 かなえ", "momi", "AG-08", "outreach_worker")
    head = city.person("槙 けんじ", "maki", "AG-08", "agency_manager")
    companion = city.person("柊 みのり", "hiiragi", "AG-08", "participation_coordinator")
    stranger = city.person("基幹の相談員", "kikan", "AG-02", "intake_worker")

    # ---- アウトリーチ
    case = visitor.takes_a_call("地域住民・関係機関などから把握した", {
        "found_on": "R8.4.3",
        "route": "民生委員・児童委員",
        "informant": "地区の民生委員",
        "person_provisional": "樫さん",
        "residence": "架空市青葉町3丁目",
        "barrier": ["社会的に孤立している"],
        "observed": "部屋から出てこないと家族から聞いた。",
        "urgency": "なし",
    })  # fmt: skip
    acceptance = head.address_of("or_accept", case)
    visitor.is_refused(acceptance)
    stranger.finds_nothing_at(acceptance)
    head.does("or_accept", case, {"accepted": "受理", "worker": "樅 かなえ"})
    visitor.does("or_info", case, {"legal_basis": "自機関内のみ", "kaigi": "不要"})
    visitor.does("or_plan", case, {"approach_policy": "手紙と短い訪問を続ける。", "next_contact_on": "R8.4.20"})
    city.at("2026-04-20T14:00")
    visitor.does("or_contact", case, {
        "means": "訪問", "target": "本人", "outcome": "不在", "stage": "2 存在を知らせる", "safety": "なし",
        "next_plan": {"on": "R8.5.11"},
    })  # fmt: skip
    city.at("2026-05-11T14:00")
    visitor.is_here(case, "or_contact")
    visitor.shoots("diagram-of-the-outreach")
    visitor.does("or_contact", case, {
        "means": "訪問", "target": "本人", "outcome": "面会できた", "stage": "5 困りごとを話す", "safety": "なし",
        "next_plan": {"on": "R8.5.25"},
    })  # fmt: skip
    visitor.does("or_consent", case, CONSENT)
    visitor.does("or_assess", case, {
        "household_members": [
            {"name": "樫 ひろし", "kana": "かし ひろし", "relation": "本人", "age": "29"},
            {"name": "樫 みどり", "relation": "母", "age": "58"},
        ],
        "complaint": "絵を描ける場所がほしい。",
        "policy": "小さな居場所から始める。",
        "route": ["社会参加", "伴走継続"],
    })  # fmt: skip

    # ---- 参加支援への引継ぎ
    wish = {"wish_do": "静かなところで絵を描きたい", "preference": {"frequency": "週1回"}, "history": "手紙と訪問。"}
    visitor.does("ph_wish", case, wish)
    visitor.does("ph_consent", case, {**CONSENT, "disclosure_items": ["氏名", "配慮してほしいこと"]})
    visitor.does("ph_sheet", case, {**wish, "disclosure_items": ["氏名", "配慮してほしいこと"]})
    visitor.is_refused(companion.address_of("ph_review", case))
    companion.does("ph_review", case, {})
    visitor.does("ph_meet", case, {"three_way_on": {"text": "短い時間なら通えると話した。", "by": "R8.5.11"}})
    visitor.is_here(case, "ph_accept")
    companion.does("ph_accept", case, {"accept": "受理"})

    # ---- 受け取った側の仕事が開く
    assert not visitor.has("ps_needs", case)
    companion.does("ps_needs", case, {"needs": {"wish": "絵を描く", "care": "人の少ない時間"}})
    companion.is_here(case, "ps_search")
    companion.shoots("diagrams-of-the-handoff")
    visitor.does("ph_overlap", case, {"overlap": {"period": "3か月", "roles": "最初の1か月は一緒に通う"}})
    city.at("2026-08-12T09:00")
    city.waits_until(lambda: visitor.has("ph_done", case))
    visitor.does("ph_done", case, {})
    visitor.opens(f"/cases/{case}")
    expect(visitor.page.locator("main")).to_contain_text("樫 ひろし")
    visitor.shoots("case-file-after-the-handoff")
