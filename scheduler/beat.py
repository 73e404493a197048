"""One scheduler process: APScheduler with its memory store as the beat, and a watch over it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from engine.services import scheduler_nodes
from engine.services.engine import Engine
from scheduler.jobs import JOBS, Job, Node, guarded

log = logging.getLogger(__name__)
WATCH_EVERY = 0.5  #: seconds between two looks at the thread
SILENCE = 300.0  #: seconds without the end of any job after which the process gives itself up


def node_name() -> str:
    """A name for this process that no other has or had."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Beat:
    """Runs the jobs until told to stop. One per process."""

    def __init__(self, engine: Engine, jobs: Sequence[Job] = JOBS, *, silence: float = SILENCE) -> None:
        self.node = Node(engine, node_name())
        self._silence = silence
        self._stop = threading.Event()
        self._scheduler = BlockingScheduler(
            executors={"default": ThreadPoolExecutor(max_workers=len(jobs) + 1)},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        for job in jobs:
            self._scheduler.add_job(guarded(job, self.node), job.trigger, id=job.id, name=job.id)
        self.thread = threading.Thread(target=self._scheduler.start, name="beat", daemon=True)

    def stop(self) -> None:
        """Ask ``run`` to end; may be called from a signal handler or another thread."""
        self._stop.set()

    def run(self) -> int:
        """Beat until ``stop``; 0 after an orderly end, 1 when the beat itself died and somebody must start anew."""
        scheduler_nodes.start(self.node.engine, self.node.name, now=self.node.engine.clock.now())
        log.info("scheduler %s begins", self.node.name)
        self.thread.start()
        reason = self._watch()
        if reason:
            log.critical("scheduler %s gives up: %s", self.node.name, reason)
            return 1
        self._scheduler.shutdown(wait=True)  # a job that runs is finished
        self.thread.join()
        scheduler_nodes.beat(self.node.engine, self.node.name, fired=self.node.take(), now=self.node.engine.clock.now())
        scheduler_nodes.stop(self.node.engine, self.node.name, now=self.node.engine.clock.now())
        log.info("scheduler %s ends", self.node.name)
        return 0

    def _watch(self) -> str:
        """Wait for the request to stop (then ""), or for a sign that the beat is dead (then why)."""
        while not self._stop.wait(WATCH_EVERY):
            if not self.thread.is_alive():
                return "its thread is dead"
            if time.monotonic() - self.node.last_end > self._silence:
                return f"no job has ended for {self._silence:.0f} seconds"
        return ""
