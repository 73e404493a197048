"""What an advance reports: opened, closed, timers, subscriptions, thrown messages, history, ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.bpmn.api import CloseKind
from engine.domain.errors import NotOpen
from tests.unit.bpmn.driving import START, FakeHost, Instance
from tests.unit.bpmn.process_xml import (
    TERMINATE,
    after,
    boundary,
    end,
    file,
    line,
    message,
    node,
    path,
    people,
    several,
    start,
    timer,
    user,
)


def history(instance: Instance) -> list[str]:
    return [f"{entry.element_id} {entry.kind}" for entry in instance.last.history]


def with_events(*events: str) -> bytes:
    """s -> u -> e with the given boundary events, each leading to an end of its own."""
    ids = [f"b{number}" for number in range(len(events))]
    drawn = "".join(event + end(f"e_{id}") + path(id, f"e_{id}") for id, event in zip(ids, events, strict=True))
    return file(start() + user("u") + drawn + end() + path("s", "u", "e"))


def test_refs_keep_their_value_over_saves() -> None:
    xml = file(
        start() + node("parallelGateway", "g") + user("a") + user("b") + end("e1") + end("e2"),
        path("s", "g", "a", "e1") + path("g", "b", "e2"),
    )
    instance = Instance(xml)
    refs = {task.element_id: task.ref for task in instance.last.opened}
    instance.do("a")
    assert (instance.last.opened, [task.ref for task in instance.last.closed]) == ((), [refs["a"]])
    assert [task.ref for task in instance.runner.inspect(instance.last.snapshot).open_tasks] == [refs["b"]]


def test_closed_tells_completed_from_cancelled() -> None:
    xml = file(
        start() + node("parallelGateway", "g") + user("a") + user("b") + end("e1", TERMINATE) + end("e2"),
        path("s", "g", "a", "e1") + path("g", "b", "e2"),
    )
    instance = Instance(xml).do("a")
    assert {task.element_id: task.how for task in instance.last.closed} == {
        "a": CloseKind.COMPLETED,
        "b": CloseKind.CANCELLED,
    }
    assert (instance.last.completed, instance.last.ended) == (True, ("e1",))
    assert "b cancelled" in history(instance)


def test_the_ends_reached_are_remembered_over_reloads() -> None:
    xml = file(
        start() + node("parallelGateway", "g") + user("a") + user("b") + end("e1") + end("e2"),
        path("s", "g", "a", "e1") + path("g", "b", "e2"),
    )
    instance = Instance(xml).do("b")
    assert (instance.last.ended, instance.last.completed) == (("e2",), False)
    instance.do("a")
    assert (instance.last.ended, instance.last.completed) == (("e2", "e1"), True)


def test_each_visit_of_an_element_has_its_own_iteration() -> None:
    instance = Instance(file(line(("u", user("u", several(times=2, one_by_one=True))))))
    first = instance.last.opened[0]
    second = instance.do("u").last.opened[0]
    assert first.element_id == second.element_id == "u"
    assert first.iteration != second.iteration


# ---------------------------------------------------------------- timers


def test_a_duration_counts_from_the_hosts_clock_and_knows_its_task() -> None:
    instance = Instance(with_events(boundary("b0", "u", after("P3D"))))
    (moment,) = instance.last.timers
    assert (moment.element_id, moment.branch, moment.cycle) == ("b0", None, False)
    assert moment.due == START + timedelta(days=3)
    assert moment.due.tzinfo is UTC
    assert moment.attached_to == instance.last.opened[0].ref


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("timeDate", "2030-01-01T09:00:00+09:00", "2030-01-01T00:00"),
        ("timeDate", "2026-05-01", "2026-04-30T15:00"),
        ("timeDate", "day", "2026-04-30T15:00"),
        ("timeDate", "instant", "2026-05-01T03:00"),
        ("timeDate", "overdue_at(day)", "2026-05-01T15:00"),
        ("timeDate", "start_of(business_days_before(day, 1))", "2026-04-29T15:00"),
        ("timeDuration", "PT1H30M", "2026-04-01T01:30"),
        ("timeDuration", '"P1W"', "2026-04-08T00:00"),
        ("timeDuration", "P1M", "2026-05-01T00:00"),
        ("timeDuration", "'P' + text_of(n) + 'D'", "2026-04-03T00:00"),
    ],
)
def test_due_instants_of_all_forms(kind: str, text: str, due: str) -> None:
    instant = datetime(2026, 5, 1, 3, tzinfo=UTC)
    instance = Instance(
        with_events(boundary("b0", "u", timer(kind, text))),
        day=date(2026, 5, 1),
        instant=instant,
        n=2,
    )
    assert instance.due == [(due, "b0")]


@pytest.mark.parametrize(("started", "due"), [("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29")])
def test_a_month_ends_on_the_months_last_day(started: str, due: str) -> None:
    host = FakeHost(datetime.fromisoformat(f"{started}T03:00:00+00:00"))
    assert Instance(with_events(boundary("b0", "u", after("P1M"))), host).due == [(f"{due}T03:00", "b0")]


def test_an_unrelated_completion_long_after_the_due_instant_fires_nothing() -> None:
    xml = file(
        start() + node("parallelGateway", "g") + user("u") + boundary("b", "u", after("P3D")) + user("o") + user("h"),
        end("e1") + end("e2") + end("e3") + path("s", "g", "u", "e1") + path("g", "o", "e2") + path("b", "h", "e3"),
    )
    instance = Instance(xml)
    instance.host.now += timedelta(days=30)
    assert instance.do("o").state == "u t:b"
    assert instance.due == [("2026-04-04T00:00", "b")]


def test_a_cycle_takes_its_next_turn_from_the_previous_due_instant() -> None:
    instance = Instance(with_events(boundary("b0", "u", timer("timeCycle", "R3/P7D"), False)))
    refs = {instance.last.timers[0].ref}
    assert instance.last.timers[0].cycle
    instance.host.now += timedelta(days=40)
    assert instance.fire("b0").due == [("2026-04-15T00:00", "b0")]
    refs.add(instance.last.timers[0].ref)
    assert instance.fire("b0").due == [("2026-04-22T00:00", "b0")]
    assert (len(refs), instance.fire("b0").due) == (2, [])


def test_an_endless_cycle_ends_with_its_activity() -> None:
    instance = Instance(with_events(boundary("b0", "u", timer("timeCycle", "R/P7D"), False)))
    for _ in range(5):
        instance.fire("b0")
    assert instance.due == [("2026-05-13T00:00", "b0")]
    assert instance.do("u").state == "done"


def test_reschedule_moves_due_instants_and_nothing_else() -> None:
    xml = file(
        start() + node("eventBasedGateway", "g") + node("intermediateCatchEvent", "t1", after("PT1H")),
        node("intermediateCatchEvent", "t2", after("PT2H")) + end("e1") + end("e2") + path("s", "g"),
        path("g", "t1", "e1") + path("g", "t2", "e2"),
    )
    instance = Instance(xml, n=1)
    moment = next(one for one in instance.last.timers if one.branch == "t1")
    later = datetime(2026, 6, 1, 9, tzinfo=UTC)
    advance = instance.runner.reschedule(instance.last.snapshot, {(moment.ref, "t1"): later})
    assert {one.branch: one.due for one in advance.timers} == {"t1": later, "t2": START + timedelta(hours=2)}
    assert (advance.changed, advance.opened, advance.closed, advance.history) == ({}, (), (), ())
    again = instance.runner.inspect(advance.snapshot)
    assert {one.branch: one.due for one in again.timers}["t1"] == later
    with pytest.raises(NotOpen):
        instance.runner.reschedule(instance.last.snapshot, {(moment.ref, "t3"): later})


def test_reschedule_with_nothing_to_move_gives_the_same_snapshot() -> None:
    instance = Instance(
        with_events(boundary("b0", "u", after("P3D")), boundary("b1", "u", message("m1"), False)), n=[1]
    )
    assert instance.runner.reschedule(instance.last.snapshot, {}).snapshot == instance.last.snapshot


# ---------------------------------------------------------------- messages


def test_thrown_messages_carry_the_declared_variables_and_a_key_of_their_own() -> None:
    send = node("sendTask", "t", messageRef="m_m1", tsunagu__payload="a b")
    throw = node("intermediateThrowEvent", "t2", message("m2"))
    xml = file(start() + send + throw + end("e", message("m3"), tsunagu__payload="a") + path("s", "t", "t2", "e"))
    thrown = Instance(xml, a=1, b=["x"], secret="never").last.thrown
    assert [(one.element_id, one.message, one.payload) for one in thrown] == [
        ("t", "m1", {"a": 1, "b": ["x"]}),
        ("t2", "m2", {}),
        ("e", "m3", {"a": 1}),
    ]
    assert len({one.key for one in thrown}) == 3


def test_subscriptions_list_everything_that_waits() -> None:
    instance = Instance(with_events(boundary("b0", "u", message("m1")), boundary("b1", "u", message("m2"), False)))
    assert [(one.element_id, one.message, one.branch) for one in instance.last.subscriptions] == [
        ("b0", "m1", None),
        ("b1", "m2", None),
    ]


def test_a_delivered_payload_becomes_variables() -> None:
    xml = file(line(("c", node("intermediateCatchEvent", "c", message("m1"))), ("z", user("z"))))
    instance = Instance(xml, n=1).deliver("m1", n=2, more="x")
    assert (instance.variables, instance.last.changed) == ({"n": 2, "more": "x"}, {"n": 2, "more": "x"})


# ---------------------------------------------------------------- history and inspection


def test_history_has_a_line_for_each_thing_that_happened() -> None:
    xml = file(
        line(
            ("k", node("scriptTask", "k", "<script>x = 1</script>")), ("c", node("receiveTask", "c", messageRef="m_m1"))
        )
    )
    instance = Instance(xml)
    assert history(instance) == ["s completed", "k completed", "c started"]
    assert {entry.at for entry in instance.last.history} == {START}
    assert history(instance.deliver("m1")) == ["c fired", "c completed", "e completed"]


def test_history_of_an_interrupted_multi_instance_sub_process_names_each_open_element() -> None:
    xml = file(
        start() + node("subProcess", "x", several(times=2), people("u", prefix="x")) + boundary("b", "x", after("P1D")),
        user("h") + end() + end("e2") + path("s", "x", "e") + path("b", "h", "e2"),
    )
    instance = Instance(xml)
    assert history(instance).count("u started") == 2
    lines = history(instance.fire("b"))
    assert (lines.count("u cancelled"), lines.count("x cancelled")) == (2, 2)
    assert [line for line in lines if "cancelled" not in line] == ["b fired", "b completed", "h started"]


def test_inspect_reads_without_running() -> None:
    instance = Instance(with_events(boundary("b0", "u", after("P3D")), boundary("b1", "u", message("m1"))), n=1)
    seen = instance.runner.inspect(instance.last.snapshot)
    assert (seen.variables, seen.completed, seen.ended) == ({"n": 1}, False, ())
    assert (seen.timers, seen.subscriptions) == (instance.last.timers, instance.last.subscriptions)
    assert ("u", "READY") in seen.waiting
