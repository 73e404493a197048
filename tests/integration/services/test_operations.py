"""Service operations one by one: what each writes, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import pytest

from engine.domain.errors import ConsentMissing, FormInvalid, NotAuthorised
from engine.services import cases as case_services
from engine.services.deployed import Deployed
from engine.services.operations.registry import OperationContext, call, registered
from engine.services.steps import Step, transaction
from engine.storage import cases, consents, contacts, plans
from engine.storage.sealing import unseal
from tests.support.casework import Casework, tokyo

CONSENT = {
    "subject": "椿 一郎", "given_by": "本人", "method": "書面", "consent_result": "同意あり", "scope_items": ["概要"],
    "scope_orgs": ["AG-02"], "valid_until": "2027-03-31",
}  # fmt: skip
PLAN = {
    "plan_kind": "初回", "lead_org": "AG-04", "first_monitor": "3 months", "review_interval": "6 months",
    "period": {"from": "2026-04-01", "to": "2027-03-31"}, "next_review_on": "2026-07-01", "use_outreach": "なし",
    "use_participation": {"text": "居場所"},
    "actions": [{"issue": "借金", "org": "AG-04"}, {"issue": "就労", "org": "AG-02"}],
}  # fmt: skip


@dataclass
class Desk:
    """One open case, and a person who acts on it."""

    office: Casework
    step: Step
    number: int = 0

    def run(self, name: str, data: dict[str, Any] | None = None, *, element: str = "x", **variables: Any) -> Any:
        """Run an operation as a new token would."""
        self.number += 1
        return call(OperationContext(self.step, name, element, f"t{self.number}", data or {}, variables))

    @property
    def connection(self) -> Any:
        return self.step.tx.connection

    def organisations(self, relation: str) -> list[str]:
        """Who takes part in that relation now."""
        return [
            part.org_id
            for part in cases.participations(self.connection, self.step.case.id)
            if part.relation == relation and cases.is_active(part, self.office.now)
        ]


@pytest.fixture
def desk(office: Casework) -> Iterator[Desk]:
    """A case of AG-04 in an open transaction."""
    with _desk(office) as opened:
        yield opened


@contextmanager
def _desk(office: Casework) -> Iterator[Desk]:
    actor = office.person("worker")
    with transaction(office.engine) as tx:
        case = case_services.open_case(office.engine, tx, actor, "AG-04", now=office.now)
        step = Step(office.engine, tx, actor, office.now, cast(Deployed, None), case, "i1", "AG-04")
        yield Desk(office, step)


def test_every_operation_says_in_japanese_what_it_does() -> None:
    for name, info in registered().items():
        assert info.description.endswith("。") or "\n" in info.description, name
        assert any("ぁ" <= letter <= "ん" for letter in info.description), name


# ---------------------------------------------------------------- person and case


def test_registering_keeps_the_person_and_seals_the_address(desk: Desk) -> None:
    desk.run(
        "case.register",
        {"name": "椿 一郎", "name_kana": "つばき いちろう", "postcode_address": "架空町1", "field_code": ["困窮"]},
    )
    person = cases.person_facts(desk.connection, desk.step.case.subject_id)
    assert (person["name"], unseal(person["address"])) == ("椿 一郎", "架空町1")
    assert desk.step.case.field_codes == ("困窮",)


@pytest.mark.parametrize(
    ("kinds", "level"), [(["DV"], 2), (["児童虐待"], 1), (["高齢者虐待", "DV"], 2), (["自殺念慮"], 0), ([], 0)]
)
def test_the_kind_of_urgency_sets_the_seal(desk: Desk, kinds: list[str], level: int) -> None:
    desk.run("case.register", {"urgency": "緊急", "urgency_kind": kinds})
    assert desk.step.case.seal_level == level


def test_the_same_person_in_another_case_is_noticed_by_kana(office: Casework) -> None:
    with _desk(office) as first:
        first.run("case.register", {"name": "髙橋 花", "name_kana": "たかはし はな"})
    with _desk(office) as second:
        assert second.run("case.register", {"name": "高橋 花", "name_kana": "タカハシ ハナ"})["duplicate_found"]
    with _desk(office) as third:
        assert not third.run("case.register", {})["duplicate_found"], "an unknown person matches nobody"


def test_a_household_told_anew_keeps_the_earlier_one(desk: Desk) -> None:
    desk.run("household.update", {"household_members": [{"name": "椿 一郎", "relation": "本人", "age": 45}]})
    desk.run(
        "household.update",
        {"household_members": [{"name": "椿 一郎", "relation": "本人"}, {"name": "椿 花", "relation": "子"}]},
    )
    now = cases.members(desk.connection, desk.step.case.household_id)
    assert [m["name"] for m in now] == ["椿 一郎", "椿 花"]
    kept = desk.connection.exec_driver_sql("SELECT count(*) FROM household_member WHERE until IS NOT NULL").scalar()
    assert kept == 1
    assert cases.person_facts(desk.connection, desk.step.case.subject_id)["name"] == "椿 一郎"


# ---------------------------------------------------------------- consent and sharing


def test_a_consent_lets_the_named_organisations_see_the_named_parts(desk: Desk) -> None:
    desk.run("consent.record", CONSENT)
    assert desk.organisations("consented") == ["AG-02"]


def test_a_later_refusal_takes_an_earlier_consent_away(desk: Desk) -> None:
    desk.run("consent.record", CONSENT)
    assert consents.valid(desk.connection, desk.step.case.id, date(2026, 4, 1))
    desk.step.now = tokyo("2026-04-02T09:00")
    desk.run("consent.record", CONSENT | {"consent_result": "同意なし", "declined_reason": "必要ない"})
    assert consents.valid(desk.connection, desk.step.case.id, date(2026, 4, 2)) == []


def test_a_refusal_under_the_real_name_takes_a_consent_under_the_provisional_one_away(desk: Desk) -> None:
    desk.run("case.register", {"name": "201号室の方"})
    desk.run("consent.record", CONSENT | {"subject": "201号室の方"})
    cases.change_person(desk.connection, desk.step.case.subject_id, {"name": "欅 大樹"})
    desk.step.now = tokyo("2026-04-02T09:00")
    desk.run("consent.record", CONSENT | {"subject": "本人", "consent_result": "同意なし", "declined_reason": "不要"})
    assert consents.valid(desk.connection, desk.step.case.id, date(2026, 4, 2)) == []


def test_a_consent_that_has_run_out_does_not_count(desk: Desk) -> None:
    desk.run("consent.record", CONSENT)
    assert consents.valid(desk.connection, desk.step.case.id, date(2027, 3, 31))
    assert consents.valid(desk.connection, desk.step.case.id, date(2027, 4, 1)) == []


def test_an_organisation_cannot_be_shared_with_and_excluded(desk: Desk) -> None:
    with pytest.raises(FormInvalid) as refusal:
        desk.run("consent.record", CONSENT | {"consent_result": "一部同意", "excluded_orgs": ["AG-02"]})
    assert list(refusal.value.fields) == ["scope_orgs"]


def test_a_conference_is_refused_without_consent_to_this_plan(desk: Desk) -> None:
    with pytest.raises(ConsentMissing):
        desk.run("consent.require")
    desk.run("consent.record", CONSENT)
    desk.run("consent.require")
    desk.run("plan.draft", PLAN)
    with pytest.raises(ConsentMissing):
        desk.run("consent.require")
    desk.step.now = tokyo("2026-04-03T09:00")
    desk.run("consent.record", CONSENT)
    desk.run("plan.submit")
    newest = plans.newest(desk.connection, desk.step.case.id)
    assert newest is not None
    assert newest.status == "submitted"


def test_a_referral_on_consent_needs_one_that_does_not_exclude_the_receiver(desk: Desk) -> None:
    sheet = {"to_org": "AG-02", "reason": "手帳の相談", "sharing_basis": "本人の同意"}
    with pytest.raises(ConsentMissing):
        desk.run("referral.send", sheet)
    desk.run(
        "consent.record", CONSENT | {"scope_orgs": ["AG-03"], "excluded_orgs": ["AG-02"], "consent_result": "一部同意"}
    )
    with pytest.raises(ConsentMissing):
        desk.run("referral.send", sheet)
    assert desk.run("referral.send", sheet | {"to_org": "AG-03"})["to_org"] == "AG-03"


def test_a_referral_is_shared_with_the_receiver_only_when_accepted(desk: Desk) -> None:
    sent = desk.run("referral.send", {"to_org": "AG-02", "reason": "命の危険", "sharing_basis": "生命・身体の緊急"})
    assert desk.organisations("accepted") == []
    desk.run("referral.answer", {"answer": "受け入れない", "answer_reason": "対象外"}, **sent)
    assert desk.organisations("accepted") == []
    desk.run("referral.answer", {"answer": "受け入れる"}, **sent)
    assert desk.organisations("accepted") == ["AG-02"]


def test_a_referral_without_a_known_basis_is_refused(desk: Desk) -> None:
    with pytest.raises(FormInvalid) as refusal:
        desk.run("referral.send", {"to_org": "AG-02", "reason": "x", "sharing_basis": "なんとなく"})
    assert list(refusal.value.fields) == ["sharing_basis"]


def test_only_organisations_with_staff_are_asked(desk: Desk) -> None:
    asked = desk.run("agencies.ask", {}, collect_orgs=["AG-02", "AG-14", "AG-02"])
    assert asked == {"collect_orgs": ["AG-02"]}
    assert desk.organisations("asked") == ["AG-02"]


# ---------------------------------------------------------------- plan


def test_a_draft_is_changed_until_it_is_decided_and_then_a_new_version_begins(desk: Desk) -> None:
    first = desk.run("plan.draft", PLAN)
    again = desk.run("plan.draft", {"lead_org": "AG-02"})
    assert again["plan_version_id"] == first["plan_version_id"]
    assert (again["plan_lead_org"], again["use_participation"], again["use_outreach"]) == ("AG-02", True, False)
    desk.run("plan.decide", {"decision": "支援決定"})
    second = desk.run("plan.draft", {"situation": "変化"})
    version = plans.get(desk.connection, second["plan_version_id"])
    assert version is not None
    assert (version.number, version.kind, version.lead_org) == (2, "再プラン", "AG-02")
    assert second["plan_orgs"] == ["AG-04", "AG-02"], "the items go over to the new version"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": {"from": "2026-04-01", "to": "2027-04-02"}}, "period"),
        ({"period": {"from": "2026-04-01", "to": "2026-03-01"}}, "period"),
        ({"next_review_on": "2027-05-01"}, "next_review_on"),
    ],
    ids=["longer than twelve months", "ends before it begins", "reviewed too late"],
)
def test_plan_dates_beyond_the_limits_are_refused(desk: Desk, change: dict[str, Any], field: str) -> None:
    with pytest.raises(FormInvalid) as refusal:
        desk.run("plan.draft", PLAN | change)
    assert list(refusal.value.fields) == [field]


def test_a_decision_starts_the_reviews_and_names_the_lead(desk: Desk) -> None:
    desk.run("plan.draft", PLAN)
    decided = desk.run("plan.decide", {"decision": "支援決定"})
    assert (decided["next_review_on"], decided["review_no"]) == (date(2026, 7, 1), 1)
    assert decided["first_monitor_on"] == date(2026, 7, 1)
    assert desk.step.case.lead_org == "AG-04"
    assert desk.organisations("plan_member") == ["AG-04", "AG-02"]


def test_the_conference_date_wins_over_the_plan_date(desk: Desk) -> None:
    desk.run("plan.draft", PLAN)
    desk.run("conference.record", {"conclusion": "承認", "next_review_on": "2026-09-15"})
    assert desk.run("plan.decide", {"decision": "支援決定"})["next_review_on"] == date(2026, 9, 15)


def test_a_plan_without_a_date_is_reviewed_after_three_months(desk: Desk) -> None:
    desk.run("plan.draft", {k: v for k, v in PLAN.items() if k != "next_review_on"})
    assert desk.run("plan.decide", {})["next_review_on"] == date(2026, 7, 1)


def test_a_plan_sent_back_is_not_decided(desk: Desk) -> None:
    desk.run("plan.draft", PLAN)
    assert desk.run("plan.decide", {"decision": "差し戻し"}) == {}
    newest = plans.newest(desk.connection, desk.step.case.id)
    assert newest is not None
    assert newest.status == "draft"


def test_the_next_review_follows_the_interval_when_nobody_names_a_later_day(desk: Desk) -> None:
    desk.run("plan.draft", PLAN)
    desk.run("plan.decide", {})
    assert desk.run("review.schedule", {"next_review_on": "2026-12-01"}) == {
        "next_review_on": date(2026, 12, 1), "review_no": 2,
    }  # fmt: skip
    past = desk.run("review.schedule", {"next_review_on": "2026-03-01"})
    assert past == {"next_review_on": date(2026, 10, 1), "review_no": 3}


# ---------------------------------------------------------------- accompaniment


def test_a_contact_moves_the_relation_stage_and_names_the_next_day(desk: Desk) -> None:
    visit = {"at": "2026-04-01T10:00:00+09:00", "means": "訪問", "outcome": "不在", "stage": "2 存在を知らせる"}
    noted = desk.run("contact.record", visit | {"safety": "なし", "next_plan": {"on": "2026-04-08"}})
    expected = {"relation_stage": 2, "contact_safety": "なし", "next_contact_on": date(2026, 4, 8)}
    assert expected.items() <= noted.items()
    assert desk.step.case.relation_stage == 2


def test_a_contact_is_written_once_for_one_token(desk: Desk) -> None:
    context = OperationContext(desk.step, "contact.record", "or_contact", "t", {"means": "電話"}, {})
    call(context)
    call(context)
    assert desk.connection.exec_driver_sql("SELECT count(*) FROM contact").scalar() == 1


def test_ownership_moves_only_when_the_handoff_is_accepted(desk: Desk) -> None:
    sent = desk.run("handoff.request", {}, from_org="AG-04", participation_org="AG-08")
    desk.run("handoff.accept", {"accept": "保留"}, **sent)
    assert desk.step.case.owner_org == "AG-04"
    desk.run("handoff.accept", {"accept": "受理"}, **sent)
    assert desk.step.case.owner_org == "AG-08"
    assert desk.organisations("carries") == ["AG-04"], "the sender stays beside until the overlap ends"
    desk.run("handoff.finish", {}, **sent)
    assert desk.organisations("carries") == []
    found = contacts.get_referral(desk.connection, sent["handoff_id"])
    assert found is not None
    assert found.status == "finished"


def test_a_referral_written_anew_takes_the_unanswered_one_back(desk: Desk) -> None:
    send = {"reason": "借金", "sharing_basis": "69条2項3号", "to_org": "AG-07", "escalation_reasons": ["制度の狭間"]}
    first = desk.run("referral.send", send)["referral_id"]
    second = desk.run("referral.send", send)["referral_id"]
    states = {one: contacts.get_referral(desk.connection, one) for one in (first, second)}
    assert [one.status for one in states.values() if one] == ["declined", "sent"]


@pytest.mark.parametrize(
    ("answer", "status"), [("受理", "accepted"), ("保留", "sent"), ("別の施策が適切", "declined"), (None, "declined")]
)
def test_a_referral_for_participation_is_answered_by_its_handoff(
    office: Casework, answer: str | None, status: str
) -> None:
    office.employ("matcher", "AG-08", "participation_coordinator")
    with _desk(office) as desk:
        send = {"reason": "居場所", "sharing_basis": "69条2項3号", "to_org": "AG-09"}
        sheet = desk.run("referral.send", send)["referral_id"]
        handoff = desk.run("handoff.request", participation_org="AG-08", from_org="AG-04")["handoff_id"]
        if answer is None:
            desk.run("handoff.cancel", {"reason": "取りやめ"}, handoff_id=handoff)
        else:
            desk.run("handoff.accept", {"accept": answer}, handoff_id=handoff)
        answered = contacts.get_referral(desk.connection, sheet)
        assert answered is not None
        assert answered.status == status


def test_follow_ups_come_after_a_week_and_one_three_and_six_months(desk: Desk) -> None:
    started = desk.run("placement.record", {"judgement": "合う"}, element="ps_start")
    days = [started["follow_up_on"]]
    for number in (1, 2, 3, 4):
        days.append(desk.run("placement.record", {}, element="ps_follow", follow_up_no=number)["follow_up_on"])
    assert days == [date(2026, 4, 8), date(2026, 5, 1), date(2026, 7, 1), date(2026, 10, 1), None]


def test_a_watch_is_not_set_for_today(desk: Desk) -> None:
    with pytest.raises(FormInvalid):
        desk.run("watch.schedule", {"recheck_on": "2026-04-01"})
    assert desk.run("watch.schedule", {}) == {"recheck_on": date(2026, 10, 1)}


# ---------------------------------------------------------------- ways


def test_an_emergency_reaches_the_office_that_answers_for_it(desk: Desk) -> None:
    assert desk.run("emergency.open", {"kinds": ["DV"]}) == {"emergency_org": "SC-04"}
    assert (desk.step.case.urgency, desk.step.case.seal_level) == ("緊急", 2)
    assert desk.organisations("asked") == ["SC-04"]


@pytest.mark.parametrize(
    ("route", "kinds"),
    [
        (["単独機関"], ["referral"]),
        (["複合（多機関協働）"], ["escalation"]),
        (["単独機関", "複合（多機関協働）"], ["escalation", "referral"]),
        (["伴走継続"], []),
    ],
    ids=["one agency", "several", "both", "none"],
)
def test_a_way_after_outreach_leaves_its_referrals(desk: Desk, route: list[str], kinds: list[str]) -> None:
    linked = desk.run("outreach.link", {"route": route, "route_org": "AG-02"})
    rows = desk.connection.exec_driver_sql("SELECT kind, to_org, status FROM referral ORDER BY kind").all()
    assert [row.kind for row in rows] == kinds
    assert {row.to_org for row in rows} <= {"AG-02", "AG-07"}
    assert (linked["referral_id"] is not None) == bool(kinds)


@pytest.mark.parametrize(("by", "status"), [("AG-02", "accepted"), ("AG-04", "sent")])
def test_the_agency_that_registers_a_case_has_taken_up_what_an_outreach_sent_it(
    desk: Desk, by: str, status: str
) -> None:
    linked = desk.run("outreach.link", {"route": ["単独機関"], "route_org": "AG-02"})
    desk.step.org_id = by
    desk.run("case.register", {"name": "椿 一郎"})
    found = contacts.get_referral(desk.connection, linked["referral_id"])
    assert found is not None
    assert found.status == status


def test_a_match_with_a_sealed_case_is_told_to_the_emergency_officer_only(office: Casework) -> None:
    office.employ("emergency", "AG-06", "emergency_officer")
    with _desk(office) as sealed:
        sealed.run("case.register", {"name": "菫 花", "urgency": "緊急", "urgency_kind": ["DV"]})
        hidden = sealed.step.case.id
    with _desk(office) as second:
        second.run("case.register", {"name": "菫 花"})
        second.run("case.merge_duplicate", {"dup_result": "秘匿の一致"})
    told = office.rows("SELECT staff_id, about, case_id FROM notification")
    assert [tuple(row) for row in told] == [(office.staff["emergency"], "sealed_match", hidden)]


def test_what_the_register_called_doubtful_is_judged_by_a_manager(desk: Desk) -> None:
    desk.run("case.register", {"urgency": "要注意"})
    with pytest.raises(NotAuthorised):
        desk.run("case.triage", {"urgency": "なし"})
    desk.step.actor = desk.office.person("manager")
    desk.run("case.triage", {"urgency": "なし"})
    assert desk.step.case.urgency == "なし"


def test_a_sealed_match_is_hidden_from_who_may_not_see_it_and_shown_to_who_may(office: Casework) -> None:
    office.employ("emergency", "AG-06", "emergency_officer")
    office.employ("colleague", "AG-04", "intake_worker")
    with _desk(office) as sealed:
        sealed.run("case.register", {"name": "菫 花", "urgency": "緊急", "urgency_kind": ["DV"]})
        hidden = sealed.step.case.id
    with _desk(office) as stranger:
        stranger.step.actor = office.person("colleague")
        assert not stranger.run("case.register", {"name": "菫 花"})["duplicate_found"]
    with _desk(office) as named:
        assert named.run("case.register", {"name": "菫 花"})["duplicate_found"], "the worker is named in the seal"
    told = office.rows("SELECT staff_id, case_id FROM notification WHERE about = 'sealed_match'")
    assert [tuple(row) for row in told] == [(office.staff["emergency"], hidden)]


# ---------------------------------------------------------------- offices, adjustments, suspension


@pytest.mark.parametrize(
    ("employed", "agreed", "asked", "office_found"),
    [
        ("DV-09", ["DV-09"], None, "DV-09"),
        ("DV-09", ["AG-09"], None, "DV-09"),
        ("AG-08", ["DV-09"], None, "AG-08"),
        ("AG-05", [], None, "AG-05"),
        ("DV-09", ["AG-08"], "AG-10", "DV-09"),
    ],
    ids=["agreed with", "its division", "the default", "the only one", "asked by name"],
)
def test_a_handoff_goes_to_who_coordinates_participation(
    office: Casework, employed: str, agreed: list[str], asked: str | None, office_found: str
) -> None:
    office.employ("matcher", employed, "participation_coordinator")
    with _desk(office) as desk:
        desk.run("consent.record", CONSENT | {"scope_orgs": agreed})
        sent = desk.run("handoff.request", participation_org=asked, from_org="AG-04")
        assert sent["participation_org"] == office_found
        assert office_found in desk.organisations("asked")


def test_a_referral_to_a_place_of_participation_support_begins_a_handoff(office: Casework) -> None:
    office.employ("matcher", "DV-09", "participation_coordinator")
    with _desk(office) as desk:
        send = {"reason": "居場所", "sharing_basis": "69条2項3号"}
        assert desk.run("referral.send", send | {"to_org": "AG-10"})["participation_org"] == "DV-09"
        assert not desk.run("referral.send", send | {"to_org": "AG-02"})["to_participation"]


def test_the_sender_notes_the_answer_of_an_agency_without_staff(desk: Desk) -> None:
    send = {"reason": "求職", "sharing_basis": "69条2項2号"}
    assert desk.run("referral.send", send | {"to_org": "AG-13"})["answer_by"] == "AG-04"
    assert desk.run("referral.send", send | {"to_org": "AG-04"})["answer_by"] is None


def test_who_is_to_adjust_are_the_asked_the_agreed_and_the_owner(office: Casework) -> None:
    for name, org in (("support", "AG-02"), ("child", "AG-03"), ("elder", "AG-01-1")):
        office.employ(name, org, "intake_worker")
    with _desk(office) as desk:
        desk.run("consent.record", CONSENT | {"scope_orgs": ["AG-02", "AG-03"]})
        desk.step.org_id = "AG-07"
        rows = [{"agencies": ["AG-03", "AG-01-1"], "shortage": "夜の居場所"}]
        found = desk.run("issues.record", {"rows": rows}, collect_orgs=["AG-02"])
        assert found == {"shortages": ["夜の居場所"], "adjust_orgs": ["AG-02", "AG-03", "AG-04"]}


def test_the_first_answer_of_an_acceptance_is_told_once(desk: Desk) -> None:
    for day in (date(2026, 6, 1), date(2026, 6, 1), date(2026, 9, 24)):
        desk.run("adjust.record", {}, adjust_org="AG-02", decided_on=day)
    sent = desk.connection.exec_driver_sql("SELECT name FROM outbox").all()
    assert [row.name for row in sent] == ["adjust.answered", "adjust.answered"]


def test_a_case_is_suspended_when_the_conference_agrees_and_taken_up_again(desk: Desk) -> None:
    def after(data: dict[str, Any]) -> str:
        desk.run("case.suspension", data, result="中断")
        return str(desk.step.case.status)

    assert after({"conclusion": "修正のうえ再付議"}) == "open"
    assert after({"conclusion": "承認"}) == "suspended"
    assert after({"suspend_result": "中断を続ける"}) == "suspended"
    assert after({"suspend_result": "再開"}) == "open"
