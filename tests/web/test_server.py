"""``python -m web`` as a process: it serves, it ends when told, it names a wrong setting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import ConfigurationError, Settings
from tests.support import processes
from tests.support.ports import free_port
from web.server import options


def settings(**values: object) -> Settings:
    """Settings of a server."""
    return Settings(database_url="sqlite:///x", workflows=Path("workflows"), **values)  # type: ignore[arg-type]


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and its address."""
    port = free_port()
    env = {**os.environ, "TSUNAGU_DATABASE_URL": sqlite_url, "PORT": str(port), "HOST": "127.0.0.1"}
    with (tmp_path / "web.log").open("wb") as log:
        process = processes.start([sys.executable, "-m", "web"], log=log, env=env)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        processes.kill_group(process)
        process.wait(10)


def answer(url: str, seconds: float = 30) -> int:
    """The status of an address as soon as somebody answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_it_serves_and_ends_when_told(server: tuple[subprocess.Popen[bytes], str]) -> None:
    process, url = server
    assert answer(f"{url}/healthz") == 200
    assert answer(f"{url}/sign-in") == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/healthz", timeout=5)


@pytest.mark.parametrize(("name", "value"), [("TSUNAGU_WEB_WORKERS", "many"), ("PORT", "99999")])
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "web"], env={**os.environ, name: value}, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert name.encode() in ended.stderr


def test_workers_and_threads_are_settings() -> None:
    told = options(settings(port=8001), {"TSUNAGU_WEB_WORKERS": "5", "TSUNAGU_WEB_THREADS": "2"})
    assert (told["bind"], told["workers"], told["threads"]) == ("127.0.0.1:8001", 5, 2)
    assert told["control_socket_disable"] is True
    with pytest.raises(ConfigurationError, match="TSUNAGU_WEB_THREADS"):
        options(settings(), {"TSUNAGU_WEB_THREADS": "0"})
