"""Who holds the port that the demo wants is said before anything is started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "script" / "port_holder.py"


def asked(host: str, port: str) -> tuple[int, str]:
    """Exit code and message."""
    run = subprocess.run([sys.executable, SCRIPT, host, port], capture_output=True, text=True, check=False)
    return run.returncode, run.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_passed_over_in_silence(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    assert asked("127.0.0.1", str(free)) == (0, "")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens on a port")
def test_the_process_on_a_taken_port_is_named_with_a_way_out(taken: int) -> None:
    code, message = asked("127.0.0.1", str(taken))
    assert code == 2
    assert f"process {os.getpid()} " in message
    assert f"PORT={taken + 1} script/run" in message


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_what_is_no_port_is_said(port: str) -> None:
    code, message = asked("127.0.0.1", port)
    assert code == 2
    assert f"PORT={port} is no port number" in message


def test_an_address_of_another_machine_is_said() -> None:
    code, message = asked("192.0.2.1", "8000")
    assert code == 2
    assert "cannot listen on 192.0.2.1" in message
