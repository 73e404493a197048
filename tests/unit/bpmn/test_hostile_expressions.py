"""Wherever a model can hold an expression, a hostile one is refused with its element, or stops that one step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.domain.errors import DefinitionRefused, InstanceFailed
from tests.support.hostile_expressions import HOSTILE
from tests.unit.bpmn.driving import Instance
from tests.unit.bpmn.process_xml import (
    after,
    boundary,
    definitions,
    end,
    file,
    flow,
    io,
    line,
    node,
    operation,
    path,
    people,
    process,
    repeat,
    script,
    several,
    start,
    timer,
    user,
)

#: variables that the texts name, so that none fails merely because a name is missing
VARIABLES: dict[str, object] = {"a": 1, "text": "x", "items": [1, 2], "case": {"owner": "org"}, "found": 0}


def _split(tag: str) -> Callable[[str], bytes]:
    def xml(text: str) -> bytes:
        gateway = node(tag, "place", default="f_rest")
        ways = flow("place", "u", text) + flow("place", "v", id="f_rest")
        return file(start() + gateway + ways + user("u") + user("v") + end() + path("s", "place") + path("u", "e", "v"))

    return xml


def _alone(element: Callable[[str], str]) -> Callable[[str], bytes]:
    return lambda text: file(line(("place", element(text))))


def _beside(kind: str) -> Callable[[str], bytes]:
    def xml(text: str) -> bytes:
        event = boundary("place", "u", timer(kind, text), interrupting=False)
        return file(people("u") + event + user("h") + end("e_h") + path("place", "h", "e_h"))

    return xml


def _caller(mapping: Callable[[str], str]) -> Callable[[str], bytes]:
    def xml(text: str) -> bytes:
        call = node("callActivity", "place", mapping(_one_line(text)), calledElement="q")
        return definitions(process(line(("place", call))), process(line(prefix="q_"), id="q"))

    return xml


def _one_line(text: str) -> str:
    """As an attribute holds it; what no attribute can hold stands for itself elsewhere."""
    return "".join(" " if character in "\r\n\t" else character for character in text)


def _in(text: str) -> str:
    return io().replace("></extensionElements>", f'><camunda:in {_attribute(text)} target="x"/></extensionElements>')


def _out(text: str) -> str:
    return io().replace("></extensionElements>", f'><camunda:out {_attribute(text)} target="a"/></extensionElements>')


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return f"sourceExpression={quoteattr(text)}"


PLACES: dict[str, Callable[[str], bytes]] = {
    "condition of an exclusive gateway": _split("exclusiveGateway"),
    "condition of an inclusive gateway": _split("inclusiveGateway"),
    "date of a catch event": _alone(lambda t: node("intermediateCatchEvent", "place", timer("timeDate", t))),
    "duration of a catch event": _alone(lambda t: node("intermediateCatchEvent", "place", after(t))),
    "date of a boundary event": _beside("timeDate"),
    "cycle of a boundary event": _beside("timeCycle"),
    "line of a script": _alone(lambda t: script("place", f"found = {t}")),
    "input of an operation": _alone(lambda t: operation("place", "op", {"x": t}, {})),
    "list of a multi-instance": _alone(lambda t: user("place", several(items=_escaped(t), item="one"))),
    "condition of a multi-instance": _alone(lambda t: user("place", several(items="items", item="one", until=t))),
    "condition of a loop": _alone(lambda t: user("place", repeat(5, t, test_before=True))),
    "input of a called process": _caller(_in),
    "output of a called process": _caller(_out),
}


def _escaped(text: str) -> str:
    from html import escape

    return escape(text)


def _is_xml(text: str) -> bool:
    """Whether XML can carry the text at all; an expression is trimmed, so blank ones say nothing."""
    return bool(text.strip()) and all(character >= " " or character in "\t\n\r" for character in text)


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_expression_has_no_effect_anywhere(place: str) -> None:
    answered = {"refused": 0, "stopped": 0}
    for text in filter(_is_xml, HOSTILE):
        answered[_answer(PLACES[place](text), place, text)] += 1
    assert sum(answered.values()) > 100, answered
    assert answered["refused"] > 60, answered


def _answer(xml: bytes, place: str, text: str) -> str:
    with pytest.raises((DefinitionRefused, InstanceFailed)) as stop:
        _live(xml)
    if isinstance(stop.value, DefinitionRefused):
        assert {problem.element_id for problem in stop.value.findings} == {"place"}, (place, text)
        return "refused"
    assert stop.value.element_id == "place", (place, text, stop.value.cause)
    return "stopped"


def _live(xml: bytes) -> None:
    instance = Instance(xml, **VARIABLES)
    if not instance.last.completed:
        instance.do("place")
