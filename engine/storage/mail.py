"""Statements for electronic mail to staff: what is to be sent, by whom it is being sent, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from engine.storage.admin_tables import mail, mail_notice, mail_preference
from engine.storage.prepared import Prepared
from engine.storage.sql import as_row, columns_of, insert_all, one_of
from engine.storage.tables import notification, setting, staff

_PREFER = Prepared.by_dialect(
    lambda dialect: (statement := dialect.insert(mail_preference)).on_conflict_do_update(
        index_elements=["staff_id"], set_={"rhythm": statement.excluded.rhythm}
    )
)


@dataclass(frozen=True)
class Untold:
    """A notice that no mail told of yet, with whom it is for."""

    id: int
    about: str
    staff_id: str
    address: str
    language: str
    rhythm: str


@dataclass(frozen=True)
class Waiting:
    """A mail on its way."""

    id: int
    address: str
    subject: str
    body: str
    attempts: int
    next_at: datetime
    created_at: datetime


def alone(connection: Connection, key: str) -> None:
    """Let one process at a time make mails, until the transaction ends."""
    connection.execute(update(setting).where(setting.c.key == key).values(value=setting.c.value))


def untold(connection: Connection, *, since: datetime, default: str) -> list[Untold]:
    """Unread notices of people with an address who want mail, by person."""
    rhythm = func.coalesce(mail_preference.c.rhythm, default).label("rhythm")
    query = (
        select(
            notification.c.id, notification.c.about, notification.c.staff_id, staff.c.email.label("address"),
            staff.c.language, rhythm,
        )
        .select_from(staff)
        .join(notification, and_(notification.c.staff_id == staff.c.id, notification.c.read_at.is_(None)))
        .outerjoin(mail_preference, mail_preference.c.staff_id == staff.c.id)
        .outerjoin(mail_notice, mail_notice.c.notification_id == notification.c.id)
        .where(one_of(staff.c.status, "active"), staff.c.email != "", notification.c.at > since)
        .where(mail_notice.c.mail_id.is_(None), rhythm != "never")
        .order_by(staff.c.id, notification.c.id)
    )  # fmt: skip
    return [Untold(*row) for row in connection.execute(query)]


def mailed_since(connection: Connection, since: datetime) -> set[str]:
    """People for whom a mail was made since a moment."""
    return set(connection.execute(select(mail.c.staff_id).where(mail.c.created_at >= since).distinct()).scalars())


def add(
    connection: Connection, staff_id: str, address: str, text: tuple[str, str], notices: Sequence[int], *, at: datetime
) -> int:
    """A mail to be sent (subject and body), with the notices it tells of; returns its number."""
    subject, body = text
    values = {"staff_id": staff_id, "address": address, "subject": subject, "body": body}
    statement = insert(mail).values(**values, state="waiting", next_at=at, created_at=at).returning(mail.c.id)
    mail_id = int(connection.execute(statement).scalar_one())
    insert_all(connection, mail_notice, [{"notification_id": notice, "mail_id": mail_id} for notice in notices])
    return mail_id


def due(connection: Connection, now: datetime, limit: int) -> list[Waiting]:
    """Mails whose time has come, the longest waiting first."""
    query = select(*columns_of(mail, Waiting)).where(one_of(mail.c.state, "waiting"), mail.c.next_at <= now)
    return [as_row(Waiting, row) for row in connection.execute(query.order_by(mail.c.next_at, mail.c.id).limit(limit))]


def take(connection: Connection, waiting: Waiting, *, until: datetime) -> bool:
    """Take a mail to send it, for a time; False when another process was faster."""
    statement = (
        update(mail)
        .where(mail.c.id == waiting.id, mail.c.state == "waiting", mail.c.next_at == waiting.next_at)
        .values(next_at=until, attempts=mail.c.attempts + 1)
    )
    return connection.execute(statement).rowcount == 1


def sent(connection: Connection, mail_id: int, at: datetime) -> None:
    """It was handed to the mail server."""
    connection.execute(update(mail).where(mail.c.id == mail_id).values(state="sent", sent_at=at, problem=""))


def not_sent(connection: Connection, mail_id: int, problem: str, *, again_at: datetime | None) -> None:
    """It could not be handed over: to be tried again at a moment, or given up."""
    values = {"state": "failed"} if again_at is None else {"next_at": again_at}
    connection.execute(update(mail).where(mail.c.id == mail_id).values(problem=problem, **values))


def counts(connection: Connection) -> dict[str, int]:
    """How many mails are in each state."""
    query = select(mail.c.state, func.count()).group_by(mail.c.state)
    return {state: int(number) for state, number in connection.execute(query)}


def last_problem(connection: Connection) -> str:
    """Why the newest mail that is not sent could not be; empty when there is none."""
    query = select(mail.c.problem).where(mail.c.state != "sent", mail.c.problem != "").order_by(mail.c.id.desc())
    return str(connection.execute(query.limit(1)).scalar() or "")


def rhythm_of(connection: Connection, staff_id: str) -> str | None:
    """What the person chose, or None."""
    found: str | None = connection.execute(
        select(mail_preference.c.rhythm).where(mail_preference.c.staff_id == staff_id)
    ).scalar_one_or_none()
    return found


def prefer(connection: Connection, staff_id: str, rhythm: str) -> None:
    """Keep what the person chose."""
    _PREFER.run(connection, {"staff_id": staff_id, "rhythm": rhythm})


def forget(connection: Connection, before: datetime) -> int:
    """Delete mails that were sent or given up before a moment; returns how many."""
    old = select(mail.c.id).where(mail.c.created_at < before, or_(mail.c.state == "sent", mail.c.state == "failed"))
    connection.execute(delete(mail_notice).where(mail_notice.c.mail_id.in_(old)))
    return int(connection.execute(delete(mail).where(mail.c.id.in_(old))).rowcount)
