"""Snapshots of earlier formats are brought up step by step; later ones are refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.bpmn import formats
from engine.bpmn.runner import Runner, parse_process
from engine.bpmn.values import decode, encode
from engine.domain.errors import SnapshotUnreadable
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.unit.bpmn.process_xml import file, people

XML = file(people("a", "b"))


def written_as(number: object, change: Any = lambda rest: rest) -> bytes:
    """A snapshot of this release with another format number and layout."""
    _, *rest = decode(Instance(XML, v=1).last.snapshot)
    return encode([number, *change(rest)])


def read(snapshot: bytes) -> Any:
    return Runner(parse_process(XML, "p"), FakeHost()).inspect(snapshot)


def test_every_earlier_format_has_its_step() -> None:
    assert sorted(formats.UPGRADES) == list(range(1, formats.FORMAT))


def test_a_snapshot_begins_with_the_number_of_its_format() -> None:
    assert decode(Instance(XML).last.snapshot)[0] == formats.FORMAT


def test_an_earlier_format_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two releases from now: format 2 put the ends last, format 3 put them back."""
    turned = lambda rest: [rest[0], rest[2], rest[1]]  # noqa: E731
    order: list[int] = []

    def step(number: int) -> Any:
        def upgrade(snapshot: list[Any]) -> list[Any]:
            order.append(number)
            return [number + 1, *turned(snapshot[1:])]

        return upgrade

    first, second = written_as(1), written_as(2, turned)
    monkeypatch.setattr(formats, "FORMAT", 3)
    monkeypatch.setattr(formats, "UPGRADES", {1: step(1), 2: step(2)})
    for snapshot, steps in ((first, [1, 2]), (second, [2])):
        order.clear()
        marking = read(snapshot)
        assert order == steps
        assert [task.element_id for task in marking.open_tasks] == ["a"]
        assert marking.variables == {"v": 1}


@pytest.mark.parametrize("number", [0, formats.FORMAT + 1, 99, -1, "1", None, True, 1.0], ids=repr)
def test_a_format_that_this_release_does_not_know_is_refused(number: object) -> None:
    with pytest.raises(SnapshotUnreadable):
        read(written_as(number))


def test_a_step_that_leads_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMAT", 2)
    monkeypatch.setattr(formats, "UPGRADES", {1: lambda snapshot: snapshot})
    with pytest.raises(SnapshotUnreadable, match="led to 1"):
        read(written_as(1))


@pytest.mark.parametrize("value", [[], {}, None, "x", 1, [[1]]], ids=repr)
def test_what_is_no_snapshot_is_refused(value: object) -> None:
    with pytest.raises(SnapshotUnreadable):
        read(encode(value))
