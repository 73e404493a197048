"""Real cases on the real processes, told by a scenario of the product up to the moment at which a fault strikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.config import ROOT
from engine.scenarios.loader import load
from engine.scenarios.model import Scenario, Step
from engine.scenarios.moments import VirtualClock
from engine.scenarios.runner import take
from engine.scenarios.world import World, open_world, prepare

WORKFLOWS = ROOT / "workflows"


@dataclass(frozen=True)
class Story:
    """Where it stands: the world with its clock, and the ids of the cases."""

    world: World
    case_ids: tuple[str, ...]


def begin(url: str, file: str) -> World:
    """The people of a scenario at its first moment, on an empty database with every process published."""
    scenario = load(WORKFLOWS / Path(file))
    return open_world(prepare(url, WORKFLOWS, now=VirtualClock(scenario.now)), scenario)


def alias_of(scenario: Scenario) -> str:
    """What the scenario calls the case that it starts."""
    return next(str(step.data["as"]) for step in scenario.steps if step.verb == "start")


def tell(
    url: str, file: str, *, until: Callable[[Step], bool], cases: int = 1, name: tuple[str, Sequence[str]] = ("", ())
) -> Story:
    """Play a scenario of ``workflows`` on an empty database up to (without) a step, for several cases side by side.

    name: a given name of the file, and one for each case, lest they be taken for the same person. Expectations are
    left out: the scenario's own run judges them.
    """
    scenario = load(WORKFLOWS / Path(file))
    world, alias = begin(url, file), alias_of(scenario)
    ids: list[str] = []
    for step in scenario.steps:
        if until(step):
            return Story(world, tuple(ids))
        if step.verb == "expect" or step.data.get("refused"):
            continue
        for number in range(1 if step.verb in ("advance", "down") else cases):
            if step.verb != "start" and ids:
                world.cases[alias] = ids[number]
            failures = take(world, renamed(step, name[0], name[1][number]) if name[0] else step)
            assert not failures, f"{file} line {step.line}, case {number}: {failures[0].text_ja}"
            if step.verb == "start":
                ids.append(world.cases[alias])
    raise AssertionError(f"{file} never comes to that step")


def renamed(step: Step, old: str, new: str) -> Step:
    """The same step of somebody else."""

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: told(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [told(one) for one in value]
        return value.replace(old, new) if isinstance(value, str) else value

    return replace(step, data=told(dict(step.data)))
