"""Accounts as administrators see them: who may do what where, until when. No case is ever read here but for a count
of the tasks that a person holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, or_, select

from engine.domain.business_days import tokyo_date
from engine.domain.errors import NotFound
from engine.queries.paging import PAGE_SIZE, After
from engine.storage import api_tokens, staff_admin
from engine.storage import staff as store
from engine.storage.admin_tables import password_due
from engine.storage.tables import membership, staff

if TYPE_CHECKING:
    from engine.services.engine import Engine

IDLE = timedelta(minutes=30)  #: after which a session no longer counts (engine.services.sign_in)


@dataclass(frozen=True)
class Held:
    """A role in an organisation for a time. ``state``: now, later, ended."""

    id: str
    org_id: str
    org_name: str
    role: str
    since: date
    until: date | None
    state: str


@dataclass(frozen=True)
class Person:
    """One account in the list."""

    staff_id: str
    login: str
    name: str
    kana: str
    email: str
    status: str
    has_password: bool
    demo: bool
    version: int
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Session:
    """A session that still counts. ``id``: by which ``staff_admin.end_session`` ends it."""

    id: str
    began_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class PersonPage:
    """One account with all that an administrator may see of it."""

    person: Person
    sessions: tuple[Session, ...]
    locked_until: datetime | None
    password_due: bool
    held_tasks: int
    tokens: int = 0  #: personal tokens that count now


def people(
    engine: Engine, *, words: str = "", status: str = "active", org_id: str = "", after: After | None = None,
    now: datetime,
) -> tuple[tuple[Person, ...], After | None]:  # fmt: skip
    """A page of accounts by login, with their roles, and where the next page begins.

    words: part of login, name, reading or mail address. status: active, left, all. org_id: with a role there today
    or later.
    """
    query = select(staff).order_by(staff.c.login).limit(PAGE_SIZE + 1)
    if status in ("active", "left"):
        query = query.where(staff.c.status == status)
    if words:
        columns = (staff.c.login, staff.c.name, staff.c.name_kana, staff.c.email)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    today = tokyo_date(now)
    if org_id:
        m = membership
        there = select(m.c.staff_id).where(
            m.c.org_id == org_id, or_(m.c.valid_until.is_(None), m.c.valid_until >= today)
        )
        query = query.where(staff.c.id.in_(there))
    if after is not None:
        query = query.where(staff.c.login > after.value)
    with engine.database.read() as connection:
        rows = connection.execute(query).all()
        page = rows[:PAGE_SIZE]
        held = staff_admin.memberships(connection, [row.id for row in page])
    names = engine.reference.names()
    found = tuple(_person(row, [m for m in held if m.staff_id == row.id], names, today) for row in page)
    return found, After(page[-1].login, page[-1].id) if len(rows) > PAGE_SIZE else None


def person(engine: Engine, staff_id: str, *, now: datetime) -> PersonPage:
    """One account. Raises NotFound."""
    with engine.database.read() as connection:
        row = store.by_id(connection, staff_id)
        if row is None:
            raise NotFound("staff")
        held = staff_admin.memberships(connection, [staff_id])
        sessions = staff_admin.sessions(connection, staff_id, now, now - IDLE)
        due = connection.execute(select(password_due.c.since).where(password_due.c.staff_id == staff_id)).first()
        return PersonPage(
            person=_person(row, held, engine.reference.names(), tokyo_date(now)),
            sessions=tuple(
                Session(staff_admin.session_id(s.token_hash), s.created_at, s.last_seen_at) for s in sessions
            ),
            locked_until=staff_admin.locked_until(connection, row.login, now),
            password_due=due is not None,
            held_tasks=staff_admin.held_tasks(connection, staff_id),
            tokens=api_tokens.count_live(connection, staff_id, now),
        )


def _person(row: Row[Any], held: list[Row[Any]], names: dict[str, str], today: date) -> Person:
    return Person(
        row.id, row.login, row.name, row.name_kana, row.email, row.status, row.password_hash is not None,
        bool(row.demo), row.version, tuple(_held(m, names, today) for m in held),
    )  # fmt: skip


def _held(row: Row[Any], names: dict[str, str], today: date) -> Held:
    ended = row.valid_until is not None and row.valid_until < today
    state = "ended" if ended else "later" if row.valid_from > today else "now"
    return Held(row.id, row.org_id, names.get(row.org_id, row.org_id), row.role, row.valid_from, row.valid_until, state)
