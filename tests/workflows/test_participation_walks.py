"""Handoff to participation support and its first version walked along each main path."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workflows.walking import Walk

ORGS = {"from_org": "AG-08", "participation_org": "AG-08", "request_reason": "絵を描きたい"}
HANDOFF = {
    "handoff.request": {"handoff_id": "h1"},
    "handoff.overlap": {"overlap_until": date(2026, 9, 15)},
    "handoff.cancel": {"decline_reason": "本人の準備が整わず取りやめた"},
}


def handoff() -> Walk:
    return Walk("participation_handoff", answers=HANDOFF, **ORGS)


def met() -> Walk:
    walk = handoff().do("ph_wish").do("ph_consent", consent_result="同意あり").do("ph_sheet")
    return walk.do("ph_review").do("ph_meet")


def test_support_starts_at_acceptance_while_the_overlap_runs() -> None:
    walk = met().do("ph_accept", accept="受理")
    assert (walk.thrown, walk.open) == (["participation.accepted"], ["ph_overlap"])
    walk.do("ph_overlap")
    assert walk.due == {"ph_t_overlap": date(2026, 9, 15)}
    assert walk.fire("ph_t_overlap").do("ph_done").thrown[-1] == "participation.finished"
    assert walk.done


def test_acceptance_waits_for_the_three_way_meeting() -> None:
    walk = handoff().do("ph_wish").do("ph_consent", consent_result="一部同意").do("ph_sheet").do("ph_review")
    assert walk.open == ["ph_meet"]


def test_another_person_reviews_the_sheet_than_the_one_who_wrote_it() -> None:
    assert handoff().model.settings("ph_review").not_same_as == "ph_sheet"


def test_another_programme_sends_the_handoff_back() -> None:
    walk = met().do("ph_accept", accept="別の施策が適切")
    assert (walk.done, walk.thrown) == (True, ["participation.declined"])


def test_an_acceptance_put_off_is_asked_again() -> None:
    walk = met().fire("ph_no_answer_5")
    assert walk.open == ["ph_accept", "ph_late"]
    assert walk.do("ph_accept", accept="保留").open == ["ph_accept"]


def test_a_meeting_that_does_not_happen_is_told_after_twenty_business_days() -> None:
    walk = handoff().do("ph_wish").do("ph_consent", consent_result="同意あり").do("ph_sheet").do("ph_review")
    assert walk.due == {"ph_no_meeting_20": date(2026, 7, 14)}
    assert walk.fire("ph_no_meeting_20").do("ph_meet").open == ["ph_accept"]


def test_too_early_means_asking_again_later() -> None:
    walk = handoff().do("ph_wish", readiness="まだ早い")
    assert (walk.open, walk.due) == ([], {"ph_t_recheck": date(2026, 7, 15)})
    walk.fire("ph_t_recheck").do("ph_not_ready", readiness="まだ早い", recheck_on=date(2026, 9, 1))
    assert walk.due == {"ph_t_recheck": date(2026, 9, 1)}
    assert walk.fire("ph_t_recheck").do("ph_not_ready", readiness="進める").open == ["ph_consent"]


def test_a_person_who_does_not_want_it_ends_the_handoff() -> None:
    walk = handoff().do("ph_wish", readiness="取りやめ")
    assert (walk.done, walk.thrown) == (True, ["participation.declined"])


def test_no_consent_ends_the_handoff() -> None:
    walk = handoff().do("ph_wish").do("ph_consent", consent_result="同意なし")
    assert (walk.done, walk.thrown, walk.host.called[-1]) == (True, ["participation.declined"], "handoff.cancel")


# ---- support


def support(**placement: object) -> Walk:
    answers = {"placement.record": {"match_count": 1, "follow_up_no": 1, "follow_up_on": date(2026, 6, 22)} | placement}
    return Walk("participation_support", answers=answers, handoff_id="h1", from_org="AG-08", participation_org="AG-08")


def chosen(walk: Walk) -> Walk:
    return walk.do("ps_search", candidates=[{"name": "居場所"}]).do("ps_propose", choice="選ぶ").do("ps_ask")


def tried(walk: Walk, judgement: str) -> Walk:
    walk = chosen(walk).do("ps_visit", judgement="様子を見る").do("ps_trial", judgement="様子を見る")
    return walk.do("ps_reflect", judgement=judgement)


def test_a_trial_that_does_not_fit_leads_to_another_match() -> None:
    walk = tried(support().do("ps_needs"), "合わない")
    assert walk.open == ["ps_search"]
    assert tried(walk, "合う").open == ["ps_start"]


def test_follow_ups_open_on_their_dates_until_the_last() -> None:
    walk = tried(support().do("ps_needs"), "合う").do("ps_start", judgement="合う")
    assert walk.due == {"ps_t_follow": date(2026, 6, 22)}
    walk.host.answers["placement.record"] = {"follow_up_no": 2, "follow_up_on": date(2026, 7, 15)}
    assert walk.fire("ps_t_follow").do("ps_follow", judgement="合う").due == {"ps_t_follow": date(2026, 7, 15)}
    walk.host.answers["placement.record"] = {"follow_up_no": 4, "follow_up_on": None}
    assert walk.fire("ps_t_follow").do("ps_follow", judgement="合う").open == ["ps_eval"]
    assert walk.do("ps_eval", result="終結").ended == ("ps_end_settled",)


@pytest.mark.parametrize(
    ("choice", "next_task"), [("選ぶ", "ps_ask"), ("別の候補", "ps_search"), ("まだ", "ps_propose")]
)
def test_the_person_chooses(choice: str, next_task: str) -> None:
    walk = support().do("ps_needs").do("ps_search").do("ps_propose", choice=choice)
    assert walk.open == [next_task]


def test_no_candidate_is_reported_and_searched_again() -> None:
    walk = support().do("ps_needs").do("ps_search", shortage="夜間の居場所")
    assert walk.open == ["ps_shortage"]
    assert walk.do("ps_shortage").fire("ps_t_shortage").open == ["ps_search"]


@pytest.mark.parametrize(
    ("result", "judgement", "end"),
    [("終結", "合う", "ps_end_settled"), ("終結", "終了", "ps_end_wish"), ("中断", "合わない", "ps_end_accompany")],
)
def test_support_ends_in_one_of_three_ways(result: str, judgement: str, end: str) -> None:
    walk = tried(support().do("ps_needs"), "終了")
    assert walk.open == ["ps_eval"]
    assert walk.do("ps_eval", result=result, judgement=judgement).ended == (end,)


def test_a_step_up_searches_for_the_next_place() -> None:
    walk = tried(support().do("ps_needs"), "終了").do("ps_eval", result="継続", judgement="段階を上げる")
    assert walk.open == ["ps_search"]
