"""A power cut between sending and receiving: the handoff is accepted, everything dies, new processes deliver it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.services import staff_accounts
from engine.services.engine import Engine
from tests.faults.clients import TASK, Gone, Session, hidden
from tests.faults.stories import Story, tell
from tests.support import soundness
from tests.support.clock import MovedClock
from tests.support.server import live_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
PASSWORD = "shizuka-na-asa-2026"
COMPANION = "すてっぷの橘"  #: coordinator of the organisation that is asked to take the person on


@pytest.fixture
def story(any_database: str) -> Iterator[Story]:
    """A handoff whose acceptance is open."""
    told = tell(any_database, "participation_support/scenarios/school_yuzu.yaml", until=lambda s: s.verb == "at_once")
    world = told.world
    staff_accounts.set_password(world.engine, world.people[COMPANION], PASSWORD, now=world.clock.now())
    yield told
    world.engine.database.dispose()


def rows(engine: Engine, sql: str) -> list:
    """What a query says."""
    with engine.database.read() as connection:
        return list(connection.execute(text(sql)))


def only_task(engine: Engine, element_id: str) -> str:
    """The id of the one open task of an element."""
    (row,) = rows(engine, f"SELECT id FROM user_task WHERE element_id = '{element_id}' AND state = 'open'")
    return str(row[0])


def open_form(session: Session, task_id: str) -> dict[str, str]:
    """Take a task and open its form."""
    page = session.get(f"/tasks/{task_id}")
    assert session.post(f"/tasks/{task_id}/claim", hidden(page.text)).status == 302
    return hidden(session.get(f"/tasks/{task_id}").text)


def wait_for(holds: Callable[[], object], seconds: float = 60) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def test_the_receiver_has_the_task_after_everything_died_between_send_and_receive(
    story: Story, any_database: str, tmp_path: Path
) -> None:
    engine = story.world.engine
    clock = MovedClock(tmp_path / "clock", story.world.clock.now())
    accept = only_task(engine, "ph_accept")
    dying = {**clock.environment(), "TSUNAGU_TEST_DIE_BEFORE": "routing"}
    with live_server(any_database, tmp_path, dying) as server:
        session = Session(server.port)
        session.sign_in(COMPANION, PASSWORD)
        form = open_form(session, accept)
        with pytest.raises(Gone):
            session.post(f"/tasks/{accept}/complete", {**form, "accept": "受理"})
        wait_for(lambda: not server.answers())

    # The acceptance is kept, its message is on its way, nobody has received it.
    assert rows(engine, f"SELECT state FROM user_task WHERE id = '{accept}'")[0][0] == "completed"
    (message,) = rows(engine, "SELECT * FROM outbox WHERE name = 'participation.accepted'")
    assert message.state == "pending"
    assert rows(engine, "SELECT id FROM process_instance WHERE process_key = 'participation_support'") == []
    assert soundness.problems(engine) == []

    with live_server(any_database, tmp_path, clock.environment()) as server:
        wait_for(lambda: rows(engine, "SELECT id FROM user_task WHERE element_id = 'ps_needs'"))
        needs = only_task(engine, "ps_needs")
        session = Session(server.port)
        session.sign_in(COMPANION, PASSWORD)
        assert needs in TASK.findall(session.get("/inbox?view=claimable").text)
        form = open_form(session, needs)
        answer = session.post(
            f"/tasks/{needs}/complete", {**form, "needs-wish": "工作", "needs-care": "大きな音が苦手"}
        )
        assert answer.location == f"/tasks/{needs}/completed"
        time.sleep(2)  # the scheduler beats on: it is not received again

    (received,) = rows(engine, "SELECT * FROM process_instance WHERE process_key = 'participation_support'")
    (message,) = rows(engine, "SELECT * FROM outbox WHERE name = 'participation.accepted'")
    assert (message.state, message.delivered_to) == ("delivered", received.id)
    with engine.database.read() as connection:
        variables = soundness.inspected(engine, connection, received.id).variables
    assert variables["from_org"] == "AG-03"
    assert variables["handoff_id"]
    assert len(rows(engine, "SELECT id FROM user_task WHERE element_id = 'ps_needs'")) == 1
    assert soundness.problems(engine) == []
