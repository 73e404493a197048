"""The seven processes of the city, as they are delivered, pass every publish check."""

from __future__ import annotations

import shutil
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


CHANGES = {
    "the consent gate becomes something else": (
        "plan_approval", 'tsunagu:operation="consent.require"', 'tsunagu:operation="plan.load"', "guard.consent",
    ),
    "the review is interrupted when it is late": (
        "plan_execution", 'cancelActivity="false"', 'cancelActivity="true"', "guard.interrupting_timer",
    ),
    "a task loses its clock": ("intake", 'tsunagu:sla="20 business_days"', "", "task.clock_missing"),
    "a condition names a way in that does not exist": (
        "multi_agency_assessment", 'entry == "returned"', 'entry == "return"', "expression.option",
    ),
    "a task loses its role": ("outreach", "camunda:candidateGroups", "tsunagu:assignTo", "task.role_missing"),
    "a condition names an option that does not exist": (
        "multi_agency_assessment", 'accept_result == "受理"', 'accept_result == "受付"', "expression.option",
    ),
    "the process is renamed": (
        "participation_support", 'process id="participation_support"', 'process id="ps"', "structure.process_id",
    ),
    "a message is misspelt": (
        "participation_handoff", 'name="participation.accepted"', 'name="participation.taken"', "message.never_caught",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("key", "old", "new", "rule"), CHANGES.values(), ids=CHANGES)
def test_a_careless_change_is_refused(tmp_path, key, old, new, rule):
    shutil.copytree(WORKFLOWS, tmp_path / "workflows")
    file = tmp_path / "workflows" / key / "process.bpmn"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert rule in {finding.rule for finding in errors_in(findings_of(file.parent))}


def test_no_process_is_left_out():
    assert sorted(path.parent.name for path in WORKFLOWS.glob("*/process.bpmn")) == sorted(PROCESSES)
