"""What an administrator does with accounts on the pages. Nobody changes the own roles: a second administrator does."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound, ReferenceMissing, StaleVersion
from engine.domain.staff import Actor
from engine.domain.wareki import DateNotUnderstood, parse_date
from engine.services import staff_accounts
from engine.services.engine import Engine
from engine.services.staff_accounts import LONGEST_TEXT
from engine.storage import api_tokens, audit, staff_admin
from engine.storage import staff as store
from engine.storage.database import Connection

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  #: without those that look alike on paper
OWN_ROLES = "自分の役割は変えられません。ほかのシステム管理者に頼んでください。"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def one_time_password() -> str:
    """Sixteen characters in groups of four: some 79 bits, easy to copy from paper."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def create(engine: Engine, actor: Actor, form: Mapping[str, str], *, now: datetime) -> tuple[str, str]:
    """A new account with its first role; returns its id and the password for the first sign-in.

    form: login, name, kana, email, org_id, role, until. Raises FormInvalid.
    """
    problems = person_problems(form)
    until = _optional_day(form.get("until", ""), "until", problems)
    if until is not None and until < tokyo_date(now):
        problems["until"] = "終わりの日は、今日以後の日にしてください。"
    if not form.get("role"):
        problems["roles"] = "組織と役割を選んでください。"
    if problems:
        raise FormInvalid(problems)
    password = one_time_password()
    staff_id = staff_accounts.create_staff(
        engine, login=form.get("login", ""), name=form.get("name", ""), kana=form.get("kana", ""),
        email=form.get("email", ""), password=password, roles={form.get("org_id", ""): [form.get("role", "")]},
        until=until, must_change=True, by=actor.staff_id, now=now,
    )  # fmt: skip
    return staff_id, password


