"""A request that acts, sent twice at the same moment, on both databases: one effect, one answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from engine.domain.errors import KeyReused
from engine.services import task_requests
from engine.services.outcomes import Outcome
from engine.services.task_requests import Keyed
from tests.support.casework import Casework, a_process, a_task, flow

PROCESS = a_process("visit", a_task("ask") + '<bpmn:endEvent id="done"/>' + flow("st", "ask") + flow("ask", "done"))
TOGETHER = 4


@pytest.fixture
def office(database_url: str) -> Iterator[Casework]:
    """The small office with a case whose one task waits."""
    opened = Casework.open(database_url)
    opened.deploy("visit", PROCESS)
    opened.start("visit")
    yield opened
    opened.engine.database.dispose()


def together(office: Casework, request: Keyed) -> list[Outcome]:
    """The same completion, asked for several times at the same moment."""
    actor, task, barrier = office.person("worker"), office.task("ask"), Barrier(TOGETHER)

    def ask(_: int) -> Outcome:
        barrier.wait(timeout=60)
        return task_requests.complete(
            office.engine, actor, task.id, {"note": "訪問した。"}, request, seen_version=task.version, now=office.now
        )

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(ask, range(TOGETHER)))


@pytest.mark.usefixtures("any_database")
def test_the_same_request_at_the_same_moment_acts_once(office: Casework) -> None:
    outcomes = together(office, Keyed("one", "digest"))
    assert len(set(outcomes)) == 1
    assert outcomes[0].state == "completed"
    assert len(office.rows("SELECT id FROM record")) == 1
    assert len(office.rows("SELECT seq FROM audit_event WHERE act = 'task.completed'")) == 1
    assert len(office.rows("SELECT key FROM api_request")) == 1


@pytest.mark.usefixtures("any_database")
def test_a_key_taken_in_between_undoes_the_act(office: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two different requests with one key: whichever comes second is undone by the row of the first."""
    actor, task, now = office.person("worker"), office.task("ask"), office.now
    task_requests.claim(office.engine, actor, task.id, Keyed("one", "first"), now=now)
    known = task_requests.store.kept
    answers = iter([None])
    monkeypatch.setattr(task_requests.store, "kept", lambda *asked: next(answers, known(*asked)))
    with pytest.raises(KeyReused):
        task_requests.release(office.engine, actor, task.id, Keyed("one", "second"), now=now)
    assert office.task("ask").state == "claimed"
    assert office.rows("SELECT act FROM audit_event WHERE act = 'task.released'") == []
