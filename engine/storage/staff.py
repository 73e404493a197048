"""Statements for staff, memberships, sessions and sign-in attempts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.domain.staff import Actor, Membership
from engine.storage.admin_tables import password_due
from engine.storage.desk_tables import desk_choice
from engine.storage.prepared import Prepared
from engine.storage.sql import insert_all, new_id, one_of
from engine.storage.tables import membership, organisation, sign_in_attempt, staff, web_session

_BY_LOGIN = Prepared(select(staff).where(staff.c.login == bindparam("called")))
_BY_ID = Prepared(select(staff).where(staff.c.id == bindparam("person")))
_NAMED = [column == bindparam("called") for column in (staff.c.id, staff.c.login, staff.c.name)]
_FIND = select(staff.c.id).where(or_(*_NAMED), one_of(staff.c.status, "active"))
_TODAY = bindparam("today", type_=Date())
_MEMBERSHIPS = Prepared(
    select(membership.c.org_id, membership.c.role, organisation.c.city_staff)
    .join(organisation, organisation.c.id == membership.c.org_id)
    .where(membership.c.staff_id == bindparam("person"), membership.c.valid_from <= _TODAY)
    .where(or_(membership.c.valid_until.is_(None), membership.c.valid_until >= _TODAY))
    .order_by(membership.c.org_id, membership.c.role)
)
_SESSION = Prepared(
    select(
        web_session, password_due.c.since.label("password_due"),
        desk_choice.c.due, desk_choice.c.process_key, desk_choice.c.org_id, desk_choice.c.shortcuts,
        desk_choice.c.sort, desk_choice.c.capacity,
    )
    .outerjoin(password_due, password_due.c.staff_id == web_session.c.staff_id)
    .outerjoin(desk_choice, desk_choice.c.staff_id == web_session.c.staff_id)
    .where(web_session.c.token_hash == bindparam("hashed"))
)  # fmt: skip


def by_login(connection: Connection, login: str) -> Any:
    """The account with this login, its columns as attributes, or None."""
    return _BY_LOGIN.record(connection, {"called": login})


def by_id(connection: Connection, staff_id: str) -> Any:
    """The account, its columns as attributes, or None."""
    return _BY_ID.record(connection, {"person": staff_id})


def find(connection: Connection, text: str) -> str | None:
    """The one active staff member with this id, login or name; None when there is none or more than one."""
    found = connection.execute(_FIND, {"called": text}).scalars().all()
    return found[0] if len(found) == 1 else None


def actor(connection: Connection, staff_id: str, today: date) -> Actor | None:
    """The person with the memberships valid today, or None for one who is not active."""
    row = by_id(connection, staff_id)
    if row is None or row.status != "active":
        return None
    rows = _MEMBERSHIPS.rows(connection, {"person": staff_id, "today": today})
    held = tuple(Membership(org, role, bool(of_city)) for org, role, of_city in rows)
    return Actor(row.id, row.name, held)


def add(connection: Connection, values: Mapping[str, Any], roles: Mapping[str, list[str]], valid_from: date) -> str:
    """Insert an account with its roles by organisation; returns its id."""
    staff_id = new_id()
    connection.execute(insert(staff).values(id=staff_id, **values))
    insert_all(
        connection,
        membership,
        [
            {"id": new_id(), "staff_id": staff_id, "org_id": org, "role": role, "valid_from": valid_from}
            for org, names in roles.items()
            for role in names
        ],
    )
    return staff_id


def set_password_hash(connection: Connection, staff_id: str, password_hash: str) -> None:
    """Store a new password hash and end the person's sessions."""
    connection.execute(
        update(staff).where(staff.c.id == staff_id).values(password_hash=password_hash, version=staff.c.version + 1)
    )
    connection.execute(delete(web_session).where(web_session.c.staff_id == staff_id))


def set_preferences(connection: Connection, staff_id: str, *, language: str, era_dates: bool) -> None:
    """Interface language and how dates are shown."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(language=language, era_dates=era_dates))


def add_session(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a session."""
    connection.execute(insert(web_session).values(**values))


def session(connection: Connection, token_hash: str) -> Any:
    """The session behind a token's hash, with whether its person has yet to choose a password and their desk.

    Columns as attributes; None for no such session.
    """
    return _SESSION.record(connection, {"hashed": token_hash})


def touch_session(connection: Connection, token_hash: str, at: datetime) -> None:
    """Note that the session was used."""
    connection.execute(update(web_session).where(web_session.c.token_hash == token_hash).values(last_seen_at=at))


def end_session(connection: Connection, token_hash: str) -> None:
    """Forget a session."""
    connection.execute(delete(web_session).where(web_session.c.token_hash == token_hash))


def attempt(connection: Connection, login: str) -> Row[Any] | None:
    """Failed sign-ins of a login, or None."""
    return connection.execute(select(sign_in_attempt).where(sign_in_attempt.c.login == login)).first()


def note_failure(connection: Connection, login: str, *, at: datetime, lock_after: int, locked_until: datetime) -> None:
    """Count a failed sign-in; the ``lock_after``-th one in a row locks the login until ``locked_until``."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(sign_in_attempt).values(login=login, failures=1, last_at=at)
    statement = statement.on_conflict_do_update(
        index_elements=["login"], set_={"failures": sign_in_attempt.c.failures + 1, "last_at": at}
    )
    failures = connection.execute(statement.returning(sign_in_attempt.c.failures)).scalar_one()
    if failures >= lock_after:
        connection.execute(
            update(sign_in_attempt)
            .where(sign_in_attempt.c.login == login)
            .values(locked_until=locked_until, failures=0)
        )


def clear_failures(connection: Connection, login: str) -> None:
    """A successful sign-in starts the count anew."""
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.login == login))


def organisations_with_staff(
    connection: Connection, org_ids: Iterable[str] | None, today: date, *, role: str | None = None
) -> set[str]:
    """Those of the organisations (None: of all) in which somebody active holds a role, or that role, today."""
    query = (
        select(membership.c.org_id)
        .join(staff, staff.c.id == membership.c.staff_id)
        .where(staff.c.status == "active", membership.c.valid_from <= today)
        .where(or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today))
        .distinct()
    )
    if org_ids is not None:
        query = query.where(membership.c.org_id.in_(list(org_ids)))
    if role is not None:
        query = query.where(membership.c.role == role)
    return set(connection.execute(query).scalars())


def working_in(connection: Connection, org_ids: Iterable[str], today: date) -> list[tuple[str, str]]:
    """(id, name) of the active staff of organisations, by reading and name."""
    query = (
        select(staff.c.id, staff.c.name, staff.c.name_kana)
        .join(membership, membership.c.staff_id == staff.c.id)
        .where(membership.c.org_id.in_(list(org_ids)), staff.c.status == "active", membership.c.valid_from <= today)
        .where(or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today))
        .order_by(staff.c.name_kana, staff.c.name)
        .distinct()
    )
    return [(row.id, row.name) for row in connection.execute(query)]
