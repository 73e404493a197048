"""The checker of the kill test finds what it is there to find."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from engine.services import tasks
from tests.faults.checker import Verdict, judge
from tests.faults.history import Attempt, History, Outcome
from tests.faults.rounds import deploy_rounds
from tests.support.casework import Casework


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Casework]:
    """An office whose clock is the test's."""
    opened = Casework.open(sqlite_url)
    deploy_rounds(opened)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def history(office: Casework) -> list[Attempt]:
    """Two starts and three completions that were acknowledged and are there."""
    kept = History()
    for elements in (("left", "right"), ("left",)):
        begun = kept.begin("start", "", "worker")
        case = office.start("rounds", data={"note": begun.token}).case_id
        for element in elements:
            task_id = office.task(element, case_id=case).id
            done = kept.begin("complete", task_id, "worker")
            tasks.complete(office.engine, office.person("worker"), task_id, {"note": done.token}, now=office.now)
    for attempt in kept.attempts:
        kept.sent(attempt)
        kept.end(attempt, Outcome.OK)
    return kept.attempts


def change(office: Casework, *statements: str) -> None:
    with office.engine.database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_history_that_agrees_with_the_database_is_valid(office: Casework, history: list[Attempt]) -> None:
    assert str(judge(office.engine, history)) == "valid: "


def test_a_lost_completion_is_found(office: Casework, history: list[Attempt]) -> None:
    forged = Attempt("token-77777", "complete", "t", "worker", Outcome.OK, 1.0, 2.0)
    judgement = judge(office.engine, [*history, forged])
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons == ("lost: token-77777 was acknowledged to worker and is not there",)


def test_a_doubled_completion_is_found(office: Casework, history: list[Attempt]) -> None:
    columns = "case_id, form_key, task_form, version_id, number, data, author_id, org_id, at, task_id, element_id"
    change(
        office,
        f"INSERT INTO record (id, series, {columns}) SELECT 'again', 'again', {columns} FROM record"
        f" WHERE data LIKE '%{history[1].token}%'",
    )
    judgement = judge(office.engine, history)
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons[0] == f"doubled: {history[1].token} is there 2 times"


def test_a_completion_that_was_refused_and_is_there_is_found(office: Casework, history: list[Attempt]) -> None:
    history[1].outcome = Outcome.REFUSED
    assert judge(office.engine, history).reasons == (f"done although refused: {history[1].token}",)


def test_an_unanswered_completion_may_be_there_or_not(office: Casework, history: list[Attempt]) -> None:
    history[1].outcome = Outcome.UNKNOWN
    absent = Attempt("token-88888", "complete", "t", "worker", Outcome.UNKNOWN, 1.0, 2.0)
    assert judge(office.engine, [*history, absent]).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE user_task SET state = 'open' WHERE state = 'completed' AND element_id = 'left'", "half done"),
        ("DELETE FROM user_task WHERE state = 'open' AND element_id = 'right'", "tasks in rows"),
        ("UPDATE timer SET state = 'fired' WHERE kind = 'token'", "timers in rows"),
        ("DELETE FROM subscription", "subscriptions in rows"),
        ("UPDATE audit_event SET actor = 'somebody' WHERE seq = 2", "audit chain"),
        ("DELETE FROM history WHERE seq = 2", "history has"),
        ("UPDATE record SET id = 'other' WHERE rowid = 2", "is missing"),
        ("UPDATE process_instance SET status = 'completed'", "completed with"),
    ],
    ids=["task", "open task", "timer", "subscription", "trail", "history", "record", "instance"],
)
def test_a_broken_database_is_found(office: Casework, history: list[Attempt], statement: str, finding: str) -> None:
    with sqlite3.connect(office.engine.settings.database_url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)
    connection.close()
    judgement = judge(office.engine, history)
    assert judgement.verdict is Verdict.INVALID
    assert any(finding in reason for reason in judgement.reasons), judgement


def test_too_little_shows_nothing(office: Casework, history: list[Attempt]) -> None:
    assert judge(office.engine, history, at_least=100).verdict is Verdict.UNKNOWN
    history[0].outcome = Outcome.WAITING
    assert judge(office.engine, history).verdict is Verdict.UNKNOWN


def test_a_database_that_cannot_be_read_shows_nothing(office: Casework, history: list[Attempt]) -> None:
    change(office, "ALTER TABLE record RENAME TO gone")
    assert judge(office.engine, history).verdict is Verdict.UNKNOWN
