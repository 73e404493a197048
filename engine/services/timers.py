"""The tick: everything that is due now happens once, whoever else ticks at the same moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.bpmn.api import Advance
from engine.bpmn.runner import Runner
from engine.domain.errors import EngineError, InstanceFailed, NotOpen, StaleVersion, StorageUnavailable
from engine.domain.staff import SYSTEM
from engine.services import incidents, messages, raises, tasks
from engine.services.engine import Engine
from engine.services.operations.registry import call_from_token
from engine.services.steps import Step, advance
from engine.storage import tasks as task_store
from engine.storage import timers
from engine.storage.rows import TimerRow

log = logging.getLogger(__name__)
BATCH = 500
LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
BACK_OFF = timedelta(minutes=1)
SOON = timedelta(seconds=5)  #: when to look again after something that is not the moment's own fault
MAX_ROUNDS = 1000  #: a tick ends at the latest after this many batches; the next one goes on


@dataclass(frozen=True)
class TickReport:
    """What a tick did."""

    fired: int = 0
    raised: int = 0
    resumed: int = 0
    failed: int = 0
    delivered: int = 0

    def __add__(self, other: TickReport) -> TickReport:
        return TickReport(
            self.fired + other.fired, self.raised + other.raised, self.resumed + other.resumed,
            self.failed + other.failed, self.delivered + other.delivered,
        )  # fmt: skip


class TakenOver(EngineError):
    """Another scheduler has the moment now: its lease ran out here."""

    code = "taken_over"


@dataclass
class FireTimer:
    """Act of a step: a moment of a token has come."""

    timer: TimerRow
    job: str = "timer"

    def run(self, step: Step, runner: Runner) -> Advance:
        """Let the token go on."""
        assert step.instance is not None
        step.notes["timer_due_at"] = self.timer.fires_at
        return runner.fire(step.instance.state, self.timer.ref, self.timer.branch or None)

    def write(self, step: Step, result: Advance) -> None:
        """Mark the moment as fired in the same transaction; the fence keeps a second scheduler out."""
        if not timers.finish(step.tx.connection, self.timer, state="fired", at=step.now):
            raise TakenOver(self.timer.id)
        step.notes["audit"] = {
            "act": "timer.fired", "element_id": self.timer.element_id,
            "data": {"due": self.timer.fires_at.isoformat()},
        }  # fmt: skip


def tick(engine: Engine, *, now: datetime, node: str) -> TickReport:
    """Do what is due, in due order, then deliver what was sent; until nothing is due any more."""
    report = TickReport(delivered=messages.route(engine, now=now))
    for _ in range(MAX_ROUNDS):
        with engine.database.write() as connection:
            claimed = timers.claim_due(connection, now=now, node=node, limit=BATCH, lease=LEASE)
        if not claimed:
            return report
        report += _handle(engine, claimed, now)
        report += TickReport(delivered=messages.route(engine, now=now))
    return report


def _handle(engine: Engine, claimed: list[TimerRow], now: datetime) -> TickReport:
    """One batch in due order: neighbouring raises together, moments of tokens one by one."""
    report = TickReport()
    levels: list[TimerRow] = []
    for timer in claimed:
        if timer.kind == "level":
            levels.append(timer)
            continue
        report += _raise(engine, levels, now)
        levels = []
        report += _alone(engine, timer, _end_hold if timer.kind == "hold_end" else _fire, now)
    return report + _raise(engine, levels, now)


def _raise(engine: Engine, levels: list[TimerRow], now: datetime) -> TickReport:
    """Raise a batch in one transaction; when that fails, each alone, so that one that cannot be holds up no other."""
    if len(levels) == 1:
        return _alone(engine, levels[0], _raise_one, now)
    try:
        return TickReport(raised=raises.raise_batch(engine, levels, now=now))
    except Exception:
        log.exception("%d raises failed together and are done one by one", len(levels))
        return sum((_alone(engine, timer, _raise_one, now) for timer in levels), TickReport())


def _raise_one(engine: Engine, timer: TimerRow, now: datetime) -> TickReport:
    return TickReport(raised=raises.raise_batch(engine, [timer], now=now))


def _fire(engine: Engine, timer: TimerRow, now: datetime) -> TickReport:
    try:
        advance(engine, SYSTEM, timer.instance_id, FireTimer(timer), call_from_token, now=now)
    except NotOpen:
        with engine.database.write() as connection:
            timers.finish(connection, timer, state="cancelled", at=now)
        return TickReport()
    return TickReport(fired=1)


def _alone(
    engine: Engine, timer: TimerRow, act: Callable[[Engine, TimerRow, datetime], TickReport], now: datetime
) -> TickReport:
    """Act upon one moment. Whatever goes wrong is its own: it is put back, and the others of the batch still come.

    Only a database that cannot even be told so ends the tick (StorageUnavailable); the leases run out then.
    """
    try:
        return act(engine, timer, now)
    except TakenOver:
        return TickReport()
    except (StaleVersion, StorageUnavailable):
        with engine.database.write() as connection:
            timers.put_back(connection, timer, next_at=now + SOON)
        return TickReport()
    except Exception as error:
        if not isinstance(error, InstanceFailed):  # which is logged and an incident already
            log.exception("timer %s failed", timer.id)
        _count_failure(engine, timer, error, now)
        return TickReport(failed=1)


def _count_failure(engine: Engine, timer: TimerRow, error: Exception, now: datetime) -> None:
    """Try again after a pause; after the last attempt the moment waits for somebody to resolve the incident."""
    gives_up = timer.attempts + 1 >= MAX_ATTEMPTS
    if gives_up and not isinstance(error, InstanceFailed):
        incidents.give_up(
            engine, job="timer", instance_id=timer.instance_id, case_id=timer.case_id, element_id=timer.element_id,
            error=error, now=now,
        )  # fmt: skip
    with engine.database.write() as connection:
        timers.put_back(connection, timer, next_at=now + BACK_OFF * 2**timer.attempts, attempts=1, failed=gives_up)


def _end_hold(engine: Engine, timer: TimerRow, now: datetime) -> TickReport:
    with engine.database.read() as connection:
        open_tasks = task_store.open_of_instance(connection, timer.instance_id)
    task = next((t for t in open_tasks if t.ref == timer.ref and t.state == "held"), None)
    if task is not None:
        tasks.resume(engine, SYSTEM, task.id, reason="保留の期日", now=now)
    with engine.database.write() as connection:
        timers.finish(connection, timer, state="fired", at=now)
    return TickReport(resumed=1 if task else 0)
