"""Personal tokens: with one, a program acts for the person who made it, and may do what that person may do.

A token has 256 random bits and is shown once; the database holds its SHA-256. It counts until its last day, until its
owner revokes it, and until whatever ends all sessions of the person: a new password, being signed out everywhere, a
closed account. Roles are those the person holds at the moment of the request, for the office that they work for then.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound, StorageUnavailable
from engine.domain.staff import Actor
from engine.services import capacities, passwords, reference_changes
from engine.services.engine import Engine
from engine.services.sign_in import NOTE_USE_EVERY, TOKEN_BYTES, SignedIn
from engine.storage import api_tokens as store
from engine.storage import audit, desks
from engine.storage import staff as staff_store
from engine.storage.database import Connection
from engine.storage.sql import new_id

PREFIX = "tsunagu_"  #: so that people and scanners of files recognise one
LIFETIMES = (30, 90, 180, 365)  #: days
MOST = 10  #: tokens of one person that count at the same time
LONGEST_NAME = 60
LONGEST_TOKEN = 100  #: anything longer is nobody's
ENDED_SHOWN_FOR = timedelta(days=90)  #: how long the list goes on to show tokens that count no more
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Wish:
    """What a person asks for. days: one of ``LIFETIMES``; key: of the form, sent twice it counts once."""

    name: str
    days: int
    password: str
    key: str


@dataclass(frozen=True)
class OwnToken:
    """A token as its owner sees it. ``live``: it counts now."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    live: bool


def create(engine: Engine, actor: Actor, wish: Wish, *, now: datetime) -> str | None:
    """Make a token and return it, for this one time; None when the form was sent before.

    The password is asked again, so that a screen left open does not become a key for a year. Raises FormInvalid.
    """
    with engine.database.read() as connection:
        account = staff_store.by_id(connection, actor.staff_id)
    problems = _problems(wish)
    if account is None or not passwords.matches(account.password_hash, wish.password):
        problems["password"] = "パスワードが違います。もう一度入力してください。"
    if problems:
        raise FormInvalid(problems)
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return token if _keep(engine, actor, wish, token, now) else None


def _problems(wish: Wish) -> dict[str, str]:
    problems: dict[str, str] = {}
    name = wish.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        problems["name"] = f"何に使うかを、{LONGEST_NAME}文字までで入力してください。"
    if wish.days not in LIFETIMES:
        problems["days"] = "使える期間を選んでください。"
    if not _KEY.fullmatch(wish.key):
        problems["name"] = "画面を開き直して、もう一度行ってください。"
    return problems


def _keep(engine: Engine, actor: Actor, wish: Wish, token: str, now: datetime) -> bool:
    row = {
        "id": new_id(), "staff_id": actor.staff_id, "form_key": wish.key, "name": wish.name.strip(),
        "token_hash": _digest(token), "created_at": now, "expires_at": now + timedelta(days=wish.days),
    }  # fmt: skip
    with engine.database.write() as connection:
        full = store.count_live(connection, actor.staff_id, now) >= MOST
        if not store.add(connection, row):
            return False
        if full:
            raise FormInvalid({"name": f"トークンは{MOST}個までです。使わないものを取り消してから作ってください。"})
        _note(connection, actor, "token.created", {"token": row["id"], "expires_at": row["expires_at"]}, now)
    return True


def own(engine: Engine, actor: Actor, *, now: datetime) -> tuple[OwnToken, ...]:
    """The person's tokens, the newest first; those that count no more for some time yet."""
    with engine.database.read() as connection:
        rows = store.of_person(connection, actor.staff_id)
    return tuple(
        OwnToken(
            row.id, row.name, row.created_at, row.expires_at, row.last_used_at, row.revoked_at,
            live=row.revoked_at is None and row.expires_at > now,
        )
        for row in rows
        if (row.revoked_at or row.expires_at) > now - ENDED_SHOWN_FOR
    )  # fmt: skip


def revoke(engine: Engine, actor: Actor, token_id: str, *, now: datetime) -> None:
    """End a token of one's own; one that is revoked stays so. Raises NotFound for absent and others' tokens alike."""
    with engine.database.write() as connection:
        if not any(row.id == token_id for row in store.of_person(connection, actor.staff_id)):
            raise NotFound("token")
        if store.revoke(connection, actor.staff_id, now, token_id=token_id):
            _note(connection, actor, "token.revoked", {"token": token_id}, now)


def bearer(engine: Engine, token: str, *, now: datetime) -> SignedIn | None:
    """The person behind a token, with the roles held now; None for one that counts no more or never did."""
    if not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
        return None
    with engine.database.read() as connection:
        row = store.live(connection, _digest(token), now)
        if row is None:
            return None
        actor = staff_store.actor(connection, row.staff_id, tokyo_date(now))
        capacity = desks.capacity_of(connection, row.staff_id)
        account = staff_store.by_id(connection, row.staff_id)
        reference_changes.look(engine, connection)
    if actor is None or account is None:
        return None
    if row.last_used_at is None or row.last_used_at + NOTE_USE_EVERY <= now:
        with suppress(StorageUnavailable), engine.database.write(hurry=True) as connection:  # reading goes on without
            store.touch(connection, row.id, now)
    acting = replace(capacities.narrowed(actor, capacity), by_token=row.id)
    return SignedIn(acting, "", account.id, account.login, account.language, bool(account.era_dates))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _note(connection: Connection, actor: Actor, act: str, data: dict[str, object], now: datetime) -> None:
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
