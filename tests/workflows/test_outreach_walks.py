"""Outreach walked along each of its ways, with made-up operations."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.workflows.walking import Walk

ANSWERS = {
    "outreach.accept": {"outreach_worker": "s1"},
    "emergency.open": {"emergency_org": "AG-06"},
    "consent.record": {"consent_id": "c1"},
    "outreach.link": {
        "referral_id": "r1",
        "from_org": "AG-08",
        "participation_org": "AG-08",
        "collect_orgs": ["AG-08"],
        "request_reason": "同意を得た",
        "route_org": "AG-03",
    },
}


def found(entry: str = "manual", urgency: str = "なし") -> Walk:
    return Walk("outreach", entry=entry, answers=ANSWERS).do("or_catch", urgency=urgency)


def accepted() -> Walk:
    return found().do("or_accept", accepted="受理")


def approaching() -> Walk:
    """The first contact is due."""
    return accepted().do("or_info", kaigi="不要").do("or_plan", next_contact_on=date(2026, 6, 22))


def contact(walk: Walk, stage: int = 1, safety: str = "なし", **more: Any) -> Walk:
    return walk.do("or_contact", relation_stage=stage, contact_safety=safety, **more)


def consented() -> Walk:
    return contact(approaching(), stage=5).do("or_consent", consent_result="同意あり")


def linked(*route: str, **more: Any) -> Walk:
    return consented().do("or_assess", route=list(route), **more)


# ---- finding and accepting


def test_what_was_asked_for_by_another_process_goes_back_when_it_is_not_accepted() -> None:
    walk = found("message").do("or_accept", accepted="受理しない")
    assert (walk.thrown, walk.ended) == (["case.returned"], ("or_end_returned",))


def test_a_finding_that_is_not_accepted_ends() -> None:
    assert found().do("or_accept", accepted="受理しない").ended == ("or_end_declined",)


def test_an_urgent_finding_calls_the_emergency_officer_beside_the_acceptance() -> None:
    walk = found(urgency="緊急")
    assert (walk.thrown, walk.open) == (["emergency.raised"], ["or_accept"])
    assert walk.deliver("emergency.raised").open == ["or_accept", "or_emergency"]


def test_the_support_conference_is_asked_only_when_it_is_wanted() -> None:
    assert accepted().do("or_info", kaigi="付議済み").open == ["or_plan"]
    walk = accepted().do("or_info", kaigi="付議する")
    assert walk.open == ["or_kaigi"]
    assert walk.do("or_kaigi", decision="アウトリーチ").open == ["or_plan"]


def test_the_support_conference_may_find_that_no_support_is_needed() -> None:
    assert accepted().do("or_info", kaigi="付議する").do("or_kaigi", decision="支援不要").ended == ("or_end_unneeded",)


# ---- the approach


def test_a_contact_without_success_opens_the_next_one_for_ever() -> None:
    walk = approaching()
    for _ in range(26):
        contact(walk, stage=2)
        assert walk.open == ["or_contact"]


@pytest.mark.parametrize(("safety", "on"), [("なし", date(2026, 7, 15)), ("要注意", date(2026, 6, 22))])
def test_silence_is_counted_anew_from_each_contact(safety: str, on: date) -> None:
    assert contact(approaching(), safety=safety).due["or_t_silence"] == on


def test_silence_raises_a_question_and_closes_nothing() -> None:
    walk = approaching().fire("or_t_silence")
    assert walk.open == ["or_contact", "or_silence"]
    assert walk.do("or_silence").open == ["or_contact"]
    assert "or_t_silence" in contact(walk).due


def test_the_review_every_three_months_leaves_the_contact_open() -> None:
    walk = approaching()
    for _ in range(4):
        walk.fire("or_t_review")
        assert walk.open == ["or_contact", "or_review"]
        walk.do("or_review", review_result="継続")
        assert walk.open == ["or_contact"]


@pytest.mark.parametrize(
    ("result", "follows"),
    [("方針変更", ["or_plan"]), ("支援会議へ再付議", ["or_kaigi"]), ("休止", []), ("終結", [])],
)
def test_the_review_changes_the_way_on(result: str, follows: list[str]) -> None:
    walk = approaching().fire("or_t_review").do("or_review", review_result=result)
    assert walk.open == follows
    assert walk.done is (result == "終結")


def test_a_new_policy_begins_the_approach_anew() -> None:
    walk = approaching().fire("or_t_review").do("or_review", review_result="方針変更").do("or_plan")
    assert walk.open == ["or_contact"]
    assert walk.due["or_t_review"] == date(2026, 12, 15)


@pytest.mark.parametrize(
    ("result", "follows"), [("働きかけを再開する", ["or_plan"]), ("休止を続ける", []), ("終結", [])]
)
def test_a_pause_is_looked_at_after_six_months(result: str, follows: list[str]) -> None:
    walk = approaching().fire("or_t_review").do("or_review", review_result="休止").fire("or_t_pause")
    assert walk.open == ["or_recheck"]
    assert walk.do("or_recheck", recheck_result=result).open == follows


def test_an_unchanged_stage_is_looked_at_by_the_supervisor_every_six_months() -> None:
    walk = contact(approaching(), stage_since=date(2026, 6, 15))
    for _ in range(2):
        walk.fire("or_t_stage")
        assert walk.open == ["or_contact", "or_stage_review"]
        walk.do("or_stage_review")
    assert walk.open == ["or_contact"]


def test_a_stage_that_moved_is_not_looked_at() -> None:
    walk = contact(approaching(), stage_since=date(2026, 12, 1))
    assert walk.fire("or_t_stage").open == ["or_contact"]


def test_after_twelve_months_the_support_conference_is_considered_again() -> None:
    assert approaching().fire("or_t_year").open == ["or_agenda", "or_contact"]


def test_danger_at_the_door_calls_the_emergency_officer_and_the_contacts_go_on() -> None:
    walk = contact(approaching(), safety="緊急")
    assert (walk.thrown, walk.open) == (["emergency.raised"], ["or_contact"])
    assert walk.deliver("emergency.raised").open == ["or_contact", "or_emergency"]


# ---- consent and links


def test_consent_is_asked_for_from_the_fifth_stage_on() -> None:
    assert contact(approaching(), stage=4).open == ["or_contact"]
    walk = contact(approaching(), stage=5)
    assert walk.open == ["or_consent"]
    assert walk.do("or_consent", consent_result="同意なし").open == ["or_contact"]


def test_consent_is_told_to_the_other_processes() -> None:
    walk = consented()
    assert (walk.thrown, walk.open) == (["consent.obtained"], ["or_assess"])


@pytest.mark.parametrize(
    ("route", "thrown"),
    [
        (["単独機関"], ["intake.requested"]),
        (["複合（多機関協働）", "社会参加"], ["case.escalated", "participation.requested"]),
        (["伴走継続"], []),
    ],
    ids=["one agency", "two ways at once", "accompaniment only"],
)
def test_each_way_that_was_chosen_is_taken(route: list[str], thrown: list[str]) -> None:
    walk = linked(*route)
    assert sorted(walk.thrown[1:]) == thrown
    assert walk.open == ["or_accompany"]


def test_the_accompaniment_ends_when_the_relation_is_stable() -> None:
    walk = linked("単独機関").do("or_accompany", contact_safety="なし").fire("or_t_stable")
    assert walk.open == ["or_accompany", "or_stable"]
    walk.do("or_stable", stable="まだ").fire("or_t_stable").do("or_stable", stable="安定")
    assert (walk.done, walk.ended) == (True, ("or_end_stable",))


def test_a_new_wish_leads_to_a_new_assessment() -> None:
    assert linked("伴走継続").do("or_accompany", accompany_course="行先を決め直す").open == ["or_assess"]


def test_a_handoff_that_is_not_accepted_leaves_the_accompaniment_open() -> None:
    walk = linked("社会参加").deliver("participation.declined", decline_reason="まだ早い")
    assert walk.open == ["or_accompany", "or_declined"]
    assert walk.do("or_declined").open == ["or_accompany"]


def test_a_finished_handoff_ends_the_outreach() -> None:
    walk = linked("社会参加").deliver("participation.finished", handoff_id="h1")
    assert (walk.done, walk.ended) == (True, ("or_end_handoff",))


def test_a_finished_handoff_does_not_end_an_accompaniment_that_was_also_chosen() -> None:
    walk = linked("社会参加", "伴走継続").deliver("participation.finished", handoff_id="h1")
    assert walk.open == ["or_accompany"]
