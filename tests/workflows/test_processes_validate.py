"""The seven processes of the city, as they are delivered, pass every publish check."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands.definitions import findings_of
from engine.definitions.findings import as_text, errors_in
from engine.definitions.model import read_model
from engine.definitions.soundness import explore

WORKFLOWS = Path(__file__).parents[2] / "workflows"
PROCESSES = (
    "intake",
    "multi_agency_assessment",
    "outreach",
    "participation_handoff",
    "participation_support",
    "plan_approval",
    "plan_execution",
)


@pytest.mark.parametrize("key", PROCESSES)
def test_a_process_has_no_error(key):
    assert as_text(errors_in(findings_of(WORKFLOWS / key))) == ""


@pytest.mark.parametrize("key", PROCESSES)
def test_a_process_always_comes_to_its_end(key):
    result = explore(read_model((WORKFLOWS / key / "process.bpmn").read_bytes()))
    assert (result.decided, result.stuck, result.doubled, result.never) == (True, (), (), ())


def test_no_process_is_left_out():
    assert sorted(path.parent.name for path in WORKFLOWS.glob("*/process.bpmn")) == sorted(PROCESSES)
