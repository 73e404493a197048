"""Notices by electronic mail, sent to a real mail server: counts and nothing of a case, once, again with pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from engine.domain.staff import Actor
from engine.services import mail_settings, mailing
from engine.storage import notifications
from tests.support.casework import Casework, tokyo
from tests.support.ports import free_port

ADMIN = Actor("admin", "管理者（架空）")


class Inbox:
    """What the mail server received; it may be told to refuse."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail unless told otherwise."""
        await asyncio.sleep(0)
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@pytest.fixture
def server() -> Iterator[tuple[Inbox, Controller]]:
    """A mail server on a free port."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield inbox, controller
    controller.stop()


@pytest.fixture
def office(database_url: str, server: tuple[Inbox, Controller]) -> Iterator[Casework]:
    """An office with mail switched on; the worker has an address."""
    office = Casework.open(database_url)
    office.now = tokyo("2026-04-01T09:00")
    save(office, server[1].port)
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE staff SET email = 'worker@example.jp' WHERE login = 'worker'")
    yield office
    office.engine.database.dispose()


def save(office: Casework, port: int) -> None:
    """Point the installation at the mail server."""
    form = {"host": "127.0.0.1", "port": str(port), "security": "none", "sender": "tsunagu@example.jp", "active": "1"}
    seen = mail_settings.current(office.engine).revision
    mail_settings.save(office.engine, ADMIN, form, seen=seen, now=office.now)


def tell(office: Casework, about: str, key: str) -> None:
    """A notice for the worker."""
    with office.engine.database.write() as connection:
        notifications.add(
            connection, [office.staff["worker"]], about=about, case_id=None, task_id=None, key=key, at=office.now
        )


def test_notices_come_once_a_day_as_counts_without_any_content(
    any_database: str, office: Casework, server: Any
) -> None:
    tell(office, "assigned", "一")
    tell(office, "level:1", "二")
    assert mailing.run(office.engine, now=office.now) == mailing.MailReport(1, 1, 0)
    (mail,) = server[0].mails
    assert mail["To"] == "worker@example.jp"
    assert mail["Subject"] == "つなぐ：お知らせが2件あります"
    assert "うち期限に関するもの1件" in mail.get_content()
    tell(office, "assigned", "三")
    assert mailing.run(office.engine, now=office.now + timedelta(hours=1)).made == 0
    early = mailing.run(office.engine, now=tokyo("2026-04-02T08:00"))
    assert (early.made, mailing.run(office.engine, now=tokyo("2026-04-02T08:31")).made) == (0, 1)


def test_somebody_may_want_each_notice_or_none(office: Casework, server: Any) -> None:
    worker = office.person("worker")
    mailing.prefer(office.engine, worker, "at_once")
    for number in range(2):
        tell(office, "assigned", f"n{number}")
        assert mailing.run(office.engine, now=office.now + timedelta(minutes=number)).sent == 1
    mailing.prefer(office.engine, worker, "never")
    tell(office, "assigned", "n9")
    assert mailing.run(office.engine, now=office.now + timedelta(days=1)).made == 0
    assert len({mail["Message-ID"] for mail in server[0].mails}) == 2


def test_a_refusal_is_tried_again_with_pauses_and_given_up_in_the_end(office: Casework, server: Any) -> None:
    inbox, moment = server[0], office.now
    tell(office, "assigned", "x")
    inbox.answer = "451 later"
    assert mailing.run(office.engine, now=moment).failed == 1
    assert mailing.run(office.engine, now=moment + timedelta(seconds=30)) == mailing.MailReport(0, 0, 0)
    inbox.answer = "250 OK"
    assert mailing.run(office.engine, now=moment + timedelta(minutes=1)).sent == 1
    tell(office, "assigned", "y")
    inbox.answer = "451 later"
    moment += timedelta(days=1)
    for _ in range(len(mailing.PAUSES) + 1):
        mailing.run(office.engine, now=moment)
        moment += timedelta(hours=13)
    assert mailing.state(office.engine) == {"counts": {"failed": 1, "sent": 1}, "problem": "refused"}


def test_a_server_that_is_away_loses_nothing(office: Casework, server: Any) -> None:
    inbox, controller = server
    port = controller.port
    save(office, 1)
    tell(office, "assigned", "x")
    assert mailing.run(office.engine, now=office.now).failed == 1
    assert mailing.state(office.engine)["problem"] == "connection"
    save(office, port)
    assert mailing.run(office.engine, now=office.now + timedelta(minutes=1)).sent == 1
    assert len(inbox.mails) == 1


def test_what_another_process_is_sending_is_left_alone(office: Casework, server: Any) -> None:
    tell(office, "assigned", "x")
    mailing.make(office.engine, now=office.now)
    assert mailing._take(office.engine, office.now)
    assert mailing.send(office.engine, mail_settings.current(office.engine), now=office.now) == (0, 0)
    later = office.now + mailing.LEASE
    assert mailing.send(office.engine, mail_settings.current(office.engine), now=later) == (1, 0)


def test_a_test_message_takes_the_real_way_and_shows_no_secret(office: Casework, server: Any) -> None:
    assert mailing.send_test(office.engine, ADMIN, "admin@example.jp", now=office.now) == ""
    assert server[0].mails[0]["From"] == "tsunagu@example.jp"
    assert "s3cret" not in repr(replace(office.engine.settings, smtp_password="s3cret"))
    assert office.rows("SELECT count(*) FROM audit_event WHERE act IN ('mail.tested', 'mail.settings')")[0][0] == 2
