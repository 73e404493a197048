"""Changing a diagram's file: properties, a step after a step, a step taken out; the rest and the drawing stay tidy."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from engine.definitions import editing
from engine.definitions.editing import NewStep
from engine.definitions.lint import lint
from engine.definitions.model import read_model
from engine.definitions.xml import BPMNDI, DC, DI
from engine.domain.errors import FormInvalid, NotFound

DIAGRAM = (Path(__file__).parents[3] / "workflows" / "plan_approval" / "process.bpmn").read_bytes()
STEP = NewStep("pa_second_look", {"name": "もう一度確かめる", "roles": "agency_manager", "sla": "2 business_days"})


def test_properties_are_set_and_an_empty_text_takes_one_away():
    changed = editing.with_properties(
        DIAGRAM, "pa_check", {"name": "確かめる", "sla": "3 business_days", "stage": ""}, "説明です。"
    )
    task, before = read_model(changed).elements["pa_check"], read_model(DIAGRAM).elements["pa_check"]
    assert (task.name, task.task.sla, task.task.stage, task.documentation) == (
        "確かめる", "3 business_days", None, "説明です。",
    )  # fmt: skip
    assert task.task.roles == before.task.roles
    assert {k: e for k, e in read_model(changed).elements.items() if k != "pa_check"} == {
        k: e for k, e in read_model(DIAGRAM).elements.items() if k != "pa_check"
    }


def test_a_step_is_added_between_a_step_and_what_follows_in_its_lane():
    changed = read_model(editing.with_step_after(DIAGRAM, "pa_check", STEP))
    assert [f.target for f in changed.flows_out("pa_check")] == ["pa_second_look"]
    assert [f.target for f in changed.flows_out("pa_second_look")] == ["pa_g_check"]
    added = changed.elements["pa_second_look"]
    assert added.lane_id == changed.elements["pa_check"].lane_id
    assert (added.name, added.task.roles, added.task.sla) == (
        "もう一度確かめる",
        ("agency_manager",),
        "2 business_days",
    )


@pytest.mark.parametrize("after", ["pa_check", "pa_submit", "pa_schedule", "pa_hold", "pa_start"])
def test_the_drawing_stays_tidy(after: str):
    changed = editing.with_step_after(DIAGRAM, after, STEP)
    assert [f for f in lint(changed, "process.bpmn") if "overlapping" in f.rule or "bpmndi" in f.rule] == []
    assert crooked(changed) <= crooked(DIAGRAM)
    assert unattached(changed) == unattached(DIAGRAM) == []


def test_a_step_that_was_added_can_be_taken_out_again():
    added = editing.with_step_after(DIAGRAM, "pa_check", STEP)
    gone = read_model(editing.without_step(added, "pa_second_look"))
    was = read_model(DIAGRAM)
    assert {(f.source, f.target) for f in gone.flows.values()} == {(f.source, f.target) for f in was.flows.values()}
    assert set(gone.elements) == set(was.elements)
    assert unattached(editing.without_step(added, "pa_second_look")) == []


def test_what_cannot_be_done_plainly_is_refused():
    with pytest.raises(FormInvalid, match="element"):
        editing.with_step_after(DIAGRAM, "pa_g_check", STEP)
    with pytest.raises(FormInvalid, match="element"):
        editing.with_step_after(DIAGRAM, "pa_check", NewStep("pa_hold", {}))
    for element in ("pa_g_check", "pa_schedule"):
        with pytest.raises(FormInvalid, match="element"):
            editing.without_step(DIAGRAM, element)
    with pytest.raises(NotFound):
        editing.without_step(DIAGRAM, "nothing")


def crooked(diagram: bytes) -> int:
    """Parts of lines that are neither level nor upright."""
    found = 0
    for edge in etree.fromstring(diagram).iter(f"{{{BPMNDI}}}BPMNEdge"):
        points = [(float(p.get("x")), float(p.get("y"))) for p in edge.iter(f"{{{DI}}}waypoint")]
        found += sum(1 for (ax, ay), (bx, by) in pairwise(points) if ax != bx and ay != by)
    return found


def unattached(diagram: bytes) -> list[str]:
    """Flows whose drawn ends do not touch what they join."""
    root, found = etree.fromstring(diagram), []
    boxes = {
        shape.get("bpmnElement"): [float(shape.find(f"{{{DC}}}Bounds").get(n)) for n in ("x", "y", "width", "height")]
        for shape in root.iter(f"{{{BPMNDI}}}BPMNShape")
    }
    lines = {
        edge.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in edge.iter(f"{{{DI}}}waypoint")]
        for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge")
    }
    for flow in read_model(diagram).flows.values():
        for end, (x, y) in ((flow.source, lines[flow.id][0]), (flow.target, lines[flow.id][-1])):
            left, top, width, height = boxes[end]
            if not (left - 1 <= x <= left + width + 1 and top - 1 <= y <= top + height + 1):
                found.append(flow.id)
    return found
