"""Multi-agency assessment walked along each of its ways, with made-up operations."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workflows.walking import Walk

AGENCIES = ["AG-01-3", "AG-04"]
ANSWERS = {
    "agencies.ask": {"collect_orgs": AGENCIES},
    "emergency.open": {"emergency_org": "AG-06"},
    "issues.record": {"adjust_orgs": AGENCIES},
    "plan.draft": {"plan_version_id": "v1"},
    "watch.schedule": {"recheck_on": date(2026, 9, 15)},
}
REFUSED = "同意なし"


def asked(urgency: str = "なし") -> Walk:
    """A matter that has just been sent."""
    return Walk("multi_agency_assessment", answers=ANSWERS, urgency=urgency, from_org="AG-04", referral_id="r1")


def decided(result: str = "受理") -> Walk:
    return asked().do("ma_receive").do("ma_precheck").do("ma_decide", accept_result=result)


def gathered(met: str = "会えた") -> Walk:
    walk = decided()
    for _ in AGENCIES:
        walk.do("ma_collect")
    return walk.do("ma_meet", met=met)


def adjusted(needed: str = "必要") -> Walk:
    walk = gathered().do("ma_untangle").do("ma_match", plan_needed=needed).do("ma_adjust")
    return walk.deliver("adjust.answered")


def drafted() -> Walk:
    return adjusted().do("ma_draft")


def returned() -> Walk:
    return decided("関わらない").do("ma_return", return_reason="単独機関で対応可能")


# ---- taking it on


def test_an_emergency_is_taken_up_beside_the_decision() -> None:
    assert asked("緊急").do("ma_receive").open == ["ma_emergency", "ma_precheck"]


def test_more_information_comes_back_to_the_decision() -> None:
    walk = decided("追加情報が必要")
    assert walk.open == ["ma_more_info"]
    assert walk.do("ma_more_info").open == ["ma_decide"]


def test_each_agency_reports_on_its_own_beside_the_meeting() -> None:
    walk = decided()
    assert walk.open == ["ma_collect", "ma_collect", "ma_meet"]
    assert sorted(str(task.locals["collect_org"]) for task in walk.tasks if task.locals) == AGENCIES
    walk.do("ma_collect").do("ma_meet", met="会えた")
    assert walk.open == ["ma_collect"]
    assert walk.do("ma_collect").open == ["ma_untangle"]


def test_a_person_who_cannot_be_met_is_left_to_outreach_and_the_support_conference() -> None:
    walk = decided().do("ma_meet", met="会えない")
    assert (walk.thrown, walk.open) == (["outreach.requested"], ["ma_collect", "ma_collect"])
    walk.do("ma_collect").do("ma_collect")
    assert walk.open == ["ma_kaigi"]
    assert walk.do("ma_kaigi", decision="アウトリーチ").ended == ("ma_end_outreach",)


def test_the_support_conference_can_give_the_matter_back() -> None:
    assert gathered("会えない").do("ma_kaigi", decision="相談機関で対応").open == ["ma_return"]


# ---- the plan


def test_a_consented_plan_is_submitted() -> None:
    walk = drafted().do("ma_consent", consent_result="同意あり")
    assert (walk.thrown, walk.ended) == (["plan.submitted"], ("ma_end_submitted",))
    assert "plan.submit" in walk.host.called


def test_coordination_alone_gives_the_matter_back() -> None:
    assert adjusted("調整だけで足りる").open == ["ma_return"]


def test_each_agency_adjusts_on_its_own_and_the_first_answer_opens_the_plan() -> None:
    walk = gathered().do("ma_untangle").do("ma_match", plan_needed="必要")
    assert walk.open == ["ma_adjust", "ma_adjust"]
    assert sorted(str(task.locals["adjust_org"]) for task in walk.tasks) == AGENCIES
    assert walk.do("ma_adjust").open == ["ma_adjust"]
    assert walk.deliver("adjust.answered").open == ["ma_adjust", "ma_draft"]
    assert walk.do("ma_draft").open == ["ma_consent"]


def test_the_plan_waits_for_nobody_when_all_have_answered() -> None:
    assert adjusted().do("ma_adjust").do("ma_draft").open == ["ma_consent"]


def test_a_refused_plan_is_talked_over_once_and_then_given_back() -> None:
    walk = drafted().do("ma_consent", consent_result=REFUSED)
    assert walk.open == ["ma_consent"]
    walk.do("ma_consent", consent_result=REFUSED)
    assert (walk.open, "plan.submit" in walk.host.called) == (["ma_return"], False)


def test_a_person_who_hesitates_is_asked_again_and_it_does_not_count_as_a_refusal() -> None:
    walk = drafted().do("ma_consent", consent_result="保留")
    assert walk.fire("ma_t_consent").open == ["ma_consent"]
    assert walk.do("ma_consent", consent_result=REFUSED).open == ["ma_consent"]


# ---- the way back


def test_what_is_given_back_is_watched_twice() -> None:
    walk = returned()
    assert (walk.thrown, walk.open, walk.due["ma_t_watch"]) == (["case.returned"], [], date(2026, 9, 15))
    walk.fire("ma_t_watch").do("ma_watch", watch_result="安定")
    assert walk.open == []
    walk.fire("ma_t_watch").do("ma_watch", watch_result="安定")
    assert (walk.done, walk.ended) == (True, ("ma_end_watched",))


def test_what_gets_worse_is_decided_anew_and_then_watched_from_the_beginning() -> None:
    walk = returned().fire("ma_t_watch").do("ma_watch", watch_result="悪化・再複雑化")
    assert walk.open == ["ma_decide"]
    walk.do("ma_decide", accept_result="関わらない").do("ma_return").fire("ma_t_watch").do(
        "ma_watch", watch_result="安定"
    )
    assert not walk.done


def test_a_rejected_plan_comes_back_to_the_coordination_of_the_return() -> None:
    walk = Walk("multi_agency_assessment", entry="returned", answers=ANSWERS, plan_version_id="v1")
    assert walk.open == ["ma_return"]


# ---- clocks


@pytest.mark.parametrize(
    ("task", "sla"),
    [("ma_receive", "1 business_days"), ("ma_collect", "10 business_days"), ("ma_meet", "15 business_days")],
)
def test_periods_are_those_of_the_programme(task: str, sla: str) -> None:
    settings = asked().model.settings(task)
    assert (settings.sla, settings.calendar) == (sla, "accepted")
