"""Reading a DMN file: everything that is wrong at once, nothing silently ignored."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.decisions.model import Aggregation, HitPolicy
from engine.decisions.values import Kind
from tests.unit.decisions.tables import problems, read, xml

ROWS = [(["< 5"], ['"a"']), ([">= 5"], ['"b"'])]
GOOD = xml(ROWS)


def test_a_table_is_read_with_its_types_and_rules() -> None:
    reading = read(
        xml(
            [(["[1..5]", '"p"'], ["1.5", "true"])],
            inputs=[("a", "number"), ("b", "string")],
            outputs=[("x", "number"), ("y", "boolean")],
            table_attributes='hitPolicy="ANY"',
            columns='<annotation name="根拠"/>',
        )
    )
    assert reading.problems == ()
    table = reading.table
    assert table is not None
    assert (table.key, table.name, table.policy, table.sign) == ("t", "表", HitPolicy.ANY, "A")
    assert [(one.name, one.kind) for one in table.inputs] == [("a", Kind.NUMBER), ("b", Kind.STRING)]
    assert table.rules[0].outputs == (Decimal("1.5"), True)
    assert table.result_types == {"x": "decimal", "y": "bool"}
    assert table.annotation_names == ("根拠",)


def test_notes_of_a_row_are_kept_from_annotations_and_descriptions() -> None:
    text = GOOD.replace(
        "</rule>", "<annotationEntry><text>計画3(1)</text></annotationEntry><description>説明</description></rule>", 1
    )
    table = read(text).table
    assert table is not None
    assert [rule.annotations for rule in table.rules] == [("計画3(1)", "説明"), ()]


def test_defaults_and_allowed_values_are_read() -> None:
    text = GOOD.replace(
        '<output id="out_x" name="x" typeRef="string"/>',
        '<output id="out_x" name="x" typeRef="string"><outputValues><text>"a","b"</text></outputValues>'
        '<defaultOutputEntry><text>"b"</text></defaultOutputEntry></output>',
    )
    reading = read(text)
    assert reading.problems == ()
    assert reading.table is not None
    assert (reading.table.outputs[0].default, reading.table.has_defaults) == ("b", True)
    assert problems(text.replace('"a","b"', '"a"')) == ["decision.cell", "decision.cell"]


@pytest.mark.parametrize(("name", "sign"), [("SUM", "C+"), ("MIN", "C<"), ("MAX", "C>"), ("COUNT", "C#")])
def test_aggregations_are_read(name: str, sign: str) -> None:
    attributes = f'hitPolicy="COLLECT" aggregation="{name}"'
    reading = read(xml([(["1"], ["2"])], outputs=[("x", "number")], table_attributes=attributes))
    assert reading.problems == ()
    assert reading.table is not None
    assert (reading.table.aggregation, reading.table.sign) == (Aggregation(name), sign)


def test_a_table_without_hit_policy_is_unique() -> None:
    table = read(xml(ROWS, table_attributes="")).table
    assert table is not None
    assert table.policy is HitPolicy.UNIQUE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD.replace("20191111", "20180521"), ["decision.root"]),
        (GOOD.replace("UNIQUE", "PRIORITY"), ["decision.hit_policy"]),
        (GOOD.replace("UNIQUE", "NONSENSE"), ["decision.hit_policy"]),
        (xml(ROWS, table_attributes='hitPolicy="UNIQUE" aggregation="SUM"'), ["decision.aggregation"]),
        (xml(ROWS, table_attributes='hitPolicy="COLLECT" aggregation="MEDIAN"'), ["decision.aggregation"]),
        (xml(ROWS, table_attributes='hitPolicy="COLLECT" aggregation="SUM"'), ["decision.aggregation_type"]),
        (xml([(["1"], ['"a"', '"b"'])], outputs=[("x", "string"), ("y", "string")],
             table_attributes='hitPolicy="COLLECT"'), ["decision.collect_outputs"]),
        (xml([]), ["decision.empty"]),
        (xml([(["1", "2"], ['"a"'])]), ["decision.ragged"]),
        (xml([(["1"], [])]), ["decision.ragged"]),
        (xml([(["１"], ["a"])]), ["decision.cell", "decision.cell"]),
        (xml([(['"a"'], ['"a"'])]), ["decision.cell"]),
        (xml([(["1"], [""])]), ["decision.cell"]),
        (xml([(["1"], ["-"])]), ["decision.cell"]),
        (xml(ROWS, inputs=[("a", "integer")]), ["decision.type"]),
        (xml(ROWS, inputs=[("a + 1", "number")]), ["decision.input_name"]),
        (xml(ROWS, outputs=[("結果", "string")]), ["decision.output_name"]),
        (xml([(["1", "2"], ['"a"'])], inputs=[("a", "number")] * 2), ["decision.column_twice"]),
        (xml(ROWS, beside='<inputData id="i" name="i"/>'), ["decision.element"]),
        (GOOD.replace("<decisionTable", "<informationRequirement/><decisionTable"), ["decision.element"]),
        (GOOD.replace('<text>"a"</text>', '<text>"a"</text><text>"b"</text>'), ["decision.repeated"]),
        (GOOD.replace('name="x"', 'name="x" sort="up"'), ["decision.attribute"]),
        (GOOD.replace("<inputEntry>", '<inputEntry expressionLanguage="juel">', 1), ["decision.value"]),
        (xml(ROWS, table_attributes='preferredOrientation="CrossTable"'), ["decision.value"]),
        (GOOD.replace("decisionTable", "literalExpression"), ["decision.element", "decision.count"]),
        (GOOD.replace("</decision>", '</decision><decision id="u" name="u"/>'), ["decision.count"]),
        (xml([(["1"], ['"a"'])] * 301), ["decision.size"]),
        (xml([([", ".join(["1"] * 199)], ['"a"'])] * 11), ["decision.points"]),
    ],
)  # fmt: skip
def test_what_is_not_in_the_subset_is_refused(text: str, found: list[str]) -> None:
    assert problems(text) == found


def test_all_problems_are_told_at_once_with_row_and_column() -> None:
    text = xml([(["x"], ['"a"']), (["1"], ["y"]), ([], [])], table_attributes='hitPolicy="ODD"')
    found = read(text).problems
    assert [problem.rule for problem in found] == [
        "decision.hit_policy", "decision.cell", "decision.cell", "decision.ragged",
    ]  # fmt: skip
    assert [problem.blanks.get("where") for problem in found[1:3]] == ["1行目の「a」", "2行目の「x」"]
    assert found[3].blanks["number"] == 3


def test_what_editors_write_beside_the_table_is_allowed() -> None:
    text = GOOD.replace(
        "<definitions ",
        '<definitions xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" exporter="Camunda Modeler" '
        'xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" ',
    )
    text = text.replace("</definitions>", "<dmndi:DMNDI><dmndi:DMNDiagram/></dmndi:DMNDI></definitions>")
    assert problems(text.replace('<input id="in_a"', '<input biodi:width="192" id="in_a"')) == []


@pytest.mark.parametrize("name", ["COUNT", None])
def test_a_default_where_tools_disagree_is_refused(name: str | None) -> None:
    attributes = 'hitPolicy="COLLECT"' + (f' aggregation="{name}"' if name else "")
    text = xml(ROWS, table_attributes=attributes).replace(
        'typeRef="string"/>', 'typeRef="string"><defaultOutputEntry><text>"b"</text></defaultOutputEntry></output>'
    )
    assert problems(text) == ["decision.collect_default"]
