"""Repairs of single tokens: what each does, what it refuses, and that the instance still comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from engine.bpmn.api import Advance, CloseKind, HistoryKind, Problem
from engine.bpmn.parser import parse_process
from engine.bpmn.places import places
from engine.bpmn.snapshot import load
from engine.bpmn.token_operations import TokenOperations
from engine.domain.errors import ChangeRefused, NotOpen
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.unit.bpmn.moves import WAITS, calling, inclusive, many, parallel, racing, timed
from tests.unit.bpmn.process_xml import after, boundary, end, file, flow, message, node, path, people, start, user
from tests.unit.bpmn.rows import Act, do
from tests.unit.bpmn.test_moving import finish

Operation = Callable[["Repair"], Advance]


@dataclass(frozen=True)
class Row:
    """expected: the state after the repair (``Instance.state``), or the refusals as ``element: text``."""

    name: str
    xml: bytes
    acts: list[Act]
    operation: Operation
    expected: str | list[str]
    variables: dict[str, object] = field(default_factory=dict)
    result: dict[str, object] = field(default_factory=dict)


class Repair:
    """The operations on the open tokens of one instance, named by their elements."""

    def __init__(self, one: Instance) -> None:
        self.one, self.specs, self.host = one, parse_process(one.xml, "p"), FakeHost()
        self.operations = TokenOperations(self.specs, self.host)

    def ref(self, element_id: str, instance: bool = False) -> str:
        found = places(load(self.specs, self.host, self.one.last.snapshot))
        return next(place.ref for place in found if (place.element_id, place.instance) == (element_id, instance))

    def move(self, element_id: str, target: str, instance: bool = False) -> Advance:
        return self.operations.move_token(self.one.last.snapshot, self.ref(element_id, instance), target)

    def skip(self, element_id: str, instance: bool = False, branch: str | None = None, **values: object) -> Advance:
        ref = self.ref(element_id, instance)
        return self.operations.skip(self.one.last.snapshot, ref, branch=branch, values=values)

    def cancel(self, element_id: str, instance: bool = False) -> Advance:
        return self.operations.cancel_branch(self.one.last.snapshot, self.ref(element_id, instance))


LINE = file(people("u1", "u2", "u3"))
HOSTING = file(
    start(), node("subProcess", "sp", people("w", prefix="q")), boundary("b", "sp", after('"P3D"')), user("h"),
    end("e2"), end(), path("s", "sp", "e"), path("b", "h", "e2"),
)  # fmt: skip
CATCHING = file(
    start(), node("intermediateCatchEvent", "t", after('"P9D"')), user("z"), end(), path("s", "t", "z", "e")
)
RACE = racing(("t", after('"P9D"')), ("m", message("m1")))
THREE: dict[str, object] = {"l": [1, 2, 3]}
ONE = "x: 「x」は、複数の実施のうちの1件です。1件だけを移したり取りやめたりはできません。飛ばしてください。"
EVENT = "b: 「b」は境界イベントです。もとの要素を選んでください。"
NOT_HERE = "{0}: 「{0}」には移せません。その先の要素を選んでください。"
STOPPED = ": この変更のあと、先に進めません（{}）。"
DEAD_END = STOPPED.format("終了イベントに着かないまま、開いている要素がなくなりました（行き止まり）")
ROWS = [
    Row("move forward", LINE, [], lambda r: r.move("u1", "u3"), "u3"),
    Row("move back", LINE, [do("u1"), do("u2")], lambda r: r.move("u3", "u1"), "u1"),
    Row("move onto a task with a timer arms it anew", timed(), [], lambda r: r.move("u", "u"), "u t:b"),
    Row("move to an end", LINE, [], lambda r: r.move("u1", "e"), "done"),
    Row(
        "move past a join: the other branch would wait for ever", parallel("a", "b"), [], lambda r: r.move("a", "z"),
        ["j: " + WAITS.format("j", "「a」")],
    ),
    Row(
        "move onto a join", parallel("a", "b"), [], lambda r: r.move("a", "j"),
        ["j: 「j」は合流です。その前か後の要素を選んでください。"],
    ),
    Row(
        "move into a sub-process", HOSTING, [], lambda r: r.move("sp", "w"),
        ["w: 「w」は、この流れの中にありません。同じ流れの要素を選んでください。"],
    ),
    Row(
        "move onto a boundary event", HOSTING, [], lambda r: r.move("sp", "b"),
        [NOT_HERE.format("b")],
    ),
    Row("move onto the start", LINE, [], lambda r: r.move("u1", "s"), [NOT_HERE.format("s")]),
    Row(
        "move behind an event gateway", RACE, [], lambda r: r.move("g", "m"),
        ["m: 「m」は、イベントゲートウェイの先にあります。ゲートウェイを選んでください。"],
    ),
    Row(
        "move a boundary event", HOSTING, [], lambda r: r.move("b", "h"),
        [EVENT],
    ),
    Row("move one of several", many(), [], lambda r: r.move("x", "x", True), [ONE], THREE),
    Row("cancel one of several", many(), [], lambda r: r.cancel("x", True), [ONE], THREE),
    Row(
        "cancel a branch before a join", parallel("a", "b"), [do("b")], lambda r: r.cancel("a"),
        [STOPPED.format("合流 ['j'] が、来ることのない流れを待っています")],
    ),
    Row(
        "cancel one of two open branches before a join", parallel("a", "b"), [], lambda r: r.cancel("a"),
        ["j: " + WAITS.format("j", "「a」")],
    ),
    Row("cancel a branch before an inclusive join", inclusive("a", "b"), [do("b")], lambda r: r.cancel("a"), "z"),
    Row(
        "cancel the only token", LINE, [], lambda r: r.cancel("u1"),
        [DEAD_END],
    ),
    Row("cancel a handler beside the main flow", timed(), [("timer", "b")], lambda r: r.cancel("h"), "u"),
    Row("skip a user task with values", LINE, [], lambda r: r.skip("u1", a=1), "u2", {}, {"a": 1}),
    Row("skip a running sub-process", HOSTING, [], lambda r: r.skip("sp"), "done"),
    Row("skip a call activity two deep", calling("k", "ku"), [], lambda r: r.skip("c"), "done"),
    Row("skip one of several", many(), [], lambda r: r.skip("x", True, r="by hand"), "x x", THREE),
    Row("skip all of several keeps the results so far", many(n=True), [do("x", r="one")], lambda r: r.skip("x"), "n",
        THREE, {"res": ["one"]}),
    Row("skip a waiting timer", CATCHING, [], lambda r: r.skip("t"), "z"),
    Row("skip an event gateway by a branch", RACE, [], lambda r: r.skip("g", branch="m"), "z"),
    Row(
        "skip an event gateway without saying how", RACE, [], lambda r: r.skip("g"),
        ["g: 「g」の先の、どのイベントで進めるかを選んでください（「t」、「m」）。"],
    ),
    Row("skip a boundary event", HOSTING, [], lambda r: r.skip("b"), [EVENT]),
    Row(
        "skip what waits at a join", parallel("a", "b"), [do("a")], lambda r: r.skip("j"),
        ["j: 「j」は飛ばせません。待っている流れを移すか、取りやめてください。"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_repair_does_what_it_says_or_is_refused_in_words(row: Row) -> None:
    one = Instance(row.xml, **row.variables)
    for act in row.acts:
        one.act(act)
    if isinstance(row.expected, list):
        with pytest.raises(ChangeRefused) as refusal:
            row.operation(Repair(one))
        assert [f"{reason.element_id}: {reason.message_ja}" for reason in refusal.value.reasons] == row.expected
        return
    one._after(row.operation(Repair(one)))
    assert one.state == row.expected
    assert {name: one.variables.get(name) for name in row.result} == row.result
    assert finish(one).last.completed


def test_a_moved_token_takes_its_boundary_timer_away_and_the_target_gets_its_own() -> None:
    handler = user("h") + end("e2") + path("b", "h", "e2")
    tasks = user("u") + user("v") + boundary("b", "u", after('"P3D"'), False) + handler
    one = Instance(file(start(), tasks, end(), path("s", "u", "v", "e")))
    there = one._after(Repair(one).move("u", "v"))
    assert there.state == "v"
    assert [closed.how for closed in there.last.closed] == [CloseKind.CANCELLED]
    assert there._after(Repair(there).move("v", "u")).state == "u t:b"


def test_what_was_skipped_is_written_down_as_cancelled_and_not_as_done() -> None:
    one = Instance(LINE)
    ref = Repair(one).ref("u1")
    result = Repair(one).skip("u1")
    assert [entry.kind for entry in result.history if entry.ref == ref] == [HistoryKind.CANCELLED]
    assert [(closed.ref, closed.how) for closed in result.closed] == [(ref, CloseKind.CANCELLED)]


def test_a_refused_repair_leaves_the_snapshot_that_the_caller_has_as_it_was() -> None:
    one = Instance(parallel("a", "b"))
    before = one.last.snapshot
    with pytest.raises(ChangeRefused):
        Repair(one).cancel("a")
    assert one.runner.inspect(before).open_tasks == Instance.restored(one.xml, before).runner.inspect(before).open_tasks
    assert one.do("a").do("b").state == "z"


def test_a_token_that_is_not_open_any_more_cannot_be_repaired() -> None:
    one = Instance(LINE)
    ref = Repair(one).ref("u1")
    one.do("u1")
    repair = Repair(one)
    for operation in (
        lambda: repair.operations.skip(one.last.snapshot, ref),
        lambda: repair.operations.cancel_branch(one.last.snapshot, ref),
        lambda: repair.operations.move_token(one.last.snapshot, ref, "u3"),
    ):
        with pytest.raises(NotOpen):
            operation()


def test_a_variable_is_corrected_before_the_step_that_failed_is_tried_again() -> None:
    gateway = node("exclusiveGateway", "x") + flow("x", "v", "y == 1")
    one = Instance(file(start(), user("u"), gateway, user("v"), end(), path("s", "u", "x"), path("v", "e")), y=0)
    corrected = Repair(one).operations.correct(one.last.snapshot, {"y": 1})
    assert (corrected.changed, corrected.closed, corrected.opened) == ({"y": 1}, (), ())
    assert one._after(corrected).do("u").state == "v"


def test_a_search_that_decides_takes_the_place_of_the_look_at_the_joins() -> None:
    one = Instance(LINE)
    specs = parse_process(LINE, "p")
    operations = TokenOperations(specs, FakeHost(), judge=lambda places: [Problem("u3", "no")])
    with pytest.raises(ChangeRefused) as refusal:
        operations.move_token(one.last.snapshot, Repair(one).ref("u1"), "u3")
    assert refusal.value.reasons == (Problem("u3", "no"),)
