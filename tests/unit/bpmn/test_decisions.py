"""A business rule task: what it asks the host, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.bpmn.parser import parse_process
from engine.bpmn.runner import Runner
from engine.domain.errors import DecisionFailed, InstanceFailed
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.unit.bpmn.process_xml import file, line, node, user


def rule(result: str = "", parameters: str = "") -> bytes:
    """A rule task that asks the table ``t``, and a task behind it."""
    inner = f"<extensionElements><camunda:inputOutput>{parameters}</camunda:inputOutput></extensionElements>"
    attributes = {"camunda__decisionRef": "t"} | ({"camunda__resultVariable": result} if result else {})
    return file(line(("d", node("businessRuleTask", "d", inner, **attributes)), ("z", user("z"))))


def answered(xml: bytes, answer: Mapping[str, object], **variables: object) -> Mapping[str, object]:
    """The variables after the table gave that answer."""
    host = FakeHost()
    host.tables["t"] = lambda scope: answer
    return Instance(xml, host, **variables).variables


def test_outputs_become_variables_of_their_names() -> None:
    assert answered(rule(), {"a": 1, "b": [2]}) == {"a": 1, "b": [2]}


def test_a_result_variable_takes_the_value_of_a_single_output() -> None:
    assert answered(rule("r"), {"a": "x"}) == {"r": "x"}


def test_a_result_variable_takes_an_object_of_several_outputs() -> None:
    assert answered(rule("r"), {"a": 1, "b": None}) == {"r": {"a": 1, "b": None}}


def test_mapped_results_are_the_only_ones_kept() -> None:
    mapped = rule(parameters='<camunda:outputParameter name="v">b</camunda:outputParameter>')
    assert answered(mapped, {"a": 1, "b": 2}) == {"v": 2}


def test_a_mapped_input_hides_the_variable_of_its_name_from_the_table_only() -> None:
    host = FakeHost()
    host.tables["t"] = lambda scope: {"a": scope["n"], "b": scope["m"]}
    xml = rule(parameters='<camunda:inputParameter name="n">n + 1</camunda:inputParameter>')
    assert Instance(xml, host, n=1, m=5).variables == {"n": 1, "m": 5, "a": 2, "b": 5}


def test_a_table_without_an_answer_stops_the_instance_with_the_reason() -> None:
    class Undecided(FakeHost):
        def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
            raise DecisionFailed(ref, "1・2の行が同時に当てはまりました")

    with pytest.raises(InstanceFailed) as failure:
        Runner(parse_process(rule(), "p"), Undecided()).start({})
    assert (failure.value.element_id, failure.value.cause) == ("d", "判定表「t」: 1・2の行が同時に当てはまりました")


def test_a_result_that_the_table_does_not_give_stops_the_instance() -> None:
    mapped = rule(parameters='<camunda:outputParameter name="v">gone</camunda:outputParameter>')
    with pytest.raises(InstanceFailed, match="「gone」がありません"):
        answered(mapped, {"a": 1})
