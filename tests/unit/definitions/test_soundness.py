"""The search over markings: what hangs, what doubles, what is never reached, and what is in order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.definitions.checks import check_package
from engine.definitions.context import CheckContext
from engine.definitions.markings import How
from engine.definitions.model import BpmnModel, read_model
from engine.definitions.package import called_files, package_of
from engine.definitions.soundness import Trouble, explore
from engine.definitions.standing import standing
from engine.definitions.ways import trouble_ja, way_ja
from tests.models import accepted_models, called_models, refused_models
from tests.models.called_models import ERROR, ESCALATION, REFUSED, SETTLED, SIGNAL, WORRIED
from tests.models.drawing import Diagram, Line, Node, catches, chain, end, message, start, work

CATCH_ALL = '<bpmn:errorEventDefinition id="d_caught"/>'


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


# ---------------------------------------------------------------- the way to what is wrong


def told(diagram: Diagram | str) -> list[str]:
    """What is wrong with a process, in words."""
    model = model_of(diagram)
    return [trouble_ja(model, example) for example in explore(model).examples]


def test_a_stuck_join_is_shown_with_the_steps_to_it():
    model = model_of(between(gateway("exclusive", "s"), gateway("parallel", "m")))
    (example,) = explore(model).examples
    assert (example.trouble, example.elements) == (Trouble.STUCK, ("m",))
    first, choice = example.steps
    assert (first.how, first.element_id) == (How.DONE, "begin")
    assert (choice.element_id, choice.flows, choice.passed) == ("s", ("f_s__a",), ("a",))
    assert way_ja(model, example) == "「始まる」 → 「どちら」で「甲」 → 「甲」"


def test_two_tokens_in_one_task_are_shown_with_the_steps_to_them():
    (text,) = told(between(gateway("parallel", "s"), work("c", "丙")))
    assert text.startswith("「丙」に、同時に二つの流れが届く道があります（")
    assert "「甲」" in text
    assert "「乙」" in text


def test_a_circle_without_an_end_is_shown_as_one():
    nodes = [start(), work("a", "甲"), work("b", "乙"), end()]
    diagram = Diagram(nodes, [*chain("begin", "a", "b"), Line("b", "a"), Line("finish", "finish")])
    (example,) = explore(model_of(diagram)).examples
    assert example.trouble is Trouble.ENDLESS
    assert way_ja(model_of(diagram), example).endswith("ここからは終わりに着けないくり返し")


def test_the_finding_at_publish_tells_the_way():
    package = package_of("sample", {"process.bpmn": refused_models.models()["choice_into_parallel_join"].text.encode()})
    texts = [f.message_ja for f in check_package(package, CheckContext()) if f.rule == "soundness.stuck"]
    assert texts
    assert all("進めなくなる道があります（" in text for text in texts)


# ---------------------------------------------------------------- what is thrown, repeated and called


def meeting(*inner: Node, lines: list[Line], definition: str = "", root: str = "", loop: str = "") -> Diagram:
    """A sub-process of ``hold`` and what is given, with a boundary event (if any) that leads to an end of its own."""
    nodes = [
        start(), Node("subProcess", "meeting", "会議", body=loop),
        Node("startEvent", "meeting_begin", "始める", inside="meeting"), work("hold", "開く", inside="meeting"),
        *inner, end(),
    ]  # fmt: skip
    ways = [*chain("begin", "meeting", "finish"), *chain("meeting_begin", "hold"), *lines]
    if definition:
        nodes += [
            Node("boundaryEvent", "caught", "起きた", 'attachedToRef="meeting"', definition),
            end("over", "やめた"),
        ]
        ways += chain("caught", "over")
    return Diagram(nodes, ways, root=root)


def closing(element_id: str, definition: str = "") -> Node:
    return end(element_id, element_id, definition, inside="meeting")


def test_an_error_that_nothing_around_catches_is_stuck_where_it_is_thrown():
    lines = chain("hold", "bad")
    assert search(meeting(closing("bad", REFUSED), lines=lines, root=ERROR)).stuck == (("bad", "meeting"),)
    caught = search(meeting(closing("bad", REFUSED), lines=lines, root=ERROR, definition=CATCH_ALL))
    assert (caught.stuck, caught.never) == ((), ("finish",))


def test_an_error_takes_all_tokens_of_its_part():
    fork, side = Node("parallelGateway", "fork", "同時に", inside="meeting"), work("side", "横", inside="meeting")
    join = Node("parallelGateway", "join", inside="meeting")
    lines = [*chain("hold", "fork", "bad"), *chain("fork", "side", "join", "done"), *chain("hold", "join")][:-1]
    inner = (fork, side, join, closing("done"), closing("bad", REFUSED))
    assert search(meeting(*inner, lines=lines, root=ERROR, definition=CATCH_ALL)).stuck == ()


def test_an_escalation_that_nobody_hears_goes_on():
    throw = Node("intermediateThrowEvent", "worry", "気がかり", body=WORRIED, inside="meeting")
    result = search(meeting(throw, closing("done"), lines=chain("hold", "worry", "done"), root=ESCALATION))
    assert (result.stuck, result.never) == ((), ())


def test_a_signal_reaches_only_who_waits_already():
    def telling(first: str) -> Diagram:
        fork, tell = (
            Node("parallelGateway", "fork", "同時に"),
            Node("intermediateThrowEvent", "tell", "伝える", body=SETTLED),
        )
        hear = Node("intermediateCatchEvent", "hear", "聞く", body=SETTLED.replace("d_settled", "d_hear"))
        nodes = [start(), fork, work("late", "あとで"), tell, hear, end(), end("heard", "聞いた")]
        ways = {
            "hears first": [*chain("fork", "hear"), *chain("fork", "late", "tell")],
            "may hear late": [*chain("fork", "late", "hear"), *chain("fork", "tell")],
        }[first]
        return Diagram(nodes, [*chain("begin", "fork"), *ways, *chain("tell", "finish"), *chain("hear", "heard")],
                       root=SIGNAL)  # fmt: skip

    assert search(telling("hears first")).stuck == ()
    assert search(telling("may hear late")).stuck == (("hear",),)


def test_a_body_that_runs_several_times_or_not_at_all_must_end_each_time():
    twice = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    twice += "</bpmn:multiInstanceLoopCharacteristics>"
    good = search(meeting(closing("done"), lines=chain("hold", "done"), loop=twice))
    assert (good.stuck, good.doubled, good.never, good.decided) == ((), (), (), True)
    join = Node("parallelGateway", "join", inside="meeting")
    which = Node("exclusiveGateway", "which", "どちら", inside="meeting")
    side = work("side", "横", inside="meeting")
    lines = [*chain("hold", "which", "join", "done"), *chain("which", "side", "join")]
    assert search(meeting(which, side, join, closing("done"), lines=lines, loop=twice)).stuck == (("join",),)


def test_signals_between_parallel_instances_are_not_decided():
    many = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    many += "</bpmn:multiInstanceLoopCharacteristics>"
    tell = Node("intermediateThrowEvent", "tell", "伝える", body=SETTLED, inside="meeting")
    result = search(meeting(tell, closing("done"), lines=chain("hold", "tell", "done"), root=SIGNAL, loop=many))
    assert not result.decided
    assert "シグナルで影響し合います" in result.unclear[0]


def test_a_called_process_that_is_not_known_is_not_decided():
    call = Node("callActivity", "try_it", "頼む", 'calledElement="refusing"')
    diagram = Diagram([start(), call, end()], chain("begin", "try_it", "finish"))
    assert not explore(read_model(diagram.text().encode())).decided


# ---------------------------------------------------------------- from the middle


def test_a_search_can_start_from_any_marking():
    model = model_of(between(gateway("parallel", "s"), gateway("parallel", "m")))
    assert explore(model, start=frozenset({"a", "b"})).is_sound
    alone = explore(model, start=frozenset({"a"}))
    assert alone.stuck == (("m",),)
    assert [step.element_id for step in alone.examples[0].steps] == ["a"]
    assert alone.never == (), "what lies behind is no matter"


@dataclass(frozen=True)
class Token:
    """An open token as the runner would say it."""

    ref: str
    element_id: str
    came_from: str | None = None
    owner: str | None = None
    event: bool = False
    instance: bool = False


def test_each_instance_of_a_part_is_looked_at_by_itself():
    model = model_of(meeting(closing("done"), lines=chain("hold", "done")))
    found = standing(
        model,
        [
            Token("1", "meeting"),
            *(Token(ref, "meeting", instance=True) for ref in ("2", "3")),
            Token("4", "hold", owner="2"),
            Token("5", "caught", event=True),
        ],
    )
    assert found.markings == [frozenset({"meeting", "hold"}), frozenset({"meeting"})]
    assert (found.doubled, found.unknown) == ([], [])


def test_arrivals_at_a_join_stand_where_they_came_from():
    model = model_of(between(gateway("parallel", "s"), gateway("parallel", "m")))
    found = standing(model, [Token("1", "m", came_from="a"), Token("2", "b"), Token("3", "b"), Token("4", "m", "z")])
    assert found.markings[0] >= {"m<f_a__m", "b"}
    assert (found.doubled, found.unknown) == (["b"], ["z"])
