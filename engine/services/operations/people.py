"""Operations on the person, the household and the case: who it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.business_days import day_of
from engine.domain.errors import NotAuthorised
from engine.domain.kana import fold
from engine.domain.roles import Role
from engine.queries import visibility
from engine.services.operations.registry import OperationContext, operation
from engine.storage import cases, contacts, notifications, tasks
from engine.storage.sealing import seal

#: field of F01/F02 -> column of the person
PERSON_FIELDS = {"name": "name", "name_kana": "name_kana", "sex": "sex"}
SEALED_FIELDS = {
    "postcode_address": "address", "residence": "residence", "phone_home": "phone_home",
    "phone_mobile": "phone_mobile", "email": "email",
}  # fmt: skip
#: kinds of urgency that set a seal by themselves
SEAL_2_KINDS = frozenset({"DV"})
SEAL_1_KINDS = frozenset({"高齢者虐待", "障害者虐待", "児童虐待"})
ENDED = "終結"
TAKEN_UP = "受付をした"
LINKED = ":outreach.link:"  #: in the key of a referral that no task of its sender waits for
ADD_TO_EXISTING, RELATED_NEW, SEALED_MATCH = "既存ケースに追加", "関連ケースとして新規", "秘匿の一致"


@operation("case.register", outputs=("duplicate_found",))
def register(context: OperationContext) -> Mapping[str, Any]:
    """相談受付票から、本人・世帯・分野・緊急度を記録し、秘匿を設定し、重複するケースを探します。"""
    data, case, connection = context.inputs, context.case, context.connection
    person: dict[str, Any] = {column: data[key] for key, column in PERSON_FIELDS.items() if data.get(key)}
    person |= {column: seal(data[key]) for key, column in SEALED_FIELDS.items() if data.get(key)}
    birth = day_of(data.get("birth"))
    if birth:
        person["birth"] = birth
    folded = [fold(str(data.get(key) or "")) for key in ("name", "name_kana")]
    if any(folded):
        person["name_folded"] = " ".join(dict.fromkeys(f for f in folded if f))
    cases.change_person(connection, case.subject_id, person)
    if data.get("name"):
        cases.change_household(connection, case.household_id, f"{data['name']}世帯")
        _first_member(context, data)
    facts: dict[str, Any] = {"field_codes": list(data.get("field_code") or [])}
    if data.get("urgency"):
        facts["urgency"] = data["urgency"]
    cases.change(connection, case.id, facts)
    set_seal(context, data.get("urgency_kind") or ())
    context.step.reload_case()
    matches = cases.possible_duplicates(connection, case_id=case.id, folded=folded, birth=birth)
    hidden = [other for other, kind in matches if kind == "sealed" and not _sees(context, other)]
    _tell_emergency_officers(context, hidden)
    _take_up_referrals(context)
    return {"duplicate_found": len(matches) > len(hidden)}


def _take_up_referrals(context: OperationContext) -> None:
    """An agency that registers a case which an outreach has linked it to has taken it up: nobody else answers that."""
    here = context.engine.reference.same_organisation(context.step.org_id)
    for sent in contacts.unanswered(context.connection, context.case.id, "referral"):
        if sent.to_org in here and LINKED in sent.source_key:
            contacts.change_referral(
                context.connection, sent.id,
                {"status": "accepted", "answered_at": context.now, "answer_reason": TAKEN_UP},
            )  # fmt: skip


def _sees(context: OperationContext, case_id: str) -> bool:
    """A match with a sealed household counts only for somebody who may know of it."""
    return visibility.sees_case(context.connection, context.actor, case_id, context.now)


def _first_member(context: OperationContext, data: Mapping[str, Any]) -> None:
    row = {
        "person_id": context.case.subject_id, "no": 1, "name": data["name"], "name_kana": data.get("name_kana") or "",
        "relation": "本人", "age": None, "lives_with": "", "job": "", "note": "",
    }  # fmt: skip
    if not cases.members(context.connection, context.case.household_id):
        cases.replace_members(context.connection, context.case.household_id, [row], context.now)


def set_seal(context: OperationContext, kinds: Sequence[str]) -> None:
    """Seal the case when the kind of urgency asks for it; whoever acts here is named, so the work can go on."""
    level = 2 if SEAL_2_KINDS & set(kinds) else 1 if SEAL_1_KINDS & set(kinds) else 0
    if level > context.case.seal_level:
        cases.change(context.connection, context.case.id, {"seal_level": level})
        cases.name_staff(context.connection, context.case.id, context.actor.staff_id, "受付者", context.now)


NEEDS_MANAGER = "要注意"


def _is_manager(context: OperationContext) -> bool:
    """Whether the person manages the organisation that carries the intake."""
    offices = {context.step.org_id} | context.engine.reference.same_organisation(context.step.org_id)
    return any(context.actor.has_role(Role.AGENCY_MANAGER.value, org) for org in offices)


@operation("case.triage")
def triage(context: OperationContext) -> Mapping[str, Any]:
    """緊急性の判断をケースに記録し、必要なら秘匿を設定します。受付で「要注意」とした相談は管理者が判断します。"""
    if context.case.urgency == NEEDS_MANAGER and not _is_manager(context):
        raise NotAuthorised("complete", context.element_id)
    if context.inputs.get("urgency"):
        cases.change(context.connection, context.case.id, {"urgency": context.inputs["urgency"]})
    set_seal(context, context.inputs.get("urgency_kind") or ())
    context.step.reload_case()
    return {}


@operation("case.merge_duplicate")
def merge_duplicate(context: OperationContext) -> Mapping[str, Any]:
    """照合の結果を記録します。既存ケースに追加するときは、このケースを閉じて既存ケースへ接触として残します。

    秘匿の一致は、緊急対応を担う機関（寄り添い支援係）だけに知らせます。
    """
    result, case, connection = context.inputs.get("dup_result"), context.case, context.connection
    facts = cases.person_facts(connection, case.subject_id)
    folded = str(facts["name_folded"]).split()
    found = cases.possible_duplicates(connection, case_id=case.id, folded=folded, birth=facts["birth"])
    other = next((case_id for case_id, kind in found if kind == "open"), None)
    if result == RELATED_NEW and other is not None:
        cases.relate(connection, case.id, other, result, context.now)
    if result == SEALED_MATCH:
        _tell_emergency_officers(context, [case_id for case_id, kind in found if kind == "sealed"])
    if result != ADD_TO_EXISTING:
        return {}
    if other is not None:
        contacts.add(
            connection,
            {
                "case_id": other, "source_key": context.source_key, "org_id": context.actor_org(),
                "staff_id": context.actor.staff_id, "at": context.now, "means": "相談受付", "target": "", "outcome": "",
                "safety": "", "stage": None, "next_on": None, "record_id": context.record_ids.get("in_dupcheck"),
            },
        )  # fmt: skip
    cases.change(connection, case.id, {"merged_into": other})
    close(context, "重複統合")
    return {}


def _tell_emergency_officers(context: OperationContext, sealed: Sequence[str]) -> None:
    """A notice about the sealed case itself: who may not see that case learns nothing from it."""
    reference, role = context.engine.reference, Role.EMERGENCY_OFFICER.value
    org = reference.text("emergency_org", context.today)
    offices = [(one, role) for one in sorted(reference.same_organisation(org) | {org})]
    told = tasks.staff_in(context.connection, offices, context.now)
    for case_id in sealed:
        notifications.add(context.connection, told, about="sealed_match", case_id=case_id, task_id=None,
                          key=f"sealed_match:{context.case.id}:{case_id}", at=context.now)  # fmt: skip


@operation("household.update")
def update_household(context: OperationContext) -> Mapping[str, Any]:
    """世帯員の一覧を、いま聞き取った内容に改めます（前の内容は残ります）。"""
    rows = context.inputs.get("household_members") or []
    if not rows:
        return {}
    subject = cases.person_facts(context.connection, context.case.subject_id)
    members = [_member(no, row, subject) for no, row in enumerate(rows, 1)]
    cases.replace_members(context.connection, context.case.household_id, members, context.now)
    if not subject["name"] or subject["provisional"]:
        _name_subject(context, members)
    return {}


def _member(no: int, row: Mapping[str, Any], subject: Mapping[str, Any]) -> dict[str, Any]:
    name = str(row.get("name") or "")
    is_subject = row.get("relation") == "本人" or (name != "" and fold(name) == fold(str(subject["name"])))
    return {
        "person_id": subject["id"] if is_subject else None,
        "no": no,
        "name": name,
        "name_kana": str(row.get("kana") or ""),
        "relation": str(row.get("relation") or ""),
        "age": row.get("age"),
        "lives_with": str(row.get("lives_with") or ""),
        "job": str(row.get("job") or ""),
        "note": str(row.get("note") or ""),
    }


def _name_subject(context: OperationContext, members: Sequence[Mapping[str, Any]]) -> None:
    """A person unknown, or known by a provisional name only, at first contact is known now."""
    me = next((m for m in members if m["relation"] == "本人"), None)
    if me is None or not me["name"]:
        return
    folded = " ".join(dict.fromkeys(f for f in (fold(me["name"]), fold(me["name_kana"])) if f))
    values = {"name": me["name"], "name_kana": me["name_kana"], "name_folded": folded, "provisional": False}
    cases.change_person(context.connection, context.case.subject_id, values)
    cases.change_household(context.connection, context.case.household_id, f"{me['name']}世帯")


def close(context: OperationContext, reason: str) -> None:
    """Close the case unless other work on it still runs.

    An emergency task, or another one of the same instance, keeps it open: it is closed when the instance ends.
    """
    connection, case, step = context.connection, context.case, context.step
    if cases.running_work(connection, case.id, except_instance=step.instance_id):
        return
    cases.change(connection, case.id, {"closed_reason": reason})
    in_hand = [ref for ref in (context.ref, step.notes.get("completed_ref")) if ref]
    if not tasks.others_open(connection, step.instance_id, in_hand):
        cases.close_as_asked(connection, case.id, context.now)
    step.reload_case()


@operation("case.close_intake", inputs=("reason",))
def close_intake(context: OperationContext) -> Mapping[str, Any]:
    """相談機関の中で終わったケースを閉じます。ほかの仕事が残っているときは閉じません。"""
    close(context, str(context.inputs.get("reason") or "相談機関内で終了"))
    return {}


@operation("case.close")
def close_case(context: OperationContext) -> Mapping[str, Any]:
    """終結の手続きを終えたケースを閉じます。ほかの手続きが残っているときは、それが終わるときに閉じます。"""
    cases.change(context.connection, context.case.id, {"closed_reason": ENDED})
    close(context, ENDED)
    return {}


@operation("case.set_lead", outputs=("lead_org",), inputs=("lead_org",))
def set_lead(context: OperationContext) -> Mapping[str, Any]:
    """主担当機関をケースに記録します。"""
    org = context.inputs.get("lead_org") or context.inputs.get("org")
    if isinstance(org, str) and org in context.engine.reference.organisations:
        name_lead(context, org)
    return {"lead_org": context.case.lead_org or context.case.owner_org}


def name_lead(context: OperationContext, org: str) -> None:
    """The lead agency accompanies the person from now on; the earlier lead's part ends."""
    connection, case = context.connection, context.case
    if case.lead_org and case.lead_org != org:
        cases.end_part(
            connection, case.id, now=context.now, reason="主担当の交代", relation="lead", org_id=case.lead_org
        )
    cases.change(connection, case.id, {"lead_org": org})
    cases.take_part(connection, case.id, org, "lead", now=context.now, legal_basis="consent", reason="主担当機関",
                    scope_items=["概要", "相談記録", "アセスメント", "プラン", "評価"])  # fmt: skip
    context.step.reload_case()
