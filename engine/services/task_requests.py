"""Acts on a task that a program asks for: each once, however often the request is sent (docs/adr/0025).

The request's key is written in the transaction of the effect. So of two that arrive at the same moment one has the
effect, and the other, whatever the first one's effect refused it with, finds the key and gets the same answer. Only
an effect is kept: what was refused may be sent again with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from engine.domain.errors import EngineError, KeyReused
from engine.domain.staff import Actor
from engine.services import access, tasks
from engine.services.engine import Engine
from engine.services.outcomes import Beside, Outcome
from engine.storage import api_tokens as store
from engine.storage.database import Connection


@dataclass(frozen=True)
class Keyed:
    """The key that came with a request, and what it was for: the digest of method, address and body."""

    key: str
    digest: str


def claim(engine: Engine, actor: Actor, task_id: str, request: Keyed, *, now: datetime) -> Outcome:
    """``tasks.claim``, once for each key. Raises as that, and KeyReused."""

    def act(beside: Beside) -> None:
        tasks.claim(engine, actor, task_id, now=now, beside=beside)

    return _once(engine, actor, task_id, request, act, now)


def release(engine: Engine, actor: Actor, task_id: str, request: Keyed, *, now: datetime) -> Outcome:
    """``tasks.release``, once for each key. Raises as that, and KeyReused."""

    def act(beside: Beside) -> None:
        tasks.release(engine, actor, task_id, now=now, beside=beside)

    return _once(engine, actor, task_id, request, act, now)


def complete(
    engine: Engine, actor: Actor, task_id: str, data: Mapping[str, Any], request: Keyed, *, seen_version: int,
    now: datetime,
) -> Outcome:  # fmt: skip
    """``tasks.complete``, once for each key. Raises as that, and KeyReused."""

    def act(beside: Beside) -> None:
        tasks.complete(engine, actor, task_id, data, now=now, seen_version=seen_version, beside=beside)

    return _once(engine, actor, task_id, request, act, now)


def _once(
    engine: Engine, actor: Actor, task_id: str, request: Keyed, act: Callable[[Beside], None], now: datetime
) -> Outcome:
    known = _known(engine, actor, request)
    if known is not None:
        return known
    written: list[Outcome] = []

    def beside(connection: Connection, outcome: Outcome) -> None:
        _keep(connection, actor, request, outcome, now)
        written.append(outcome)

    try:
        act(beside)
        return written[-1] if written else _nothing_to_do(engine, actor, task_id, request, now)
    except EngineError:
        known = _known(engine, actor, request)  # the same request came in between and had the effect
        if known is None:
            raise
        return known


def _known(engine: Engine, actor: Actor, request: Keyed) -> Outcome | None:
    """What was answered to the request before. Raises KeyReused when the key was used for another request."""
    with engine.database.read() as connection:
        found = store.kept(connection, actor.staff_id, request.key)
    if found is None:
        return None
    digest, outcome = found
    if digest != request.digest:
        raise KeyReused
    return Outcome(**outcome)


def _keep(connection: Connection, actor: Actor, request: Keyed, outcome: Outcome, now: datetime) -> None:
    row = {
        "staff_id": actor.staff_id, "key": request.key, "digest": request.digest, "outcome": asdict(outcome), "at": now,
    }  # fmt: skip
    if not store.keep(connection, row):
        raise KeyReused


def _nothing_to_do(engine: Engine, actor: Actor, task_id: str, request: Keyed, now: datetime) -> Outcome:
    """The task stood already as was asked; that answer is kept too, so that the key never acts later."""
    with engine.database.write() as connection:
        task = access.visible_task(connection, actor, task_id, now=now).task
        outcome = Outcome(task.id, task.state, task.version, task.assignee_id)
        _keep(connection, actor, request, outcome, now)
    return outcome
