"""What makes an instance stop: which error, at which element, and that the last snapshot stays usable."""

from __future__ import annotations

import pytest

from engine.bpmn import invariants
from engine.bpmn.runner import Runner, parse_process
from engine.bpmn.snapshot import load
from engine.domain.errors import (
    BudgetExceeded,
    CalendarNotLoaded,
    ConsentMissing,
    FormInvalid,
    InstanceFailed,
    NotOpen,
    SnapshotUnreadable,
)
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.unit.bpmn.process_xml import (
    SIGNAL,
    TERMINATE,
    after,
    boundary,
    end,
    error,
    file,
    flow,
    line,
    message,
    node,
    operation,
    path,
    people,
    repeat,
    script,
    several,
    start,
    timer,
    user,
)


def failing(instance: Instance, element_id: str, cause: str) -> None:
    with pytest.raises(InstanceFailed, match=cause) as failure:
        instance.do("a")
    assert failure.value.element_id == element_id
    assert instance.open == ["a"]


@pytest.mark.parametrize(
    ("id", "xml", "cause"),
    [
        ("k", script("k", "x = nowhere"), "変数「nowhere」がありません"),
        ("k", script("k", "x = 1\ny = x / 0"), "0で割る"),
        ("k", operation("k", "op", {"x": "nowhere"}, {}), "変数「nowhere」がありません"),
        ("k", user("k", several("nowhere", "i")), "変数「nowhere」がありません"),
        ("k", user("k", several("n", "i")), "一覧ではありません"),
        ("k", user("k", several(times=-1)), "0以上の整数"),
        ("k", user("k", several(times=100_000)), "1000件まで"),
        ("k", user("k", repeat(5, "nowhere", True)), "変数「nowhere」がありません"),
        ("k", node("intermediateCatchEvent", "k", after("nowhere")), "変数「nowhere」がありません"),
        ("k", node("intermediateCatchEvent", "k", after("n")), "タイマーの式"),
        ("k", node("intermediateCatchEvent", "k", timer("timeDate", "2026-04-01T09:00:00")), "時差"),
        ("k", node("sendTask", "k", messageRef="m_m1", tsunagu__payload="n nowhere"), "変数「nowhere」がありません"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_a_failure_names_its_element_and_leaves_the_last_snapshot_usable(id: str, xml: str, cause: str) -> None:
    failing(Instance(file(line(("a", user("a")), (id, xml))), n=1), id, cause)


def test_a_boundary_timer_that_cannot_be_computed_names_the_boundary_event() -> None:
    xml = file(
        start() + user("a") + user("u") + boundary("b", "u", after("nowhere")) + end() + end("e2"),
        path("s", "a", "u", "e") + path("b", "e2"),
    )
    failing(Instance(xml), "b", "変数「nowhere」")


def test_a_retry_after_correcting_the_variable_goes_on() -> None:
    instance = Instance(file(line(("a", user("a")), ("k", script("k", "x = wanted")), ("z", user("z")))))
    failing(instance, "k", "wanted")
    assert instance.do("a", wanted=1).open == ["z"]


def test_no_condition_true_and_no_default_is_an_incident() -> None:
    for kind in ("exclusiveGateway", "inclusiveGateway"):
        xml = file(
            start() + user("a") + node(kind, "g") + user("b") + user("c") + end("e1") + end("e2"),
            path("s", "a", "g") + flow("g", "b", "n > 5") + flow("g", "c", "n > 9") + path("b", "e1") + path("c", "e2"),
        )
        failing(Instance(xml, n=1), "g", "どの条件にも")


def test_an_error_that_nobody_catches_is_an_incident() -> None:
    failing(
        Instance(file(start() + user("a") + end("e", error("e1")) + path("s", "a", "e"))), "e", "受け取る境界イベント"
    )


def test_an_error_with_another_code_is_not_caught() -> None:
    inside = start("xs") + user("a") + end("xe", error("e1")) + path("xs", "a", "xe")
    xml = file(
        start() + node("subProcess", "x", inside) + boundary("b", "x", error("e2")) + end() + end("e2"),
        path("s", "x", "e") + path("b", "e2"),
    )
    failing(Instance(xml), "xe", "e1")


def test_a_dead_end_is_an_incident() -> None:
    failing(Instance(file(start() + user("a") + path("s", "a"))), "", "行き止まり")


def test_a_join_that_waits_for_nobody_is_an_incident() -> None:
    xml = file(
        start() + user("a") + node("exclusiveGateway", "x", default="fx") + user("b") + user("a2"),
        node("parallelGateway", "j") + end() + path("s", "a", "x") + flow("x", "b", "False") + flow("x", "j", id="fx"),
        path("b", "j") + path("j", "a2", "e"),
    )
    failing(Instance(xml), "", "来ることのない流れ")


def test_a_script_beside_a_terminate_end_of_the_same_sweep_does_not_run() -> None:
    host = FakeHost()
    xml = file(
        start() + node("parallelGateway", "g") + end("t", TERMINATE) + operation("w", "op", {}, {}) + user("u") + end(),
        path("s", "g", "t") + path("g", "w", "u", "e"),
    )
    instance = Instance(xml, host)
    assert (instance.state, host.calls) == ("done", [])


def test_an_operation_beside_an_error_end_does_not_run() -> None:
    host = FakeHost()
    inside = (
        start("xs") + node("parallelGateway", "g") + end("xe", error("e1")) + operation("w", "op", {}, {}) + end("x2")
        + path("xs", "g", "xe") + path("g", "w", "x2")
    )  # fmt: skip
    xml = file(
        start() + node("subProcess", "x", inside) + boundary("b", "x", error("e1")) + user("h") + end() + end("e2"),
        path("s", "x", "e") + path("b", "h", "e2"),
    )
    instance = Instance(xml, host)
    assert (instance.state, host.calls) == ("h", [])


def test_a_loop_without_a_wait_state_runs_into_the_step_budget() -> None:
    xml = file(
        start()
        + node("exclusiveGateway", "m")
        + script("k", "n = n + 1")
        + node("exclusiveGateway", "x", default="fx"),
        end() + path("s", "m", "k", "x") + flow("x", "m", "True") + flow("x", "e", id="fx"),
    )
    with pytest.raises(BudgetExceeded, match=r"10,000手順|計算時間"):
        Instance(xml, n=0)


def test_a_slow_operation_runs_into_the_time_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bpmn.workflow.MAX_CPU_SECONDS", -1.0)
    with pytest.raises(BudgetExceeded, match="計算時間"):
        Instance(file(people("a")))


@pytest.mark.parametrize(
    "refusal", [ConsentMissing(), FormInvalid({"x": "必要です"}), NotOpen("x")], ids=lambda e: e.code
)
def test_a_refusal_of_an_operation_passes_unchanged(refusal: Exception) -> None:
    host = FakeHost()
    host.results["op"] = refusal
    instance = Instance(file(line(("a", user("a")), ("t", operation("t", "op", {}, {})))), host)
    with pytest.raises(type(refusal)) as raised:
        instance.do("a")
    assert raised.value is refusal
    assert instance.open == ["a"]


@pytest.mark.parametrize("broken", [RuntimeError("disk"), CalendarNotLoaded("2040")], ids=["bug", "calendar"])
def test_what_no_person_can_answer_is_an_incident(broken: Exception) -> None:
    host = FakeHost()
    host.results["op"] = broken
    with pytest.raises(InstanceFailed, match=str(broken)) as failure:
        Instance(file(line(("t", operation("t", "op", {}, {})))), host)
    assert failure.value.element_id == "t"
    assert failure.value.__cause__ is broken


# ---------------------------------------------------------------- not open, unreadable


def test_only_an_open_task_can_be_completed() -> None:
    instance = Instance(file(people("a", "b")))
    ref = instance.last.opened[0].ref
    instance.do("a")
    for wrong in (ref, "no-such-ref"):
        with pytest.raises(NotOpen):
            instance.runner.complete(instance.last.snapshot, wrong, {})


def test_only_a_waiting_event_can_happen_and_only_as_what_it_is() -> None:
    xml = file(
        start() + user("u") + boundary("b", "u", after("P1D")) + boundary("c", "u", message("m1")) + end() + end("e1"),
        end("e2") + path("s", "u", "e") + path("b", "e1") + path("c", "e2"),
    )
    instance = Instance(xml)
    timer_ref, message_ref = instance.last.timers[0].ref, instance.last.subscriptions[0].ref
    runner, snapshot = instance.runner, instance.last.snapshot
    for act in (
        lambda: runner.fire(snapshot, message_ref, None),
        lambda: runner.fire(snapshot, timer_ref, "b"),
        lambda: runner.deliver(snapshot, timer_ref, None, {}),
        lambda: runner.complete(snapshot, timer_ref, {}),
        lambda: runner.fire(snapshot, instance.last.opened[0].ref, None),
        lambda: runner.fire(instance.do("u").last.snapshot, timer_ref, None),
    ):
        with pytest.raises(NotOpen):
            act()


def test_a_snapshot_of_another_process_version_or_format_is_unreadable() -> None:
    instance = Instance(file(people("a", "b")))
    host = FakeHost()
    for specs, snapshot in (
        (parse_process(file(people("b")), "p"), instance.last.snapshot),
        (parse_process(file(people("a"), id="q"), "q"), instance.last.snapshot),
        (parse_process(instance.xml, "p"), b"\x94\x63\xa1p\x90\x90"),
        (parse_process(instance.xml, "p"), b"not a snapshot"),
        (parse_process(instance.xml, "p"), instance.last.snapshot[:-4]),
    ):
        with pytest.raises(SnapshotUnreadable):
            Runner(specs, host).inspect(snapshot)


# ---------------------------------------------------------------- invariants


def test_the_invariants_see_a_lost_sub_process_and_a_false_completion() -> None:
    instance = Instance(file(line(("x", node("subProcess", "x", people("u", prefix="x"))))))
    specs = parse_process(instance.xml, "p")
    workflow = load(specs, FakeHost(), instance.last.snapshot)
    assert invariants.problems(workflow) == []
    workflow.subprocesses.clear()
    assert invariants.problems(workflow) == ["x: サブプロセスが失われています"]
    workflow = load(specs, FakeHost(), instance.last.snapshot)
    workflow.completed = True
    assert len(invariants.problems(workflow)) == 2


def test_the_invariants_see_a_timer_without_a_due_instant_and_a_loop_without_instances() -> None:
    xml = file(
        start() + user("u", several(times=1)) + boundary("b", "u", after("P1D")) + end() + end("e2"),
        path("s", "u", "e") + path("b", "e2"),
    )
    workflow = load(parse_process(xml, "p"), FakeHost(), Instance(xml).last.snapshot)
    for task in list(workflow.all_tasks()):
        task.internal_data.pop("due", None)
        if task.task_spec.name == "u [child]":
            task._state = 256
    assert sorted(invariants.problems(workflow)) == [
        "b: タイマーに期日がありません",
        "u: 繰り返しに開いている要素がありません",
    ]


def test_a_signal_nobody_waits_for_is_no_failure() -> None:
    xml = file(line(("t", node("intermediateThrowEvent", "t", SIGNAL)), ("z", user("z"))))
    assert Instance(xml).open == ["z"]
