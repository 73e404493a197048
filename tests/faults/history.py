"""What the clients of a kill test asked for and what they were told, from several threads; and each blow they felt."""

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


class How(StrEnum):
    """What a blow does to its victim."""

    KILL = "kill"
    FREEZE = "freeze"  #: SIGSTOP, a pause, SIGCONT
    FREEZE_KILL = "freeze, kill"  #: SIGSTOP, a pause, SIGKILL


@dataclass(frozen=True)
class Blow:
    """One blow of the nemesis, and where it met its victim."""

    number: int
    target: str
    how: How
    at: float  #: monotonic, when it struck
    frozen_s: float = 0.0
    statement: int = 0  #: of the open writing transaction; 0: none was open
    committing: bool = False

    @property
    def kills(self) -> bool:
        """Whether something died."""
        return self.how is not How.FREEZE

    @property
    def inside(self) -> bool:
        """Whether it struck in the middle of a writing transaction."""
        return self.statement > 0


class History:
    """Attempts and blows. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.attempts: list[Attempt] = []
        self.blows: list[Blow] = []

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

    def struck(self, blow: Blow) -> None:
        """Note a blow."""
        with self._lock:
            self.blows.append(blow)

    def waiting(self) -> int:
        """How many requests are on the server now: sent, not answered."""
        with self._lock:
            return sum(a.sent_at is not None and a.outcome is Outcome.WAITING for a in self.attempts)

    def cut_off(self, blow: Blow) -> list[Attempt]:
        """The requests that were sent and unanswered when the blow fell, and were never answered."""
        with self._lock:
            return [
                a
                for a in self.attempts
                if a.outcome is Outcome.UNKNOWN
                and a.sent_at is not None
                and a.ended_at is not None
                and a.sent_at <= blow.at <= a.ended_at
            ]

    def count(self, outcome: Outcome) -> int:
        """How many attempts ended so."""
        with self._lock:
            return sum(attempt.outcome is outcome for attempt in self.attempts)
