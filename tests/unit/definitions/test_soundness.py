"""The search over markings: what hangs, what doubles, what is never reached, and what is in order."""

from __future__ import annotations

import pytest

from engine.definitions.model import BpmnModel, read_model
from engine.definitions.package import called_files
from engine.definitions.soundness import explore
from tests.models import accepted_models, called_models, refused_models
from tests.models.drawing import Diagram, Line, Node, catches, chain, end, message, start, work


def search(diagram: Diagram | str, **limits):
    return explore(model_of(diagram), **limits)


def model_of(diagram: Diagram | str) -> BpmnModel:
    """The process with what it calls."""
    text = diagram if isinstance(diagram, str) else diagram.text()
    called = called_files(called_models.files_for(text))
    return read_model(text.encode()).with_called({key: read_model(content) for key, content in called.items()})


def gateway(kind: str, element_id: str, default: str = "") -> Node:
    return Node(f"{kind}Gateway", element_id, "どちら", f'default="{default}"' if default else "")


def between(split: Node, join: Node) -> Diagram:
    """Two tasks between a split and a join."""
    nodes = [start(), split, work("a", "甲"), work("b", "乙"), join, end()]
    lines = [*chain("begin", split.id), Line(split.id, "a", "甲", "x"), Line(split.id, "b", "乙")]
    return Diagram(nodes, [*lines, *chain("a", join.id, "finish"), *chain("b", join.id)])


@pytest.mark.parametrize("make", accepted_models.MODELS.values(), ids=accepted_models.MODELS)
def test_every_accepted_model_is_sound(make):
    result = search(make())
    assert (result.stuck, result.doubled, result.never, result.decided) == ((), (), (), True)


SPLITS = {
    ("parallel", "parallel"): ((), ()),
    ("exclusive", "exclusive"): ((), ()),
    ("inclusive", "inclusive"): ((), ()),
    ("exclusive", "inclusive"): ((), ()),
    ("parallel", "inclusive"): ((), ()),
    ("exclusive", "parallel"): ((("m",),), ()),
    ("inclusive", "parallel"): ((("m",),), ()),
}


@pytest.mark.parametrize(("kinds", "expected"), SPLITS.items(), ids=["-".join(kinds) for kinds in SPLITS])
def test_a_split_must_fit_its_join(kinds, expected):
    result = search(between(gateway(kinds[0], "s"), gateway(kinds[1], "m")))
    assert (result.stuck, result.doubled) == expected


def test_two_tokens_in_one_task_are_found():
    merged = search(between(gateway("parallel", "s"), work("c", "丙")))
    assert merged.doubled == ("c",)


def test_two_tokens_through_an_automatic_step_into_one_task_are_found():
    step = Node("serviceTask", "m", "数える")
    diagram = between(gateway("parallel", "s"), step)
    diagram.nodes.append(work("c", "丙"))
    diagram.lines = [line for line in diagram.lines if line.source != "m"] + chain("m", "c", "finish")
    assert search(diagram).doubled == ("c",)


def test_a_token_beside_the_main_flow_may_come_twice():
    text = accepted_models.boundary_timer_cycle().text()
    assert search(text).doubled == ()


def test_an_interrupting_event_of_a_sub_process_takes_all_its_tokens():
    nodes = [
        start(),
        Node("subProcess", "meeting", "会議"),
        Node("startEvent", "meeting_begin", "始める", inside="meeting"),
        Node("parallelGateway", "fork", "同時に", inside="meeting"),
        work("a", "甲", inside="meeting"),
        work("b", "乙", inside="meeting"),
        Node("parallelGateway", "join", inside="meeting"),
        end("meeting_done", "終えた", inside="meeting"),
        Node("boundaryEvent", "stop", "中止", 'attachedToRef="meeting"', catches("m_answer")),
        end(),
        end("stopped", "中止した"),
    ]
    lines = [*chain("begin", "meeting", "finish"), *chain("stop", "stopped"), *chain("meeting_begin", "fork")]
    lines += [*chain("fork", "a", "join", "meeting_done"), *chain("fork", "b", "join")]
    result = search(Diagram(nodes, lines, root=message("m_answer", "case.answered")))
    assert (result.stuck, result.doubled, result.never) == ((), (), ())


def test_a_terminate_end_takes_tokens_that_would_hang():
    diagram = between(gateway("inclusive", "s"), gateway("parallel", "m"))
    assert search(diagram).stuck
    over = end("over", "すべて終える", '<bpmn:terminateEventDefinition id="d"/>')
    diagram = accepted_models.terminate_end()
    assert over.tag == "endEvent"
    assert search(diagram).stuck == ()


def test_a_loop_without_a_way_out_is_found():
    nodes = [start(), work("a", "甲"), work("b", "乙"), end()]
    result = search(Diagram(nodes, [*chain("begin", "a", "b"), Line("b", "a"), Line("finish", "finish")]))
    assert result.stuck == (("a",),)


def test_an_element_behind_a_join_that_never_opens_is_never_reached():
    result = search(refused_models.models()["choice_into_parallel_join"].text)
    assert result.never == ("finish",)


def test_a_search_that_is_too_big_says_so():
    result = search(accepted_models.parallel_gateway(), limit=1)
    assert not result.decided
    assert result.never == ()


def test_twelve_parallel_branches_are_decided():
    branches = [f"t{n}" for n in range(12)]
    nodes = [start(), gateway("parallel", "s"), *(work(b, b) for b in branches), gateway("parallel", "m"), end()]
    lines = [*chain("begin", "s"), *chain("m", "finish"), *(Line("s", b, b) for b in branches)]
    result = search(Diagram(nodes, [*lines, *(Line(b, "m") for b in branches)]))
    assert (result.decided, result.stuck, result.doubled) == (True, (), ())
