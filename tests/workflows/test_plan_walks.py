"""Plan approval and plan execution walked along each main path, with made-up operations."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workflows.walking import Walk

PLAN = {
    "plan.load": {
        "plan_version_id": "v1", "next_review_on": date(2026, 9, 15), "review_no": 1, "urgent": False,
        "first_monitor_on": date(2026, 9, 15), "plan_end_on": date(2027, 6, 14), "plan_lead_org": "AG-01-3",
        "from_org": "AG-01-3", "action_orgs": ["AG-01-3", "AG-08"],
        "record_orgs": ["AG-01-3", "AG-08"], "plan_orgs": ["AG-01-3"],
        "use_participation": False, "use_outreach": False,
    },
    "plan.submit": {"submitted_on": date(2026, 6, 15)},
    "conference.schedule": {"opinion_orgs": ["AG-02", "AG-03"]},
    "review.schedule": {"next_review_on": date(2026, 12, 15), "review_no": 2},
    "plan.check_consent": {"plan_outdated": True},
    "plan.reject": {"reject_reason": "役割が決まっていない"},
}  # fmt: skip
MEETING = "2026-07-01T14:00:00+09:00"


def approval(**answers: object) -> Walk:
    """A first plan that has just been submitted."""
    return Walk("plan_approval", answers=PLAN | answers, plan_version_id="v1")  # type: ignore[operator]


def in_conference(walk: Walk) -> Walk:
    return walk.do("pa_schedule", meeting_at=MEETING).do("pa_notice")


def after_conference(conclusion: str, **answers: object) -> Walk:
    walk = approval(**answers).do("pa_check", checked="付議できる")
    return in_conference(walk).do("pa_hold", conclusion=conclusion)


def execution() -> Walk:
    """A plan in execution with its first review on 2026-09-15."""
    return Walk("plan_execution", answers=PLAN, plan_version_id="v1")


def evaluated(result: str, **evaluation: object) -> Walk:
    walk = execution().fire("px_t_review").do("px_eval", result=result, **evaluation)
    return walk.do("px_conf", conclusion="承認")


# ---- approval


def test_an_approved_plan_starts_its_execution_and_is_shared() -> None:
    walk = after_conference("承認")
    assert walk.open == ["pa_decide"]
    walk.do("pa_decide", decision="支援決定")
    assert (walk.thrown, walk.open) == (["plan.approved"], ["pa_share"])
    assert walk.do("pa_share").done


def test_consent_is_required_before_the_plan_goes_to_the_conference() -> None:
    walk = approval().do("pa_check", checked="付議できる")
    assert walk.host.called[-2:] == ["consent.require", "plan.submit"]
    assert walk.open == ["pa_schedule"]


def test_a_defect_goes_to_the_secretariat_and_back_to_the_check() -> None:
    walk = approval().do("pa_check", checked="不備あり")
    assert walk.do("pa_fix", changed_for_person="なし").open == ["pa_check"]


def test_opinions_of_absent_members_do_not_hold_back_the_meeting() -> None:
    walk = in_conference(approval().do("pa_check", checked="付議できる"))
    assert walk.open == ["pa_hold", "pa_opinion", "pa_opinion"]
    assert walk.do("pa_hold", conclusion="承認").open == ["pa_decide"]


@pytest.mark.parametrize(("changed", "next_task"), [("なし", "pa_decide"), ("あり", "pa_reconsent")])
def test_a_conditional_approval_needs_no_second_meeting(changed: str, next_task: str) -> None:
    walk = after_conference("条件付き承認").do("pa_fix", changed_for_person=changed)
    assert walk.open == [next_task]
    if next_task == "pa_reconsent":
        assert walk.do("pa_reconsent", consent_result="同意あり").open == ["pa_decide"]


def test_a_plan_sent_back_is_put_to_a_new_meeting() -> None:
    walk = after_conference("修正のうえ再付議").do("pa_fix", changed_for_person="なし")
    assert walk.open == ["pa_schedule"]
    assert in_conference(walk).do("pa_hold", conclusion="承認").open == ["pa_decide"]


def test_a_refused_first_plan_goes_back_to_the_assessment() -> None:
    walk = after_conference("不承認")
    assert (walk.done, walk.thrown, walk.host.called[-1]) == (True, ["plan.rejected"], "plan.reject")


def test_a_person_who_does_not_agree_to_the_change_ends_the_approval() -> None:
    walk = after_conference("条件付き承認").do("pa_fix", changed_for_person="あり")
    assert walk.do("pa_reconsent", consent_result="同意なし").thrown == ["plan.rejected"]


def test_consent_left_open_is_asked_again_even_without_a_new_change() -> None:
    walk = after_conference("条件付き承認").do("pa_fix", changed_for_person="あり")
    walk.do("pa_reconsent", consent_result="保留").do("pa_fix", changed_for_person="なし")
    assert walk.open == ["pa_reconsent"]


def test_a_decision_sent_back_is_mended_without_a_meeting() -> None:
    walk = after_conference("承認").do("pa_decide", decision="差し戻し").do("pa_fix", changed_for_person="なし")
    assert walk.open == ["pa_decide"]


def test_a_revised_plan_gets_new_consent_before_check_and_meeting() -> None:
    walk = Walk("plan_approval", answers=PLAN, entry="revise", plan_version_id="v1")
    assert walk.open == ["pa_fix"]
    assert walk.do("pa_fix", changed_for_person="なし").open == ["pa_reconsent"]
    assert walk.do("pa_reconsent", consent_result="同意あり").open == ["pa_check"]
    in_conference(walk.do("pa_check", checked="付議できる")).do("pa_hold", conclusion="承認")
    assert walk.do("pa_decide", decision="支援決定").thrown == ["plan.superseded", "plan.approved"]


def test_a_refused_revision_leaves_the_plan_in_force() -> None:
    walk = Walk("plan_approval", answers=PLAN, entry="revise", plan_version_id="v1")
    walk.do("pa_fix", changed_for_person="あり").do("pa_reconsent", consent_result="一部同意")
    in_conference(walk.do("pa_check", checked="付議できる")).do("pa_hold", conclusion="不承認")
    assert (walk.done, walk.thrown) == (True, ["plan.revision_rejected"])


def test_ticked_programmes_are_asked_at_approval() -> None:
    loaded = PLAN["plan.load"] | {"use_participation": True, "use_outreach": True}
    walk = after_conference("承認", **{"plan.load": loaded}).do("pa_decide", decision="支援決定")
    assert sorted(walk.thrown) == ["outreach.requested", "participation.requested", "plan.approved"]


def test_a_missing_meeting_date_is_told_after_ten_and_twenty_business_days() -> None:
    walk = approval().do("pa_check", checked="付議できる")
    assert walk.due == {"pa_no_date_10": date(2026, 6, 30), "pa_no_date_20": date(2026, 7, 14)}
    assert walk.fire("pa_no_date_10").fire("pa_no_date_20").open == ["pa_late", "pa_late_lead", "pa_schedule"]
    assert in_conference(walk).do("pa_hold", conclusion="承認").open == ["pa_decide"]


# ---- execution


def test_execution_opens_a_start_for_each_organisation_and_waits_for_its_dates() -> None:
    walk = execution()
    assert walk.open == ["px_record", "px_record", "px_start", "px_start"]
    assert walk.due == {
        "px_t_review": date(2026, 9, 1), "px_t_monitor": date(2026, 9, 15), "px_no_record_45": date(2026, 7, 30),
        "px_t_plan_end": date(2027, 5, 17), "px_t_lapsed": date(2027, 6, 15),
    }  # fmt: skip


def test_the_review_opens_ten_business_days_before_its_date() -> None:
    walk = execution().fire("px_t_review")
    assert [task for task in walk.open if task not in {"px_record", "px_start"}] == [
        "px_collect", "px_collect", "px_eval", "px_self",
    ]  # fmt: skip
    assert walk.due["px_review_overdue"] == date(2026, 9, 16)


def test_an_overdue_review_is_told_once_and_does_not_stop_the_evaluation() -> None:
    walk = execution().fire("px_t_review").fire("px_review_overdue")
    assert walk.open.count("px_overdue") == walk.open.count("px_eval") == 1
    assert "px_review_overdue" not in walk.due
    walk.do("px_eval", result="継続").do("px_conf", conclusion="承認")
    assert walk.last.variables["next_review_on"] == date(2026, 12, 15)
    assert {"px_collect", "px_self", "px_overdue"}.isdisjoint(walk.open)


def test_a_continued_plan_waits_for_the_next_review() -> None:
    walk = evaluated("継続").do("px_action")
    assert walk.due["px_t_review"] == date(2026, 12, 1)


def test_an_action_left_undone_does_not_hold_back_the_next_review() -> None:
    walk = evaluated("継続")
    assert walk.due["px_t_next"] == date(2026, 12, 1)
    assert walk.fire("px_t_next").fire("px_t_review").open.count("px_eval") == 1


def test_an_evaluation_sent_back_is_mended_and_put_to_the_conference_again() -> None:
    walk = execution().fire("px_t_review").do("px_eval", result="継続").do("px_conf", conclusion="修正のうえ再付議")
    assert walk.do("px_reeval", result="継続").open.count("px_conf") == 1


def test_a_revision_starts_at_once_and_ends_this_version_when_approved() -> None:
    walk = evaluated("見直し（再プラン）")
    assert walk.thrown == ["plan.revise"]
    assert walk.do("px_action").deliver("plan.superseded").done


def test_a_new_version_ends_this_one_while_the_action_is_open() -> None:
    walk = evaluated("見直し（再プラン）").deliver("plan.superseded")
    assert (walk.done, walk.ended, walk.open) == (True, ("px_end_replan",), [])


def test_a_refused_revision_goes_back_to_the_review_wait() -> None:
    walk = evaluated("見直し（再プラン）").do("px_action").deliver("plan.revision_rejected")
    assert walk.due["px_t_review"] == date(2026, 12, 1)


def test_a_new_consent_revises_the_plan() -> None:
    assert execution().deliver("consent.obtained", consent_id="c2").thrown == ["plan.revise"]


def test_a_consent_the_plan_already_rests_on_changes_nothing() -> None:
    walk = Walk("plan_execution", answers=PLAN | {"plan.check_consent": {"plan_outdated": False}}, plan_version_id="v1")
    walk.deliver("consent.obtained", consent_id="c1")
    assert (walk.thrown, "px_t_review" in walk.due) == ([], True)


def test_an_extra_review_may_be_asked_for() -> None:
    walk = execution().deliver("review.requested", review_reason="入院", next_review_on=date(2026, 7, 1))
    assert "px_eval" in walk.open
    assert walk.due["px_review_overdue"] == date(2026, 7, 2)


def test_an_ended_plan_passes_the_closing_task() -> None:
    walk = evaluated("終結").do("px_action")
    assert "px_closure" in walk.open
    walk.do("px_closure")
    assert (walk.done, walk.ended, walk.host.called[-1]) == (True, ("px_end_closed",), "plan.end")


def test_a_suspended_plan_is_checked_after_three_months() -> None:
    walk = evaluated("中断").do("px_action").fire("px_t_suspended")
    assert walk.do("px_suspended", suspend_result="中断を続ける").due["px_t_suspended"] > date(2026, 11, 1)
    assert "px_t_review" in walk.fire("px_t_suspended").do("px_suspended", suspend_result="再開").due


def test_the_coordinator_may_step_out_while_the_lead_goes_on() -> None:
    walk = execution().fire("px_t_review").do("px_eval", result="継続")
    walk.do("px_conf", conclusion="承認", mac_involvement="多機関協働のみ終結").do("px_action")
    assert walk.ended == ("px_end_mac",)


def test_opinions_and_wishes_of_an_evaluation_are_acted_on() -> None:
    walk = evaluated("継続", programme_opinion="夜間の居場所が要る", participation_wish="あり")
    assert walk.thrown == ["participation.requested"]
    assert {"px_action", "px_policy"} <= set(walk.open)


def test_a_plan_that_ran_out_is_told_and_support_goes_on() -> None:
    walk = execution().fire("px_t_plan_end").fire("px_t_lapsed")
    assert {"px_plan_end", "px_lapsed", "px_record"} <= set(walk.open)


def test_each_organisation_records_on_its_own_month_by_month() -> None:
    walk = execution()
    assert walk.open.count("px_record") == 2
    walk.do("px_record").do("px_record")
    assert walk.open.count("px_record") == 2


def test_an_organisation_without_a_record_for_45_days_is_asked_once() -> None:
    walk = execution().fire("px_no_record_45")
    assert walk.open.count("px_silent") == 1
    assert walk.do("px_silent").open.count("px_record") == 2
