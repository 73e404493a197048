"""What the parser refuses, each with the element and a Japanese sentence."""

from __future__ import annotations

import threading

import pytest

from engine.bpmn.api import Problem
from engine.bpmn.runner import Runner, parse_process
from engine.domain.errors import DefinitionRefused
from tests.unit.bpmn.driving import FakeHost
from tests.unit.bpmn.process_xml import (
    after,
    boundary,
    definitions,
    end,
    file,
    flow,
    io,
    line,
    message,
    node,
    path,
    people,
    process,
    script,
    several,
    start,
    timer,
    user,
)


def refused(xml: bytes, process_id: str = "p") -> list[Problem]:
    with pytest.raises(DefinitionRefused) as refusal:
        parse_process(xml, process_id)
    problems = [problem for problem in refusal.value.findings if isinstance(problem, Problem)]
    assert len(problems) == len(refusal.value.findings) > 0
    assert all(problem.message_ja.endswith("。") for problem in problems)
    return problems


def one(xml: str, *more: str) -> bytes:
    """start -> x -> end"""
    return file(start() + xml + end() + path("s", "x", "e"), *more)


HOSTILE = {
    "plain task": ("x", one(node("task", "x"))),
    "transaction": ("x", one(node("transaction", "x", people("w", prefix="x")))),
    "ad-hoc sub-process": (
        "x",
        one(node("adHocSubProcess", "x", user("w"), "<completionCondition>True</completionCondition>")),
    ),
    "complex gateway": ("x", one(node("complexGateway", "x"))),
    "conditional event": (
        "x",
        one(
            node(
                "intermediateCatchEvent",
                "x",
                "<conditionalEventDefinition><condition>a</condition></conditionalEventDefinition>",
            )
        ),
    ),
    "multiple event": ("x", one(node("intermediateCatchEvent", "x", message("m1"), message("m2")))),
    "event sub-process": (
        "p",
        one(user("x"), node("subProcess", "es", people("w", prefix="es"), triggeredByEvent="true")),
    ),
    "event sub-process with a message": (
        "p",
        one(
            user("x"),
            node(
                "subProcess",
                "es",
                start("ess", message("m1")) + user("w") + end("ese") + path("ess", "w", "ese"),
                triggeredByEvent="true",
            ),
        ),
    ),
    "data object": ("p", one(user("x"), '<dataObject id="do"/>')),
    "two start events": ("p", one(user("x"), start("s2") + path("s2", "x"))),
    "no start event": ("p", file(user("x") + end() + path("x", "e"))),
    "send task without a message": ("x", one(node("sendTask", "x"))),
    "receive task without a message": ("x", one(node("receiveTask", "x"))),
    "unknown message": ("x", one(node("receiveTask", "x", messageRef="nothing"))),
    "service task without an operation": ("x", one(node("serviceTask", "x"))),
    "rule task without a table": ("x", one(node("businessRuleTask", "x"))),
    "cycle on an interrupting boundary": (
        "b",
        one(user("x"), boundary("b", "x", timer("timeCycle", "R3/P1D")) + end("e2") + path("b", "e2")),
    ),
    "cycle on the flow": ("x", one(node("intermediateCatchEvent", "x", timer("timeCycle", "R3/P1D")))),
    "timer without a value": ("x", one(node("intermediateCatchEvent", "x", "<timerEventDefinition/>"))),
    "timer with an empty value": ("x", one(node("intermediateCatchEvent", "x", after(" ")))),
    "condition outside the language": (
        "x",
        file(
            start() + node("exclusiveGateway", "x", default="fx") + user("a") + end() + path("s", "x", "a", "e")
        ).replace(
            b'sourceRef="x" targetRef="a">',
            b'sourceRef="x" targetRef="a"><conditionExpression>().__class__</conditionExpression>',
        ),
    ),
    "flow without a condition": (
        "x_a",
        file(
            start() + node("exclusiveGateway", "x") + user("a") + user("b") + end() + path("s", "x"),
            flow("x", "a", id="x_a") + flow("x", "b", "True") + path("a", "e") + path("b", "e"),
        ),
    ),
    "two flows out of a task": ("x", one(user("x"), user("y") + path("x", "y", "e"))),
    "two flows between the same nodes": (
        "g",
        file(
            start()
            + node("parallelGateway", "g")
            + node("parallelGateway", "x")
            + end()
            + path("s", "g", "x", "e")
            + path("g", "x")
        ),
    ),
    "script that is no assignment": ("x", one(script("x", "import os"))),
    "script with a hostile expression": ("x", one(script("x", "y = open('/etc/passwd')['x'].read()"))),
    "multi-instance without a collection": ("x", one(user("x", several()))),
    "called process that is missing": ("", one(node("callActivity", "x", calledElement="nowhere"))),
    "call activity that calls its own process": ("x", one(node("callActivity", "x", calledElement="p"))),
    "mapping without a source": (
        "x",
        one(
            node("callActivity", "x", io("a=").replace('source=""', ""), calledElement="k"),
        ),
    ),
    "two elements of one id": ("x", one(script("x", "a = 1") + script("x", "a = 2"))),
    "an element with the id of another process's": (
        "u",
        definitions(process(people("u")), process(line(("u", user("u")), prefix="k"), id="k")),
    ),
    "reserved id": ("End", file(line(("End", user("End"))))),
    "id with a dot": ("a.b", file(line(("a.b", user("a.b"))))),
    "process that is not there": ("", file(people("a"), id="q")),
    "process that is not executable": ("p", file(people("a")).replace(b'isExecutable="true"', b'isExecutable="false"')),
    "gateway with a task behind it": (
        "x",
        one(node("eventBasedGateway", "x"), user("a") + end("e2") + path("x", "a", "e2")),
    ),
    "boundary event on a receive task behind an event gateway": (
        "x",
        one(
            node("eventBasedGateway", "x") + node("receiveTask", "r", messageRef="m_m1"),
            boundary("b", "r", after("P1D")) + user("h") + end("e2") + end("e3"),
            path("x", "r", "e2") + path("b", "h", "e3"),
        ),
    ),
    "no xml": ("", b"<definitions"),
    "empty file": ("", b""),
    "document type": ("", b'<!DOCTYPE definitions [<!ENTITY x "y">]>' + file(people("a"))),
    "not bpmn": ("", b"<html/>"),
}


