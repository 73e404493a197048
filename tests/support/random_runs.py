"""Random runs of the real engine through a model of ``random_models``, watched for what the soundness search denies."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from engine.bpmn.api import Advance
from engine.bpmn.parser import ProcessSpecs, parse_process
from engine.bpmn.places import places
from engine.bpmn.runner import Runner
from engine.bpmn.snapshot import load
from engine.domain.errors import BudgetExceeded, InstanceFailed
from tests.unit.bpmn.driving import FakeHost

MAX_STEPS = 200  #: of one run; a small sound model ends long before


@dataclass(frozen=True)
class Run:
    """ended: an end was reached. failed: why the engine stopped ("" else). doubled: elements with two open tasks."""

    ended: bool
    failed: str
    doubled: frozenset[str]
    trail: tuple[str, ...]

    @property
    def is_endless(self) -> bool:
        """The engine ran in a circle without anybody: another rule of publishing refuses such a model."""
        return self.failed == "budget"


def runs(xml: bytes, seed: int, count: int) -> list[Run]:
    """Several random runs of one model."""
    specs, host = parse_process(xml, "p"), FakeHost()
    return [_run(specs, host, random.Random(seed * 1000 + number)) for number in range(count)]


def _run(specs: ProcessSpecs, host: FakeHost, chance: random.Random) -> Run:
    runner = Runner(specs, host)
    trail: list[str] = []
    doubled: set[str] = set()
    try:
        state = runner.start({"r": chance.randrange(60)})
        for _ in range(MAX_STEPS):
            if state.completed:
                return Run(True, "", frozenset(doubled), tuple(trail))
            standing = Counter(
                (place.element_id, place.owner)
                for place in places(load(specs, host, state.snapshot))
                if not place.event and not place.instance
            )
            doubled |= {
                name for (name, _), number in standing.items() if number > 1 and name.startswith(("u", "h", "sp"))
            }
            state = _step(runner, state, chance, trail)
    except BudgetExceeded:
        return Run(False, "budget", frozenset(doubled), tuple(trail))
    except InstanceFailed as failure:
        return Run(False, failure.cause, frozenset(doubled), tuple(trail))
    return Run(False, "", frozenset(doubled), tuple(trail))


def _step(runner: Runner, state: Advance, chance: random.Random, trail: list[str]) -> Advance:
    tasks = runner.inspect(state.snapshot).open_tasks
    if state.timers and (not tasks or chance.random() < 0.2):
        moment = chance.choice(state.timers)
        trail.append(moment.element_id)
        return runner.fire(state.snapshot, moment.ref, moment.branch)
    task = chance.choice(tasks)
    trail.append(task.element_id)
    return runner.complete(state.snapshot, task.ref, {"r": chance.randrange(60)})
