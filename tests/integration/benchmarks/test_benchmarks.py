"""The benchmarks run: toy sizes, SQLite, with their own assertions on both sides' rows. No time is judged here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.rounds import Compared, measured
from benchmarks.table import PUBLISHED, Goal, Line, rendered
from engine.config import ROOT

#: what needs packages or a browser of its own is left to script/bench
HERE = [name for name in BENCHMARKS if name not in ("viewflow", "editor")]


def test_every_benchmark_runs_at_toy_size_and_prints_its_lines() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--database", "sqlite", *HERE]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stderr
    table = [line.split(" | ") for line in run.stdout.splitlines() if line.startswith("| ")]
    names = [row[0].removeprefix("| ") for row in table[2:]]
    assert names == [
        "completed step / its statements bare",
        "completed step / its write transaction bare",
        "restore + advance + snapshot, first step",
        "restore + advance + snapshot, first turn of the loop",
        "restore + advance + snapshot, turn 2 of the loop",
        "whole step at loop turn 2, engine alone",
        "whole step at loop turn 2, product",
        "case after 3 turns / new case",
        "raise overdue tasks",
        "raise overdue tasks / with its questions",
        "tick, nothing due",
        "inbox, mine",
        "inbox, claimable",
        "inbox, counts of all views",
        "inbox",
        "inbox, claimable",
        "board of one office",
        "board of the city",
        "list of the board",
        "moments",
        "months",
        "case file of ten years, timeline",
        "case file of ten years, contacts",
        "case file of ten years, records",
        "case file of ten years, plans",
        "case file of ten years, tasks",
    ]
    assert {len(row) for row in table} == {9}
    assert "bare commit of one row, SQLite" in run.stdout


def test_a_ratio_is_the_median_of_the_rounds_and_each_side_takes_its_turn() -> None:
    seconds = iter([1.0, 2.0, 1.0, 4.0, 3.0, 9.0])
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return next(seconds)

    found = measured(lambda: side("ours"), lambda: side("theirs"), rounds=3, calls=1)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert found.ratios == (0.5, 4.0, 1 / 3)
    assert found.ratio == 0.5


@pytest.mark.parametrize(
    ("goal", "ratio", "verdict"),
    [(Goal(at_most=2), 2.0, "met"), (Goal(at_most=2), 2.1, "NOT MET"), (Goal(at_least=3), 0.25, "met"),
     (Goal(at_least=3), 0.5, "NOT MET"), (PUBLISHED, 9.0, "-")],
)  # fmt: skip
def test_a_goal_that_is_not_met_says_so(goal: Goal, ratio: float, verdict: str) -> None:
    line = Line("step", "sqlite", Compared(ratio / 1000, 1 / 1000, (ratio,)), goal)
    assert line.cells()[7] == verdict
    assert verdict in rendered([line])
