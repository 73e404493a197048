"""Operations for the way a case takes: values the diagram works out, the emergency officer, links after outreach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.services.operations.people import set_seal
from engine.services.operations.registry import OperationContext, operation
from engine.storage import cases, contacts

CONSENT_BASIS = "consent"
URGENT = "緊急"
REASON = "アウトリーチで同意を得た"
SINGLE, SEVERAL = "単独機関", "複合（多機関協働）"


@operation("variables.set")
def set_variables(context: OperationContext) -> Mapping[str, Any]:
    """図に書かれた式の値を、そのまま変数に入れます。"""
    return dict(context.inputs)


@operation("emergency.open", outputs=("emergency_org",), inputs=("kinds",))
def open_emergency(context: OperationContext) -> Mapping[str, Any]:
    """緊急であることをケースに記録し、緊急対応を担う機関に概要が見えるようにします。"""
    org = context.engine.reference.text("emergency_org", context.today)
    cases.change(context.connection, context.case.id, {"urgency": URGENT})
    set_seal(context, context.inputs.get("kinds") or ())
    cases.take_part(context.connection, context.case.id, org, "asked", now=context.now, legal_basis="emergency_life",
                    scope_items=["概要", "相談記録"], reason="緊急対応")  # fmt: skip
    context.step.reload_case()
    return {"emergency_org": org}


@operation(
    "outreach.link",
    outputs=("referral_id", "from_org", "collect_orgs", "participation_org", "request_reason", "route_org"),
    inputs=("route", "route_org"),
)
def link_after_outreach(context: OperationContext) -> Mapping[str, Any]:
    """同意を得た人の行先ごとに、つなぎの記録を作り、送る内容を用意します。"""
    route, from_org = list(context.inputs.get("route") or []), context.step.org_id
    reference, route_org = context.engine.reference, context.inputs.get("route_org")
    coordinator = reference.text("multi_agency_coordinator", context.today)
    single = _send(context, "referral", from_org, route_org) if SINGLE in route and route_org else None
    several = _send(context, "escalation", from_org, coordinator) if SEVERAL in route else None
    return {
        "referral_id": several or single,
        "from_org": from_org,
        "collect_orgs": list(dict.fromkeys([context.case.owner_org, from_org])),
        "participation_org": reference.text("default_participation_org", context.today),
        "request_reason": REASON,
        "route_org": route_org,
    }


def _send(context: OperationContext, kind: str, from_org: str, to_org: str) -> str:
    return contacts.send(
        context.connection,
        {
            "case_id": context.case.id, "source_key": f"{context.source_key}:{kind}", "kind": kind,
            "from_org": from_org, "to_org": to_org, "reason": REASON, "sharing_basis": CONSENT_BASIS, "status": "sent",
            "record_id": None, "sent_at": context.now,
        },
    )  # fmt: skip
