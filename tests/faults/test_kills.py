"""SIGKILL and SIGSTOP of a web worker, the web's master, the scheduler and everything, in the middle of transactions:
what was acknowledged is there once, every moment that came had its effect once.

``--kills 500`` is the long run of docs/verification/faults.md, ``--seed`` its seed, ``--verdicts FOLDER`` where the
summary goes, ``--minutes`` after what time it strikes no more.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.services import raises
from tests.faults import moments, summary
from tests.faults.at_work import at_work, open_office, settle
from tests.faults.checker import Verdict, judge
from tests.faults.history import History
from tests.faults.nemesis import Nemesis, SecondScheduler, Watch
from tests.support.casework import Casework
from tests.support.clock import FOLDER, ROOT
from tests.support.server import COMMAND, LiveServer, live_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(5400)]
#: the levels of a task that is 60 days late are 60 to 46 days late: some are told one by one, the others together
MISSED_DAYS = 54
LEASE_S = 1.0  #: shorter than most freezes, so that a frozen scheduler wakes to find its moments taken over


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """An agency with five people who can sign in, and some cases to begin with."""
    opened = open_office(any_database)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Where the processes show what they are doing."""
    return Watch(tmp_path / "watch")


@pytest.fixture
def environment(any_database: str, watch: Watch) -> dict[str, str]:
    """What the struck processes are given."""
    return {
        "TSUNAGU_DATABASE_URL": any_database, "TSUNAGU_TEST_WATCH": str(watch.folder), "TSUNAGU_TEST_STEADY": "0",
        "TSUNAGU_TEST_LEASE": str(LEASE_S), "TSUNAGU_TEST_MISSED_DAYS": str(MISSED_DAYS),
        "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}",
    }  # fmt: skip


@pytest.fixture
def server(office: Casework, any_database: str, environment: dict[str, str], tmp_path: Path) -> Iterator[LiveServer]:
    """The whole product: supervisor, web master, two workers, scheduler."""
    with live_server(any_database, tmp_path, environment) as running:
        yield running


@pytest.fixture
def second(office: Casework, environment: dict[str, str], tmp_path: Path) -> Iterator[SecondScheduler]:
    """Another scheduler on the same database."""
    scheduler = SecondScheduler(environment, tmp_path)
    scheduler.start()
    yield scheduler
    scheduler.end()


def test_what_was_acknowledged_and_what_was_due_is_there_once_after_every_blow(
    office: Casework, server: LiveServer, second: SecondScheduler, watch: Watch, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(raises, "MISSED", timedelta(days=MISSED_DAYS))  # here as in the schedulers
    kills, seed = request.config.getoption("--kills"), request.config.getoption("--seed")
    with at_work(server.port, seed=seed) as desk:
        nemesis, began = Nemesis(server, second, desk, watch, seed), time.monotonic()
        ends = began + 60 * (request.config.getoption("--minutes") or math.inf)
        number = 0
        while sum(blow.kills for blow in desk.history.blows) < kills and time.monotonic() < ends:
            number += 1
            nemesis.strike(number)
        nemesis.work()
    assert desk.faults == []
    history = desk.history
    server.stop()
    assert second.end() == 0
    settle(office)

    judgement = judge(office.engine, history.attempts, at_least=2 * number)
    told = summary.of(office.engine, history, judgement, seed=seed, seconds=time.monotonic() - began)
    summary.keep(told, request.config.getoption("--verdicts"))
    assert judgement.verdict is Verdict.VALID, str(judgement)
    assert moments.left(office.engine) == []
    assert office.rows("SELECT id FROM outbox WHERE state <> 'delivered'") == []
    assert trail_by_command(office) == 0
    worth_saying(history)


def trail_by_command(office: Casework) -> int:
    """Exit code of ``tsunagu audit verify``."""
    env = {**os.environ, "TSUNAGU_DATABASE_URL": office.engine.settings.database_url, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, COMMAND, "audit", "verify"], env=env, check=False).returncode


def worth_saying(history: History) -> None:
    """The blows met what they were to meet; else the verdict would say little."""
    struck = [blow for blow in history.blows if blow.target != "master"]  # which has no transactions of its own
    assert 3 * sum(blow.inside for blow in struck) >= len(struck), "too few blows met a transaction"
    kills = [blow for blow in history.blows if blow.kills]
    assert any(history.cut_off(blow) for blow in kills), "no blow met a request on its way"
