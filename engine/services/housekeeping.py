"""What is forgotten each night: ended sessions, old failed sign-ins, dead schedulers, files that nobody names,
and the keys of programs' requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.services import casework
from engine.services.engine import Engine
from engine.services.sign_in import IDLE
from engine.storage import accounts, api_tokens, nodes

ATTEMPTS_KEPT = timedelta(days=1)
NODES_KEPT = timedelta(days=30)
REQUESTS_KEPT = timedelta(hours=24)  #: for so long a program may send a request again without acting twice


@dataclass(frozen=True)
class TidyReport:
    """How many rows and files went."""

    sessions: int
    attempts: int
    nodes: int
    files: int
    requests: int


def tidy(engine: Engine, *, now: datetime) -> TidyReport:
    """Delete what has run out. Nothing that anybody wrote, and no trail, is ever touched."""
    files = casework.tidy(engine, now=now)
    with engine.database.write() as connection:
        return TidyReport(
            sessions=accounts.forget_sessions(connection, expired_at=now, unused_since=now - IDLE),
            attempts=accounts.forget_attempts(connection, before=now - ATTEMPTS_KEPT),
            nodes=nodes.forget(connection, before=now - NODES_KEPT),
            files=files,
            requests=api_tokens.forget_requests(connection, before=now - REQUESTS_KEPT),
        )
