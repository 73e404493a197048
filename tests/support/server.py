"""The product as its users have it: `tsunagu serve` as a process, on a port and a database of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import processes
from tests.support.ports import free_port

COMMAND = Path(sys.executable).with_name("tsunagu")


class ServerDidNotStart(Exception):
    """The server ended, or did not answer in time; the message carries its log."""


class LiveServer:
    """A server that a test may stop, kill and start again; its port and database stay the same."""

    def __init__(self, database_url: str, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self._env = {
            **os.environ,
            "TSUNAGU_DATABASE_URL": database_url,
            "TSUNAGU_BASE_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **(env or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervisor, as long as nobody has started another one."""
        assert self._process is not None, "the server was not started"
        return self._process

    @property
    def pid(self) -> int:
        """Process id of the supervisor; its children are in the same group."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def start(self, *arguments: str, seconds: float = 240) -> None:
        """Start `tsunagu serve` and wait until a page answers. Raises ServerDidNotStart."""
        with self.log.open("ab") as log:
            self._process = processes.start([COMMAND, "serve", *arguments], log=log, env=self._env)
        if not self.comes_back(seconds):
            self.kill()
            raise ServerDidNotStart(self.log.read_text(errors="replace")[-4000:])

    def comes_back(self, seconds: float) -> bool:
        """Whether it answers before the time is up; False at once when it has ended."""
        assert self._process is not None, "the server was not started"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.answers():
                return True
            time.sleep(0.05)
        return False

    def answers(self) -> bool:
        """Whether a page is served, be it a refusal."""
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return True
        except OSError:
            return False
        return True

    def stop(self) -> int:
        """Ask it to end, as an administrator does; returns its exit code."""
        assert self._process is not None, "the server was not started"
        return processes.end(self._process, by=signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to all its processes at once, as a dying machine does."""
        assert self._process is not None, "the server was not started"
        processes.kill_group(self._process)
        self._process.wait(10)
        deadline = time.monotonic() + 10
        while self.answers() and time.monotonic() < deadline:  # a child may die a moment later than its parent
            time.sleep(0.01)


@contextmanager
def live_server(database_url: str, folder: Path, env: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    """A started server; stopped at the end if it still runs. `env` adds to the environment."""
    server = LiveServer(database_url, folder, env)
    server.start()
    try:
        yield server
    finally:
        server.stop()
