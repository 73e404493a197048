"""What differs between two versions, in words: steps, who, until when, forms, ways, decision tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.services.comparing import Change, ChangeKind, compare, contents_of, marks
from tests.support.casework import a_form, a_process, a_task, flow
from tests.support.deciding import BPMN, ROWS
from tests.support.drawn import drawn
from tests.unit.decisions.tables import xml

END = '<bpmn:endEvent id="done" name="終わり"/>'


def version(
    bpmn: bytes, *, forms: dict[str, bytes] | None = None, key: str = "visit", decisions: dict[str, bytes] | None = None
) -> dict[str, bytes]:
    """The files of one version."""
    given = {"note": a_form("note", optional=("note",))} if forms is None else forms
    return {
        "process.bpmn": bpmn,
        **{f"{key}/forms/{name}.json": content for name, content in given.items()},
        **{f"{key}/decisions/{name}.dmn": content for name, content in (decisions or {}).items()},
    }


def differences(old: dict[str, bytes], new: dict[str, bytes]) -> tuple[Change, ...]:
    """The comparison of two sets of files."""
    return compare(contents_of("visit", old), contents_of("visit", new))


def told(changes: tuple[Change, ...]) -> list[tuple[str, str, str, str, str]]:
    """Each change without the element's id."""
    return [(change.kind.value, change.theme, change.name, change.before, change.after) for change in changes]


def one_task(attributes: str = "", *, name: str = "first", roles: str = "intake_worker", form: str = "note") -> bytes:
    """st -> first -> done."""
    task = a_task("first", roles=roles, form=form, attributes=attributes).replace('name="first"', f'name="{name}"')
    return a_process("visit", task + END + flow("st", "first") + flow("first", "done"))


def test_the_same_files_differ_in_nothing() -> None:
    assert differences(version(drawn("visit", ["first"])), version(drawn("visit", ["first"]))) == ()


def test_a_new_step_and_one_that_is_gone_are_told_with_who_and_until_when() -> None:
    found = differences(version(drawn("visit", ["first", "second"])), version(drawn("visit", ["first", "check"])))
    steps = [line for line in told(found) if line[1] == "step"]
    assert steps == [
        ("added", "step", "「check」をする", "", "相談支援機関職員、5開庁日"),
        ("removed", "step", "「second」をする", "相談支援機関職員、5開庁日", ""),
    ]


@pytest.mark.parametrize(
    ("new", "theme", "before", "after"),
    [
        (one_task(name="会う"), "name", "first", "会う"),
        (one_task(roles="supervisor"), "role", "相談支援機関職員", "監督者"),
        (one_task('tsunagu:orgScope="lead"'), "scope", "受け持つ機関", "主担当機関"),
        (one_task('tsunagu:ladder="none"'), "ladder", "standard", "段階なし"),
        (one_task('tsunagu:cityStaffOnly="true"'), "flags", "", "市の職員だけ"),
        (one_task('tsunagu:warn="1 business_days"'), "warn", "", "1 business_days"),
        (one_task().replace(b"5 business_days", b"3 business_days"), "clock", "5開庁日", "3開庁日"),
    ],
    ids=["name", "roles", "organisation", "ladder", "city staff", "warning", "period"],
)  # fmt: skip
def test_what_changes_at_a_step_is_told_before_and_after(new: bytes, theme: str, before: str, after: str) -> None:
    (change,) = differences(version(one_task()), version(new))
    assert (change.kind, change.theme, change.before, change.after) == (ChangeKind.CHANGED, theme, before, after)
    assert change.element_id == "first"


def test_fields_of_a_form_are_told_by_their_names() -> None:
    old = version(one_task(), forms={"note": a_form("note", optional=("note", "gone"))})
    new = version(one_task(), forms={"note": a_form("note", required=("note",), optional=("fresh",))})
    assert told(differences(old, new)) == [
        ("changed", "form_field", "note：note", "入力 任意", "入力 必須"),
        ("added", "form_field", "note", "", "fresh（短い文）"),
        ("removed", "form_field", "note", "gone（短い文）", ""),
    ]


def test_another_form_at_a_step_is_told_as_a_form_that_comes_and_one_that_goes() -> None:
    forms = {"note": a_form("note", optional=("note",)), "long": a_form("long", optional=("text",))}
    found = told(differences(version(one_task(), forms=forms), version(one_task(form="long"), forms=forms)))
    assert ("changed", "form", "first", "note", "long") in found
    assert ("added", "form_file", "long", "", "text") in found
    assert ("removed", "form_file", "note", "note", "") in found


def two_ways(condition: str, target: str = "second") -> bytes:
    """st -> first -> a question -> second or done."""
    body = (
        a_task("first") + a_task("second") + END + '<bpmn:exclusiveGateway id="g" name="続けるか" default="f_g__done"/>'
    )
    ways = flow("st", "first") + flow("first", "g") + flow("g", target, condition) + flow("g", "done")
    return a_process("visit", body + ways + flow("second", "done"), variables=("note",))


