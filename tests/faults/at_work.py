"""An agency whose people work at their browsers on a real server, for tests that disturb them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from engine.services import staff_accounts, timers
from tests.faults.clients import Client, Office
from tests.faults.history import History
from tests.faults.rounds import deploy_rounds
from tests.support.casework import Casework

PASSWORD = "shizuka-na-asa-2026"
CLIENTS, CASES = 5, 12


def open_office(url: str, *, clients: int = CLIENTS, cases: int = CASES) -> Casework:
    """An agency with people who can sign in, and some cases to begin with."""
    opened = Casework.open(url)
    deploy_rounds(opened)
    opened.employ("lead", "DV-07", "programme_lead")  # so that every level tells somebody
    opened.now = opened.engine.clock.now()
    for number in range(clients):
        staff_accounts.create_staff(
            opened.engine, login=f"person-{number}", name=f"職員{number}", password=PASSWORD,
            roles={"AG-04": ["intake_worker"]}, now=opened.now,
        )  # fmt: skip
    for _ in range(cases):
        opened.start("rounds", data={})
    return opened


@contextmanager
def at_work(port: int, *, seed: int, clients: int = CLIENTS, outages: bool = False) -> Iterator[Office]:
    """The people, at work until the block ends; what must never be answered is in ``faults``."""
    desk = Office(port, History(), outages=outages)
    people = [Client(desk, f"person-{number}", PASSWORD, seed=seed * 100 + number) for number in range(clients)]
    desk.gate.set()
    for person in people:
        person.start()
    try:
        yield desk
    finally:
        desk.stop.set()
        for person in people:
            person.join(60)
    assert not any(person.is_alive() for person in people)


def settle(office: Casework) -> None:
    """What a scheduler had claimed or put back comes due; nobody else works any more."""
    timers.tick(office.engine, now=office.engine.clock.now() + timedelta(minutes=10), node="the last")
