"""Intake walked along each of its ways, with made-up operations."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workflows.walking import WORKFLOWS, Walk, drawn_tables

NEW = {"case.register": {"duplicate_found": False}}
TWIN = {"case.register": {"duplicate_found": True}}
SENT = {"referral_id": "r1", "from_org": "AG-04", "to_org": "AG-02", "to_participation": False}


def registered(urgency: str | None = "なし", **answers: object) -> Walk:
    """A call that has just been noted down."""
    walk = Walk("intake", entry="manual", answers=NEW | {"emergency.open": {"emergency_org": "AG-06"}} | answers)  # type: ignore[operator]
    assert walk.open == ["in_register"]
    return walk.do("in_register", urgency=urgency)


def screened(result: str, **answers: object) -> Walk:
    walk = registered(**answers).do("in_interview")
    return walk.do("in_screen", screening_result=result)


def referred(**sent: object) -> Walk:
    return screened("他機関へつなぐ", **{"referral.send": SENT | sent}).do("in_refer")


# ---- receiving


def test_without_urgency_and_twin_the_interview_follows_at_once() -> None:
    assert registered("なし").open == ["in_interview"]


@pytest.mark.parametrize("urgency", [None, "", "要注意"])
def test_an_open_question_of_urgency_is_decided_first(urgency: str | None) -> None:
    walk = registered(urgency)
    assert walk.open == ["in_safety"]
    assert walk.do("in_safety", urgency="なし").open == ["in_interview"]


def test_the_triage_table_is_asked_again_after_the_manager_decided() -> None:
    walk = registered("要注意").do("in_safety", urgency="要注意")
    assert walk.open == ["in_interview"]
    assert walk.host.decided == [("routing", (11,)), ("triage", (2,)), ("triage", (4,))]
    assert (walk.last.variables["triage_path"], walk.last.variables["interview_days"]) == ("受付を続ける", 5)


@pytest.mark.parametrize(
    ("fields", "owner", "agency", "division"),
    [
        (["高齢"], "AG-04", "AG-01", "SC-01"),
        (["高齢"], "AG-01-3", None, "SC-01"),
        (["障がい"], "AG-01-3", "AG-02", "SC-02"),
        (["子ども・子育て"], "AG-04", "AG-03", "DV-03"),
        (["困窮"], "AG-02", "AG-04", "SC-03"),
        (["困窮"], "AG-04", None, "SC-03"),
        (["女性"], "AG-04", "AG-06", "SC-04"),
        (["その他"], "AG-04", "AG-06", "SC-04"),
        (["高齢", "困窮"], "AG-04", None, None),
        (None, "AG-04", None, None),
    ],
)
def test_one_field_names_the_agency_and_the_division_in_charge(
    fields: list[str] | None, owner: str, agency: str | None, division: str | None
) -> None:
    walk = Walk("intake", entry="manual", answers=NEW, owner_org=owner).do("in_register", urgency="なし", fields=fields)
    assert (walk.last.variables["route_agency"], walk.last.variables["route_division"]) == (agency, division)


def test_the_routing_table_names_only_organisations_that_exist() -> None:
    known = {line.split(",")[0] for line in (WORKFLOWS / "reference/organisations.csv").read_text("utf-8").splitlines()}
    values = {value for rule in drawn_tables("intake")["routing"].rules for value in rule.outputs}
    owners = {point for rule in drawn_tables("intake")["routing"].rules for point in rule.cells[1].points}
    assert values | owners <= known | {None}


def test_an_emergency_is_taken_up_beside_the_intake() -> None:
    walk = registered("緊急")
    assert walk.open == ["in_emergency", "in_interview"]
    assert walk.do("in_emergency").open == ["in_interview"]


def test_an_emergency_found_by_the_manager_is_taken_up_too() -> None:
    assert registered("要注意").do("in_safety", urgency="緊急").open == ["in_emergency", "in_interview"]


def test_a_possible_twin_is_looked_at_beside_the_question_of_urgency() -> None:
    walk = registered("要注意", **TWIN)
    assert walk.open == ["in_dupcheck", "in_safety"]
    walk.do("in_dupcheck", dup_result="関連ケースとして新規")
    assert walk.do("in_safety", urgency="なし").open == ["in_interview"]


def test_a_twin_ends_in_the_case_that_exists() -> None:
    walk = registered("なし", **TWIN).do("in_dupcheck", dup_result="既存ケースに追加")
    assert (walk.done, walk.ended) == (True, ("in_end_merged",))


def test_a_returned_case_begins_with_support_in_the_own_agency() -> None:
    assert Walk("intake", entry="returned").open == ["in_own"]


@pytest.mark.parametrize("entry", ["referral", "programme", "childcare_base", "household_member", "message"])
def test_every_other_way_in_begins_with_the_register(entry: str) -> None:
    assert Walk("intake", entry=entry).open == ["in_register"]


# ---- ways on


def test_information_alone_ends_the_intake() -> None:
    walk = screened("情報提供のみで終了").do("in_inform")
    assert (walk.done, walk.ended, "case.close_intake" in walk.host.called) == (True, ("in_end_informed",), True)


def test_own_support_goes_on_until_it_is_solved() -> None:
    walk = screened("自機関で支援")
    for _ in range(3):
        walk.do("in_own", review_result="継続")
        assert walk.open == ["in_own"]
    assert walk.do("in_own", review_result="解決").ended == ("in_end_resolved",)


def test_own_support_that_does_not_suffice_asks_for_consent() -> None:
    assert screened("自機関で支援").do("in_own", review_result="専門分野・既存ネットワークで困難").open == [
        "in_consent"
    ]


def test_outreach_takes_over() -> None:
    walk = screened("アウトリーチ")
    assert (walk.thrown, walk.done, walk.ended) == (["outreach.requested"], True, ("in_end_outreach",))


@pytest.mark.parametrize(
    ("decision", "follows"),
    [
        ("アウトリーチ", []),
        ("支援不要", []),
        ("重層的支援会議へ（同意取得後）", ["in_consent"]),
        ("相談機関で対応", ["in_own"]),
        ("見守り", ["in_own"]),
        ("緊急対応", ["in_own"]),
    ],
)
def test_the_support_conference_leads_on(decision: str, follows: list[str]) -> None:
    assert screened("支援会議へ付議").do("in_kaigi", decision=decision).open == follows


# ---- referral


def test_a_referral_is_checked_ten_business_days_after_it_was_accepted() -> None:
    walk = referred()
    assert walk.open == ["in_answer"]
    walk.do("in_answer", answer="受け入れる")
    assert (walk.open, walk.due["in_t_refcheck"]) == ([], date(2026, 6, 29))
    assert walk.fire("in_t_refcheck").open == ["in_refcheck"]
    assert walk.do("in_refcheck", landed="利用が始まった").ended == ("in_end_referred",)


def test_a_referral_that_did_not_land_is_directed_anew() -> None:
    walk = (
        referred().do("in_answer", answer="条件付き").fire("in_t_refcheck").do("in_refcheck", landed="つながらなかった")
    )
    assert walk.open == ["in_redirect"]


@pytest.mark.parametrize(
    ("redirect", "follows"),
    [("もう一度つなぐ", "in_refer"), ("自機関で支援", "in_own"), ("多機関協働", "in_consent")],
)
def test_a_declined_referral_is_directed_anew(redirect: str, follows: str) -> None:
    walk = referred().do("in_answer", answer="受け入れない")
    assert walk.do("in_redirect", redirect=redirect).open == [follows]


def test_silence_of_the_receiver_is_raised_and_nothing_is_closed() -> None:
    walk = referred()
    assert walk.due["in_t_noanswer"] == date(2026, 6, 19)
    walk.fire("in_t_noanswer")
    assert walk.open == ["in_answer", "in_noanswer"]
    assert walk.do("in_noanswer", no_answer_course="回答を待つ").open == ["in_answer"]


def test_a_silent_receiver_can_be_passed_over() -> None:
    walk = referred().fire("in_t_noanswer").do("in_noanswer", no_answer_course="取り下げて決め直す")
    assert (walk.thrown, walk.open) == ([], ["in_redirect"])


def test_an_answer_ends_the_question_what_to_do_without_one() -> None:
    walk = referred().fire("in_t_noanswer")
    assert walk.open == ["in_answer", "in_noanswer"]
    assert walk.do("in_answer", answer="条件付き").open == []
    assert "in_t_refcheck" in walk.due


def test_participation_support_takes_over_without_several_agencies() -> None:
    walk = referred(to_participation=True, participation_org="AG-09")
    assert (walk.thrown, walk.ended) == (["participation.requested"], ("in_end_participation",))


def test_what_participation_support_does_not_accept_comes_back_to_the_manager() -> None:
    assert Walk("intake", entry="revise", decline_reason="まだ早い").open == ["in_redirect"]


# ---- consent and escalation


def escalated() -> Walk:
    return screened("多機関協働").do("in_consent", consent_result="同意あり").do("in_escalate")


def test_escalation_needs_another_persons_approval() -> None:
    walk = escalated()
    assert walk.open == ["in_approve"]
    assert walk.model.settings("in_approve").not_same_as == "in_escalate"
    walk.do("in_approve", approved="承認")
    assert (walk.thrown, walk.ended) == (["case.escalated"], ("in_end_escalated",))


def test_an_escalation_sent_back_is_written_anew() -> None:
    assert escalated().do("in_approve", approved="差し戻し").open == ["in_escalate"]


@pytest.mark.parametrize(
    ("consent", "course", "follows"),
    [
        ("一部同意", None, ["in_escalate"]),
        ("同意なし", None, ["in_own"]),
        ("同意なし", "支援会議に諮る", ["in_kaigi"]),
    ],
)
def test_consent_decides_who_goes_on(consent: str, course: str | None, follows: list[str]) -> None:
    walk = screened("多機関協働").do("in_consent", consent_result=consent, no_consent_course=course)
    assert walk.open == follows


def test_a_person_who_hesitates_is_asked_again_after_ten_business_days() -> None:
    walk = screened("多機関協働").do("in_consent", consent_result="保留")
    assert (walk.open, walk.due["in_t_consent"]) == ([], date(2026, 6, 29))
    assert walk.fire("in_t_consent").open == ["in_consent"]
