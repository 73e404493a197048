"""What the clients of a kill test asked for and what they were told, from several threads."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the client knows of an attempt."""

    WAITING = "waiting"  #: not sent completely, or sent and not answered yet
    OK = "ok"  #: the server said that it is done
    REFUSED = "refused"  #: the server said that it is not done
    UNKNOWN = "unknown"  #: no answer came: done or not done


@dataclass
class Attempt:
    """One request that changes something, recognised by a text that no other request carries."""

    token: str
    kind: str  #: complete, start
    task_id: str  #: empty for a start
    by: str
    outcome: Outcome = Outcome.WAITING
    sent_at: float | None = None  #: monotonic, when the last byte had left
    ended_at: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Kill:
    """One blow of the nemesis."""

    number: int
    what: str
    at: float


class History:
    """Attempts and kills. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.attempts: list[Attempt] = []
        self.kills: list[Kill] = []

    def begin(self, kind: str, task_id: str, by: str) -> Attempt:
        """A new attempt with its token."""
        with self._lock:
            attempt = Attempt(f"token-{len(self.attempts):05}", kind, task_id, by)
            self.attempts.append(attempt)
            return attempt

    def sent(self, attempt: Attempt) -> None:
        """The whole request has left."""
        with self._lock:
            attempt.sent_at = time.monotonic()

    def end(self, attempt: Attempt, outcome: Outcome, detail: str = "") -> None:
        """An answer came, or none will."""
        with self._lock:
            attempt.outcome, attempt.ended_at, attempt.detail = outcome, time.monotonic(), detail

    def killed(self, what: str) -> Kill:
        """Note a kill at the moment at which it strikes."""
        with self._lock:
            kill = Kill(len(self.kills) + 1, what, time.monotonic())
            self.kills.append(kill)
            return kill

    def waiting(self) -> int:
        """How many requests are on the server now: sent, not answered."""
        with self._lock:
            return sum(a.sent_at is not None and a.outcome is Outcome.WAITING for a in self.attempts)

    def struck(self, kill: Kill) -> list[Attempt]:
        """The requests that were sent and unanswered when the kill struck, and were never answered."""
        with self._lock:
            return [
                a
                for a in self.attempts
                if a.outcome is Outcome.UNKNOWN
                and a.sent_at is not None
                and a.ended_at is not None
                and a.sent_at <= kill.at <= a.ended_at
            ]

    def count(self, outcome: Outcome) -> int:
        """How many attempts ended so."""
        with self._lock:
            return sum(attempt.outcome is outcome for attempt in self.attempts)
