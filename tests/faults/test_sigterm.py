"""SIGTERM while people work: what was begun is ended and answered, and the processes end in order and in time.

``--kills N`` with N over 100 asks N/100 times; the default asks once.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.supervisor import GRACE
from tests.faults import moments
from tests.faults.at_work import at_work, open_office, settle
from tests.faults.checker import Verdict, judge, read
from tests.faults.history import Outcome
from tests.faults.test_dropped_connections import progress
from tests.support import processes
from tests.support.casework import Casework
from tests.support.server import LiveServer

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1200)]


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """People and cases."""
    opened = open_office(any_database)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def server(office: Casework, any_database: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The product; the test itself ends it."""
    made = LiveServer(any_database, tmp_path)
    made.start(seconds=90)
    yield made
    processes.kill_group(made.process)


def test_what_was_begun_when_the_end_came_is_finished_and_answered(
    office: Casework, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    rounds = max(1, request.config.getoption("--kills") // 100)
    with at_work(server.port, seed=request.config.getoption("--seed")) as desk:
        for number in range(rounds):
            progress(desk, 5, 60)
            server.process.terminate()
            try:
                code = server.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                code = None
            assert code == 0, "it did not end in order within its grace"
            if number < rounds - 1:
                server.start(seconds=60)
    assert desk.faults == []
    settle(office)
    judgement = judge(office.engine, desk.history.attempts, at_least=5 * rounds)
    kept = read(office.engine)
    unheard = [a.token for a in desk.history.attempts if a.outcome is Outcome.UNKNOWN and a.token in kept]
    print(f"\n{rounds} ends; {desk.history.count(Outcome.UNKNOWN)} requests without an answer; {judgement}")  # noqa: T201
    assert judgement.verdict is Verdict.VALID, str(judgement)
    assert unheard == [], "done, and nobody was told"
    assert moments.left(office.engine) == []