@pytest.mark.parametrize(("element_id", "xml"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_run_is_refused_with_its_element(element_id: str, xml: bytes) -> None:
    assert element_id in {problem.element_id for problem in refused(xml)}


def test_the_reason_names_the_boundary_event_behind_an_event_gateway() -> None:
    """BPMN 2.0.2, 10.6.6: such receive tasks must not have attached events."""
    _, xml = HOSTILE["boundary event on a receive task behind an event gateway"]
    assert any("境界イベントは付けられません" in problem.message_ja for problem in refused(xml))


def test_all_duplicate_ids_are_reported_at_once() -> None:
    xml = file(start() + user("a") + user("a") + user("b") + user("b") + end())
    assert {problem.element_id for problem in refused(xml)} == {"a", "b"}


def test_one_message_id_may_not_mean_two_messages_in_two_files() -> None:
    caller = file(line(("x", node("callActivity", "x", calledElement="k"))))
    called = file(line(("c", node("receiveTask", "c", messageRef="m_m1")), prefix="k"), id="k")
    assert parse_process(caller, "p", {"k": called}).element_ids == {"s", "x", "e", "ks", "c", "ke"}
    other = called.replace(b'id="m_m1" name="m1"', b'id="m_m1" name="something else"')
    with pytest.raises(DefinitionRefused) as refusal:
        parse_process(caller, "p", {"k": other})
    assert [problem.element_id for problem in refusal.value.findings] == ["m_m1"]  # type: ignore[attr-defined]


def test_flows_of_two_files_may_have_the_same_id() -> None:
    def one_flow(id: str, xml: str) -> bytes:
        return file(
            start(f"{id}s") + xml + end(f"{id}e") + flow(f"{id}s", f"{id}x", id="f1") + path(f"{id}x", f"{id}e"), id=id
        )

    specs = parse_process(
        one_flow("p", node("callActivity", "px", calledElement="k")), "p", {"k": one_flow("k", user("kx"))}
    )
    assert "kx" in specs.element_ids
    with pytest.raises(DefinitionRefused):
        parse_process(
            one_flow("p", node("callActivity", "px", calledElement="k")),
            "p",
            {"k": one_flow("k", user("kx") + user("px"))},
        )


def test_calls_in_a_circle_over_several_files_are_refused() -> None:
    def calling(id: str, target: str) -> bytes:
        return file(line((f"x{id}", node("callActivity", f"x{id}", calledElement=target)), prefix=id), id=id)

    with pytest.raises(DefinitionRefused) as refusal:
        parse_process(calling("p", "k"), "p", {"k": calling("k", "q"), "q": calling("q", "k")})
    assert {problem.element_id for problem in refusal.value.findings} == {"xk", "xq"}  # type: ignore[attr-defined]


def test_the_elements_of_sub_processes_and_loops_are_known() -> None:
    xml = file(line(("x", node("subProcess", "x", several(times=2), people("u", prefix="x"))), ("v", user("v"))))
    specs = parse_process(xml, "p")
    assert (specs.process_id, specs.element_ids) == ("p", {"s", "x", "xs", "u", "xe", "v", "e"})


def test_one_parsed_process_serves_many_threads() -> None:
    inner = line(("a", user("a")), ("k", script("k", "n = n + 1")), prefix="x")
    xml = file(line(("x", node("subProcess", "x", several("l", "i", "r", "o"), inner)), ("z", user("z"))))
    specs, finished = parse_process(xml, "p"), []

    def work() -> None:
        for _ in range(10):
            runner = Runner(specs, FakeHost())
            advance = runner.start({"l": [1, 2, 3], "n": 0})
            opened = list(advance.opened)
            while not advance.completed:
                advance = runner.complete(advance.snapshot, opened.pop(0).ref, {"o": "x"})
                opened += advance.opened
            finished.append((advance.variables["n"], tuple(advance.variables["r"])))  # type: ignore[arg-type]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert finished == [(3, ("x", "x", "x"))] * 40
