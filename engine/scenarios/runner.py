"""Runs a scenario step by step and says of each step what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from engine.domain.errors import EngineError
from engine.scenarios import acts, expected_case, expected_tasks, expected_trail, time_travel
from engine.scenarios.errors import NotYet, StepFailed
from engine.scenarios.model import Scenario, Step
from engine.scenarios.schema import ACTS
from engine.scenarios.world import World, open_world
from engine.services.engine import Engine

Expectation = Callable[[World, str, Any], list[str]]

EXPECTATIONS: Mapping[str, Expectation] = {
    "status": expected_case.expect_status,
    "instances": expected_case.expect_instances,
    "open": expected_tasks.expect_open,
    "open_exactly": expected_tasks.expect_open_exactly,
    "not_open": expected_tasks.expect_not_open,
    "one_of": expected_tasks.expect_one_of,
    "raised": expected_tasks.expect_raised,
    "variables": expected_case.expect_variables,
    "records": expected_case.expect_records,
    "visible_to": expected_case.expect_visible_to,
    "search": expected_case.expect_search,
    "sees": expected_case.expect_sees,
    "grants": expected_case.expect_grants,
    "consents": expected_case.expect_consents,
    "plan": expected_case.expect_plan,
    "related": expected_case.expect_related,
    "not_contains": expected_case.expect_not_contains,
    "audit": expected_trail.expect_audit,
    "notified": expected_trail.expect_notified,
    "retention": expected_case.not_yet("retention"),
    "reports": expected_case.not_yet("reports"),
    "prints": expected_case.not_yet("prints"),
}
_WITHOUT_CASE = frozenset({"search", "reports", "prints"})


@dataclass(frozen=True)
class Failure:
    """A step that came out otherwise. key: which expectation, empty for an act."""

    step: Step
    key: str
    text_ja: str
    not_yet: bool = False


@dataclass(frozen=True)
class Result:
    """What came of a scenario. done: steps that were run; ended_at: where its clock stood at the end."""

    scenario: Scenario
    failures: tuple[Failure, ...]
    done: int
    seconds: float
    ended_at: datetime

    @property
    def passed(self) -> bool:
        """Whether every step came out as it says."""
        return not self.failures


def run(engine: Engine, scenario: Scenario) -> Result:
    """Run a scenario on an empty database. It ends at the first act that fails; expectations are all looked at."""
    begun = perf_counter()
    failures: list[Failure] = []
    done = 0
    try:
        world = open_world(engine, scenario)
    except StepFailed as failure:
        first = scenario.steps[0]
        return Result(scenario, (Failure(first, "", failure.text_ja),), 0, perf_counter() - begun, scenario.now)
    for step in scenario.steps:
        found = take(world, step)
        failures += found
        done += 1
        if found and step.verb != "expect":
            break
    return Result(scenario, tuple(failures), done, perf_counter() - begun, world.clock.now())


def take(world: World, step: Step) -> list[Failure]:
    """Take one step; what went wrong with it."""
    if step.verb == "expect":
        return _expect(world, step)
    try:
        _do(world, step)
    except StepFailed as failure:
        return [Failure(step, "", failure.text_ja, isinstance(failure, NotYet))]
    except EngineError as error:
        return [Failure(step, "", f"{acts.said(error)}。")]
    except Exception as error:  # noqa: BLE001 - whatever an act raises is this scenario's failure, not the run's
        return [Failure(step, "", f"思わぬ誤り（{type(error).__name__}: {error}）")]
    return []


def _do(world: World, step: Step) -> None:
    if step.verb == "down":
        time_travel.down(world, step.data)
        return
    if step.verb == "advance":
        time_travel.advance(world, step.data)
        return
    time_travel.catch_up(world)
    if step.verb == "at_once":
        acts.at_once(world, step.data)
    else:
        assert step.verb in ACTS
        acts.perform(world, step.verb, step.data)
    time_travel.settle(world)


def _expect(world: World, step: Step) -> list[Failure]:
    failures = []
    for key, wanted in step.data.items():
        if key == "case":
            continue
        try:
            case_id = "" if key in _WITHOUT_CASE else world.case(step.data.get("case"))
            texts = EXPECTATIONS[key](world, case_id, wanted)
        except StepFailed as failure:
            failures.append(Failure(step, key, failure.text_ja, isinstance(failure, NotYet)))
            continue
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is a failure of this expectation alone
            failures.append(Failure(step, key, f"確かめられません（{type(error).__name__}: {error}）"))
            continue
        failures += [Failure(step, key, text) for text in texts]
    return failures
