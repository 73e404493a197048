"""Operations of accompaniment: contacts, outreach, watch, handoff to participation support, placements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import day_of, tokyo_date
from engine.domain.errors import FormInvalid
from engine.domain.kana import fold
from engine.services.operations.offices import participation_receiver, receives_participation
from engine.services.operations.people import set_seal
from engine.services.operations.registry import OperationContext, operation
from engine.storage import cases, consents, contacts
from engine.storage.sealing import seal

ACCEPTED = "受理"
CONTACT_SCOPE = ("概要", "相談記録")
HANDOFF_SCOPE = ("概要", "相談記録", "アセスメント", "プラン", "参加支援の項目別")
FOLLOW_UPS = ("follow_up_1", "follow_up_2", "follow_up_3", "follow_up_4")


def _first_of(data: Mapping[str, Any], *names: str) -> Any:
    return next((data[name] for name in names if data.get(name)), None)


# ---------------------------------------------------------------- contacts


@operation("contact.record", outputs=("relation_stage", "stage_since", "contact_safety", "next_contact_on"))
def record_contact(context: OperationContext) -> Mapping[str, Any]:
    """訪問・電話などの接触を記録し、関係性の段階と次の予定を残します。"""
    data = context.inputs
    at = data.get("at")
    stage = _stage(data.get("stage"))
    plan = data.get("next_plan") or data.get("next") or {}
    next_on = day_of(plan.get("on") or plan.get("by")) if isinstance(plan, Mapping) else None
    contacts.add(
        context.connection,
        {
            "case_id": context.case.id, "source_key": context.source_key, "org_id": context.actor_org(),
            "staff_id": context.actor.staff_id, "at": datetime.fromisoformat(at) if at else context.now,
            "means": str(_first_of(data, "means", "method") or ""),
            "target": str(_first_of(data, "target", "with") or ""),
            "outcome": str(data.get("outcome") or ""), "stage": stage, "safety": str(data.get("safety") or ""),
            "next_on": next_on, "record_id": context.record_ids.get("F15") or context.record_ids.get("F12"),
        },
    )  # fmt: skip
    moved = stage is not None and stage != context.case.relation_stage
    if stage is not None:
        cases.change(context.connection, context.case.id, {"relation_stage": stage})
        context.step.reload_case()
    return {
        "relation_stage": stage if stage is not None else context.case.relation_stage,
        "stage_since": context.today if moved else context.variables.get("stage_since"),
        "contact_safety": data.get("safety"),
        "next_contact_on": next_on,
    }


def _stage(text: Any) -> int | None:
    """「4 会話ができる」 → 4."""
    first = str(text or "")[:1]
    return int(first) if first.isdigit() else None


# ---------------------------------------------------------------- outreach


@operation("outreach.register")
def register_finding(context: OperationContext) -> Mapping[str, Any]:
    """把握票から、支援が届いていない人を仮の名前でも記録します。"""
    data, case, connection = context.inputs, context.case, context.connection
    person = cases.person_facts(connection, case.subject_id)
    name = str(data.get("person_provisional") or "")
    if name and not person["name"]:
        cases.change_person(connection, case.subject_id, {"name": name, "name_folded": fold(name), "provisional": True})
        cases.change_household(connection, case.household_id, f"{name}世帯")
    if data.get("residence"):
        cases.change_person(connection, case.subject_id, {"residence": seal(data["residence"])})
    facts = {"entry_programme": data.get("programme"), "urgency": data.get("urgency")}
    cases.change(connection, case.id, {key: value for key, value in facts.items() if value})
    set_seal(context, data.get("urgency_kind") or ())
    context.step.reload_case()
    return {}


@operation("outreach.accept", outputs=("outreach_worker",))
def accept_outreach(context: OperationContext) -> Mapping[str, Any]:
    """アウトリーチの受理と担当者を記録します。"""
    if context.inputs.get("accepted") == ACCEPTED:
        cases.take_part(context.connection, context.case.id, context.step.org_id, "accepted", now=context.now,
                        legal_basis="internal_use", scope_items=CONTACT_SCOPE, reason="アウトリーチ")  # fmt: skip
    return {"outreach_worker": context.inputs.get("worker")}


# ---------------------------------------------------------------- watch


@operation("watch.schedule", outputs=("recheck_on",))
def schedule_watch(context: OperationContext) -> Mapping[str, Any]:
    """再確認の日を決めます。日付がなければ6か月後の開庁日です。"""
    given = day_of(_first_of(context.inputs, "recheck_on", "next_recheck_on"))
    if given is not None and given <= context.today:
        key = "recheck_on" if context.inputs.get("recheck_on") else "next_recheck_on"
        raise FormInvalid({key: "再確認日は明日以降の日を入力してください。"})
    if given is not None:
        return {"recheck_on": context.engine.calendar_of(context.case.owner_org).next_open(given)}
    interval = context.engine.reference.period("watch_next", context.today)
    return {"recheck_on": context.last_day(context.today, interval)}


# ---------------------------------------------------------------- handoff to participation support


def _handoff(context: OperationContext) -> contacts.Referral | None:
    given = context.variables.get("handoff_id")
    found = contacts.get_referral(context.connection, str(given)) if given else None
    return found or contacts.newest_referral(context.connection, context.case.id, "handoff")


@operation("handoff.request", outputs=("handoff_id", "participation_org"))
def request_handoff(context: OperationContext) -> Mapping[str, Any]:
    """参加支援の引継ぎを、受け手の機関に届けます。受け入れられるまで、渡す側の責任は続きます。

    受け手は、依頼で指定された機関、なければ本人が共有に同意した機関のうち参加支援の担当がいる機関です。
    """
    variables = context.variables
    agreed = [org for c in consents.valid(context.connection, context.case.id, context.today) for org in c.scope_orgs]
    asked = variables.get("participation_org")
    to_org = participation_receiver(context, [asked, *agreed] if asked else agreed)
    from_org = variables.get("from_org") or context.actor_org()
    handoff_id = contacts.send(
        context.connection,
        {
            "case_id": context.case.id, "source_key": f"{context.step.instance_id}:handoff", "kind": "handoff",
            "from_org": from_org, "to_org": to_org, "reason": str(variables.get("request_reason") or "参加支援"),
            "sharing_basis": "consent", "status": "sent", "record_id": context.record_ids.get("F16"),
            "sent_at": context.now,
        },
    )  # fmt: skip
    cases.take_part(context.connection, context.case.id, to_org, "asked", now=context.now, legal_basis="consent",
                    scope_items=["概要", "参加支援の項目別"], reason="参加支援への引継ぎ")  # fmt: skip
    return {"handoff_id": handoff_id, "participation_org": to_org}


@operation("handoff.accept", outputs=("handoff_result", "decline_reason"))
def accept_handoff(context: OperationContext) -> Mapping[str, Any]:
    """受入れの判断を記録します。受理のときに限り、ケースの担当が受け手に移ります。"""
    result, handoff = context.inputs.get("accept"), _handoff(context)
    answer = {"handoff_result": result, "decline_reason": context.inputs.get("accept_text")}
    if handoff is None:
        return answer
    if result != ACCEPTED:
        status = {"保留": "sent"}.get(str(result), "declined")
        _answer_referral(context, status, str(answer["decline_reason"] or ""))
        contacts.change_referral(context.connection, handoff.id, {"status": status, "answered_at": context.now})
        return answer
    connection, case = context.connection, context.case
    _answer_referral(context, "accepted", "")
    contacts.change_referral(connection, handoff.id, {"status": "accepted", "answered_at": context.now})
    cases.take_part(connection, case.id, handoff.to_org, "accepted", now=context.now, legal_basis="consent",
                    scope_items=HANDOFF_SCOPE, reason="参加支援")  # fmt: skip
    if case.owner_org == handoff.from_org and handoff.to_org != handoff.from_org:
        _move_ownership(context, handoff)
    return answer


def _answer_referral(context: OperationContext, status: str, reason: str) -> None:
    """A つなぐシート that asked for participation support is answered by what becomes of the handoff."""
    if status == "sent":
        return
    for sent in contacts.unanswered(context.connection, context.case.id, "referral"):
        if receives_participation(context, sent.to_org):
            values = {"status": status, "answered_at": context.now, "answer_reason": reason}
            contacts.change_referral(context.connection, sent.id, values)


def _move_ownership(context: OperationContext, handoff: contacts.Referral) -> None:
    """The receiver owns the case from now on; the sender stays beside until the overlap ends."""
    connection, case = context.connection, context.case
    cases.end_part(connection, case.id, now=context.now, org_id=handoff.from_org, relation="owner", reason="引継ぎ")
    cases.take_part(connection, case.id, handoff.from_org, "carries", now=context.now, legal_basis="consent",
                    scope_items=HANDOFF_SCOPE, reason="並走")  # fmt: skip
    cases.take_part(
        connection, case.id, handoff.to_org, "owner", now=context.now, legal_basis="consent", reason="引継ぎ"
    )
    cases.change(connection, case.id, {"owner_org": handoff.to_org})
    context.step.reload_case()


@operation("handoff.overlap", outputs=("overlap_until",))
def agree_overlap(context: OperationContext) -> Mapping[str, Any]:
    """並走期間の終わりを決めます。日付がなければ3か月後の開庁日です。"""
    group = context.inputs.get("overlap") or {}
    until = day_of(_first_of(group, "until", "ends_on", "to", "end")) if isinstance(group, Mapping) else None
    period = context.engine.reference.period("handoff_overlap", context.today)
    until = until or context.last_day(context.today, period)
    handoff = _handoff(context)
    if handoff is not None:
        contacts.change_referral(context.connection, handoff.id, {"overlap_until": until})
    return {"overlap_until": until}


@operation("handoff.finish")
def finish_handoff(context: OperationContext) -> Mapping[str, Any]:
    """引継ぎの完了を記録し、渡した機関の並走を終えます。"""
    handoff = _handoff(context)
    if handoff is not None:
        contacts.change_referral(context.connection, handoff.id, {"status": "finished"})
        if handoff.from_org not in (context.case.owner_org, context.case.lead_org):
            cases.end_part(context.connection, context.case.id, now=context.now, org_id=handoff.from_org,
                           relation="carries", reason="並走の終了")  # fmt: skip
    return {}


@operation("handoff.cancel", outputs=("decline_reason",), inputs=("reason",))
def cancel_handoff(context: OperationContext) -> Mapping[str, Any]:
    """引継ぎに至らなかったことを記録します。"""
    handoff, reason = _handoff(context), str(context.inputs.get("reason") or "引継ぎに至らなかった")
    _answer_referral(context, "declined", reason)
    if handoff is not None and handoff.status == "sent":
        contacts.change_referral(
            context.connection, handoff.id,
            {"status": "declined", "answered_at": context.now, "answer_reason": reason},
        )  # fmt: skip
        cases.end_part(context.connection, context.case.id, now=context.now, org_id=handoff.to_org, relation="asked",
                       reason=reason)  # fmt: skip
    return {"decline_reason": reason}


# ---------------------------------------------------------------- placements


@operation("placement.record", outputs=("match_count", "follow_up_no", "follow_up_on"))
def record_placement(context: OperationContext) -> Mapping[str, Any]:
    """候補・見学・体験・開始・定着支援の経過を記録します。合わなかった体験も、次につながる経過として残します。"""
    data = context.inputs
    contacts.add_placement(
        context.connection,
        {
            "case_id": context.case.id, "source_key": context.source_key, "kind": context.element_id,
            "host": str(data.get("host") or ""), "judgement": str(_first_of(data, "judgement", "choice") or ""),
            "record_id": context.record_ids.get("F19") or context.record_ids.get("F17"), "at": context.now,
        },
    )  # fmt: skip
    number = int(context.variables.get("follow_up_no") or 0)
    if context.element_id == "ps_start":
        number = 1
    elif context.element_id == "ps_follow":
        number += 1
    return {
        "match_count": contacts.count_placements(context.connection, context.case.id, "ps_trial"),
        "follow_up_no": number,
        "follow_up_on": _follow_up_on(context, number),
    }


def _follow_up_on(context: OperationContext, number: int) -> date | None:
    """The day of the n-th follow-up after the start (1 week, 1, 3, 6 months); None when none is left."""
    if not 1 <= number <= len(FOLLOW_UPS):
        return None
    begun = contacts.placement_on(context.connection, context.case.id, "ps_start")
    start = tokyo_date(begun) if begun is not None else context.today
    period = context.engine.reference.period(FOLLOW_UPS[number - 1], context.today)
    return context.last_day(start, period)
