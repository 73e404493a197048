"""Moving an instance to another version: the whole table, and what must be the same to the byte."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

import pytest

from engine.bpmn.api import Problem
from engine.bpmn.moving import MovePlan, move, plan_move
from engine.bpmn.parser import ProcessSpecs, parse_process
from engine.bpmn.runner import Runner
from engine.domain.errors import ChangeRefused
from tests.unit.bpmn.driving import START, FakeHost, Instance
from tests.unit.bpmn.moves import MoveRow, accepted, parallel, refused, timed, two
from tests.unit.bpmn.process_xml import file, people
from tests.unit.bpmn.rows import ROWS, Row, do

MOVED_AT = START + timedelta(days=2)


class Restored(Instance):
    """Loads at every step as its parent does, over specs that are parsed once: here the moves are under test."""

    @cached_property
    def specs(self) -> ProcessSpecs:
        return parse_process(self.xml, "p")

    @property
    def runner(self) -> Runner:
        return Runner(self.specs, self.host)


def instance(row: MoveRow) -> Instance:
    one = Restored(row.old, **row.variables)
    for act in row.acts:
        one.act(act)
    return one


def plan(row: MoveRow, snapshot: bytes) -> MovePlan:
    old, new = parse_process(row.old, "p"), parse_process(row.new, "p")
    return plan_move(old, new, snapshot, row.mapping, FakeHost(MOVED_AT))


def finish(one: Instance) -> Instance:
    """Complete whatever is open until the instance has ended."""
    for _ in range(40):
        if one.last.completed:
            return one
        tasks = one.runner.inspect(one.last.snapshot).open_tasks
        if tasks:
            one.do(tasks[0].element_id)
        elif one.last.timers:
            one.fire(one.last.timers[0].element_id)
        else:
            one.deliver(one.last.subscriptions[0].message)
    raise AssertionError(f"never ended: {one.state}")


@pytest.mark.parametrize("row", list(accepted()), ids=lambda row: row.name)
def test_an_accepted_move_keeps_what_was_reached_and_runs_to_its_end(row: MoveRow) -> None:
    before = instance(row)
    moved = plan(row, before.last.snapshot)
    assert moved.refusals == ()
    assert moved.snapshot is not None
    assert [note.message_ja for note in moved.notes] == row.notes
    one = Restored.restored(row.new, moved.snapshot)
    assert one.state == row.expected
    if row.due is not None:
        expected = sorted((START + timedelta(days=days), name) for days, name in row.due)
        assert sorted((moment.due, moment.element_id) for moment in one.last.timers) == expected
    refs = {task.ref for task in before.runner.inspect(before.last.snapshot).open_tasks}
    assert {task.ref for task in one.runner.inspect(one.last.snapshot).open_tasks} == refs
    assert "e" in finish(one).last.ended
    assert {name: one.variables.get(name) for name in row.kept} == row.kept


@pytest.mark.parametrize("row", list(refused()), ids=lambda row: row.name)
def test_a_refused_move_names_every_reason_with_its_element(row: MoveRow) -> None:
    before = instance(row)
    moved = plan(row, before.last.snapshot)
    assert moved.snapshot is None
    assert [f"{reason.element_id}: {reason.message_ja}" for reason in moved.refusals] == row.expected
    with pytest.raises(ChangeRefused) as refusal:
        move(
            parse_process(row.old, "p"),
            parse_process(row.new, "p"),
            before.last.snapshot,
            row.mapping,
            FakeHost(MOVED_AT),
        )
    assert refusal.value.reasons == moved.refusals


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_moving_to_the_same_version_changes_no_byte_in_any_row_of_the_element_table(row: Row) -> None:
    one = Restored(row.xml, **row.variables)
    compared = 0
    for act in [None, *row.acts]:
        if act is not None:
            one.act(act)
        if not one.last.completed:
            assert move(one.specs, one.specs, one.last.snapshot, {}, FakeHost()).snapshot == one.last.snapshot
            compared += 1
    assert compared


def test_the_reverse_mapping_undoes_a_move_to_the_byte() -> None:
    old, new = file(two()), file(people("u1", "w2"))
    before = Instance(old).do("u1").last.snapshot
    specs = parse_process(old, "p"), parse_process(new, "p")
    there = move(*specs, before, {"u2": "w2"}, FakeHost()).snapshot
    assert there is not None
    assert there != before
    assert move(specs[1], specs[0], there, {"w2": "u2"}, FakeHost()).snapshot == before


def test_a_completed_instance_cannot_be_moved() -> None:
    one = Instance(file(people("u"))).do("u")
    specs = parse_process(one.xml, "p")
    assert plan_move(specs, specs, one.last.snapshot, {}, FakeHost()).refusals == (
        Problem("p", "すでに終わっているので、移せません。"),
    )


def test_variables_are_given_only_where_the_instance_has_none_of_that_name() -> None:
    one = Instance(file(two()), kept="old")
    specs = parse_process(one.xml, "p")
    moved = move(specs, specs, one.last.snapshot, {}, FakeHost(), variables={"kept": "new", "added": None})
    assert moved.snapshot is not None
    assert one.runner.inspect(moved.snapshot).variables == {"kept": "old", "added": None}


def test_an_added_boundary_timer_whose_moment_cannot_be_worked_out_refuses_the_move() -> None:
    specs = parse_process(file(people("u")), "p"), parse_process(timed("nowhere"), "p")
    refusals = plan_move(*specs, Instance(file(people("u"))).last.snapshot, {}, FakeHost()).refusals
    assert [reason.element_id for reason in refusals] == ["b"]
    assert "加わる境界イベントの期日を決められません" in refusals[0].message_ja


def test_a_search_that_decides_takes_the_place_of_the_look_at_the_joins() -> None:
    row = MoveRow("", parallel("a", "b"), [do("a")], parallel("a", "b", "c"), "")
    specs = parse_process(row.old, "p"), parse_process(row.new, "p")
    snapshot = instance(row).last.snapshot
    asked: list[list[str]] = []

    def plan_with(verdict: list[Problem] | None) -> MovePlan:
        def judge(places: object) -> list[Problem] | None:
            asked.append([place.element_id for place in places])
            return verdict

        return plan_move(*specs, snapshot, {}, FakeHost(), judge=judge)

    assert plan_with([]).decided
    assert not plan_with([]).refusals
    assert plan_with([Problem("j", "no")]).refusals == (Problem("j", "no"),)
    undecided = plan_with(None)
    assert not undecided.decided
    assert [reason.element_id for reason in undecided.refusals] == ["j"]
    assert sorted(asked[0]) == ["b", "j"]
