"""Judges a history against what the database holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from engine.services.engine import Engine
from engine.storage.tables import audit_event, record, user_task
from tests.faults import moments
from tests.faults.history import Attempt, Outcome
from tests.support import soundness


class Verdict(StrEnum):
    """What the test may claim."""

    VALID = "valid"  #: everything acknowledged is there once, nothing twice, the database is sound
    INVALID = "invalid"  #: something is lost, doubled or broken
    UNKNOWN = "unknown"  #: too little happened, or the database could not be read: nothing is shown


@dataclass(frozen=True)
class Judgement:
    """The verdict with its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.verdict}: " + "; ".join(self.reasons[:20])


@dataclass(frozen=True)
class Kept:
    """What the database holds of one attempt: the records with its token, and the state of their tasks."""

    records: int
    completed: int  #: of those records' tasks, how many are completed
    told: int  #: completions of those tasks in the trail


def judge(engine: Engine, attempts: Iterable[Attempt], *, at_least: int = 1) -> Judgement:
    """Compare. at_least: acknowledged attempts without which nothing can be said."""
    attempts = list(attempts)
    try:
        kept = read(engine)
        unsound = [*soundness.problems(engine), *moments.problems(engine)]
    except Exception as error:  # noqa: BLE001 - whatever keeps us from reading: nothing is shown
        return Judgement(Verdict.UNKNOWN, (f"the database could not be read: {type(error).__name__}: {error}",))
    reasons = [*compared(attempts, kept), *unsound]
    if reasons:
        return Judgement(Verdict.INVALID, tuple(reasons))
    acknowledged = sum(attempt.outcome is Outcome.OK for attempt in attempts)
    if acknowledged < at_least:
        return Judgement(Verdict.UNKNOWN, (f"only {acknowledged} acknowledged attempts, {at_least} are needed",))
    waiting = sum(attempt.outcome is Outcome.WAITING for attempt in attempts)
    if waiting:
        return Judgement(Verdict.UNKNOWN, (f"{waiting} attempts have not ended",))
    return Judgement(Verdict.VALID, ())


def compared(attempts: Iterable[Attempt], kept: dict[str, Kept]) -> Iterator[str]:
    """What contradicts the history, attempt by attempt."""
    nothing = Kept(0, 0, 0)
    known = set()
    for attempt in attempts:
        known.add(attempt.token)
        found = kept.get(attempt.token, nothing)
        if attempt.outcome is Outcome.OK and found.records == 0:
            yield f"lost: {attempt.token} was acknowledged to {attempt.by} and is not there"
        elif attempt.outcome is Outcome.REFUSED and found.records:
            yield f"done although refused: {attempt.token}"
        if found.records > 1:
            yield f"doubled: {attempt.token} is there {found.records} times"
        elif found.records == 1 and (found.completed, found.told) != (1, 1):
            yield f"half done: {attempt.token}, {found.completed} tasks completed, {found.told} in the trail"
    yield from (f"nobody asked for {token}" for token in sorted(set(kept) - known))


def read(engine: Engine) -> dict[str, Kept]:
    """By token, what the database holds of it."""
    with engine.database.read() as connection:
        records = list(connection.execute(select(record.c.data, record.c.task_id)))
        done = set(connection.execute(select(user_task.c.id).where(user_task.c.state == "completed")).scalars())
        told = Counter(
            connection.execute(select(audit_event.c.task_id).where(audit_event.c.act == "task.completed")).scalars()
        )
    tasks: dict[str, list[str]] = {}
    for row in records:
        token = (row.data or {}).get("note")
        if isinstance(token, str) and token.startswith("token-"):
            tasks.setdefault(token, []).append(row.task_id)
    return {
        token: Kept(len(ids), sum(i in done for i in set(ids)), sum(told[i] for i in set(ids)))
        for token, ids in tasks.items()
    }
