"""Two nodes on one PostgreSQL, each with a scheduler and two web workers, and a great many moments at one instant."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.services import staff_accounts
from tests.faults.clients import TASK, Gone, Session, hidden
from tests.races.models import NOTE, waking
from tests.support.casework import Casework, tokyo
from tests.support.clock import MovedClock
from tests.support.server import LiveServer, live_server
from tests.support.soundness import problems

pytestmark = [pytest.mark.fault, pytest.mark.postgres, pytest.mark.timeout(1800)]
PASSWORD = "shizuka-na-asa-2026"
PEOPLE, NODES = 4, 2


@pytest.fixture
def office(postgres_url: str) -> Iterator[Casework]:
    """Four people who can sign in."""
    opened = Casework.open(postgres_url)
    for number in range(PEOPLE):
        staff_accounts.create_staff(
            opened.engine, login=f"person-{number}", name=f"職員{number}", password=PASSWORD,
            roles={"AG-04": ["intake_worker"]}, now=opened.now,
        )  # fmt: skip
    opened.deploy("waking", waking(), NOTE)
    yield opened
    opened.engine.database.dispose()


class Worker(threading.Thread):
    """A person who completes whatever comes into the group's inbox, at one of the nodes."""

    def __init__(self, number: int, node: LiveServer, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self.login, self.session, self.done = f"person-{number}", Session(node.port), done
        self.acknowledged: list[str] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """Until told to stop; a page that fails is a fault of the product."""
        try:
            self.session.sign_in(self.login, PASSWORD)
            while not self.done.is_set():
                page = self.session.get("/inbox?view=claimable")
                for task_id in list(dict.fromkeys(TASK.findall(page.text)))[:3]:
                    self._complete(task_id)
        except (Gone, AssertionError) as error:
            self.faults.append(f"{self.login}: {error}")

    def _complete(self, task_id: str) -> None:
        page = self.session.get(f"/tasks/{task_id}")
        if f'action="/tasks/{task_id}/claim"' in page.text:
            self.session.post(f"/tasks/{task_id}/claim", hidden(page.text))
            page = self.session.get(f"/tasks/{task_id}")
        if f'action="/tasks/{task_id}/complete"' not in page.text:
            return  # somebody was faster
        answer = self.session.post(f"/tasks/{task_id}/complete", {**hidden(page.text), "note": self.login})
        if answer.status >= 500:
            self.faults.append(f"{self.login}: {answer.status}")
        if answer.status == 302 and answer.location.startswith(("/inbox?done", "/cases/", "/tasks/")):
            self.acknowledged.append(task_id)


def wait_for(holds: Callable[[], object], seconds: float) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.2)


def test_each_of_many_moments_at_one_instant_comes_once(
    office: Casework, postgres_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count = int(request.config.getoption("--moments"))
    cases = [office.start("waking").case_id for _ in range(count)]
    clock = MovedClock(tmp_path / "clock", "2026-04-03T23:58")
    done = threading.Event()
    with ExitStack() as running:
        nodes = []
        for number in range(NODES):
            folder = tmp_path / f"node-{number}"
            folder.mkdir()
            nodes.append(running.enter_context(live_server(postgres_url, folder, clock.environment())))
        people = [Worker(number, nodes[number % NODES], done) for number in range(PEOPLE)]
        for person in people:
            person.start()
        wait_for(lambda: len(office.rows("SELECT id FROM scheduler_node")) == NODES, 30)
        assert office.rows("SELECT id FROM timer WHERE state <> 'pending' AND kind = 'token'") == []
        clock.set("2026-04-04T00:00")
        wait_for(lambda: not office.rows("SELECT id FROM timer WHERE kind = 'token' AND state <> 'fired'"), 600)
        wait_for(lambda: sum(len(person.acknowledged) for person in people) >= min(count, 20), 120)
        done.set()
        for person in people:
            person.join(60)
    assert [fault for person in people for fault in person.faults] == []
    acknowledged = [task_id for person in people for task_id in person.acknowledged]
    print(f"\n{count} moments, {len(acknowledged)} tasks completed meanwhile")  # noqa: T201
    check(office, cases, acknowledged)


def check(office: Casework, cases: list[str], acknowledged: list[str]) -> None:
    """Each moment once, each task once, each acknowledged completion once, all at the one instant that was due."""
    due = {row.fires_at for row in office.rows("SELECT DISTINCT fires_at FROM timer WHERE kind = 'token'")}
    assert due == {tokyo("2026-04-04T00:00")}
    fired = Counter(
        row[0]
        for row in office.rows(
            "SELECT i.case_id FROM history h JOIN process_instance i ON i.id = h.instance_id WHERE h.kind = 'fired'"
        )
    )
    assert fired == dict.fromkeys(cases, 1)
    woken = Counter(task.case_id for task in office.tasks("woken"))
    assert woken == dict.fromkeys(cases, 1)
    completed = {task.id for task in office.tasks("woken", state="completed")}
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= completed
    assert problems(office.engine) == []
    early = office.rows("SELECT id FROM timer WHERE kind = 'token' AND fired_at < fires_at")
    assert early == []
