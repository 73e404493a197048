"""Operations on the support plan: drawn up, decided, carried out, evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import add_months, day_of, tokyo_date, tokyo_midnight
from engine.domain.deadline import Period, Unit
from engine.domain.errors import FormInvalid, InstanceFailed
from engine.services.operations.checks import require_consent
from engine.services.operations.people import name_lead
from engine.services.operations.registry import OperationContext, operation
from engine.storage import cases, consents, plans, records
from engine.storage.plans import PlanVersion

FIRST, AGAIN = "初回", "再プラン"
DECIDED = "支援決定"
NOTHING = "なし"
OPEN, SUSPENDED = "open", "suspended"  #: values of support_case.status
APPROVED = ("承認", "条件付き承認")
URGENT = "緊急"
STILL_OPEN = frozenset({"draft", "submitted"})


def _used(value: Any) -> bool:
    """A bool+text answer: 「なし」 or a text."""
    return value not in (None, "", NOTHING, False)


def _version(context: OperationContext) -> PlanVersion:
    """The version this instance is about, else the newest of the case."""
    version_id = context.inputs.get("plan_version_id") or context.variables.get("plan_version_id")
    found = plans.get(context.connection, str(version_id)) if version_id else None
    found = found or plans.newest(context.connection, context.case.id)
    if found is None:
        raise InstanceFailed(context.element_id, "the case has no plan")
    return found


# ---------------------------------------------------------------- drawing up


@operation(
    "plan.draft",
    outputs=(
        "plan_version_id", "plan_lead_org", "use_participation", "use_outreach", "plan_orgs", "early_start_count",
    ),
)  # fmt: skip
def draft(context: OperationContext) -> Mapping[str, Any]:
    """支援プランの案を作成します。承認された版があるときは新しい版とし、案のうちは同じ版を改めます。"""
    data, connection = context.inputs, context.connection
    facts = _facts(context, data)
    version = plans.of_source(connection, context.source_key) or _open_version(context)
    if version is None:
        version_id = _new_version(context, facts)
    else:
        version_id = version.id
        if facts:
            plans.change(connection, version_id, facts)
    if data.get("actions"):
        plans.replace_items(connection, version_id, [_item(row) for row in data["actions"]])
    found = plans.get(connection, version_id)
    assert found is not None
    return {
        "plan_version_id": version_id,
        "plan_lead_org": found.lead_org,
        "use_participation": found.use_participation,
        "use_outreach": found.use_outreach,
        "plan_orgs": plans.item_orgs(connection, version_id),
        "early_start_count": found.early_start_count,
    }


def _open_version(context: OperationContext) -> PlanVersion | None:
    newest = plans.newest(context.connection, context.case.id)
    return newest if newest is not None and newest.status in STILL_OPEN else None


def _new_version(context: OperationContext, facts: dict[str, Any]) -> str:
    connection, case_id = context.connection, context.case.id
    before = plans.newest(connection, case_id)
    plan_id = plans.open_plan(connection, case_id) or plans.add_plan(connection, case_id, context.now)
    carried = _carried_over(before) if before is not None and before.plan_id == plan_id else {}
    values = {
        "kind": AGAIN if carried else FIRST, "status": "draft", "plan_id": plan_id, "case_id": case_id,
        "source_key": context.source_key, "created_at": context.now, **carried, **facts,
    }  # fmt: skip
    version_id = plans.add_version(connection, values)
    if before is not None and carried:
        plans.copy_items(connection, before.id, version_id)
    return version_id


def _carried_over(before: PlanVersion) -> dict[str, Any]:
    """What a new version takes over until somebody changes it."""
    return {
        "lead_org": before.lead_org, "period_from": before.period_from, "period_until": before.period_until,
        "first_monitor": before.first_monitor, "review_interval": before.review_interval,
        "use_participation": before.use_participation, "use_outreach": before.use_outreach,
    }  # fmt: skip


def _facts(context: OperationContext, data: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the version for the fields that were filled in."""
    facts: dict[str, Any] = {}
    period = data.get("period") or {}
    given = {
        "lead_org": data.get("lead_org"), "first_monitor": data.get("first_monitor"),
        "review_interval": data.get("review_interval"), "period_from": day_of(period.get("from")),
        "period_until": day_of(period.get("to")), "next_review_on": day_of(data.get("next_review_on")),
        "record_id": context.record_ids.get("F07"),
    }  # fmt: skip
    facts |= {key: value for key, value in given.items() if value}
    for key in ("use_participation", "use_outreach"):
        if key in data:
            facts[key] = _used(data[key])
    if "early_start" in data:
        facts["early_start_count"] = len(data["early_start"] or [])
    _check_dates(context, facts)
    return facts


