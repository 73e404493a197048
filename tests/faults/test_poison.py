"""What can never succeed: a few attempts with growing pauses, then one incident; what stands behind it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from engine.domain.errors import BudgetExceeded, DefinitionRefused, InstanceFailed
from engine.services import cases, messages, tasks, timers
from tests.faults.rounds import started_by
from tests.support.casework import Casework, a_form, a_process, a_task, flow, tokyo

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
NOTE = {"note": a_form("note", optional=("note",))}
END = '<bpmn:endEvent id="end"/>'


def waiting(key: str, then: str, *, variables: tuple[str, ...] = ("note",), due: str = "start_of(started_on)") -> bytes:
    """A task beside a timer that is due at once; ``then`` is what the timer leads to, from element ``go``."""
    timer = (
        '<bpmn:boundaryEvent id="is_due" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition>'
        f"<bpmn:timeDate>{due}</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    return a_process(
        key, a_task("work") + timer + then + END + flow("st", "work") + flow("work", "end") + flow("is_due", "go"),
        variables=variables,
    )  # fmt: skip


GOOD = waiting("good", a_task("go") + '<bpmn:endEvent id="ended"/>' + flow("go", "ended"))
#: a condition that fails, and a loop without a task in it
FAILING = waiting(
    "failing", '<bpmn:exclusiveGateway id="go" default="f_go__away"/><bpmn:endEvent id="away"/>'
    '<bpmn:endEvent id="there"/>' + flow("go", "away") + flow("go", "there", "1 / len(note) == 0"),
)  # fmt: skip
LOOP = '<bpmn:exclusiveGateway id="go"/><bpmn:exclusiveGateway id="turn" default="f_turn__go"/>'
ENDLESS = waiting(
    "endless", LOOP + '<bpmn:endEvent id="never"/>' + flow("go", "turn") + flow("turn", "go")
    + flow("turn", "never", 'note == "never"'),
)  # fmt: skip
EXPLODING = {
    "text": "len(note * 999999999) == 0",
    "list": "len([note] * 999999999) == 0",
    "number": "9999999999999999999 * 9999999999999999999 * 9999999999999999999 * 9999999999999999999 == 0",
}


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """An office with one process that never fails."""
    opened = Casework.open(any_database)
    opened.deploy("good", GOOD, NOTE)
    yield opened
    opened.engine.database.dispose()


def incidents(office: Casework) -> list[tuple[str, str]]:
    return [(row.job, row.element_id) for row in office.rows("SELECT job, element_id FROM incident")]


def state_of(office: Casework, key: str) -> str:
    sql = "SELECT t.state FROM timer t JOIN process_instance i ON i.id = t.instance_id WHERE i.process_key = :key"
    return str(office.rows(sql + " AND t.kind = 'token'", key=key)[0].state)


def until_given_up(office: Casework, key: str) -> list[datetime]:
    """Tick every minute until the moment is given up; when it was tried."""
    tried: list[datetime] = []
    for _ in range(30):
        tried += [office.now] if office.tick().failed else []
        assert state_of(office, "good") == "fired", "it came at the first tick"
        if state_of(office, key) == "failed":
            return tried
        office.now += timedelta(minutes=1)
    raise AssertionError("never given up")


@pytest.mark.parametrize(("key", "process"), [("failing", FAILING), ("endless", ENDLESS)], ids=["failing", "endless"])
def test_a_timer_whose_step_always_fails_is_tried_three_times_and_then_an_incident(
    office: Casework, key: str, process: bytes
) -> None:
    office.deploy(key, process, NOTE)
    office.start(key)  # due before the good one
    office.now += timedelta(seconds=1)
    office.start("good")
    tried = until_given_up(office, key)
    first, second, third = tried
    assert (second - first, third - second) == (timedelta(minutes=1), timedelta(minutes=2))
    ((job, _),) = incidents(office)
    assert job == "timer"
    office.now += timedelta(days=1)
    assert office.tick() == timers.TickReport()
    office.complete("work", "worker")  # the task beside it can still be done
    assert len(incidents(office)) == 1


def test_a_level_that_cannot_be_raised_holds_up_no_other(office: Casework) -> None:
    for _ in range(3):
        office.start("good")
    bad, ref = office.tasks("work")[0].id, office.tasks("work")[0].ref
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE clock SET ladder = 'no such ladder' WHERE task_id = '{bad}'")
    office.tick("2026-05-20T09:00")
    raised = office.rows("SELECT DISTINCT task_id FROM raised")
    assert {row.task_id for row in raised} == {task.id for task in office.tasks("work")} - {bad}
    for _ in range(3):
        office.now += timedelta(minutes=10)
        office.tick()
    assert office.rows("SELECT id FROM raised WHERE task_id = :bad", bad=bad) == []
    assert incidents(office) == [("timer", "work")]
    assert {row.state for row in office.rows(f"SELECT state FROM timer WHERE ref = '{ref}' AND kind = 'level'")} == {
        "failed"
    }


def test_a_moment_of_an_instance_that_cannot_be_read_holds_up_no_other(office: Casework) -> None:
    office.start("good")
    spoiled = office.rows("SELECT id FROM process_instance")[0].id
    office.start("good")
    with office.engine.database.write() as connection:
        unreadable = "x'00'" if office.engine.database.is_sqlite else "decode('00', 'hex')"
        connection.exec_driver_sql(f"UPDATE process_instance SET state = {unreadable} WHERE id = '{spoiled}'")
    report = office.tick()
    assert (report.fired, report.failed) == (1, 1)
    for _ in range(3):
        office.now += timedelta(minutes=10)
        office.tick()
    assert incidents(office) == [("timer", "is_due")]


def test_a_message_that_cannot_be_taken_holds_up_no_other(office: Casework) -> None:
    receiver = a_process(
        "receiver", a_task("hear") + END + flow("st", "hear") + flow("hear", "end"), variables=("day:date",)
    )
    office.deploy("receiver", started_by("sent", receiver), NOTE)
    throw = (
        '<bpmn:intermediateThrowEvent id="send" tsunagu:payload="day">'
        '<bpmn:messageEventDefinition messageRef="m_sent"/></bpmn:intermediateThrowEvent>'
    )
    sender = a_process(
        "sender", a_task("write", form="day") + throw + END + flow("st", "write") + flow("write", "send")
        + flow("send", "end"), variables=("day",), messages=("sent",),
    )  # fmt: skip
    office.deploy("sender", sender, {"day": a_form("day", optional=("day",))})
    office.start("sender", data={"day": "あさって"})
    office.start("sender", data={"day": "2026-04-02"})
    assert len(office.tasks("hear")) == 1
    for _ in range(6):
        office.now += timedelta(minutes=10)
        messages.route(office.engine, now=office.now)
    states = sorted(row.state for row in office.rows("SELECT state FROM outbox"))
    assert states == ["delivered", "failed"]
    assert incidents(office) == [("message", "sent")]
    assert len(office.tasks("hear")) == 1


def test_a_live_version_that_cannot_be_read_holds_up_no_message_and_no_start(office: Casework) -> None:
    office.deploy("broken", FAILING.replace(b"failing", b"broken").replace(b"1 / len(note)", b"2 ** 8"), NOTE)
    worker = office.person("worker")
    assert [found.process_key for found in cases.startable(office.engine, worker)] == ["good"]
    with pytest.raises(DefinitionRefused):
        office.start("broken")
    sender = a_process(
        "sender", '<bpmn:endEvent id="end"><bpmn:messageEventDefinition messageRef="m_sent"/></bpmn:endEvent>'
        + a_task("write") + flow("st", "write") + flow("write", "end"), messages=("sent",),
    )  # fmt: skip
    office.deploy("sender", sender, NOTE)
    office.start("sender", data={})
    assert messages.route(office.engine, now=office.now + timedelta(days=2)) == 0
    assert office.rows("SELECT state FROM outbox")[0].state == "pending"


def test_a_person_who_comes_to_an_endless_loop_is_refused_and_keeps_the_task(office: Casework) -> None:
    loop = a_process(
        "round", a_task("work") + LOOP + END + flow("st", "work") + flow("work", "go") + flow("go", "turn")
        + flow("turn", "go") + flow("turn", "end", 'note == "never"'), variables=("note",),
    )  # fmt: skip
    office.deploy("round", loop, NOTE)
    office.start("round")
    for _ in range(2):
        with pytest.raises(BudgetExceeded, match=r"10,000手順|計算時間"):
            office.complete("work", "worker", note="x")
    assert office.task("work").state == "open"
    assert incidents(office) == [("complete", incidents(office)[0][1])]
    office.start("good")
    assert office.tick().fired == 1


@pytest.mark.parametrize("kind", EXPLODING)
def test_an_expression_that_explodes_is_refused_by_its_budget(office: Casework, kind: str) -> None:
    bomb = a_process(
        "bomb", a_task("work") + '<bpmn:exclusiveGateway id="go" default="f_go__end"/><bpmn:endEvent id="there"/>' + END
        + flow("st", "work") + flow("work", "go") + flow("go", "end") + flow("go", "there", EXPLODING[kind]),
        variables=("note",),
    )  # fmt: skip
    office.deploy("bomb", bomb, NOTE)
    office.start("bomb")
    task = office.task("work").id
    with pytest.raises(InstanceFailed) as failure:
        tasks.complete(office.engine, office.person("worker"), task, {"note": "x"}, now=tokyo("2026-04-01T10:00"))
    assert failure.value.element_id == "go"
    assert office.task("work").state == "open"
    assert incidents(office) == [("complete", "go")]
