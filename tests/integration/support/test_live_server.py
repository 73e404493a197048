"""The real server as tests drive it: it answers, it stops when asked, it comes back after being killed."""

from __future__ import annotations

import os
import signal
import urllib.request
from pathlib import Path

import pytest

from tests.support.server import LiveServer

pytestmark = pytest.mark.fault


def group_is_gone(pid: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_page_is_served_and_everything_ends_when_asked(live_server: LiveServer) -> None:
    with urllib.request.urlopen(live_server.url, timeout=10) as answer:
        assert "つなぐ" in answer.read().decode()
    assert live_server.stop() == 0
    assert not live_server.answers()
    assert group_is_gone(live_server.pid)


def test_a_server_that_was_killed_starts_again_on_the_same_port(live_server: LiveServer) -> None:
    live_server.kill()
    assert not live_server.answers()
    live_server.start()
    assert live_server.answers()


def test_a_killed_child_is_replaced(live_server: LiveServer) -> None:
    children = Path(f"/proc/{live_server.pid}/task/{live_server.pid}/children").read_text().split()
    assert len(children) == 2
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    assert live_server.comes_back(seconds=20)