def _check_dates(context: OperationContext, facts: Mapping[str, Any]) -> None:
    """A version runs at most as long as the reference data allow, and its review lies within it."""
    errors: dict[str, str] = {}
    longest = context.engine.reference.period("plan_period_max", context.today)
    start, end, review = facts.get("period_from"), facts.get("period_until"), facts.get("next_review_on")
    if start and end and longest.unit is Unit.MONTHS and end > add_months(start, longest.value):
        errors["period"] = f"プラン期間は{longest.text_ja}以内にしてください。"
    if start and end and end < start:
        errors["period"] = "プラン期間の終わりは、始まりより後の日にしてください。"
    if start and review and longest.unit is Unit.MONTHS and review > add_months(start, longest.value):
        errors["next_review_on"] = f"次回評価予定日は、開始から{longest.text_ja}以内の日にしてください。"
    if errors:
        raise FormInvalid(errors)


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "issue": str(row.get("issue") or ""),
        "programme_id": row.get("programme"),
        "org_id": row.get("org"),
        "staff_text": str(row.get("staff") or ""),
        "person_does": str(row.get("person_does") or ""),
        "frequency": str(row.get("frequency") or ""),
        "starts_on": day_of(row.get("starts_on")),
        "ends_on": day_of(row.get("ends_on")),
        "note": str(row.get("note") or ""),
    }


@operation("issues.record", outputs=("shortages", "adjust_orgs"))
def record_issues(context: OperationContext) -> Mapping[str, Any]:
    """課題整理シートから、不足している資源と、調整する機関を拾い出します。

    調整する機関は、情報を出した機関、課題ごとに選んだ機関のうち本人が共有に同意した機関、相談の担当機関です。
    """
    newest = records.newest_data(context.connection, context.case.id, "F06")
    rows: Sequence[Mapping[str, Any]] = context.inputs.get("rows") or newest.get("rows") or []
    agreed = {
        org for c in consents.valid(context.connection, context.case.id, context.today) for org in c.scope_orgs
    }  # fmt: skip
    chosen = [org for row in rows for org in row.get("agencies") or [] if org in agreed]
    asked = list(context.variables.get("collect_orgs") or [])
    partners = [org for org in (*asked, *chosen, context.case.owner_org) if org != context.step.org_id]
    return {
        "shortages": [str(row["shortage"]) for row in rows if row.get("shortage")],
        "adjust_orgs": context.staffed(partners) or [context.case.owner_org],
    }


@operation("plan.submit", outputs=("plan_version_id", "submitted_on"), inputs=("plan_version_id",))
def submit(context: OperationContext) -> Mapping[str, Any]:
    """支援プランの案を重層的支援会議に付議します。有効な同意がなければ付議できません。"""
    require_consent(context.connection, context.case, context.now)
    version = _version(context)
    plans.change(context.connection, version.id, {"status": "submitted"})
    return {"plan_version_id": version.id, "submitted_on": context.today}


# ---------------------------------------------------------------- conference and decision


@operation("conference.schedule", outputs=("opinion_orgs",))
def schedule_conference(context: OperationContext) -> Mapping[str, Any]:
    """会議の日程と構成員を決め、構成員の機関に、会議の間だけ事案が見えるようにします。"""
    members = [row.get("org") for row in context.inputs.get("members") or []]
    orgs = context.staffed(str(org) for org in members if org)
    meeting = context.inputs.get("meeting_at")
    on = tokyo_date(datetime.fromisoformat(str(meeting))) if meeting else context.today
    last = context.engine.reference.period("conference_access_after", context.today)
    until = context.engine.reference.calendar.add_business_days(on, last.value + 1)
    for org in orgs:
        cases.take_part(context.connection, context.case.id, org, "conference_member", now=context.now,
                        legal_basis="consent", scope_items=["概要", "プラン"], reason="重層的支援会議",
                        until=tokyo_midnight(until))  # fmt: skip
    return {"opinion_orgs": [org for org in orgs if org != context.step.org_id]}


