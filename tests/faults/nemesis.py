"""Strikes the processes of a real server, by SIGKILL and SIGSTOP: in the middle of a transaction, and between two."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.clients import Office
from tests.faults.history import Blow, How, Outcome
from tests.support import processes
from tests.support.moved_clock.watched import COMMITTING
from tests.support.server import LiveServer

PATIENCE_S = 240
#: what is struck and how, in turn: a web worker, the scheduler, the web's master, everything as in a power cut
BLOWS = (
    ("worker", How.KILL), ("scheduler", How.KILL), ("worker", How.FREEZE_KILL), ("scheduler", How.FREEZE_KILL),
    ("worker", How.KILL), ("scheduler", How.FREEZE), ("machine", How.KILL), ("worker", How.KILL),
    ("scheduler", How.KILL), ("worker", How.FREEZE), ("master", How.KILL), ("worker", How.FREEZE_KILL),
    ("scheduler", How.KILL), ("worker", How.KILL), ("master", How.FREEZE_KILL), ("scheduler", How.FREEZE_KILL),
    ("worker", How.KILL), ("master", How.FREEZE),
)  # fmt: skip
FROZEN_S = (0.2, 1.5)
BETWEEN_EVERY = 5  #: every fifth blow falls when nobody waits for an answer
WORK_BETWEEN = 2  #: acknowledged attempts between two blows, so that there is something to lose
WAIT_S, LONGEST_WAIT_S = 1.0, 6.0  #: for the wanted statement of a transaction; for any; then it is struck as it is
DEEPEST = {"worker": 20, "machine": 20, "scheduler": 8}  #: up to which statement of a transaction the nemesis waits


class Watch:
    """What the processes show of their transactions, a file of bytes each (tests/support/moved_clock/watched.py)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def deepest(self, pids: list[int]) -> int:
        """The statement at which the busiest thread of these processes is; 0 when none is inside a transaction."""
        return max((max(self._bytes(pid), default=0) for pid in pids), default=0)

    def _bytes(self, pid: int) -> bytes:
        try:
            return (self.folder / str(pid)).read_bytes()
        except OSError:
            return b""


class SecondScheduler:
    """A scheduler beside the server's own, as on a second machine: it takes over what the struck one had claimed."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment, self._log = {**os.environ, **environment}, folder / "second-scheduler.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin."""
        with self._log.open("ab") as log:
            self._process = processes.start([sys.executable, "-m", "scheduler"], log=log, env=self._environment)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        processes.kill_group(self._process)
        self._process.wait(10)

    def end(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        return processes.end(self._process)


class Nemesis:
    """Strikes as often as it is told; the server answers again after each blow."""

    def __init__(self, server: LiveServer, second: SecondScheduler, office: Office, watch: Watch, seed: int) -> None:
        self.server, self.second, self.office, self.watch = server, second, office, watch
        self.chance = random.Random(seed)

    def strike(self, number: int) -> Blow:
        """One blow, and the recovery."""
        target, how = BLOWS[(number - 1) % len(BLOWS)]
        self.work()
        victims, watched = self._victims(target)
        self._await_moment(target, watched, between=number % BETWEEN_EVERY == 0)
        blow = self._blow(number, target, how, victims, watched)
        self.office.history.struck(blow)
        self._recover(target)
        self.office.gate.set()
        return blow

    def work(self) -> None:
        """Let the clients do something undisturbed."""
        before = self.office.history.count(Outcome.OK)
        self._until(lambda: self.office.history.count(Outcome.OK) >= before + WORK_BETWEEN)

    # ------------------------------------------------------------ the moment

    def _await_moment(self, target: str, watched: list[int], *, between: bool) -> None:
        """Until the victim is at some statement of a transaction; or, between, until nobody waits for an answer."""
        if between:
            self.office.gate.clear()
            self._until(lambda: self.office.history.waiting() == 0)
            return
        wanted, began = self.chance.randint(1, DEEPEST.get(target, 1)), time.monotonic()
        while (waited := time.monotonic() - began) < LONGEST_WAIT_S:
            found = self.watch.deepest(watched)
            if wanted <= found < COMMITTING or (found and waited > WAIT_S):
                return
            time.sleep(0.0001)

    def _victims(self, target: str) -> tuple[list[int], list[int]]:
        """The processes to strike, and those whose transactions are watched (a master has none of its own)."""
        if target == "scheduler":
            pid = self._child(b"scheduler")
            return [pid], [pid]
        master, workers = self.web_processes()
        if target == "worker":
            return workers[:1], workers[:1]
        return [master], [*workers, *([self._child(b"scheduler")] if target == "machine" else [])]

    def web_processes(self) -> tuple[int, list[int]]:
        """The web server's master and its workers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            master = self._child(b"web")
            workers = children(master)
            if workers:
                return master, workers
            time.sleep(0.02)
        raise AssertionError("the server has no workers")

    def _child(self, module: bytes) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for pid in children(self.server.pid):
                if command(pid)[-2:-1] == [module]:
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"the server has no {module.decode()}")

    # ------------------------------------------------------------ the blow

    def _blow(self, number: int, target: str, how: How, victims: list[int], watched: list[int]) -> Blow:
        at, frozen = time.monotonic(), 0.0
        if target == "machine":
            self.server.kill()
            self.second.kill()
            depth = self.watch.deepest(watched)
        elif how is How.KILL:
            signal_all(victims, signal.SIGKILL)
            depth = self.watch.deepest(watched)
        else:
            signal_all(victims, signal.SIGSTOP)
            depth, frozen = self.watch.deepest(watched), self.chance.uniform(*FROZEN_S)
            time.sleep(frozen)
            signal_all(victims, signal.SIGCONT if how is How.FREEZE else signal.SIGKILL)
        depth = 0 if target == "master" else depth  # it has no transactions; those of its workers go on
        return Blow(number, target, how, at, round(frozen, 3), depth, depth == COMMITTING)

    def _recover(self, target: str) -> None:
        if target == "machine":
            self.server.start(seconds=PATIENCE_S)
            self.second.start()
        assert self.server.comes_back(PATIENCE_S), "the server did not come back"

    def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"nothing happens: {self.office.faults[:5]}"
            time.sleep(0.0005)


def signal_all(pids: list[int], number: int) -> None:
    """Send a signal to each process that still lives."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


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
