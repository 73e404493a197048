"""Our engine, saved and loaded at every step, walks random processes beside the library and alone.

`pytest tests/equivalence/test_walk.py --walks 20000 --walk-seed 1` walks more, half of them alone, and prints its
tables.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.equivalence.generator import LABELS, RARE
from tests.equivalence.rows import LeftOut
from tests.equivalence.tally import walked
from tests.equivalence.walk import Walk

pytestmark = pytest.mark.timeout(600)  # seconds of an idle core are minutes of a crowded one


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", ["beside", "alone"])
def test_no_walk_finds_a_fault_and_every_row_is_visited(
    kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    option = request.config.getoption
    seeds = range(option("--walk-seed"), option("--walk-seed") + option("--walks") // 2)
    tally = walked(seeds, beside=kind == "beside", minutes=option("--minutes"))
    report = "\n".join([f"equivalence walk, {kind}, from seed {seeds[0]}", *tally.lines(), "", *tally.table(), ""])
    with capsys.disabled():
        sys.stdout.write(f"\n{report}" if len(seeds) > 1_000 else f"\n{report.splitlines()[0]}\n")
    if option("--verdicts"):
        Path(option("--verdicts"), f"equivalence-{kind}-{seeds[0]}.md").write_text(report)
    assert tally.failures == [], report
    assert tally.unvisited() == [], report
    if kind == "beside":
        assert tally.compared > tally.steps // 2
    else:
        assert tally.moved > tally.walks // 5


def test_a_seed_always_walks_the_same_way() -> None:
    first, second = (Walk(60, beside=True) for _ in range(2))
    first.run()
    second.run()
    assert (first.log, first.drawing.rows) == (second.log, second.drawing.rows)
    assert len(first.log) > 3


def test_every_reason_for_leaving_out_is_met_where_it_is_looked_for() -> None:
    """A reason that no walk ever needs would hide a difference one day."""
    wanted = set(LeftOut)
    labels = [
        "parallel gateway in a loop", "inclusive gateway in a loop", "loop in an inclusive gateway", "neighbours",
        "event gateway: second timer", "boundary message, non-interrupting", "boundary timer cycle, non-interrupting",
        "boundary on parallel multi-instance sub-process, interrupting", *RARE,
    ]  # fmt: skip
    assert set(labels) <= {*LABELS, *RARE}
    for seed in range(60):
        for label in labels:
            if not wanted:
                return
            wanted.discard(Walk(seed, beside=True, label=label).run().left_out)
    assert wanted == set()


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "alone"])
def test_pruning_in_the_middle_of_a_step_changes_nothing(beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long step drops its finished tasks now and then; here after each single one."""
    monkeypatch.setattr("engine.bpmn.workflow._PRUNE_EVERY", 1)
    assert walked(range(700, 715), beside).failures == []
