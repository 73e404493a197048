"""Publish checks of decision tables: every finding at once, with the row and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.definitions.checks import check_package
from engine.definitions.context import CheckContext, FormFacts, FormVariable
from engine.definitions.findings import Finding
from engine.definitions.package import Package, package_of
from engine.definitions.tables import tables_of
from engine.domain.errors import DefinitionRefused
from tests.models import accepted_models, surroundings
from tests.models.drawing import Diagram, Node, chain, end, start, variable, work
from tests.unit.decisions.tables import xml

PATH = "sample/decisions/weight.dmn"
TEXT_ROWS = [(["1"], ['"a"']), (["not(1)"], ['"b"'])]


def diagram(declared: str, result: str = "") -> bytes:
    """start → rule task → end, with these variables."""
    task = Node("businessRuleTask", "weigh", "判定する", f'camunda:decisionRef="weight" {result}')
    return Diagram([start(), task, end()], chain("begin", "weigh", "finish"), extensions=declared).text().encode()


NUMBERS = diagram(variable("a", "int") + variable("x", "text"))


def package(table: str, bpmn: bytes = NUMBERS, path: str = PATH) -> Package:
    return package_of("sample", {"process.bpmn": bpmn, path: table.encode()})


def found(table: str, bpmn: bytes = NUMBERS, context: CheckContext | None = None) -> list[Finding]:
    return list(check_package(package(table, bpmn), context or surroundings.context()))


def rules(table: str, bpmn: bytes = NUMBERS) -> list[str]:
    return sorted(finding.rule for finding in found(table, bpmn))


def weight(rows: list[tuple[list[str], list[str]]], **more: object) -> str:
    return xml(rows, key="weight", **more)  # type: ignore[arg-type]


def test_a_complete_table_has_no_findings() -> None:
    assert found(weight(TEXT_ROWS)) == []


def test_whole_numbers_leave_no_gap_between_neighbours() -> None:
    rows = [(["<= 5"], ['"a"']), ([">= 6, null"], ['"b"'])]
    assert rules(weight(rows)) == []
    exact = diagram(variable("a", "decimal") + variable("x", "text"))
    assert rules(weight(rows), exact) == ["decision.gap"]


@pytest.mark.parametrize(
    ("policy", "rows", "wanted"),
    [
        ("UNIQUE", [(["< 5"], ['"a"'])], ["decision.gap"]),
        ("ANY", [(["< 5"], ['"a"'])], ["decision.gap"]),
        ("FIRST", [(["< 5"], ['"a"'])], ["decision.gap_first"]),
        ("UNIQUE", [(["-"], ['"a"']), (["5"], ['"a"'])], ["decision.overlap"]),
        ("ANY", [(["-"], ['"a"']), (["5"], ['"a"'])], []),
        ("ANY", [(["-"], ['"a"']), (["5"], ['"b"'])], ["decision.contradiction"]),
        ("FIRST", [(["-"], ['"a"']), (["5"], ['"b"'])], ["decision.hidden"]),
        ("FIRST", [(["5"], ['"b"']), (["-"], ['"a"'])], []),
        ("UNIQUE", [(["-"], ['"a"']), (["5.5"], ['"b"'])], ["decision.never"]),
    ],
)
def test_gaps_and_overlaps_are_found_as_the_hit_policy_says(
    policy: str, rows: list[tuple[list[str], list[str]]], wanted: list[str]
) -> None:
    assert rules(weight(rows, table_attributes=f'hitPolicy="{policy}"')) == wanted


def test_a_collecting_table_may_have_gaps_and_overlaps() -> None:
    listed = diagram(variable("a", "int") + variable("x", "list"))
    rows = [(["5"], ['"a"']), (["< 6"], ['"b"'])]
    assert rules(weight(rows, table_attributes='hitPolicy="COLLECT"'), listed) == []
    assert rules(weight(rows, table_attributes='hitPolicy="COLLECT"')) == ["decision.output_type"]


def test_a_default_fills_the_gaps() -> None:
    table = weight([(["< 5"], ['"a"'])]).replace(
        'typeRef="string"/>', 'typeRef="string"><defaultOutputEntry><text>"b"</text></defaultOutputEntry></output>'
    )
    assert rules(table) == []


def test_a_finding_names_row_situation_and_remedy() -> None:
    overlap = next(one for one in found(weight([(["< 5"], ['"a"']), ([">= 4, null"], ['"b"'])])))
    assert (overlap.file, overlap.element_id, overlap.rule) == (PATH, "r_2", "decision.overlap")
    assert "1行目と2行目" in overlap.message_ja
    assert "「a」が4" in overlap.message_ja
    assert "F" in overlap.remedy_ja


def test_everything_wrong_with_a_file_is_told_at_once() -> None:
    table = weight([(["x"], ['"a"']), (["1"], ["b"]), ([], [])], table_attributes='hitPolicy="ODD"')
    assert rules(table) == ["decision.cell", "decision.cell", "decision.hit_policy", "decision.ragged"]


def test_many_overlaps_are_counted_instead_of_listed() -> None:
    several = found(weight([(["-"], ['"a"'])] * 5))
    assert [one.rule for one in several].count("decision.overlap") == 5
    assert "5件" in next(one.message_ja for one in several if one.rule == "decision.more")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "xml.empty"),
        (b"<definitions", "xml.syntax"),
        (b'<!DOCTYPE d [<!ENTITY e "x">]><d>&e;</d>', "xml.doctype"),
        (b"<d>" * 60 + b"</d>" * 60, "xml.complexity"),
        ("<d>あ</d>".encode("shift_jis"), "xml.encoding"),
    ],
)
def test_hostile_bytes_are_a_finding_of_the_file(content: bytes, rule: str) -> None:
    hostile = package_of("sample", {"process.bpmn": NUMBERS, PATH: content})
    assert (PATH, rule) in {(one.file, one.rule) for one in check_package(hostile, surroundings.context())}


def test_the_name_of_the_file_is_the_name_of_the_decision() -> None:
    assert "decision.key" in rules(xml(TEXT_ROWS, key="other"))


def test_a_table_that_nobody_asks_is_advice() -> None:
    bpmn = accepted_models.none_start().text().encode()
    unused = [one for one in found(weight(TEXT_ROWS), bpmn) if one.file == PATH]
    assert [(one.rule, one.is_error) for one in unused] == [("decision.unused", False)]


def test_a_table_changes_the_content_hash_of_its_version() -> None:
    one, other = weight(TEXT_ROWS), weight([(["1"], ['"b"']), (["not(1)"], ['"a"'])])
    assert package(one).content_hash != package(other).content_hash
    assert package(one).content_hash != package_of("sample", {"process.bpmn": NUMBERS}).content_hash


def test_only_tables_may_lie_in_the_decisions_folder() -> None:
    assert [one.rule for one in package(weight(TEXT_ROWS), path="sample/decisions/a b.dmn").findings] == [
        "package.file"
    ]


def test_a_version_keeps_its_tables_by_name() -> None:
    assert list(tables_of(package(weight(TEXT_ROWS)).files)) == ["weight"]
    with pytest.raises(DefinitionRefused):
        tables_of({PATH: xml(TEXT_ROWS, key="other").encode()})


# ---------------------------------------------------------------- with forms


class _Forms:
    """One form whose field with options sets the variable level."""

    def form(self, key: str) -> FormFacts | None:
        return FormFacts(key, (FormVariable("level", "level", "text", ("重い", "軽い")),))

    def problems(self) -> list[tuple[str, str]]:
        return []


def _asked(condition: str) -> bytes:
    """A task sets level, the table sets x, and a gateway reads x."""
    from tests.models.drawing import Line

    nodes = [
        start(), work("hear", "話を聴く"),
        Node("businessRuleTask", "weigh", "判定する", 'camunda:decisionRef="weight"'),
        Node("exclusiveGateway", "which", "どちらか", 'default="f_which__finish"'), end(), end("over"),
    ]  # fmt: skip
    lines = [
        *chain("begin", "hear", "weigh", "which"),
        Line("which", "over", "一", condition),
        Line("which", "finish", "二"),
    ]
    declared = variable("level", "text") + variable("x", "text")
    return Diagram(nodes, lines, extensions=declared).text().encode()


def _with_forms(table: str, condition: str) -> set[str]:
    context = replace(surroundings.context(), forms=lambda package: _Forms())
    ignored = {"task.form_missing"}
    return {one.rule for one in found(table, _asked(condition), context)} - ignored


def _levels(*names: str, allowed: str = "") -> str:
    table = weight([([f'"{name}"'], [f'"{n}"']) for n, name in enumerate(names)], inputs=[("level", "string")])
    limit = f"<inputValues><text>{allowed}</text></inputValues></input>"
    return table.replace("</input>", limit, 1) if allowed else table


def test_a_table_over_the_choices_of_a_form_fits() -> None:
    assert _with_forms(_levels("重い", "軽い", allowed='"重い","軽い"'), 'x == "1"') == set()


def test_a_row_for_a_choice_that_does_not_exist_is_found() -> None:
    assert "decision.input_option" in _with_forms(_levels("重い", "軽い", "ふつう"), 'x == "1"')


def test_a_choice_that_the_table_does_not_allow_is_found() -> None:
    assert _with_forms(_levels("重い", allowed='"重い"'), 'x == "0"') == {"decision.input_not_allowed"}


def test_a_condition_on_a_result_that_the_table_never_gives_is_found() -> None:
    table = _levels("重い", "軽い", allowed='"重い","軽い"')
    assert _with_forms(table, 'x == "7"') == {"expression.option"}
