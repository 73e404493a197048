"""Sign-in: who is behind a password, and which session a request belongs to (OWASP ASVS 5.0, chapters 6 and 7).

A token has 256 random bits and is known to the browser alone; the database holds its SHA-256. Each sign-in gets a new
one. A session ends when the person leaves, 30 minutes after its last use, or 12 hours after it began.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, SignInFailed, StorageUnavailable, TooManyAttempts
from engine.domain.staff import Actor
from engine.services import capacities, passwords, reference_changes
from engine.services.desks import DeskChoice
from engine.services.engine import Engine
from engine.services.staff_accounts import create_staff, normalised_login, set_password
from engine.storage import audit
from engine.storage import staff as store

__all__ = [
    "SignedIn", "change_password", "create_staff", "session", "set_password", "set_preferences", "sign_in", "sign_out",
]  # fmt: skip

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
LOCK_AFTER = 6  #: wrong passwords in a row
LOCK_FOR = timedelta(minutes=30)
NOTE_USE_EVERY = timedelta(minutes=1)  #: a use is written down at most this often
TOKEN_BYTES = 32
LANGUAGES = ("ja", "en")
NOBODY = "unknown"


@dataclass(frozen=True)
class SignedIn:
    """A session as a request sees it: the person with today's roles, and how pages are shown to them."""

    actor: Actor
    csrf: str
    staff_id: str
    login: str
    language: str
    era_dates: bool
    password_due: bool = False  #: signed in with a password for one time: nothing else before a new one is chosen
    desk: DeskChoice = field(default_factory=DeskChoice)


def sign_in(engine: Engine, login: str, password: str, *, now: datetime) -> str:
    """Begin a session and return its token.

    Raises SignInFailed for a wrong login or password alike, and TooManyAttempts while the login is paused: for 30
    minutes after 6 failures, whether or not such an account exists. Answers take equally long.
    """
    login = normalised_login(login)
    account, was_last = _count_attempt(engine, login, now)
    usable = account is not None and account.status == "active"
    if not passwords.matches(account.password_hash if account is not None and usable else None, password):
        _note_failure(engine, account, locked=was_last, now=now)
        raise SignInFailed
    assert account is not None
    return _begin(engine, account, password, now)


def _count_attempt(engine: Engine, login: str, now: datetime) -> tuple[Any, bool]:
    """The account, and whether this try uses up the last one. Counted before the password is looked at, so that
    guesses made at the same moment do not get more tries than those made one after another."""
    with engine.database.write() as connection:
        tried = store.attempt(connection, login)
        if _is_locked(tried, now):
            raise TooManyAttempts
        if tried is not None and tried.last_at <= now - LOCK_FOR:
            store.clear_failures(connection, login)
        store.note_failure(connection, login, at=now, lock_after=LOCK_AFTER, locked_until=now + LOCK_FOR)
        after = store.attempt(connection, login)
        return store.by_login(connection, login), _is_locked(after, now)


def _is_locked(tried: Any, now: datetime) -> bool:
    """A lock that ends later than any set now can is one of a clock that went wrong; it locks nobody out."""
    return tried is not None and tried.locked_until is not None and now < tried.locked_until <= now + LOCK_FOR


def _note_failure(engine: Engine, account: Any, *, locked: bool, now: datetime) -> None:
    """Into the trail, without the login that was typed: people type passwords there."""
    with engine.database.write() as connection:
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=account.id if account is not None else NOBODY,
            act="sign_in.locked" if locked else "sign_in.failed",
        )  # fmt: skip


def _begin(engine: Engine, account: Any, password: str, now: datetime) -> str:
    token, csrf = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
    renewed = passwords.hashed(password) if passwords.is_outdated(account.password_hash) else None
    with engine.database.write() as connection:
        store.clear_failures(connection, account.login)
        if renewed is not None:
            store.set_password_hash(connection, account.id, renewed)
        store.add_session(
            connection,
            {
                "token_hash": _digest(token), "staff_id": account.id, "csrf": csrf, "created_at": now,
                "last_seen_at": now, "expires_at": now + ABSOLUTE,
            },
        )  # fmt: skip
        audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=account.id, act="sign_in.succeeded")
    return token


def session(engine: Engine, token: str, *, now: datetime) -> SignedIn | None:
    """The session behind a token, with the roles the person holds now; None when there is none any more."""
    token_hash = _digest(token)
    with engine.database.read() as connection:
        row = store.session(connection, token_hash)
        if row is None or row.expires_at <= now or row.last_seen_at + IDLE <= now:
            return None
        actor = store.actor(connection, row.staff_id, tokyo_date(now))
        account = store.by_id(connection, row.staff_id)
        reference_changes.look(engine, connection)
    if actor is None or account is None:
        return None
    if row.last_seen_at + NOTE_USE_EVERY <= now:
        with suppress(StorageUnavailable), engine.database.write(hurry=True) as connection:  # reading goes on without
            store.touch_session(connection, token_hash, now)
    desk = _desk(row)
    return SignedIn(
        capacities.narrowed(actor, desk.capacity), row.csrf, account.id, account.login, account.language,
        bool(account.era_dates), row.password_due is not None, desk,
    )  # fmt: skip


def _desk(row: Any) -> DeskChoice:
    if row.due is None:
        return DeskChoice()
    return DeskChoice(row.due, row.process_key, row.org_id, bool(row.shortcuts), row.sort, row.capacity)


def change_password(engine: Engine, person: SignedIn, old: str, new: str, again: str, *, now: datetime) -> None:
    """The person's own new password; all their sessions end, this one too. Raises FormInvalid."""
    with engine.database.read() as connection:
        account = store.by_id(connection, person.staff_id)
    if account is None or not passwords.matches(account.password_hash, old):
        raise FormInvalid({"old": "いまのパスワードが違います。もう一度入力してください。"})
    if new != again:
        raise FormInvalid({"again": "新しいパスワードを、2回とも同じに入力してください。"})
    if new == old:
        raise FormInvalid({"password": "いまと違うパスワードにしてください。"})
    set_password(engine, person.staff_id, new, by=person.staff_id, now=now)


def sign_out(engine: Engine, token: str) -> None:
    """End the session behind a token; nothing for a token without one."""
    token_hash = _digest(token)
    with engine.database.write() as connection:
        row = store.session(connection, token_hash)
        if row is None:
            return
        store.end_session(connection, token_hash)
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=engine.clock.now(), actor=row.staff_id, act="sign_out"
        )  # fmt: skip


def set_preferences(engine: Engine, actor: Actor, *, language: str, era_dates: bool) -> None:
    """How pages are shown to the person. Raises FormInvalid for a language that there is not."""
    if language not in LANGUAGES:
        raise FormInvalid({"language": "表示する言語を選んでください。"})
    with engine.database.write() as connection:
        store.set_preferences(connection, actor.staff_id, language=language, era_dates=era_dates)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
