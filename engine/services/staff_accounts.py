"""Accounts of the people who work here: made, given a password, closed. Everything is in the trail."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound, OpenWork, ReferenceMissing, StaleVersion
from engine.services import passwords
from engine.services.engine import Engine
from engine.storage import accounts, api_tokens, audit, staff_admin
from engine.storage import staff as store

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
LONGEST_TEXT = 200
BY_INSTALLATION = "system"  #: author of what an administrator does on the server's own terminal

Roles = Mapping[str, Sequence[str]]  #: organisation id -> role codes


@dataclass(frozen=True)
class Held:
    """A role in an organisation, with its last day if it has one."""

    org_id: str
    org_name: str
    role: str
    until: date | None


@dataclass(frozen=True)
class Account:
    """An account as administrators see it."""

    staff_id: str
    login: str
    name: str
    status: str
    has_password: bool
    demo: bool
    held: tuple[Held, ...]


def normalised_login(login: str) -> str:
    """A login as it is kept: half width, lower case, no spaces around."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def create_staff(
    engine: Engine, *, login: str, name: str, kana: str = "", email: str = "", password: str | None = None,
    roles: Roles, until: date | None = None, demo: bool = False, must_change: bool = False,
    by: str = BY_INSTALLATION, now: datetime,
) -> str:  # fmt: skip
    """Make an account with its roles by organisation; returns the staff id.

    Without a password nobody can sign in with it yet. until: last day of the roles, required for roles that are only
    given for a time. must_change: the password is for the first sign-in alone. Raises FormInvalid with one sentence
    per field.
    """
    login = normalised_login(login)
    _refuse_invalid(engine, login, name, roles, until)
    if password is not None:
        passwords.require_acceptable(password, known=(login, name, kana, email))
    stored = passwords.hashed(password) if password is not None else None
    with engine.database.write() as connection:
        if store.by_login(connection, login) is not None:
            raise FormInvalid({"login": "このログインIDは使われています。別のログインIDにしてください。"})
        values = {
            "login": login, "name": name.strip(), "name_kana": kana.strip(), "email": email.strip(),
            "password_hash": stored, "status": "active", "demo": demo,
        }  # fmt: skip
        staff_id = store.add(connection, values, {org: list(codes) for org, codes in roles.items()}, tokyo_date(now))
        accounts.limit_memberships(connection, staff_id, until)
        if must_change:
            staff_admin.require_new_password(connection, staff_id, now)
        data = {"staff": staff_id, "roles": {org: list(codes) for org, codes in roles.items()}, "until": until}
        _note(connection, by, "staff.created", data, now)
    return staff_id


def _refuse_invalid(engine: Engine, login: str, name: str, roles: Roles, until: date | None) -> None:
    problems: dict[str, str] = {}
    if not LOGIN.fullmatch(login):
        problems["login"] = "ログインIDは、半角の英小文字・数字と . _ - の2文字から64文字で入力してください。"
    if not name.strip() or len(name) > LONGEST_TEXT:
        problems["name"] = "氏名を入力してください。"
    problems |= dict(_role_problems(engine, roles, until))
    if problems:
        raise FormInvalid(problems)


def _role_problems(engine: Engine, roles: Roles, until: date | None) -> Iterator[tuple[str, str]]:
    for org, codes in roles.items():
        if org not in engine.reference.organisations:
            yield "roles", f"組織「{org}」がありません。組織のコード（AG-01など）を確かめてください。"
        for code in codes:
            try:
                traits = engine.reference.traits(engine.reference.role(code))
            except ReferenceMissing:
                yield "roles", f"役割「{code}」がありません。役割のコード（intake_workerなど）を確かめてください。"
                continue
            if traits.time_boxed and until is None:
                yield "until", "この役割には終わりの日が必要です。いつまでかを入力してください。"


def set_password(
    engine: Engine, staff_id: str, password: str, *, must_change: bool = False, seen: int | None = None,
    by: str = BY_INSTALLATION, now: datetime,
) -> None:  # fmt: skip
    """Give the person a new password; all their sessions end, and their tokens.

    must_change: it is for one sign-in, after which the person chooses another. seen: the version of the account on
    the administrator's page. Raises FormInvalid, StaleVersion, or NotFound for a closed account.
    """
    with engine.database.read() as connection:
        account = store.by_id(connection, staff_id)
    if account is None or account.status == "left":
        raise NotFound("staff")
    passwords.require_acceptable(password, known=(account.login, account.name, account.name_kana, account.email))
    stored = passwords.hashed(password)
    with engine.database.write() as connection:
        if seen is not None and not staff_admin.claim_version(connection, staff_id, seen):
            raise StaleVersion
        store.set_password_hash(connection, staff_id, stored)
        store.clear_failures(connection, account.login)
        api_tokens.revoke(connection, staff_id, now)
        if must_change:
            staff_admin.require_new_password(connection, staff_id, now)
        else:
            staff_admin.password_was_chosen(connection, staff_id)
        _note(connection, by, "staff.password_set", {"staff": staff_id, "must_change": must_change}, now)


def deactivate(
    engine: Engine, staff_id: str, *, seen: int | None = None, by: str = BY_INSTALLATION, now: datetime
) -> int:
    """Close an account: no sign-in, session or token; roles end, its open tasks go back to their groups.

    Returns how many. Records keep their author. seen: the version of the account on the administrator's page; from
    there nothing is given back: raises OpenWork while the person holds a task, and StaleVersion. Raises NotFound when
    there is no such account, or it is closed already.
    """
    with engine.database.write() as connection:
        if seen is not None:
            if not staff_admin.claim_version(connection, staff_id, seen):
                raise StaleVersion
            if accounts.tasks_of(connection, staff_id):
                raise OpenWork
        if not accounts.leave(connection, staff_id, tokyo_date(now)):
            raise NotFound("staff")
        api_tokens.revoke(connection, staff_id, now)
        held = accounts.tasks_of(connection, staff_id)
        accounts.give_back(connection, staff_id)
        for task in held:
            audit.append(
                connection, chain=task.case_id, at=now, actor=by, act="task.released", task_id=task.id,
                element_id=task.element_id, data={"from": staff_id, "to": None, "note": "利用の終了"},
            )  # fmt: skip
        _note(connection, by, "staff.deactivated", {"staff": staff_id, "tasks": len(held)}, now)
    return len(held)


def staff_id_of(engine: Engine, login: str) -> str:
    """The account with this login. Raises NotFound."""
    with engine.database.read() as connection:
        row = store.by_login(connection, normalised_login(login))
    if row is None:
        raise NotFound("staff")
    return str(row.id)


def everybody(engine: Engine) -> list[Account]:
    """All accounts by login, closed ones too."""
    with engine.database.read() as connection:
        found = accounts.everybody(connection)
    return [
        Account(
            row.id, row.login, row.name, row.status, row.password_hash is not None, bool(row.demo),
            tuple(Held(m.org_id, m.org_name, m.role, m.valid_until) for m in memberships),
        )
        for row, memberships in found
    ]  # fmt: skip


def _note(connection: Any, by: str, act: str, data: Mapping[str, Any], now: datetime) -> None:
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=by, act=act, data=data)
