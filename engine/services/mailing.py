"""Notices by electronic mail: made from what waits in the application, sent by the scheduler, tried again with pauses.

A mail says how many notices wait and where to read them; it never holds a name, a number or a text of a case. One that
was handed over just before the process died is sent a second time, with the same Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import groupby
from typing import Any

from engine.domain.business_days import tokyo_date, tokyo_instant
from engine.domain.errors import FormInvalid
from engine.domain.staff import Actor
from engine.services import mail_settings
from engine.services.engine import Engine
from engine.services.mail_settings import MailSettings
from engine.services.staff_admin import is_address
from engine.storage import audit
from engine.storage import mail as store
from engine.storage.mail import Untold, Waiting

RHYTHMS = ("daily", "at_once", "never")
DEFAULT_RHYTHM = "daily"
MORNING = time(8, 30)  #: from when on the daily mail is made, Tokyo
TOLD_LATE = timedelta(days=3)  #: older notices are not mailed any more
LEASE = timedelta(minutes=5)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))  #: then it is given up
BATCH = 20
TIMEOUT_S = 15.0
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class MailReport:
    """What one run did."""

    made: int
    sent: int
    failed: int


def run(engine: Engine, *, now: datetime) -> MailReport:
    """Make the mails that are due and send what waits; nothing while mail is not switched on."""
    settings = mail_settings.current(engine)
    if not settings.active:
        return MailReport(0, 0, 0)
    made = make(engine, now=now)
    sent, failed = send(engine, settings, now=now)
    return MailReport(made, sent, failed)


def make(engine: Engine, *, now: datetime) -> int:
    """A mail for each person whose notices are due to be told; returns how many."""
    morning = tokyo_instant(tokyo_date(now), MORNING)
    with engine.database.read() as connection:
        if not store.untold(connection, since=now - TOLD_LATE, default=DEFAULT_RHYTHM):
            return 0
    with engine.database.write() as connection:
        store.alone(connection, mail_settings.KEY)
        had = store.mailed_since(connection, morning)
        waiting = store.untold(connection, since=now - TOLD_LATE, default=DEFAULT_RHYTHM)
        made = 0
        for staff_id, group in groupby(waiting, key=lambda notice: notice.staff_id):
            notices = list(group)
            if notices[0].rhythm == "daily" and (now < morning or staff_id in had):
                continue
            text = _text(notices, engine.settings.base_url)
            store.add(connection, staff_id, notices[0].address, text, [notice.id for notice in notices], at=now)
            made += 1
    return made


def _text(notices: Sequence[Untold], base_url: str) -> tuple[str, str]:
    """Subject and body, in the person's language."""
    late = sum(1 for notice in notices if notice.about.startswith("level:"))
    address = f"{base_url}/notices" if base_url else ""
    if notices[0].language == "en":
        subject = f"Tsunagu: {len(notices)} new notice(s)"
        lines = [f"You have {len(notices)} new notice(s), {late} of them about deadlines.", "Sign in to read them.",
                 address, "", "This mail holds no content of any case. You can stop it under Settings."]  # fmt: skip
    else:
        subject = f"つなぐ：お知らせが{len(notices)}件あります"
        lines = [f"新しいお知らせが{len(notices)}件あります（うち期限に関するもの{late}件）。",
                 "内容は、つなぐにサインインして確認してください。", address, "",
                 "このメールには、相談の内容も氏名も書いていません。届く間隔は「設定」で変えられます。"]  # fmt: skip
    return subject, "\n".join(lines) + "\n"


# ---------------------------------------------------------------- sending


