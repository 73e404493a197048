"""kill -9 of the real server between and inside completions: every acknowledged one is there once, none twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.services import messages, staff_accounts
from tests.faults.checker import Verdict, judge
from tests.faults.clients import Client, Office
from tests.faults.history import History, Outcome
from tests.faults.nemesis import Nemesis
from tests.faults.rounds import deploy_rounds
from tests.support.casework import Casework
from tests.support.server import LiveServer, live_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]
PASSWORD = "shizuka-na-asa-2026"
CLIENTS, CASES = 5, 12


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """An agency with five people who can sign in, and some cases to begin with."""
    opened = Casework.open(any_database)
    deploy_rounds(opened)
    opened.now = opened.engine.clock.now()
    for number in range(CLIENTS):
        staff_accounts.create_staff(
            opened.engine, login=f"person-{number}", name=f"職員{number}", password=PASSWORD,
            roles={"AG-04": ["intake_worker"]}, now=opened.now,
        )  # fmt: skip
    for _ in range(CASES):
        opened.start("rounds", data={})
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def server(office: Casework, any_database: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The whole product: supervisor, web master, two workers, scheduler."""
    with live_server(any_database, tmp_path) as running:
        yield running


def test_what_was_acknowledged_survives_every_kill_once(
    office: Casework, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    kills = request.config.getoption("--kills")
    history = History()
    desk = Office(server.port, history)
    clients = [Client(desk, f"person-{number}", PASSWORD, seed=number) for number in range(CLIENTS)]
    desk.gate.set()
    for client in clients:
        client.start()
    nemesis = Nemesis(server, desk, seed=kills)
    for number in range(1, kills + 1):
        nemesis.strike(number)
    nemesis.work()
    desk.stop.set()
    for client in clients:
        client.join(60)
    assert not any(client.is_alive() for client in clients)
    assert desk.faults == []
    messages.route(office.engine, now=office.engine.clock.now())

    struck = [history.struck(kill) for kill in history.kills]
    tell(history, struck)
    assert len(history.kills) == kills
    assert 3 * sum(bool(attempts) for attempts in struck) >= kills, "too few kills met a request on its way"
    judgement = judge(office.engine, history.attempts, at_least=2 * kills)
    assert judgement.verdict is Verdict.VALID, str(judgement)
    assert office.rows("SELECT id FROM outbox WHERE state <> 'delivered'") == []


def tell(history: History, struck: list[list]) -> None:
    """What happened, for whoever reads the log of a run."""
    counts = ", ".join(f"{history.count(outcome)} {outcome}" for outcome in Outcome)
    inside = sum(bool(attempts) for attempts in struck)
    print(f"\n{len(struck)} kills, {inside} with a request on its way; attempts: {counts}")  # noqa: T201
