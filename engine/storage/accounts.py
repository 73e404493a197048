"""Statements for keeping accounts and sessions in order: list, leave, forget what has run out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from engine.storage.tables import membership, organisation, sign_in_attempt, staff, user_task, web_session

ASSIGNED_STATES = ("claimed", "held")


def everybody(connection: Connection) -> list[tuple[Row[Any], list[Row[Any]]]]:
    """All accounts by login, each with its memberships (organisation id and name, role, validity)."""
    people = connection.execute(select(staff).order_by(staff.c.login)).all()
    query = select(membership, organisation.c.name.label("org_name")).join(
        organisation, organisation.c.id == membership.c.org_id
    )
    held: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query.order_by(membership.c.org_id, membership.c.role)):
        held.setdefault(row.staff_id, []).append(row)
    return [(person, held.get(person.id, [])) for person in people]


def limit_memberships(connection: Connection, staff_id: str, until: date | None) -> None:
    """Give all roles of a person a last day; nothing for None."""
    if until is not None:
        connection.execute(update(membership).where(membership.c.staff_id == staff_id).values(valid_until=until))


def count(connection: Connection) -> int:
    """How many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(staff)).scalar_one())


def leave(connection: Connection, staff_id: str, today: date) -> bool:
    """Close an account: memberships end, sessions are forgotten. False when it was closed before."""
    closed = connection.execute(
        update(staff)
        .where(staff.c.id == staff_id, staff.c.status != "left")
        .values(status="left", password_hash=None, version=staff.c.version + 1)
    )
    connection.execute(delete(web_session).where(web_session.c.staff_id == staff_id))
    connection.execute(
        update(membership)
        .where(membership.c.staff_id == staff_id)
        .where(or_(membership.c.valid_until.is_(None), membership.c.valid_until > today))
        .values(valid_until=today)
    )
    return closed.rowcount == 1


def tasks_of(connection: Connection, staff_id: str) -> list[Any]:
    """Open tasks that the person holds: id, case, element, state."""
    c = user_task.c
    query = select(c.id, c.case_id, c.element_id, c.state).where(
        c.assignee_id == staff_id, c.state.in_(ASSIGNED_STATES)
    )
    return list(connection.execute(query.order_by(c.case_id, c.id)))


def give_back(connection: Connection, staff_id: str) -> None:
    """The person's open tasks belong to their groups again; what is held stays held."""
    mine = (user_task.c.assignee_id == staff_id) & user_task.c.state.in_(ASSIGNED_STATES)
    values = {"assignee_id": None, "claimed_at": None, "version": user_task.c.version + 1}
    connection.execute(update(user_task).where(mine, user_task.c.state == "held").values(**values))
    connection.execute(update(user_task).where(mine, user_task.c.state == "claimed").values(state="open", **values))


def forget_sessions(connection: Connection, *, expired_at: datetime, unused_since: datetime) -> int:
    """Delete sessions past their end or unused for too long; returns how many."""
    gone = or_(web_session.c.expires_at <= expired_at, web_session.c.last_seen_at <= unused_since)
    return connection.execute(delete(web_session).where(gone)).rowcount


def forget_attempts(connection: Connection, *, before: datetime) -> int:
    """Delete counts of failed sign-ins that are old and lock nobody; returns how many."""
    old = sign_in_attempt.c.last_at < before
    free = or_(sign_in_attempt.c.locked_until.is_(None), sign_in_attempt.c.locked_until < before)
    return connection.execute(delete(sign_in_attempt).where(old, free)).rowcount