def send(engine: Engine, settings: MailSettings, *, now: datetime) -> tuple[int, int]:
    """Hand waiting mails to the mail server; returns how many were taken and how many were not."""
    taken = _take(engine, now)
    if not taken:
        return 0, 0
    outcomes = _deliver(settings, engine.settings.smtp_password, taken, now)
    with engine.database.write() as connection:
        for waiting, problem in zip(taken, outcomes, strict=True):
            if not problem:
                store.sent(connection, waiting.id, now)
                continue
            pause = PAUSES[waiting.attempts] if waiting.attempts < len(PAUSES) else None
            store.not_sent(connection, waiting.id, problem, again_at=now + pause if pause else None)
    sent = sum(1 for problem in outcomes if not problem)
    return sent, len(taken) - sent


def _take(engine: Engine, now: datetime) -> list[Waiting]:
    with engine.database.read() as connection:
        if not store.due(connection, now, 1):
            return []
    with engine.database.write() as connection:
        return [w for w in store.due(connection, now, BATCH) if store.take(connection, w, until=now + LEASE)]


def _deliver(settings: MailSettings, password: str, mails: Sequence[Waiting], now: datetime) -> list[str]:
    """What came of each: empty, or a word for what went wrong."""
    try:
        server = _connect(settings, password)
    except (OSError, smtplib.SMTPException) as error:
        return [problem_of(error)] * len(mails)
    outcomes = []
    for waiting in mails:
        try:
            server.send_message(message(settings, waiting, now))
            outcomes.append("")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            outcomes.append(problem_of(error))
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    return outcomes


def _connect(settings: MailSettings, password: str) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, password)
    except BaseException:
        server.close()
        raise
    return server


def message(settings: MailSettings, waiting: Waiting, now: datetime) -> EmailMessage:
    """The mail as it goes out."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = waiting.subject, settings.sender, waiting.address
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{waiting.id}.{waiting.created_at:%Y%m%d%H%M%S}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(waiting.body)
    return mail


def problem_of(error: Exception) -> str:
    """A word for what went wrong, without anything that the server said: that may hold addresses."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "sign_in"
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused):
        return "address"
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return "encryption"
    if isinstance(error, smtplib.SMTPServerDisconnected | smtplib.SMTPConnectError) or not isinstance(
        error, smtplib.SMTPException
    ):
        return "connection"
    return "refused"


def send_test(engine: Engine, actor: Actor, address: str, *, now: datetime) -> str:
    """Send a message through the real mail server at once; returns "" or a word for the problem. Raises FormInvalid."""
    settings, address = mail_settings.current(engine), address.strip()
    if not settings.host:
        raise FormInvalid({"host": "先にメールサーバーの設定を保存してください。"})
    if not is_address(address):
        raise FormInvalid({"to": "送る先のメールアドレスをname@example.jpの形で入力してください。"})
    text = ("つなぐ：試しのメール", "つなぐのメールの設定を確かめるためのメールです。返信は要りません。\n")
    problem = _deliver(settings, engine.settings.smtp_password, [Waiting(0, address, *text, 0, now, now)], now)[0]
    with engine.database.write() as connection:
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act="mail.tested",
            data={"problem": problem},
        )  # fmt: skip
    return problem


# ---------------------------------------------------------------- people and the administrator


def rhythm_of(engine: Engine, staff_id: str) -> str:
    """How often the person is mailed."""
    with engine.database.read() as connection:
        return store.rhythm_of(connection, staff_id) or DEFAULT_RHYTHM


def prefer(engine: Engine, actor: Actor, rhythm: str) -> None:
    """How often the actor wants mail. Raises FormInvalid."""
    if rhythm not in RHYTHMS:
        raise FormInvalid({"rhythm": "メールの届き方を選んでください。"})
    with engine.database.write() as connection:
        store.prefer(connection, actor.staff_id, rhythm)


def state(engine: Engine) -> dict[str, Any]:
    """Counts of mails by state, and the last problem."""
    with engine.database.read() as connection:
        return {"counts": store.counts(connection), "problem": store.last_problem(connection)}


def forget(engine: Engine, *, now: datetime) -> int:
    """Delete mails that were dealt with three months ago; returns how many."""
    with engine.database.write() as connection:
        return store.forget(connection, now - KEPT)
