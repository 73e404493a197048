"""`tsunagu serve` keeps web server and scheduler alive, and takes both with it when it ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from engine.storage import nodes
from engine.storage.database import Database
from tests.support.server import LiveServer

pytestmark = pytest.mark.fault


def children(pid: int) -> dict[str, int]:
    """Module -> process id of the direct children, from /proc."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except (OSError, ValueError):
                continue
            if parent == pid and b"-m" in command:
                found[command[command.index(b"-m") + 1].decode()] = int(folder.name)
    return found


def wait_for(value, seconds=40):
    """What ``value()`` returns once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = value()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("not in time")


def is_gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def alive_nodes(url: str) -> list[str]:
    """Scheduler processes that have not said goodbye."""
    database = Database(url, pool=False)
    with database.read() as connection:
        return [node.id for node in nodes.everyone(connection) if node.stopped_at is None]


def test_a_child_that_dies_is_started_again(live_server: LiveServer, database_url):
    before = wait_for(lambda: len(found := children(live_server.pid)) == 2 and found)
    wait_for(lambda: alive_nodes(database_url))
    os.kill(before["scheduler"], signal.SIGKILL)
    wait_for(lambda: len(alive_nodes(database_url)) == 2)  # the dead one could not say goodbye
    os.kill(before["web"], signal.SIGKILL)
    wait_for(lambda: children(live_server.pid).get("web") not in (None, before["web"]) and live_server.answers())
    assert children(live_server.pid)["scheduler"] != before["scheduler"]


def test_told_to_end_it_ends_both_children_in_order(live_server: LiveServer, database_url):
    running = wait_for(lambda: len(found := children(live_server.pid)) == 2 and found)
    wait_for(lambda: alive_nodes(database_url))
    assert live_server.stop() == 0
    assert all(is_gone(pid) for pid in running.values())
    assert alive_nodes(database_url) == []


def test_when_it_is_killed_itself_its_children_end_too(live_server: LiveServer, database_url):
    running = wait_for(lambda: len(found := children(live_server.pid)) == 2 and found)
    wait_for(lambda: alive_nodes(database_url))
    os.kill(live_server.pid, signal.SIGKILL)
    wait_for(lambda: all(is_gone(pid) for pid in running.values()))
    assert alive_nodes(database_url) == []


def test_a_wrong_setting_ends_it_with_the_settings_name(database_url, tmp_path):
    server = LiveServer(database_url, tmp_path, {"TSUNAGU_WEB_WORKERS": "many"})
    with pytest.raises(Exception, match="TSUNAGU_WEB_WORKERS"):
        server.start()
    assert server.stop() == 2
