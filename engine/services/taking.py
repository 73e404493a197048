"""Tasks taken, given back, held or resumed together from a list: each in its own transaction, a result for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from engine.domain.errors import AlreadyClaimed, AlreadyCompleted, EngineError, NotFound, NotOpen, StaleVersion
from engine.domain.staff import Actor
from engine.services import tasks
from engine.services.engine import Engine

MOST = 50  #: tasks at once: as many as a page of the list has


class Outcome(StrEnum):
    """What became of one task of several."""

    DONE = "done"
    FASTER = "faster"  #: somebody else has it, or has finished it
    CHANGED = "changed"  #: it is not open any more, for another reason
    REFUSED = "refused"  #: not for this person to do
    UNKNOWN = "unknown"  #: absent or not to be known of


@dataclass(frozen=True)
class Result:
    """One task's outcome; ``error`` is what refused it."""

    task_id: str
    outcome: Outcome
    error: EngineError | None = None


def claim_many(engine: Engine, actor: Actor, task_ids: Iterable[str], *, now: datetime) -> tuple[Result, ...]:
    """Take each of the tasks that is free; what one already holds counts as taken."""
    return _each(task_ids, lambda task_id: tasks.claim(engine, actor, task_id, now=now))


def release_many(engine: Engine, actor: Actor, task_ids: Iterable[str], *, now: datetime) -> tuple[Result, ...]:
    """Give each of the tasks back to its group."""
    return _each(task_ids, lambda task_id: tasks.release(engine, actor, task_id, now=now))


def hold_many(
    engine: Engine, actor: Actor, task_ids: Iterable[str], *, until: date, reason: str, now: datetime
) -> tuple[Result, ...]:
    """Hold each of the tasks until 00:00 of a day. Raises FormInvalid and HoldTooLong, before anything is done."""
    tasks.check_hold(engine, until, reason, now=now)
    return _each(task_ids, lambda one: tasks.hold(engine, actor, one, until=until, reason=reason, now=now))


def resume_many(engine: Engine, actor: Actor, task_ids: Iterable[str], *, now: datetime) -> tuple[Result, ...]:
    """End the hold of each of the tasks, also to undo one."""
    return _each(task_ids, lambda task_id: tasks.resume(engine, actor, task_id, now=now))


def _each(task_ids: Iterable[str], act: Callable[[str], None]) -> tuple[Result, ...]:
    return tuple(_one(task_id, act) for task_id in list(dict.fromkeys(task_ids))[:MOST])


def _one(task_id: str, act: Callable[[str], None]) -> Result:
    try:
        act(task_id)
    except (AlreadyClaimed, AlreadyCompleted) as refusal:
        return Result(task_id, Outcome.FASTER, refusal)
    except (NotOpen, StaleVersion) as refusal:
        return Result(task_id, Outcome.CHANGED, refusal)
    except NotFound as refusal:
        return Result(task_id, Outcome.UNKNOWN, refusal)
    except EngineError as refusal:
        return Result(task_id, Outcome.REFUSED, refusal)
    return Result(task_id, Outcome.DONE)
