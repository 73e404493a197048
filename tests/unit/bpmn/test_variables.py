"""Variables: no lost update, scopes of loops and calls, copies, kinds, and their way through a snapshot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from engine.bpmn import values
from engine.bpmn.failures import RunFailed
from engine.domain.errors import InstanceFailed
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.unit.bpmn.process_xml import (
    definitions,
    end,
    file,
    flow,
    io,
    line,
    node,
    operation,
    path,
    people,
    process,
    repeat,
    script,
    several,
    start,
    user,
)

SPLIT = file(
    start() + node("parallelGateway", "g") + user("a") + user("b") + node("parallelGateway", "j") + user("z") + end(),
    path("s", "g", "a", "j") + path("g", "b", "j", "z", "e"),
)


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")], ids=["a first", "b first"])
def test_a_branch_that_did_not_touch_a_variable_does_not_undo_it(order: tuple[str, str]) -> None:
    instance = Instance(SPLIT, v="old", w="old")
    given = {"a": {"v": "new"}, "b": {"x": 1}}
    for name in order:
        instance.do(name, **given[name])
    assert instance.variables == {"v": "new", "w": "old", "x": 1}
    assert instance.open == ["z"]


def test_inclusive_branches_keep_each_others_variables() -> None:
    xml = file(
        start() + node("inclusiveGateway", "g", default="fd") + user("a") + user("b") + node("inclusiveGateway", "j"),
        user("z") + end() + path("s", "g") + flow("g", "a", "True") + flow("g", "b", "True") + flow("g", "j", id="fd"),
        path("a", "j") + path("b", "j") + path("j", "z", "e"),
    )
    instance = Instance(xml, v="old").do("a", v="new").do("b", w=1)
    assert instance.variables == {"v": "new", "w": 1}


def test_changed_names_only_what_got_another_value() -> None:
    instance = Instance(file(people("a")), same=1, flag=1, text="x")
    assert instance.last.changed == {"same": 1, "flag": 1, "text": "x"}
    assert instance.do("a", same=1, flag=True, text="y", more=None).last.changed == {
        "flag": True,
        "text": "y",
        "more": None,
    }


def test_outputs_of_a_multi_instance_come_in_the_order_of_its_items() -> None:
    xml = file(line(("u", user("u", several("l", "i", "r", "o"))), ("z", user("z"))))
    instance = Instance(xml, l=["x", "y", "z"])
    assert [task.locals for task in instance.last.opened] == [
        {"loop_index": index, "i": item, "o": None} for index, item in enumerate("xyz")
    ]
    assert [task.index for task in instance.last.opened] == [0, 1, 2]
    instance.do("u", which=2, o="third").do("u", which=0, o="first").do("u", o="second")
    assert instance.variables == {"l": ["x", "y", "z"], "r": ["first", "second", "third"]}


def test_an_instance_cancelled_by_the_completion_condition_leaves_no_output() -> None:
    xml = file(line(("u", user("u", several("l", "i", "r", "o", until="o == 'stop'"))), ("z", user("z"))))
    instance = Instance(xml, l=[1, 2, 3]).do("u", which=2, o="go").do("u", o="stop")
    assert instance.variables["r"] == ["stop", "go"]
    assert [task.how for task in instance.last.closed] == ["completed", "cancelled"]


@pytest.mark.parametrize("outer_one_by_one", [False, True], ids=["outer parallel", "outer sequential"])
@pytest.mark.parametrize("inner_one_by_one", [False, True], ids=["inner parallel", "inner sequential"])
def test_results_of_an_inner_multi_instance_become_the_result_of_the_outer(
    outer_one_by_one: bool, inner_one_by_one: bool
) -> None:
    """The inner list is the outer one's output item, so no instance overwrites another's."""
    inner = user("u", several("m", "y", "o_x", "o_y", one_by_one=inner_one_by_one))
    several_x = several("l", "x_", "r", "o_x", one_by_one=outer_one_by_one)
    xml = file(line(("x", node("subProcess", "x", several_x, line(("u", inner), prefix="x"))), ("z", user("z"))))
    instance = Instance(xml, l=["A", "B"], m=["c", "d"])
    while instance.open != ["z"]:
        task = instance.runner.inspect(instance.last.snapshot).open_tasks[-1]  # the last one first
        answer = f"{task.locals['x_']}{task.locals['y']}"
        instance.do("u", which=len(instance.open) - 1, o_y=answer)
    assert instance.variables == {"l": ["A", "B"], "m": ["c", "d"], "r": [["Ac", "Ad"], ["Bc", "Bd"]]}


def test_results_of_calls_come_in_the_order_of_the_items() -> None:
    called = process(line(("k1", script("k1", "answer = 'of ' + given")), ("w", user("w")), prefix="k"), id="k")
    call = node("callActivity", "x", io("given=i", "o=answer"), several("l", "i", "r", "o"), calledElement="k")
    instance = Instance(definitions(process(line(("x", call), ("z", user("z")))), called), l=["A", "B"])
    assert instance.do("w", which=1).do("w").variables["r"] == ["of A", "of B"]


def test_only_the_first_of_several_scripts_runs_when_the_completion_condition_holds() -> None:
    xml = file(line(("k", script("k", "n = n + 1", several(times=3, until="n > 0"))), ("z", user("z"))))
    assert Instance(xml, n=0).variables["n"] == 1


def test_the_items_are_frozen_when_the_activity_starts() -> None:
    xml = file(line(("u", user("u", several("l", "i", "r", "o", one_by_one=True))), ("z", user("z"))))
    instance = Instance(xml, l=[1, 2]).do("u", l=[7, 8, 9], o="a")
    assert instance.runner.inspect(instance.last.snapshot).open_tasks[0].locals["i"] == 2
    assert instance.do("u", o="b").open == ["z"]


def test_locals_of_a_multi_instance_sub_process_reach_its_tasks_and_stay_in_it() -> None:
    inner = line(("k", script("k", "o = i * 10")), ("u", user("u")), prefix="x")
    xml = file(line(("x", node("subProcess", "x", several("l", "i", "r", "o"), inner)), ("z", user("z"))))
    instance = Instance(xml, l=[1, 2])
    assert [task.locals for task in instance.last.opened] == [
        {"loop_index": 0, "i": 1, "o": 10},
        {"loop_index": 1, "i": 2, "o": 20},
    ]
    assert instance.do("u").do("u").variables == {"l": [1, 2], "r": [10, 20]}


def test_a_standard_loop_counts_its_turns_in_loop_index() -> None:
    xml = file(line(("u", user("u", repeat(3))), ("z", user("z"))))
    instance = Instance(xml)
    seen = [instance.last.opened[0].locals["loop_index"]]
    for _ in range(2):
        seen.append(instance.do("u").last.opened[0].locals["loop_index"])
    assert (seen, instance.do("u").open) == ([0, 1, 2], ["z"])


CALL = definitions(
    process(
        line(("x", node("callActivity", "x", io("a=n+1", "back=b other=a"), calledElement="k")), ("z", user("z"))),
    ),
    process(line(("k1", script("k1", "n = 99")), ("u", user("u")), prefix="k"), id="k"),
)


def test_a_called_process_has_its_own_variables_and_gives_back_what_is_declared() -> None:
    instance = Instance(CALL, n=1)
    assert (instance.last.opened[0].process_id, instance.last.opened[0].locals) == ("k", {})
    assert instance.do("u", b="result", n=5).variables == {"n": 1, "back": "result", "other": 2}


def test_a_missing_output_of_a_called_process_is_an_incident() -> None:
    instance = Instance(CALL, n=1)
    with pytest.raises(InstanceFailed, match="変数「b」がありません") as failure:
        instance.do("u")
    assert failure.value.element_id == "x"


def test_a_called_process_does_not_see_its_callers_variables() -> None:
    called = process(line(("k1", script("k1", "y = n")), prefix="k"), id="k")
    xml = definitions(process(line(("x", node("callActivity", "x", calledElement="k")))), called)
    with pytest.raises(InstanceFailed, match="変数「n」がありません") as failure:
        Instance(xml, n=1)
    assert failure.value.element_id == "k1"


def test_a_service_task_gets_evaluated_inputs_and_its_results_become_variables() -> None:
    host = FakeHost()
    host.results["plan.submit"] = {"id": 7, "unused": 1}
    xml = file(
        line(("t", operation("t", "plan.submit", {"x": "n + 1", "y": "[n]"}, {"plan_id": "id"})), ("z", user("z")))
    )
    instance = Instance(xml, host, n=1)
    assert instance.variables == {"n": 1, "plan_id": 7}
    (call,) = host.calls
    assert (call.name, call.element_id, call.inputs, call.variables["n"]) == ("plan.submit", "t", {"x": 2, "y": [1]}, 1)
    assert call.iteration == call.ref
    with pytest.raises(TypeError):
        call.variables["n"] = 2  # type: ignore[index]  # that it cannot be written is what is tested


def test_a_service_task_is_called_anew_with_another_iteration_in_each_turn() -> None:
    host = FakeHost()
    Instance(
        file(line(("t", operation("t", "op", {}, {}).replace("</serviceTask>", repeat(3) + "</serviceTask>")))), host
    )
    assert len({call.iteration for call in host.calls}) == 3


def test_a_result_that_the_operation_did_not_return_is_an_incident() -> None:
    with pytest.raises(InstanceFailed, match="結果に「id」がありません"):
        Instance(file(line(("t", operation("t", "op", {}, {"v": "id"})))))


def test_a_decision_reads_the_scope_and_its_outputs_become_variables() -> None:
    host = FakeHost()
    host.tables["routing"] = lambda scope: {"route": "A" if scope["n"] == 1 else "B"}
    rule = node("businessRuleTask", "d", camunda__decisionRef="routing")
    assert Instance(file(line(("d", rule), ("z", user("z")))), host, n=1).variables["route"] == "A"


def test_two_variables_never_share_a_list() -> None:
    instance = Instance(file(line(("k", script("k", "b = a")), ("u", user("u")))), a=[1])
    assert instance.variables["a"] == instance.variables["b"] == [1]
    assert instance.variables["a"] is not instance.variables["b"]


def test_the_caller_can_change_its_own_list_afterwards() -> None:
    given = [1]
    instance = Instance(file(people("a")), l=given)
    given.append(2)
    assert instance.variables["l"] == [1]


TOKYO = timezone(timedelta(hours=9))
KINDS = {
    "none": None,
    "bool": True,
    "int": -5,
    "big": 10**30,
    "decimal": Decimal("1.10"),
    "text": "三つ葉",
    "date": date(2026, 4, 1),
    "instant": datetime(2026, 4, 1, 9, 30, tzinfo=TOKYO),
    "utc": datetime(2026, 4, 1, tzinfo=UTC),
    "list": [1, "a", [date(2026, 4, 1)]],
    "object": {"a": {"b": Decimal("0.5")}},
}


def test_every_kind_of_value_comes_back_from_a_snapshot_as_it_was() -> None:
    instance = Instance(file(people("a", "b")), **KINDS).do("a")
    assert instance.variables == KINDS
    assert {name: type(value) for name, value in instance.variables.items()} == {
        name: type(value) for name, value in KINDS.items()
    }
    assert instance.variables["decimal"].as_tuple() == Decimal("1.10").as_tuple()  # type: ignore[union-attr]
    assert instance.variables["instant"].utcoffset() == timedelta(hours=9)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value",
    [1.5, b"x", {1: 2}, {1, 2}, object(), datetime(2026, 4, 1), Decimal("NaN"), Decimal("Infinity"), print],  # noqa: DTZ001
    ids=["float", "bytes", "int key", "set", "object", "naive", "nan", "infinity", "function"],
)
def test_other_kinds_are_refused_when_they_are_set(value: object) -> None:
    with pytest.raises(InstanceFailed, match="変数「v」"):
        Instance(file(people("a")), v=value)
    with pytest.raises(InstanceFailed, match="変数「v」"):
        Instance(file(people("a"))).do("a", v=[{"x": value}])


def test_nesting_without_end_is_refused() -> None:
    deep: list[object] = []
    deep.append(deep)
    with pytest.raises(RunFailed, match="入れ子"):
        values.checked_copy(deep)


def test_names_of_the_library_are_ordinary_variables() -> None:
    xml = file(line(("k", script("k", "z = data_objects + 1")), ("u", user("u"))))
    assert Instance(xml, data_objects=1, typename="UUID").do("u").variables == {
        "data_objects": 1,
        "typename": "UUID",
        "z": 2,
    }
