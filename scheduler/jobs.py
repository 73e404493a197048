"""The table of jobs: what runs how often, and why. Each may run twice, or in two processes at once, without harm."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.domain.business_days import TOKYO
from engine.services import (
    housekeeping,
    mailing,
    messages,
    moving_together,
    reference_changes,
    rehearsals,
    scheduler_nodes,
    timers,
)
from engine.services.engine import Engine

log = logging.getLogger(__name__)
SCENARIOS_AT_ONCE = 3  #: a scheduler that is asked to stop waits for as many


@dataclass
class Node:
    """This process: its engine, its name in the database, and what it did since it last said so."""

    engine: Engine
    name: str
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    last_end: float = field(default_factory=time.monotonic)  #: when a job ended last, whether well or badly

    def count(self, done: int) -> None:
        """Note things that were done."""
        with self._lock:
            self._done += done

    def take(self) -> int:
        """What was done since the last call."""
        with self._lock:
            done, self._done = self._done, 0
            return done


@dataclass(frozen=True)
class Job:
    """One line of the table."""

    id: str
    trigger: Any
    run: Callable[[Node], None]
    why: str


def tick(node: Node) -> None:
    """Fire the timers and raise the levels that are due, by the reference data as they stand now."""
    reference_changes.refresh(node.engine)
    report = timers.tick(node.engine, now=node.engine.clock.now(), node=node.name)
    done = report.fired + report.raised + report.resumed + report.delivered
    node.count(done)
    if done or report.failed:
        log.info(
            "tick fired=%d raised=%d resumed=%d delivered=%d failed=%d",
            report.fired, report.raised, report.resumed, report.delivered, report.failed,
        )  # fmt: skip


def outbox(node: Node) -> None:
    """Deliver messages that were left in the outbox."""
    delivered = messages.route(node.engine, now=node.engine.clock.now())
    node.count(delivered)
    if delivered:
        log.info("outbox delivered=%d", delivered)


def moves(node: Node) -> None:
    """Move the next running instances to another version."""
    done = moving_together.work(node.engine, now=node.engine.clock.now())
    node.count(done)
    if done:
        log.info("moves done=%d", done)


def rehearse(node: Node) -> None:
    """Try the scenarios of what somebody wants to publish."""
    done = rehearsals.work(node.engine, now=node.engine.clock.now(), limit=SCENARIOS_AT_ONCE)
    node.count(done)
    if done:
        log.info("rehearsals done=%d", done)


def heartbeat(node: Node) -> None:
    """Say that this process lives."""
    done = node.take()
    try:
        scheduler_nodes.beat(node.engine, node.name, fired=done, now=node.engine.clock.now())
    except Exception:
        node.count(done)
        raise


def tidy(node: Node) -> None:
    """Forget what has run out."""
    now = node.engine.clock.now()
    report = housekeeping.tidy(node.engine, now=now)
    gone = (report.sessions, report.attempts, report.nodes, report.files, report.requests)
    mails = mailing.forget(node.engine, now=now)
    log.info("tidy sessions=%d attempts=%d nodes=%d files=%d requests=%d mails=%d", *gone, mails)


def mail(node: Node) -> None:
    """Tell people of their notices by electronic mail."""
    report = mailing.run(node.engine, now=node.engine.clock.now())
    node.count(report.sent)
    if report.made or report.sent or report.failed:
        log.info("mail made=%d sent=%d failed=%d", report.made, report.sent, report.failed)


JOBS = (
    Job("tick", IntervalTrigger(seconds=1), tick, "A moment that has come is acted upon within about a second."),
    Job(
        "outbox", IntervalTrigger(seconds=5), outbox,
        "A message is delivered in the request that sends it; this is for those that could not be, beside a long tick.",
    ),
    Job(
        "moves", IntervalTrigger(seconds=1), moves,
        "Instances are moved a few at a time; somebody may be watching how far it is.",
    ),
    Job(
        "rehearsals", IntervalTrigger(seconds=2), rehearse,
        "Scenarios take minutes and run in a program of their own; a job of its own keeps nobody waiting.",
    ),
    Job(
        "mail", IntervalTrigger(seconds=30), mail,
        "A notice is mailed within about half a minute; a mail server that does not answer keeps no other job waiting.",
    ),
    Job("heartbeat", IntervalTrigger(seconds=10), heartbeat, "`tsunagu doctor` sees within a minute who is dead."),
    Job(
        "housekeeping", CronTrigger(hour=3, minute=17, timezone=TOKYO), tidy,
        "Ended sessions and old counts of failed sign-ins are not kept; at night nobody waits for the database.",
    ),
)  # fmt: skip


def guarded(job: Job, node: Node) -> Callable[[], None]:
    """The job as the scheduler calls it: whatever goes wrong is logged, and the next run comes as planned."""

    def run() -> None:
        try:
            job.run(node)
        except Exception:  # the edge: one failed run must not end the others
            log.exception("job %s failed", job.id)
        finally:
            node.last_end = time.monotonic()

    return run