def test_conditions_and_ways_are_told_at_the_question_they_leave() -> None:
    (change,) = differences(version(two_ways('note == "a"')), version(two_ways('note == "b"')))
    assert (change.theme, change.name, change.before, change.after) == (
        "condition", "「続けるか」", 'note == "a"', 'note == "b"',
    )  # fmt: skip
    found = told(differences(version(two_ways('note == "a"')), version(two_ways('note == "a"', "first"))))
    assert ("added", "way", "「続けるか」", "", "→「first」") in found
    assert ("removed", "way", "「続けるか」", "→「second」", "") in found


def test_a_renamed_step_is_one_change_and_not_one_for_each_way_to_it() -> None:
    new = drawn("visit", ["first", "second"]).replace("「second」をする".encode(), "確かめる".encode())
    assert told(differences(version(drawn("visit", ["first", "second"])), version(new))) == [
        ("changed", "name", "確かめる", "「second」をする", "確かめる")
    ]


def test_rows_of_a_decision_table_are_told_in_words() -> None:
    old, new = (
        {
            "process.bpmn": BPMN,
            "asked/forms/ask.json": a_form("ask", optional=("level",)),
            "asked/forms/note.json": a_form("note", optional=("note",)),
            "asked/decisions/weight.dmn": xml(
                rows, inputs=[("level", "string")], outputs=[("course", "string")], key="weight"
            ).encode(),
        }
        for rows in (ROWS, [*ROWS[:1], (['not("重い")'], ['"様子をみる"'])])
    )
    found = compare(contents_of("asked", old), contents_of("asked", new))
    assert [(change.theme, change.before, change.after) for change in found] == [
        ("table_row", "level 重い 以外→course 見守る", ""),
        ("table_row", "", "level 重い 以外→course 様子をみる"),
    ]


def test_what_is_only_drawn_elsewhere_comes_last_and_apart() -> None:
    new = drawn("visit", ["first"]).replace(
        b'bpmnElement="first"><dc:Bounds x="250"', b'bpmnElement="first"><dc:Bounds x="260"'
    )
    (change,) = differences(version(drawn("visit", ["first"])), version(new))
    assert (change.kind, change.element_id) == (ChangeKind.MOVED, "first")


def test_the_pictures_are_marked_with_the_weightiest_change_of_each_element() -> None:
    changes = differences(version(drawn("visit", ["first", "second"])), version(drawn("visit", ["first", "check"])))
    earlier, later = marks(changes)
    assert (later["check"], earlier["second"]) == ("added", "removed")
    assert "check" not in earlier
    assert "second" not in later


def a_sheet(properties: dict[str, Any], sections: list[tuple[str, list[Any]]], conditions: list[Any]) -> bytes:
    """The form ``note`` with these fields, sections and conditional requirements."""
    groups = [{"type": "Group", "label": label, "elements": controls} for label, controls in sections]
    schema = {"type": "object", "properties": properties, **({"allOf": conditions} if conditions else {})}
    ui = {"type": "VerticalLayout", "elements": groups}
    return json.dumps({"key": "note", "title": "メモ", "schema": schema, "ui": ui}).encode()


def test_what_changed_in_a_form_is_told_by_field_section_order_and_condition() -> None:
    result = {"title": "結果", "type": "string", "enum": ["会えた", "不在"]}
    text = {"title": "理由", "type": "string"}
    first, why, later = ({"type": "Control", "scope": f"#/properties/{key}"} for key in ("result", "why", "next"))
    asked = {"if": {"properties": {"result": {"const": "不在"}}}, "then": {"required": ["why"]}}
    shown = {"effect": "SHOW", "condition": {"scope": "#/properties/result", "schema": {"enum": ["不在"]}}}
    old = a_sheet({"why": text, "result": result}, [("訪問", [why, first])], [asked])
    new = a_sheet(
        {"result": result, "why": text, "next": {"title": "次回", "type": "string", "format": "date"}},
        [("訪問", [first, {**why, "rule": shown}]), ("これから", [later])], [],
    )  # fmt: skip
    versions = [version(drawn("visit", ["first"]), forms={"note": form}) for form in (old, new)]
    assert [line for line in told(differences(*versions)) if line[1].startswith("form_")] == [
        ("changed", "form_section", "メモ", "訪問", "訪問、これから"),
        ("changed", "form_field", "メモ：理由", "表示する条件 なし", "表示する条件 「結果」が「不在」のとき"),
        ("added", "form_field", "メモ", "", "次回（日付）"),
        ("changed", "form_order", "メモ", "理由、結果", "結果、理由、次回"),
        ("removed", "form_requirement", "メモ", "「結果」が「不在」のとき、「理由」は必須", ""),
    ]  # fmt: skip
