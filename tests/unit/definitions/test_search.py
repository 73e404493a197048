"""The search over markings against a plain one that takes no short cuts, and against runs of the real engine.

In CI a few random models; ``--models 1000 --seed 1`` for many (docs/verification/soundness.md). Each test prints what
it looked at; a run in which one of the verdicts never came up proves nothing and fails.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from engine.definitions.model import read_model
from engine.definitions.net import net_of
from engine.definitions.soundness import explore
from tests.support import naive_search
from tests.support.random_models import RandomModel
from tests.support.random_runs import runs

RUNS = 2  #: of each model
pytestmark = pytest.mark.timeout(7200)


def said(line: str) -> None:
    """One line of the run's report, shown with ``-s`` and when the test fails."""
    sys.stdout.write(f"\n{line}\n")


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> range:
    """Seeds of the models of this run."""
    first, count = request.config.getoption("--seed"), request.config.getoption("--models")
    said(f"models of seeds {first} to {first + count - 1}")
    return range(first, first + count)


def test_the_search_agrees_with_one_that_takes_no_short_cuts(seeds: range) -> None:
    seen: Counter[str] = Counter()
    differ: list[tuple[int, object, object]] = []
    for seed in seeds:
        model = read_model(RandomModel(seed, beside=False).xml)
        ours, plain = explore(model), naive_search.search(model)
        if not (ours.decided and plain.decided):
            seen["one of the two did not decide"] += 1
            continue
        doubled = bool(ours.doubled), plain.doubled
        hopeless = (False, False) if any(doubled) else (bool(ours.stuck), plain.hopeless)
        seen["two tokens" if doubled[1] else "no way to an end" if hopeless[1] else "sound"] += 1
        if doubled[0] != doubled[1] or hopeless[0] != hopeless[1]:
            differ.append((seed, ours.examples, plain))
    said(str(dict(seen)))
    assert differ == []
    assert min(seen[verdict] for verdict in ("two tokens", "no way to an end", "sound")) > 0, seen


def test_what_the_search_calls_sound_always_ends_when_it_is_run(seeds: range) -> None:
    seen: Counter[str] = Counter()
    wrong: list[tuple[int, object]] = []
    for seed in seeds:
        xml = RandomModel(seed).xml
        model = read_model(xml)
        result, net = explore(model), net_of(model)
        beside = {net.nodes[key].element.id for key in net.beside}
        for run in runs(xml, seed, RUNS):
            verdict = "sound" if result.is_sound else "unsound" if result.decided else "undecided"
            seen[f"{verdict}, {'ended' if run.ended else 'did not end'}"] += 1
            if result.is_sound and ((not run.ended and not run.is_endless) or run.doubled - beside):
                wrong.append((seed, run))
    said(str(dict(seen)))
    assert wrong == []
    assert seen["sound, ended"] > 0
    assert seen["unsound, did not end"] > 0, "a search that calls everything sound would fail here"
