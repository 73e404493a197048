"""Operations on consent and on sending a matter to another organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import midnight_after
from engine.domain.errors import ConsentMissing, FormInvalid, ReferenceMissing
from engine.forms.api import RefKind
from engine.services.form_context import CaseReferences
from engine.services.operations.checks import require_consent
from engine.services.operations.offices import participation_office, receives_participation
from engine.services.operations.registry import OperationContext, operation
from engine.storage import cases, consents, contacts, messages, plans, records
from engine.storage.sql import new_id

CONSENT_BASIS = "consent"
ACCEPTED_ANSWERS = {"受け入れる": "accepted", "条件付き": "conditional", "受け入れない": "declined"}
DECISIONS = {"受理": "accepted", "関わらない": "declined"}
ANSWERED = "adjust.answered"  #: once per acceptance: the first agency has answered what it takes on
REWRITTEN = "取り下げて書き直した"
SHARED_WHEN_ACCEPTED = ("概要", "相談記録", "アセスメント")


@operation("consent.record", outputs=("consent_id", "consent_result", "consent_valid_until"))
def record_consent(context: OperationContext) -> Mapping[str, Any]:
    """同意書の内容を記録し、同意の範囲で共有先の機関に閲覧を認めます。除いた機関への共有は終えます。"""
    data, connection = context.inputs, context.connection
    result = data.get("consent_result")
    if result is None:
        return {}
    valid_until = date.fromisoformat(data["valid_until"]) if data.get("valid_until") else None
    excluded, shared = list(data.get("excluded_orgs") or []), list(data.get("scope_orgs") or [])
    _refuse_contradiction(shared, excluded)
    consent_id = new_id()
    subject_id, subject = _subject(context, str(data.get("subject") or ""))
    plan = plans.newest(connection, context.case.id)
    if not consents.exists(connection, context.source_key):
        consents.add(
            connection,
            {
                "id": consent_id, "case_id": context.case.id, "record_id": context.record_ids.get("F08"),
                "source_key": context.source_key, "subject": subject, "subject_person_id": subject_id,
                "given_by": data.get("given_by") or "", "method": data.get("method") or "", "result": result,
                "scope_items": list(data.get("scope_items") or []), "scope_orgs": shared, "excluded_orgs": excluded,
                "person_will": data.get("person_will") or "", "plan_version_id": plan.id if plan else None,
                "given_on": context.today, "valid_until": valid_until, "created_at": context.now,
            },
        )  # fmt: skip
    if result in consents.GIVEN:
        _share(context, shared, excluded, data.get("scope_items") or [], valid_until)
    return {"consent_id": consent_id, "consent_result": result, "consent_valid_until": valid_until}


def _refuse_contradiction(shared: Sequence[str], excluded: Sequence[str]) -> None:
    if set(shared) & set(excluded):
        raise FormInvalid({"scope_orgs": "共有しない機関を、共有先に含めないでください。"})


def _subject(context: OperationContext, text: str) -> tuple[str | None, str]:
    """(person id or None, name to show) of the one whom the consent is about."""
    references = CaseReferences(context.engine, context.connection, context.case)
    resolved = references.resolve(RefKind.PERSON, text)
    name = references.label(RefKind.PERSON, resolved) if resolved else None
    return (context.case.subject_id if resolved == context.case.subject_id else None), name or text


def _share(
    context: OperationContext, shared: Sequence[str], excluded: Sequence[str], items: Sequence[str],
    valid_until: date | None,
) -> None:  # fmt: skip
    for org in shared:
        cases.take_part(
            context.connection, context.case.id, org, "consented", now=context.now, legal_basis=CONSENT_BASIS,
            scope_items=items, granted_by=context.actor.staff_id, until=_end_of(valid_until),
        )  # fmt: skip
    for org in excluded:
        cases.end_part(
            context.connection, context.case.id, now=context.now, org_id=org, legal_basis=CONSENT_BASIS,
            relation="consented", reason="共有しない機関",
        )  # fmt: skip


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else midnight_after(day)


@operation("consent.require")
def require(context: OperationContext) -> Mapping[str, Any]:
    """有効な同意がなければ先へ進めません（重層的支援会議は同意のあるケースだけを扱います）。"""
    require_consent(context.connection, context.case, context.now)
    return {}


@operation(
    "referral.send",
    outputs=(
        "referral_id", "from_org", "to_org", "collect_orgs", "to_participation", "participation_org", "request_reason",
        "answer", "answer_by",
    ),
)  # fmt: skip
def send_referral(context: OperationContext) -> Mapping[str, Any]:
    """つなぐシートを送り先の機関に届けます。共有の根拠を確かめ、理由の要る根拠では理由を求めます。

    参加支援の機関へのつなぎかどうかも返します（参加支援は、引継ぎの手続きで受け入れます）。前のつなぎの回答は忘れ、
    回答のないまま書き直したつなぎは取り下げます。
    送り先に職員がいなければ（answer_by）、回答はつないだ機関が聞き取って書きます。
    """
    data, from_org = context.inputs, context.actor_org()
    coordinator = context.engine.reference.text("multi_agency_coordinator", context.today)
    to_org = data.get("to_org") or coordinator
    escalates = bool(data.get("escalation_reasons"))
    basis = _basis(context, str(data.get("sharing_basis") or ""), str(data.get("reason") or ""))
    if basis == CONSENT_BASIS:
        _require_consent_for(context, to_org)
    contacts.withdraw_of_instance(context.connection, context.step.instance_id, at=context.now, reason=REWRITTEN)
    referral_id = contacts.send(
        context.connection,
        {
            "case_id": context.case.id, "source_key": context.source_key,
            "kind": "escalation" if escalates else "referral", "from_org": from_org, "to_org": to_org,
            "reason": data.get("reason") or "、".join(data.get("escalation_reasons") or []), "sharing_basis": basis,
            "status": "sent", "record_id": context.record_ids.get("F04"), "sent_at": context.now,
        },
    )  # fmt: skip
    collect = _organisations_in(context, data.get("agencies_involved") or [])
    participation = not escalates and receives_participation(context, to_org)
    office = (participation_office(context, to_org) or to_org) if participation else None
    return {
        "referral_id": referral_id, "from_org": from_org, "to_org": to_org, "collect_orgs": collect or [from_org],
        "to_participation": participation, "participation_org": office,
        "request_reason": data.get("reason") or "", "answer": None,
        "answer_by": None if context.staffed([to_org]) else from_org,
    }  # fmt: skip


def _basis(context: OperationContext, option: str, reason: str) -> str:
    try:
        basis = context.engine.reference.sharing_basis(option)
    except ReferenceMissing:
        raise FormInvalid({"sharing_basis": "共有の根拠を選んでください。"}) from None
    if basis.needs_reason and not reason.strip():
        raise FormInvalid({"reason": "この根拠で共有する理由を入力してください。"})
    return basis.code


def _require_consent_for(context: OperationContext, org: str) -> None:
    """A referral that rests on consent needs one, and the receiver must not be excluded by it."""
    valid = consents.valid(context.connection, context.case.id, context.today)
    if not valid or any(org in c.excluded_orgs for c in valid):
        raise ConsentMissing()


def _named_in_request(context: OperationContext) -> list[str]:
    """The agencies of a request that came without a referral: those that its newest 依頼票 lists."""
    request = records.newest_data(context.connection, context.case.id, "F05")
    return _organisations_in(context, request.get("agencies_involved") or [])


def _organisations_in(context: OperationContext, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    known = context.engine.reference.organisations
    return list(dict.fromkeys(str(row["org"]) for row in rows if row.get("org") in known))


@operation("referral.answer", outputs=("referral_result",))
def answer_referral(context: OperationContext) -> Mapping[str, Any]:
    """つなぎ先の回答を記録します。受け入れたときは、その機関がケースに加わります。"""
    data = context.inputs
    status = ACCEPTED_ANSWERS.get(str(data.get("answer"))) or DECISIONS.get(str(data.get("accept_result")))
    if status is None:
        return {"referral_result": None}
    referral = contacts.get_referral(context.connection, str(context.variables.get("referral_id") or ""))
    if referral is not None:
        reason = data.get("answer_reason") or data.get("accept_reason") or ""
        contacts.change_referral(
            context.connection, referral.id,
            {"status": status, "answered_at": context.now, "answer_reason": reason},
        )  # fmt: skip
        if status != "declined":
            cases.take_part(
                context.connection, context.case.id, referral.to_org, "accepted", now=context.now,
                legal_basis=referral.sharing_basis, scope_items=SHARED_WHEN_ACCEPTED, reason=referral.reason,
            )  # fmt: skip
    return {"referral_result": status}


@operation("agencies.ask", outputs=("collect_orgs",), inputs=("collect_orgs", "ask_orgs"))
def ask_agencies(context: OperationContext) -> Mapping[str, Any]:
    """情報を求める機関を決め、その機関に自分の分の依頼が見えるようにします。受理しないときは何もしません。"""
    decision = str(context.inputs.get("accept_result") or "")
    if decision and DECISIONS.get(decision) != "accepted":
        return {"collect_orgs": context.variables.get("collect_orgs") or []}
    chosen = context.inputs.get("ask_orgs") or context.variables.get("collect_orgs") or _named_in_request(context)
    excluded = {
        org for c in consents.valid(context.connection, context.case.id, context.today) for org in c.excluded_orgs
    }
    orgs = context.staffed(org for org in chosen if org not in excluded) or [context.case.owner_org]
    for org in orgs:
        cases.take_part(context.connection, context.case.id, org, "asked", now=context.now, legal_basis="consent",
                        scope_items=["概要"], reason="アセスメントの依頼")  # fmt: skip
    return {"collect_orgs": orgs}


@operation("adjust.record")
def record_adjustment(context: OperationContext) -> Mapping[str, Any]:
    """機関との調整の一つです。最初の回答が届いたら、プラン案を書き始められるように知らせます。"""
    row = {
        "kind": "message", "name": ANSWERED, "case_id": context.case.id,
        "delivery_key": f"{ANSWERED}:{context.step.instance_id}:{context.variables.get('decided_on')}",
        "payload": {}, "keys": {}, "created_at": context.now, "next_at": context.now, "state": "pending",
    }  # fmt: skip
    messages.send(context.connection, [row])
    return {}
