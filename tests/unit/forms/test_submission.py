"""A submission as a whole: defaults, rules, conditional requirement, variables, records, sealed paths."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forms.form import Form
from tests.unit.forms.support import all_forms, context, errors_of, form, one_field_form, sources

FIRST_CALL = {"channel": "電話", "field_code": ["困窮"], "issues": ["債務について"]}
CONTACT = {"means": "訪問", "target": "本人", "outcome": "不在", "stage": "2", "safety": "なし",
           "next_plan": {"on": "2026-05-01", "means": "訪問"}}  # fmt: skip
CONSENT = {"consent_result": "同意あり", "given_by": "本人", "method": "書面", "scope_items": ["概要"],
           "scope_orgs": ["AG-04", "AG-07"]}  # fmt: skip

PLAN = {
    "plan_kind": "初回", "situation": "二人暮らし", "wish": "家にいたい", "lead_org": "AG-01-3",
    "issues": [{"issue": "介護"}, {"issue": "家計"}], "use_participation": "なし", "use_outreach": {"text": "月2回"},
    "goal_long": {"text": "安心して暮らす", "by": "2027-03-31"}, "goal_short": {"text": "休める", "by": "2026-06-30"},
    "actions": [{"org": "地域包括支援センター（3）", "staff": "佐藤", "programme": "見守り"}],
    "period": {"from": "2026-04-01", "to": "2027-03-31"},
}  # fmt: skip
MINUTES = {"kind": "新規プラン", "attendees": [{"name": "a"}], "adequacy": {"目標": "適切"}, "lead_org": "AG-04"}


def submitted(key: str, raw: dict[str, Any], **more: Any) -> Any:
    return form(key).submit(raw, context(**more))


# ---------------------------------------------------------------- the first call


def test_an_anonymous_call_needs_channel_field_and_issue_only() -> None:
    done = submitted("in_register", FIRST_CALL)
    assert done.data["received_org"] == "AG-04"
    assert done.data["received_by"] == "s1"
    assert done.data["received_at"] == "2026-04-01T10:00+09:00"
    assert done.variables == {"urgency": None, "urgency_kind": None, "fields": ["困窮"]}


def test_a_call_writes_one_record_per_sheet() -> None:
    raw = {**FIRST_CALL, "urgency": "なし", "consent_application": "同意なし", "no_consent_reason": "未接触",
           "informant": "隣の家の人"}  # fmt: skip
    done = submitted("in_register", raw)
    assert set(done.records) == {"F01", "F02", "screening"}
    assert done.records["F02"] == {"no_consent_reason": "未接触", "informant": "隣の家の人"}
    assert done.sealed == {"informant"}


def test_addresses_are_sealed_with_the_case() -> None:
    done = submitted("in_register", {**FIRST_CALL, "postcode_address": "各務原市", "phone_mobile": "090-0000-0000"})
    assert done.sealed_with_case == {"postcode_address", "phone_mobile"}
    assert done.sealed == frozenset()


def test_consent_fields_are_taken_only_with_consent() -> None:
    raw = {**FIRST_CALL, "signed_on": "2026-04-01", "signature": "本人"}
    assert "signed_on" not in submitted("in_register", raw).data
    kept = submitted("in_register", {**raw, "consent_application": True}).data
    assert kept["signed_on"] == "2026-04-01"
    assert set(errors_of(form("in_register"), {**FIRST_CALL, "consent_application": True})) == {
        "signed_on",
        "signature",
    }


def test_an_urgent_call_names_its_kind() -> None:
    assert errors_of(form("in_register"), {**FIRST_CALL, "urgency": "緊急"}) == {
        "urgency_kind": "緊急の種別を選んでください。"
    }
    assert errors_of(form("in_register"), {**FIRST_CALL, "urgency": "要注意"}) == {}


def test_a_misspelt_field_is_refused_by_name() -> None:
    found = errors_of(form("in_register"), {**FIRST_CALL, "issue": ["債務について"]})
    assert found == {"issue": "この様式に「issue」という欄はありません。"}


def test_every_error_is_told_at_once_in_the_order_of_the_form() -> None:
    found = errors_of(form("in_register"), {"urgency": "緊急", "birth": "あした", "typo": "x"})
    assert list(found) == ["channel", "issues", "field_code", "urgency_kind", "birth", "typo"]


# ---------------------------------------------------------------- consent and plan


def test_a_consent_ends_with_the_plan_or_after_the_city_s_period() -> None:
    plan = {"F07": {"period": {"from": "2026-04-01", "to": "2026-12-31"}}}
    assert submitted("ma_consent", CONSENT, records=plan).data["valid_until"] == "2026-12-31"
    assert submitted("in_consent", CONSENT).data["valid_until"] == "2027-04-01"
    assert submitted("in_consent", CONSENT).data["subject"] == "p1"


def test_the_end_of_an_earlier_plan_is_no_end_of_a_new_consent() -> None:
    ended = {"F07": {"period": {"from": "2025-04-01", "to": "2026-03-31"}}}
    assert submitted("in_consent", CONSENT, records=ended).data["valid_until"] == "2027-04-01"
    found = errors_of(form("in_consent"), {**CONSENT, "valid_until": "2026-03-31"})
    assert found == {"valid_until": "有効期限は2026年4月1日以降の日を入力してください（入力された日：2026年3月31日）。"}


def test_a_refusal_asks_for_its_reason_and_keeps_no_scope() -> None:
    refused = {**CONSENT, "consent_result": "同意なし"}
    assert set(errors_of(form("ma_consent"), refused)) == {"declined_reason"}
    kept = submitted("ma_consent", {**refused, "declined_reason": "まだ話したくない"})
    assert not {"scope_items", "scope_orgs", "valid_until"} & set(kept.data)
    assert kept.variables == {"consent_result": "同意なし"}


def test_consent_by_another_person_needs_the_will_of_the_person() -> None:
    assert set(errors_of(form("in_consent"), {**CONSENT, "given_by": "親権者"})) == {"person_will"}


def test_a_plan_takes_its_intervals_from_the_reference_data() -> None:
    data = submitted("ma_draft", PLAN).data
    assert (data["first_monitor"], data["review_interval"], data["next_review_on"]) == (
        "3 months", "6 months", "2026-07-01")  # fmt: skip
    assert [row["priority"] for row in data["issues"]] == [1, 2]
    assert data["actions"] == [{"org": "AG-01-3", "staff": "s1", "programme": "見守り"}]


def test_a_plan_that_is_put_right_keeps_what_was_not_written_anew() -> None:
    before = {"situation": "前の現況", "plan_kind": "初回"}
    found = errors_of(form("pa_fix"), {"changed_for_person": "なし"}, records={"F07": before})
    assert "situation" not in found
    assert "wish" in found


# ---------------------------------------------------------------- conditions between fields


@pytest.mark.parametrize(
    ("key", "raw", "missing"),
    [
        ("in_own", {"review_result": "解決"}, {"closing_note"}),
        ("in_own", {"review_result": "継続"}, set()),
        ("in_own", {"review_result": "継続", "body": "電話した"}, {"method", "with"}),
        ("in_answer", {"answer": "受け入れない"}, {"answer_reason"}),
        ("in_approve", {"approved": "差し戻し"}, {"approval_note"}),
        ("in_escalate", {}, {"reason", "escalation_reasons", "done_so_far", "agencies_involved", "expectation",
                             "urgency", "issue_matrix"}),
        ("or_accept", {"accepted": "受理"}, {"worker"}),
        ("or_assess", {"route": ["単独機関"], "complaint": "x", "policy": "y", "household_members": [{"name": "z"}]},
         {"route_org"}),
        ("or_accompany", {}, {"outcome"}),
        ("ma_meet", {"met": "会えた", "body": "希望を聞いた"}, {"method", "with"}),
        ("ma_meet", {"met": "会えない"}, set()),
        ("ma_return", {}, {"return_reason", "lead_org", "roles", "recheck_on", "reescalate_if"}),
        ("pa_hold", {**MINUTES, "conclusion": "承認"}, {"next_review_on"}),
        ("px_eval", {"goal_status": "達成", "changes": ["孤立の解消"], "adequacy_by_org": {"AG-04": "適切"},
                     "remaining": "なし", "person_voice": "よかった", "result": "継続"}, {"next_review_on"}),
        ("ps_search", {}, {"candidates"}),
        ("ps_search", {"shortage": "午後に開く居場所"}, set()),
        ("or_contact", {**CONTACT, "next_plan": {"means": "訪問"}}, {"next_plan/on"}),
        ("px_overdue", {}, set()),
    ],
)  # fmt: skip
def test_a_task_requires_what_its_choice_calls_for(key: str, raw: dict[str, Any], missing: set[str]) -> None:
    assert set(errors_of(form(key), raw)) == missing


def test_a_note_without_text_leaves_no_record() -> None:
    assert "F12" not in submitted("px_start", {"started_on": "2026-04-10"}).records
    noted = submitted("px_start", {"started_on": "2026-04-10", "body": "始めた", "method": "訪問", "with": "本人"})
    assert noted.records["F12"]["at"] == "2026-04-01T10:00+09:00"


def test_a_moment_shared_by_two_sheets_goes_to_the_one_that_was_written() -> None:
    note = {"method": "電話", "with": "母", "body": "様子を聞いた"}
    assert set(submitted("or_accompany", note).records) == {"F12", "or_accompany"}
    both = submitted("or_accompany", {**note, **CONTACT}).records
    assert both["F12"]["at"] == both["F15"]["at"]


def test_a_group_left_out_is_filled_from_the_defaults_of_its_parts() -> None:
    assert submitted("ph_overlap", {}).data["overlap"] == {"ends_on": "2026-07-01"}
    shorter = submitted("ph_overlap", {"overlap": {"period": "1か月", "roles": "月2回の同行"}}).data["overlap"]
    assert shorter["ends_on"] == "2026-05-01"


def test_an_open_group_keeps_parts_of_other_names() -> None:
    kept = submitted("ps_needs", {"needs": {"本人の希望": "絵を描く", "移動": "徒歩"}}).data["needs"]
    assert kept == {"wish": "絵を描く", "移動": "徒歩"}


def test_a_matrix_by_member_becomes_rows() -> None:
    expected = [{"member": "母", "field": "高齢", "issue": "介護"}, {"member": "子", "field": "困窮"}]
    raw = {"situation_report": "x", "issue_matrix": {"母": {"高齢": "介護"}, "子": "困窮"}}
    assert submitted("ma_collect", raw).data["issue_matrix"] == expected


# ---------------------------------------------------------------- variables


def test_variables_are_typed_and_empty_ones_forget_the_last_round() -> None:
    contact = submitted("or_plan", {"approach_policy": "手紙から", "next_contact_on": "R8.4.20"})
    assert contact.variables == {"next_contact_on": date(2026, 4, 20)}
    meeting = submitted("pa_schedule", {"meeting_at": "2026-04-20 14:00", "meeting_kind": "定例",
                                        "members": [{"org": "市民病院", "name": "白石"}]})  # fmt: skip
    assert meeting.variables == {"meeting_at": datetime(2026, 4, 20, 5, 0, tzinfo=UTC), "opinion_orgs": None}
    assert submitted("ma_watch", {"watch_result": "安定", "watch_note": "x"}).variables["next_recheck_on"] is None


def test_yes_or_no_with_text_is_a_yes_or_no_for_the_process() -> None:
    asked = one_field_form({"x-kind": "bool_text", "x-variable": True})
    assert asked.submit({"value": {"text": "居場所"}}, context()).variables == {"value": True}
    assert asked.submit({"value": "なし"}, context()).variables == {"value": False}


# ---------------------------------------------------------------- prefill


def test_prefill_says_where_a_value_came_from() -> None:
    known = sources(records={"screening": {"urgency": "要注意"}}, record_labels={"screening": "受付（4月1日）"})
    begun = form("in_safety").prefilled(known)
    assert begun.values["urgency"] == "要注意"
    assert begun.origins["urgency"] == "受付（4月1日）から"


def test_prefill_of_a_new_call_is_clock_organisation_and_worker() -> None:
    begun = form("in_register").prefilled(sources(person={}))
    assert dict(begun.values) == {"received_at": "2026-04-01T10:00+09:00", "received_org": "AG-04", "received_by": "s1"}
    assert not begun.origins


def test_sealed_values_are_never_prefilled_but_kept() -> None:
    known = {"records": {"F07": {"emergency_contact": "090-0000-0000", "situation": "前の現況"}}}
    assert "emergency_contact" not in form("pa_fix").prefill(sources(**known))
    data, _ = form("pa_fix").review({}, context(**known))
    assert data["emergency_contact"] == "090-0000-0000"


def test_the_rows_of_an_evaluation_are_the_agencies_of_the_plan() -> None:
    known = sources(variables={"action_orgs": ["AG-04", "AG-07"]})
    assert form("px_eval").prefill(known)["adequacy_by_org"] == {"AG-04": "", "AG-07": ""}


def test_a_prefilled_value_of_the_wrong_shape_is_left_out() -> None:
    known = sources(person={"name": ["x"], "birth": "いつか", "sex": "ほか"})
    assert {"name", "birth", "sex"}.isdisjoint(form("in_register").prefill(known))


# ---------------------------------------------------------------- hostile data

PART = st.sampled_from(["text", "by", "from", "to", "name", "org", "on", "issue", "課題"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.dates()
    | st.sampled_from(["なし", "AG-04", "2026-04-01", "本人", "R8.4.1", "同意あり", "緊急", "3 months"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PART | st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_submission_raises_anything_but_sentences(data: st.DataObject) -> None:
    asked: Form = data.draw(st.sampled_from(all_forms()))
    keys = st.sampled_from([field.key for field in asked.fields]) | st.text(max_size=6)
    raw = data.draw(st.dictionaries(keys, VALUE, max_size=8))
    refused = errors_of(asked, raw)
    assert all(message.endswith("。") for message in refused.values())
    if not refused:
        kept = asked.submit(raw, context()).data
        assert asked.submit(kept, context()).data == kept, "what is kept is read again as it is"


def test_a_flood_of_fields_is_one_error() -> None:
    assert list(errors_of(form("px_monitor"), {f"x{n}": 1 for n in range(5000)})) == [""]
