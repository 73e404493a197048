"""Statements for what an administrator does with accounts: find, edit, roles with dates, sessions, locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from engine.storage.admin_tables import password_due
from engine.storage.sql import insert_new, new_id, next_version
from engine.storage.tables import membership, sign_in_attempt, staff, user_task, web_session

SESSION_ID = 16  #: characters


def claim_version(connection: Connection, staff_id: str, seen: int) -> bool:
    """Raise the account's version when it is still the one that was seen; False when somebody was faster."""
    statement = update(staff).where(staff.c.id == staff_id, staff.c.version == seen).values(version=next_version(staff))
    return connection.execute(statement).rowcount == 1


def edit(connection: Connection, staff_id: str, values: Mapping[str, str]) -> None:
    """Name, reading, mail address."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(**values))


def require_new_password(connection: Connection, staff_id: str, since: datetime) -> None:
    """The person chooses a password before anything else."""
    insert_new(connection, password_due, [{"staff_id": staff_id, "since": since}])


def password_was_chosen(connection: Connection, staff_id: str) -> None:
    """The person has a password of their own."""
    connection.execute(delete(password_due).where(password_due.c.staff_id == staff_id))


def memberships(connection: Connection, staff_ids: Sequence[str]) -> list[Row[Any]]:
    """All memberships of people, ended ones too, the newest first."""
    query = select(membership).where(membership.c.staff_id.in_(list(staff_ids)))
    return list(connection.execute(query.order_by(membership.c.valid_from.desc(), membership.c.id.desc())))


def overlapping(
    connection: Connection, staff_id: str, org_id: str, role: str, *, since: date, until: date | None
) -> Row[Any] | None:
    """A membership in the same organisation and role that shares a day with the period, or None."""
    c = membership.c
    query = select(membership).where(c.staff_id == staff_id, c.org_id == org_id, c.role == role)
    query = query.where(or_(c.valid_until.is_(None), c.valid_until >= since))
    if until is not None:
        query = query.where(c.valid_from <= until)
    return connection.execute(query.order_by(c.valid_from)).first()


def add_membership(
    connection: Connection, staff_id: str, org_id: str, role: str, *, since: date, until: date | None
) -> None:
    """A role in an organisation for a time."""
    values = {"staff_id": staff_id, "org_id": org_id, "role": role, "valid_from": since, "valid_until": until}
    connection.execute(insert(membership).values(id=new_id(), **values))


def end_membership(connection: Connection, membership_id: str, until: date | None) -> None:
    """Give a membership its last day."""
    connection.execute(update(membership).where(membership.c.id == membership_id).values(valid_until=until))


def sessions(connection: Connection, staff_id: str, now: datetime, unused_since: datetime) -> list[Row[Any]]:
    """The person's sessions that still count: hash, begin, last use; the last used first."""
    c = web_session.c
    query = select(c.token_hash, c.created_at, c.last_seen_at).where(
        c.staff_id == staff_id, c.expires_at > now, c.last_seen_at > unused_since
    )
    return list(connection.execute(query.order_by(c.last_seen_at.desc())))


def end_sessions(connection: Connection, staff_id: str) -> int:
    """End all sessions of a person; returns how many rows went."""
    return int(connection.execute(delete(web_session).where(web_session.c.staff_id == staff_id)).rowcount)


def session_id(token_hash: str) -> str:
    """What a page calls a session: too little of its hash for anybody to take it over."""
    return token_hash[:SESSION_ID]


def end_one_session(connection: Connection, staff_id: str, session: str) -> bool:
    """End the one session of a person that a page calls so; False when there is none (any more)."""
    c = web_session.c
    if len(session) != SESSION_ID:
        return False
    statement = delete(web_session).where(c.staff_id == staff_id, func.substr(c.token_hash, 1, SESSION_ID) == session)
    return bool(connection.execute(statement).rowcount)


def locked_until(connection: Connection, login: str, now: datetime) -> datetime | None:
    """Until when the sign-in of a login is paused, or None."""
    c = sign_in_attempt.c
    query = select(c.locked_until).where(c.login == login, c.locked_until > now)
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def held_tasks(connection: Connection, staff_id: str) -> int:
    """How many open tasks the person holds; a number and nothing else."""
    c = user_task.c
    query = select(func.count()).where(c.assignee_id == staff_id, c.state.in_(("claimed", "held")))
    return int(connection.execute(query).scalar_one())
