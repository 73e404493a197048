"""Where instances stand: tasks, awaited messages and moments are places, events beside a task are not."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from engine.queries import standing
from engine.queries.standing import Counts
from engine.storage.tables import incident
from tests.support.casework import Casework, a_process, a_task, flow

BESIDE = (
    '<bpmn:boundaryEvent id="late" attachedToRef="visit" cancelActivity="false"><bpmn:timerEventDefinition>'
    '<bpmn:timeDuration>"P3D"</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
)
HEARD = (
    '<bpmn:intermediateCatchEvent id="heard" name="返事を待つ"><bpmn:messageEventDefinition messageRef="m_m1"/>'
    "</bpmn:intermediateCatchEvent>"
)
BPMN = a_process(
    "care",
    '<bpmn:parallelGateway id="g"/><bpmn:parallelGateway id="j"/>' + a_task("visit") + BESIDE + HEARD + a_task("remind")
    + '<bpmn:endEvent id="done"/><bpmn:endEvent id="reminded"/>' + flow("st", "g") + flow("g", "visit")
    + flow("g", "heard") + flow("visit", "j") + flow("heard", "j") + flow("j", "done") + flow("late", "remind")
    + flow("remind", "reminded"),
    messages=("m1",),
)  # fmt: skip


def test_each_open_task_and_each_thing_awaited_is_one_place(sqlite_url: str) -> None:
    office = Casework.open(sqlite_url)
    office.deploy("care", BPMN)
    for _ in range(3):
        office.start("care")
    office.complete("visit", "worker")
    instance = office.start("care").instance_id
    with office.engine.database.write() as connection:
        connection.execute(
            insert(incident).values(
                id="i1", instance_id=instance, job="timer", element_id="late", cause="試験", detail={},
                opened_at=office.now,
            )
        )  # fmt: skip
    found = standing.heat(office.engine, "care", 1, now=office.now + timedelta(days=30))
    assert {place.element_id: place.counts for place in found.places} == {
        "visit": Counts(here=3, late=3), "heard": Counts(here=4), "late": Counts(stopped=1),
    }  # fmt: skip
    assert found.total == Counts(here=7, late=3, stopped=1)
    assert found.worst is not None
    assert (found.worst.element_id, found.worst.versions) == ("visit", {1: 3})
    assert standing.overview(office.engine, now=office.now) == {"care": Counts(stopped=1)}
    office.engine.database.dispose()


def test_what_the_shown_version_does_not_have_is_told_last_with_its_own_name(sqlite_url: str) -> None:
    office = Casework.open(sqlite_url)
    office.deploy("care", BPMN)
    office.start("care")
    office.deploy(
        "care", a_process("care", a_task("only") + '<bpmn:endEvent id="e"/>' + flow("st", "only") + flow("only", "e"))
    )
    office.start("care")
    places = standing.heat(office.engine, "care", 2, now=office.now).places
    assert [(place.element_id, place.drawn) for place in places] == [("only", True), ("visit", False), ("heard", False)]
    assert places[2].name == "返事を待つ"
    assert [Counts(here).heat for here in (0, 1, 4, 5, 10, 30)] == [0, 1, 1, 2, 3, 4]
    office.engine.database.dispose()
