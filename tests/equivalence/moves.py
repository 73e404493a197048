"""A walk's instance goes, mid-way, to a version of its process in which every id is another one."""

from __future__ import annotations

import re
from collections import Counter

from engine.bpmn.moving import plan_move
from engine.bpmn.parser import parse_process
from tests.equivalence.open_things import RENAMED, element
from tests.equivalence.ours import Broken, Ours

_REFERENCES = re.compile(r'\b(id|sourceRef|targetRef|attachedToRef|calledElement)="([^"]+)"')


def move_to_renamed(ours: Ours) -> None:
    """First to the version that it runs on, which must change no byte; then to the renamed one."""
    stays = plan_move(ours.specs, ours.specs, ours.last.snapshot, {}, ours.host)
    if stays.refusals or stays.notes or stays.snapshot != ours.last.snapshot:
        raise Broken(f"a move to the same version: {stays.refusals} {stays.notes}")
    xml, mapping = _renamed(ours)
    specs, before = parse_process(xml, "p"), _places(ours)
    plan = plan_move(ours.specs, specs, ours.last.snapshot, mapping, ours.host)
    if plan.snapshot is None or plan.notes:
        raise Broken(f"a move to the renamed version: {plan.refusals} {plan.notes}")
    ours.continue_on(xml, specs, plan.snapshot)
    if _places(ours) != before:
        raise Broken(f"the move lost a token: {before} became {_places(ours)}")


def _renamed(ours: Ours) -> tuple[bytes, dict[str, str]]:
    """The file with other ids, and which is which; the process itself keeps its id."""
    called = {str(name) for name in ours.specs.nested}
    names = set(ours.specs.element_ids) | called - {"p"}
    head, rest = ours.xml.decode().split("<process", 1)
    body = _REFERENCES.sub(lambda found: _other(found, names), rest)
    return f"{head}<process{body}".encode(), {name: f"{RENAMED}{name}" for name in sorted(ours.specs.element_ids)}


def _other(found: re.Match[str], names: set[str]) -> str:
    return f'{found[1]}="{RENAMED}{found[2]}"' if found[2] in names else found[0]


def _places(ours: Ours) -> Counter[tuple[object, ...]]:
    """Where everything open is, without regard to the version."""
    return Counter(
        (tuple(element(name) for name in one.key.path), element(one.key.name), one.key.kind, one.key.items, one.task.id)
        for one in ours.open()
    )
