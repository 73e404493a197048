"""A mail server that keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import free_port


class MailServer:
    """Listens on the loopback address; `refuse` makes it answer every mail with that line."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self.received: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuse: str | None = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each mail."""
        if self.refuse is not None:
            return self.refuse
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 kept"


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A mail server in a thread, ended at the end."""
    server = MailServer()
    controller = Controller(server, hostname=server.host, port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
