"""The text twin of a diagram, and what follows a step."""

from __future__ import annotations

import pytest

from engine.config import ROOT
from engine.definitions.model import BpmnModel, read_model
from engine.queries.outline import StepKind, next_steps, opens_task, outline
from tests.support.casework import a_process, a_task, flow

PROCESSES = sorted((ROOT / "workflows").glob("*/process.bpmn"))


def a_model(body: str) -> BpmnModel:
    """A model of what ``body`` draws after the start."""
    return read_model(a_process("p", body))


GATE = '<bpmn:exclusiveGateway id="g" name="同意はあるか"/>'
TIMER = (
    '<bpmn:boundaryEvent id="late" name="期限" attachedToRef="a" cancelActivity="false" {0}>'
    "<bpmn:timerEventDefinition><bpmn:timeDuration>1</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
)


def labelled(source: str, target: str, label: str) -> str:
    """A flow with a label."""
    return f'<bpmn:sequenceFlow id="f_{source}_{target}" name="{label}" sourceRef="{source}" targetRef="{target}"/>'


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.parent.name)
def test_every_element_of_a_process_has_its_line(path: object) -> None:
    model = read_model(path.read_bytes())  # type: ignore[attr-defined]
    steps = outline(model)
    assert {step.element_id for step in steps} == set(model.elements)
    assert [step.no for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.name for step in steps)
    assert all(way.target_no for step in steps for way in step.ways)


def test_steps_stand_in_the_order_in_which_a_case_meets_them() -> None:
    model = a_model(
        a_task("b")
        + a_task("a")
        + '<bpmn:endEvent id="e" name="終わり"/>'
        + flow("st", "a")
        + flow("a", "b")
        + flow("b", "e")
    )
    assert [step.element_id for step in outline(model)] == ["st", "a", "b", "e"]


def test_a_question_lists_its_answers_with_the_numbers_of_their_steps() -> None:
    model = a_model(
        a_task("a") + GATE + a_task("yes") + a_task("no") + flow("st", "a") + flow("a", "g")
        + labelled("g", "yes", "あり") + labelled("g", "no", "なし")
    )  # fmt: skip
    question = next(step for step in outline(model) if step.kind is StepKind.QUESTION)
    assert [(way.label, way.target_no) for way in question.ways] == [("あり", 4), ("なし", 5)]


def test_a_watch_follows_its_task_one_step_in() -> None:
    model = a_model(a_task("a") + a_task("z") + TIMER.format("") + flow("st", "a") + flow("a", "z") + flow("late", "z"))
    lines = [(step.element_id, step.depth, step.kind) for step in outline(model)]
    assert lines[1:3] == [("a", 0, StepKind.TASK), ("late", 1, StepKind.WATCH)]


def test_a_loop_does_not_lead_in_circles() -> None:
    model = a_model(a_task("a") + GATE + flow("st", "a") + flow("a", "g") + labelled("g", "a", "もう一度"))
    assert len(outline(model)) == 3
    (again,) = next_steps(model, "a")
    assert (again.conditions, again.name) == (("もう一度",), "a")


def test_what_follows_is_told_with_the_answers_on_the_way() -> None:
    service = '<bpmn:serviceTask id="s" name="記録する"/><bpmn:endEvent id="e" name="同意なしで終了"/>'
    model = a_model(
        a_task("a") + GATE + service + a_task("b", roles="agency_manager")
        + flow("st", "a") + flow("a", "g") + labelled("g", "s", "あり") + labelled("g", "e", "なし") + flow("s", "b")
    )  # fmt: skip
    told = {step.name: (step.conditions, step.kind, step.roles) for step in next_steps(model, "a")}
    assert told == {
        "b": (("あり",), StepKind.TASK, ("agency_manager",)),
        "同意なしで終了": (("なし",), StepKind.END, ()),
    }


def test_a_moment_announces_the_task_it_opens_unless_it_watches_a_deadline() -> None:
    body = a_task("a") + a_task("check") + flow("st", "a") + flow("late", "check")
    assert opens_task(a_model(body + TIMER.format("")), "late") == "check"
    assert opens_task(a_model(body + TIMER.format('tsunagu:follows="overdue"')), "late") is None
    assert opens_task(a_model(body), "nothing") is None
