"""``tsunagu serve``: starts the web server and the scheduler, starts again what dies, and ends both when told."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("child.py")
MODULES = ("web", "scheduler")
LOOK_EVERY = 0.1  #: seconds
STEADY = 60.0  #: seconds after which a child counts as running well
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  #: seconds before a dead child is started again
GRACE = 30.0  #: seconds a child gets to finish what it does
MISCONFIGURED = 2  #: exit code of a child that no restart can help
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Child:
    """One module, run as a process of its own."""

    module: str
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    start_at: float = field(default=0.0)

    def start(self) -> None:
        """Begin. It stays in our process group, and is told to end should we die."""
        command = [sys.executable, str(CHILD), self.module, str(os.getpid())]
        self.process = subprocess.Popen(command, env=dict(self.env), stdin=subprocess.DEVNULL)
        self.started = time.monotonic()
        log.info("%s runs as process %d", self.module, self.process.pid)

    def died(self) -> int | None:
        """The exit code if it has ended since we looked last, with the time set at which it starts again."""
        code = self.process.poll() if self.process is not None else None
        if code is None:
            return None
        self.process = None
        now = time.monotonic()
        self.pause = FIRST_PAUSE if now - self.started > STEADY else min(self.pause * 2, LONGEST_PAUSE)
        self.start_at = now + self.pause
        return code

    def signal(self, number: int) -> None:
        """Pass a signal on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, until: float) -> None:
        """Wait for its end until a moment of the monotonic clock, then kill it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("%s does not end and is killed", self.module)
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Both children of one installation. ``run`` belongs into the main thread, which receives the signals."""

    def __init__(self, env: Mapping[str, str], modules: Sequence[str] = MODULES) -> None:
        self._children = [Child(module, env) for module in modules]
        self._stop = threading.Event()

    def stop(self, *_: object) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    def run(self) -> int:
        """Run until told to stop (0), or until a child says that a setting is wrong (2)."""
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop)
        code = 0
        try:
            while not self._stop.is_set():
                code = self._look()
                if code:
                    break
                self._stop.wait(LOOK_EVERY)
        finally:
            self._end()
        return code

    def _look(self) -> int:
        """Start what is due to start; MISCONFIGURED when a child gave up for good."""
        for child in self._children:
            code = child.died()
            if code == MISCONFIGURED:
                return MISCONFIGURED
            if code is not None:
                log.error("%s ended with %d and starts again in %.1f s", child.module, code, child.pause)
            if child.process is None and time.monotonic() >= child.start_at:
                child.start()
        return 0

    def _end(self) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + GRACE
        for child in self._children:
            child.wait(until)
