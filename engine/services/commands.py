"""Case-level events: commands on a case that change rows or send messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import day_of, midnight_after, tokyo_date
from engine.domain.errors import ConsentMissing, FormInvalid, NotAuthorised, NotOpen, ReferenceMissing
from engine.domain.staff import Actor
from engine.services import access, messages
from engine.services.engine import Engine
from engine.services.form_context import SUBJECT
from engine.storage import audit, cases, consents, plans
from engine.storage import messages as message_store
from engine.storage.database import Connection
from engine.storage.rows import CaseRow
from engine.storage.sql import new_id

CARRYING = frozenset({"owner", "lead", "carries"})
REVIEW_REQUESTED = "review.requested"

Command = Callable[[Engine, Connection, Actor, CaseRow, Mapping[str, Any], datetime], dict[str, Any]]


def run(engine: Engine, actor: Actor, name: str, case_id: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """Carry out a command as a person whose organisation carries the case.

    Raises NotFound, NotAuthorised, ConsentMissing, FormInvalid, NotOpen. Commands of processes that do not exist
    yet answer NotOpen.
    """
    command = COMMANDS.get(name)
    with engine.database.write() as connection:
        case = access.visible_case(connection, actor, case_id, now=now)
        if command is None:
            raise NotOpen(f"no command {name}")
        _require_carrier(engine, connection, actor, case, name, now)
        noted = command(engine, connection, actor, case, data, now)
        audit.append(connection, chain=case_id, at=now, actor=actor.staff_id, act=name, data=noted)
    messages.route_quietly(engine, now=now)


def _require_carrier(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, name: str, now: datetime
) -> None:
    carrying = {
        org
        for part in cases.participations(connection, case.id)
        if part.relation in CARRYING and cases.is_active(part, now)
        for org in engine.reference.same_organisation(part.org_id)
    }
    if not actor.org_ids & carrying:
        raise NotAuthorised(name, case.number)


def _withdraw_consent(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, data: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The person takes the consent back; what was shared on it ends at once."""
    on = day_of(data.get("withdrawn_on")) or tokyo_date(now)
    subject = str(data.get("subject") or "")
    about = case.subject_id if subject == SUBJECT else subject or None
    count = consents.withdraw(connection, case.id, subject=about, on=on, reason=str(data.get("reason") or ""))
    if count == 0:
        raise ConsentMissing("撤回できる同意がありません。同意の記録を確認してください。")
    if not consents.valid(connection, case.id, on):
        cases.end_part(connection, case.id, now=now, reason="同意の撤回", relation="consented")
    return {"subject": subject, "withdrawn_on": on.isoformat(), "consents": count}


def _request_review(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, data: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """An evaluation before its time: the waiting plan execution opens it."""
    if not message_store.subscriptions_for(connection, REVIEW_REQUESTED, case.id):
        raise NotOpen("no plan waits for its review")
    reason = str(data.get("reason") or "").strip()
    if not reason:
        raise FormInvalid({"reason": "臨時に評価する理由を入力してください。"})
    due = _extra_review_on(engine, connection, case, now)
    row = {
        "kind": "message", "name": REVIEW_REQUESTED, "case_id": case.id, "delivery_key": f"review:{new_id()}",
        "payload": {"review_reason": reason, "next_review_on": due.isoformat()}, "keys": {}, "created_at": now,
        "next_at": now, "state": "pending",
    }  # fmt: skip
    message_store.send(connection, [row])
    return {"reason": reason, "next_review_on": due.isoformat()}


def _extra_review_on(engine: Engine, connection: Connection, case: CaseRow, now: datetime) -> date:
    """An evaluation out of turn is due when a regular one that opened today would be, or earlier if that is planned."""
    today = tokyo_date(now)
    notice = engine.reference.period("review_notice", today)
    soon = engine.calendar_of(case.owner_org).add_business_days(today, notice.value)
    plan = plans.newest(connection, case.id, "active")
    return min(soon, plan.next_review_on) if plan is not None and plan.next_review_on is not None else soon


def _give_grant(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, data: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Let an organisation see named parts of the case, on a legal basis, until a day."""
    org, until = str(data.get("org") or ""), day_of(data.get("until"))
    basis = _basis_of(engine, data, org)
    if basis == "consent":
        _require_consent(connection, case, org, now)
    cases.take_part(
        connection, case.id, org, "granted", now=now, legal_basis=basis,
        scope_items=list(data.get("scope_items") or []), reason=str(data.get("reason") or ""),
        granted_by=actor.staff_id, until=midnight_after(until) if until else None,
    )  # fmt: skip
    return {"org": org, "basis": basis, "until": until.isoformat() if until else None}


def _basis_of(engine: Engine, data: Mapping[str, Any], org: str) -> str:
    errors: dict[str, str] = {}
    if org not in engine.reference.organisations:
        errors["org"] = "共有先の機関を選んでください。"
    if not data.get("scope_items"):
        errors["scope_items"] = "共有する情報を選んでください。"
    try:
        basis = engine.reference.sharing_basis(str(data.get("sharing_basis") or ""))
        if basis.needs_reason and not str(data.get("reason") or "").strip():
            errors["reason"] = "この根拠で共有する理由を入力してください。"
    except ReferenceMissing:
        errors["sharing_basis"] = "共有の根拠を選んでください。"
    if errors:
        raise FormInvalid(errors)
    return basis.code


def _require_consent(connection: Connection, case: CaseRow, org: str, now: datetime) -> None:
    valid = consents.valid(connection, case.id, tokyo_date(now))
    if not valid or any(org in consent.excluded_orgs for consent in valid):
        raise ConsentMissing("この機関への共有に同意がありません。同意を記録してから、もう一度行ってください。")


def _end_grant(
    engine: Engine, connection: Connection, actor: Actor, case: CaseRow, data: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """End what an organisation was granted."""
    org, reason = str(data.get("org") or ""), str(data.get("reason") or "")
    ended = sum(
        cases.end_part(connection, case.id, now=now, reason=reason, org_id=org, relation=relation)
        for relation in ("granted", "consented")
    )
    if ended == 0:
        raise NotOpen("nothing is granted to this organisation")
    return {"org": org, "reason": reason}


COMMANDS: Mapping[str, Command] = {
    "consent.withdraw": _withdraw_consent,
    "review.request": _request_review,
    "grant.give": _give_grant,
    "grant.end": _end_grant,
}