@operation("conference.record", outputs=("conference_next_review_on",))
def record_conference(context: OperationContext) -> Mapping[str, Any]:
    """重層的支援会議の結論・主担当・次回評価日を、プランの版に記録します。"""
    data, version = context.inputs, _version(context)
    next_on = day_of(data.get("next_review_on"))
    facts: dict[str, Any] = {"conclusion": data.get("conclusion") or "", "conference_next_review_on": next_on}
    if data.get("lead_org"):
        facts["lead_org"] = data["lead_org"]
    plans.change(context.connection, version.id, facts)
    return {"conference_next_review_on": next_on}


@operation(
    "plan.decide",
    outputs=(
        "next_review_on", "review_no", "first_monitor_on", "plan_end_on", "action_orgs", "plan_lead_org", "from_org",
        "request_reason", "participation_org", "outreach_org",
    ),
)  # fmt: skip
def decide(context: OperationContext) -> Mapping[str, Any]:
    """支援決定により、この版の期間と評価を始め、主担当機関を定め、前の版を終えます。"""
    if context.inputs.get("decision", DECIDED) != DECIDED:
        return {}
    version, connection, today = _version(context), context.connection, context.today
    start = max(version.period_from or today, today)
    first_monitor = _after(context, start, version.first_monitor, "first_monitor_interval")
    review = version.conference_next_review_on or version.next_review_on
    review = review or _after(context, start, "", "first_review_interval")
    longest = context.engine.reference.period("plan_period_max", today)
    end = version.period_until or add_months(start, longest.value)
    plans.supersede_others(connection, version)
    plans.change(
        connection,
        version.id,
        {
            "status": "active", "decided_at": context.now, "next_review_on": review, "review_no": 1,
            "first_monitor_on": first_monitor, "period_from": version.period_from or today, "period_until": end,
        },
    )  # fmt: skip
    _let_take_part(context, version)
    return {**_loaded(context, version.id), **_attached_services(context, version)}


def _attached_services(context: OperationContext, version: PlanVersion) -> dict[str, Any]:
    """Whom the plan asks for participation support and outreach: one of its organisations, else the default."""
    reference, today = context.engine.reference, context.today
    record = records.newest_data(context.connection, context.case.id, "F07")
    reasons = [v["text"] for v in (record.get("use_participation"), record.get("use_outreach")) if isinstance(v, dict)]
    found: dict[str, Any] = {"request_reason": "、".join(filter(None, reasons)) or "支援プランによる利用"}
    items = plans.items(context.connection, version.id)
    for key, pillar in (("participation_org", "participation"), ("outreach_org", "outreach")):
        programmes = {p.id for p in reference.programmes.values() if p.pillar_code == pillar}
        orgs = context.staffed(org for org, programme in items if org and programme in programmes)
        found[key] = orgs[0] if orgs else reference.text(f"default_{key}", today)
    return found


def _after(context: OperationContext, start: date, text: str, parameter: str) -> date:
    period = Period.parse(text) if text else context.engine.reference.period(parameter, context.today)
    return context.last_day(start, period)


def _let_take_part(context: OperationContext, version: PlanVersion) -> None:
    """The organisations of the plan see what the plan needs; the lead accompanies."""
    connection, case = context.connection, context.case
    until_plan_ends = plans.get(connection, version.id)
    assert until_plan_ends is not None
    for org in plans.item_orgs(connection, version.id):
        cases.take_part(connection, case.id, org, "plan_member", now=context.now, legal_basis="consent",
                        scope_items=["概要", "プラン", "評価"], reason="支援プランの支援機関")  # fmt: skip
    name_lead(context, version.lead_org or case.owner_org)


@operation("plan.reject", outputs=("reject_reason",), inputs=("plan_version_id",))
def reject(context: OperationContext) -> Mapping[str, Any]:
    """不承認となった版を記録します。"""
    plans.change(context.connection, _version(context).id, {"status": "rejected"})
    opinions = records.newest_data(context.connection, context.case.id, "F11").get("opinions") or []
    said = [str(row.get("opinion") or "") for row in opinions if isinstance(row, dict)]
    return {"reject_reason": "、".join(filter(None, said)) or "重層的支援会議で不承認"}


# ---------------------------------------------------------------- carrying out


@operation(
    "plan.load",
    outputs=(
        "plan_version_id", "next_review_on", "review_no", "first_monitor_on", "plan_end_on", "action_orgs",
        "record_orgs", "plan_lead_org", "from_org", "plan_orgs", "use_participation", "use_outreach", "urgent",
    ),
    inputs=("plan_version_id",),
)  # fmt: skip
def load(context: OperationContext) -> Mapping[str, Any]:
    """支援決定されたプランの日付と機関を読み込みます。"""
    return _loaded(context, _version(context).id)