def person_problems(form: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with name, reading and mail address."""
    problems: dict[str, str] = {}
    name, kana, email = (form.get(field, "").strip() for field in ("name", "kana", "email"))
    if not name or len(name) > LONGEST_TEXT:
        problems["name"] = "氏名を入力してください。"
    if len(kana) > LONGEST_TEXT:
        problems["kana"] = "ふりがなは200文字までで入力してください。"
    if email and not is_address(email):
        problems["email"] = "メールアドレスをname@example.jpの形で入力してください。"
    for field, value in (("name", name), ("kana", kana), ("email", email)):
        if value.startswith(_FORMULA) or not value.isprintable():
            problems[field] = "この欄は、= + - @ や目に見えない文字で始められません。"
    return problems


def is_address(text: str) -> bool:
    """Whether a text is one plain mail address."""
    name, _, host = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' ,;:<>()[]"\\')
    return plain and bool(name) and "@" not in name and "." in host.strip(".") and len(text) <= LONGEST_TEXT


def edit(engine: Engine, actor: Actor, staff_id: str, form: Mapping[str, str], *, seen: int, now: datetime) -> None:
    """Name, reading and mail address. Raises NotFound, FormInvalid, StaleVersion."""
    problems = person_problems(form)
    if problems:
        raise FormInvalid(problems)
    values = {"name": form["name"].strip(), "name_kana": form["kana"].strip(), "email": form["email"].strip()}
    with engine.database.write() as connection:
        before = _claimed(connection, staff_id, seen)
        changed = {name: [before[name], value] for name, value in values.items() if before[name] != value}
        staff_admin.edit(connection, staff_id, values)
        _note(connection, actor, "staff.edited", {"staff": staff_id, "changed": changed}, now)


def _claimed(connection: Connection, staff_id: str, seen: int) -> Mapping[str, Any]:
    """The account as it was, its version raised. Raises NotFound for a closed one and StaleVersion."""
    row = store.by_id(connection, staff_id)
    if row is None or row.status == "left":
        raise NotFound("staff")
    if not staff_admin.claim_version(connection, staff_id, seen):
        raise StaleVersion
    found: Mapping[str, Any] = row._asdict()
    return found


def add_membership(
    engine: Engine, actor: Actor, staff_id: str, form: Mapping[str, str], *, seen: int, now: datetime
) -> None:
    """A role in an organisation. form: org_id, role, from (empty: today), until. Raises as ``edit``."""
    _require_other(actor, staff_id)
    problems: dict[str, str] = {}
    today = tokyo_date(now)
    since = _optional_day(form.get("from", ""), "from", problems) or today
    until = _optional_day(form.get("until", ""), "until", problems)
    if not problems and since < today:
        problems["from"] = "始まりの日は、今日以後の日にしてください。"
    problems |= role_problems(engine, form.get("org_id", ""), form.get("role", ""), since, until)
    if problems:
        raise FormInvalid(problems)
    with engine.database.write() as connection:
        _claimed(connection, staff_id, seen)
        put_membership(connection, actor, staff_id, (form["org_id"], form["role"]), since, until, now)


def role_problems(engine: Engine, org_id: str, role: str, since: date, until: date | None) -> dict[str, str]:
    """What is wrong with a role in an organisation for a time."""
    problems: dict[str, str] = {}
    if org_id not in engine.reference.organisations:
        problems["org_id"] = "組織を選んでください。"
    try:
        traits = engine.reference.traits(engine.reference.role(role))
    except ReferenceMissing:
        return {**problems, "role": "役割を選んでください。"}
    if traits.time_boxed and until is None:
        problems["until"] = "この役割には終わりの日が必要です。いつまでかを入力してください。"
    if until is not None and until < since:
        problems["until"] = "終わりの日は、始まりの日以後の日にしてください。"
    return problems


def put_membership(
    connection: Connection, actor: Actor, staff_id: str, desk: tuple[str, str], since: date, until: date | None,
    now: datetime,
) -> None:  # fmt: skip
    """Write the membership with its event. desk: organisation and role. Raises FormInvalid when it is held then."""
    org_id, role = desk
    if staff_admin.overlapping(connection, staff_id, org_id, role, since=since, until=until) is not None:
        raise FormInvalid({"role": "この期間には、同じ組織で同じ役割をすでに持っています。期間を確かめてください。"})
    staff_admin.add_membership(connection, staff_id, org_id, role, since=since, until=until)
    data = {"staff": staff_id, "org": org_id, "role": role, "from": since, "until": until}
    _note(connection, actor, "staff.role_given", data, now)


def end_membership(
    engine: Engine, actor: Actor, staff_id: str, membership_id: str, until_text: str, *, seen: int, now: datetime
) -> None:
    """Give a role its last day: yesterday ends it at once. Raises NotFound, FormInvalid, StaleVersion."""
    _require_other(actor, staff_id)
    problems: dict[str, str] = {}
    until = _optional_day(until_text, "until", problems)
    if not problems and (until is None or until < tokyo_date(now) - timedelta(days=1)):
        problems["until"] = "最後の日を、昨日以後の日で入力してください。昨日にすると、すぐに終わります。"
    if problems or until is None:
        raise FormInvalid(problems)
    with engine.database.write() as connection:
        _claimed(connection, staff_id, seen)
        row = next((m for m in staff_admin.memberships(connection, [staff_id]) if m.id == membership_id), None)
        if row is None:
            raise NotFound("membership")
        shorten_membership(connection, actor, row, until, now)


def shorten_membership(connection: Connection, actor: Actor, row: Any, until: date | None, now: datetime) -> None:
    """Write the last day of a membership with its event; one that never began ends before its first day."""
    staff_admin.end_membership(connection, row.id, until)
    data = {"staff": row.staff_id, "org": row.org_id, "role": row.role, "from": row.valid_from}
    _note(connection, actor, "staff.role_until", {**data, "before": row.valid_until, "until": until}, now)


def reset_password(engine: Engine, actor: Actor, staff_id: str, *, seen: int, now: datetime) -> str:
    """A password for one sign-in, shown once; the old one and all sessions end. Raises NotFound, StaleVersion."""
    password = one_time_password()
    staff_accounts.set_password(engine, staff_id, password, must_change=True, seen=seen, by=actor.staff_id, now=now)
    return password


def deactivate(engine: Engine, actor: Actor, staff_id: str, *, seen: int, now: datetime) -> None:
    """Close the account once its work is handed over. Raises NotFound, FormInvalid, OpenWork, StaleVersion."""
    _require_other(actor, staff_id)
    staff_accounts.deactivate(engine, staff_id, seen=seen, by=actor.staff_id, now=now)


def end_sessions(engine: Engine, actor: Actor, staff_id: str, *, now: datetime) -> int:
    """Sign the person out everywhere, programs too; returns of how many sessions and tokens. Raises NotFound."""
    with engine.database.write() as connection:
        if store.by_id(connection, staff_id) is None:
            raise NotFound("staff")
        sessions = staff_admin.end_sessions(connection, staff_id)
        tokens = api_tokens.revoke(connection, staff_id, now)
        if sessions + tokens:
            data = {"staff": staff_id, "sessions": sessions, "tokens": tokens}
            _note(connection, actor, "staff.signed_out", data, now)
    return sessions + tokens


def end_session(engine: Engine, actor: Actor, staff_id: str, session: str, *, now: datetime) -> bool:
    """Sign the person out on one device. session: as ``administration.Session.id``; False when it had ended."""
    with engine.database.write() as connection:
        ended = staff_admin.end_one_session(connection, staff_id, session)
        if ended:
            _note(connection, actor, "staff.signed_out", {"staff": staff_id, "sessions": 1, "tokens": 0}, now)
    return ended


def lift_lock(engine: Engine, actor: Actor, staff_id: str, *, now: datetime) -> bool:
    """Let the person try to sign in again; False when nothing was paused. Raises NotFound."""
    with engine.database.write() as connection:
        row = store.by_id(connection, staff_id)
        if row is None:
            raise NotFound("staff")
        if staff_admin.locked_until(connection, row.login, now) is None:
            return False
        store.clear_failures(connection, row.login)
        _note(connection, actor, "staff.lock_lifted", {"staff": staff_id}, now)
    return True


def _require_other(actor: Actor, staff_id: str) -> None:
    if actor.staff_id == staff_id:
        raise FormInvalid({"role": OWN_ROLES})


def _optional_day(text: str, field: str, problems: dict[str, str]) -> date | None:
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return None
    try:
        return parse_date(text)
    except DateNotUnderstood as problem:
        problems[field] = problem.message_ja
        return None


def _note(connection: Connection, actor: Actor, act: str, data: Mapping[str, Any], now: datetime) -> None:
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
