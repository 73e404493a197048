"""Each element kind and trap, saved and loaded at every step; then the same in another OS process."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.bpmn.driving import Instance
from tests.unit.bpmn.interplay import INTERPLAY
from tests.unit.bpmn.rows import ROWS as ELEMENTS
from tests.unit.bpmn.rows import Row

ROOT = Path(__file__).parents[3]
ROWS = [*ELEMENTS, *INTERPLAY]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_tokens_are_where_bpmn_says_after_every_reload(row: Row) -> None:
    instance = Instance(row.xml, **row.variables)
    states = [instance.state]
    for act in row.acts:
        states.append(instance.act(act).state)
    assert states == row.expected


def test_row_names_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.timeout(360)
def test_every_row_continues_in_another_process() -> None:
    jobs = []
    for row in ROWS:
        snapshot = Instance(row.xml, **row.variables).last.snapshot
        jobs.append({"xml": row.xml.decode(), "snapshot": base64.b64encode(snapshot).decode(), "acts": row.acts})
    finished = subprocess.run(
        [sys.executable, "-m", "tests.unit.bpmn.another_process"],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=300,
    )
    states = json.loads(finished.stdout)
    assert {row.name: found for row, found in zip(ROWS, states, strict=True)} == {
        row.name: row.expected for row in ROWS
    }