def _loaded(context: OperationContext, version_id: str) -> dict[str, Any]:
    version = plans.get(context.connection, version_id)
    assert version is not None
    lead = version.lead_org or context.case.owner_org
    orgs = plans.item_orgs(context.connection, version.id)
    acting = context.staffed(orgs) or [lead]
    return {
        "plan_version_id": version.id,
        "plan_orgs": orgs,
        "from_org": lead,
        "use_participation": version.use_participation,
        "use_outreach": version.use_outreach,
        "urgent": context.case.urgency == URGENT,
        "next_review_on": version.next_review_on,
        "review_no": version.review_no,
        "first_monitor_on": version.first_monitor_on,
        "plan_end_on": version.period_until,
        "action_orgs": acting,
        "record_orgs": list(dict.fromkeys([lead, *acting])),
        "plan_lead_org": lead,
    }


@operation("plan.start_item")
def start_item(context: OperationContext) -> Mapping[str, Any]:
    """その機関が受け持つ支援の開始を記録します。"""
    started = day_of(context.inputs.get("started_on")) or context.today
    org = next((v for k, v in context.variables.items() if k in ("action_org", "org") and isinstance(v, str)), None)
    plans.start_items(context.connection, _version(context).id, org or context.actor_org(), started)
    return {}


@operation("evaluation.record", outputs=("evaluation_next_on",))
def record_evaluation(context: OperationContext) -> Mapping[str, Any]:
    """評価シートの結果と次回評価予定日を、プランの版に記録します。日付は、会議が決めるまでの予定になります。"""
    next_on = day_of(context.inputs.get("next_review_on"))
    facts: dict[str, Any] = {"evaluation_result": context.inputs.get("result") or "", "evaluation_next_on": next_on}
    if next_on is not None:
        facts["next_review_on"] = next_on
    plans.change(context.connection, _version(context).id, facts)
    return {"evaluation_next_on": next_on}


@operation("plan.check_consent", outputs=("plan_outdated",), inputs=("plan_version_id", "consent_id"))
def check_consent(context: OperationContext) -> Mapping[str, Any]:
    """プランの決定より後に得られた同意かどうかを確かめます（新しい同意があれば、プランの見直しが要ります）。"""
    version = _version(context)
    given = consents.given_at(context.connection, str(context.inputs.get("consent_id") or ""))
    decided = plans.decided_at(context.connection, version.id)
    return {"plan_outdated": given is not None and decided is not None and given > decided}


@operation("review.schedule", outputs=("next_review_on", "review_no"), inputs=("next_review_on",))
def schedule_review(context: OperationContext) -> Mapping[str, Any]:
    """次回評価日を決めます。会議または評価シートの日付を用い、なければ評価の間隔で数えます。"""
    version = _version(context)
    next_on = day_of(context.inputs.get("next_review_on"))
    if next_on is None or next_on <= context.today:
        next_on = _after(context, context.today, version.review_interval, "review_interval")
    number = version.review_no + 1
    plans.change(context.connection, version.id, {"next_review_on": next_on, "review_no": number})
    return {"next_review_on": next_on, "review_no": number}


@operation("case.suspension")
def follow_suspension(context: OperationContext) -> Mapping[str, Any]:
    """会議で認められた評価の結果が中断ならケースを中断とし、続ける・再開する・終えるときは支援中に戻します。"""
    agreed = context.inputs.get("conclusion") in APPROVED
    said = context.inputs.get("suspend_result") or (context.variables.get("result") if agreed else None)
    status = SUSPENDED if said in ("中断", "中断を続ける") else OPEN
    if said and context.case.status in (OPEN, SUSPENDED) and context.case.status != status:
        cases.change(context.connection, context.case.id, {"status": status})
        context.step.reload_case()
    return {}


@operation("plan.end", inputs=("plan_version_id", "reason"))
def end(context: OperationContext) -> Mapping[str, Any]:
    """プランを終えます。"""
    version = _version(context)
    reason = str(context.inputs.get("reason") or "終結")
    plans.change(context.connection, version.id, {"status": "ended"})
    plans.end_plan(context.connection, version.plan_id, context.now, reason)
    return {}
