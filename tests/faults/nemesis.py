"""Kills the processes of a real server with SIGKILL, when requests are on their way and when none is."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.clients import Office
from tests.faults.history import Kill, Outcome
from tests.support.server import LiveServer

PATIENCE_S = 60
#: what dies, in turn: everything as in a power cut, all workers, the web's master with its workers, one worker
TARGETS = ("machine", "workers", "machine", "master", "worker")
BETWEEN_EVERY = 3  #: every third kill falls when nobody is waiting for an answer
WORK_BETWEEN = 4  #: acknowledged attempts between two kills, so that there is something to lose


class Nemesis:
    """Strikes as often as it is told; the server is running again after each blow."""

    def __init__(self, server: LiveServer, office: Office, seed: int) -> None:
        self.server, self.office = server, office
        self.chance = random.Random(seed)

    def strike(self, number: int) -> Kill:
        """One kill, and the recovery."""
        between = number % BETWEEN_EVERY == 0
        target = TARGETS[number % len(TARGETS)]
        self.work()
        victims = self._victims(target)
        if between:
            self.office.gate.clear()
            self._until(lambda: self.office.history.waiting() == 0)
        else:
            self._until(lambda: self.office.history.waiting() > 0)
            time.sleep(self.chance.uniform(0, 0.03))
            self._until(lambda: self.office.history.waiting() > 0)
        kill = self._kill(target, victims)
        self._recover(target)
        self.office.gate.set()
        return kill

    def work(self) -> None:
        """Let the clients do something undisturbed."""
        before = self.office.history.count(Outcome.OK)
        self._until(lambda: self.office.history.count(Outcome.OK) >= before + WORK_BETWEEN)

    def _victims(self, target: str) -> list[int]:
        if target == "machine":
            return []
        master, workers = self.web_processes()
        return {"workers": workers, "worker": workers[:1], "master": [master, *workers]}[target]

    def _kill(self, target: str, victims: list[int]) -> Kill:
        kill = self.office.history.killed(target)
        if target == "machine":
            self.server.kill()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        return kill

    def web_processes(self) -> tuple[int, list[int]]:
        """The web server's master and its workers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            masters = [pid for pid in children(self.server.pid) if b"web" in command(pid)]
            workers = children(masters[0]) if masters else []
            if workers:
                return masters[0], workers
            time.sleep(0.05)
        raise AssertionError("the server has no workers")

    def _recover(self, target: str) -> None:
        if target == "machine":
            self.server.start(seconds=PATIENCE_S)
        assert self.server.comes_back(PATIENCE_S), "the server did not come back"

    def _until(self, holds) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"nothing happens: {self.office.faults[:5]}"
            time.sleep(0.0005)


def children(pid: int) -> list[int]:
    """Direct children of a process, on Linux."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command(pid: int) -> list[bytes]:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
