"""Edits of a form's file: what they change, what they refuse, and that nothing they leave is refused later."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.errors import FormInvalid, NotFound
from engine.forms import editing, field_edits, links, option_edits
from engine.forms.editing import Document
from engine.forms.field_edits import NewField, NewKind, Settings, Spot
from engine.forms.form import Form
from engine.forms.library import FormLibrary
from tests.unit.forms.support import WORKFLOWS

PATH = "visit/forms/look.json"
SHEET = {
    "key": "F90", "title": "訪問票",
    "schema": {"type": "object", "properties": {
        "place": {"title": "場所", "type": "string", "x-hint": "番地まで", "x-variable": "place_name"},
        "mood": {"title": "様子", "type": "string", "enum": ["よい", "わるい"]},
    }},
}  # fmt: skip
LOOK = {
    "key": "look", "title": "訪問の記録", "$comment": "kept",
    "schema": {
        "type": "object",
        "properties": {
            "result": {"title": "結果", "type": "string", "enum": ["会えた", "不在"], "x-variable": True},
            "reason": {"title": "理由", "type": "string", "x-kind": "text"},
            "people": {"title": "いた人", "type": "array", "items": {"type": "object", "properties": {
                "name": {"title": "氏名", "type": "string"}, "age": {"title": "年齢", "type": "integer"}},
                "required": ["name"]}},
            "again": {"title": "再訪", "type": "boolean"},
            "place": {"$ref": "F90#/schema/properties/place"},
        },
        "required": ["result"],
        "allOf": [{"if": {"properties": {"result": {"const": "不在"}}, "required": ["result"]},
                   "then": {"required": ["reason"]}}],
    },
    "ui": {"type": "VerticalLayout", "elements": [
        {"type": "Group", "label": "訪問", "elements": [
            {"type": "Control", "scope": "#/properties/result"},
            {"type": "Control", "scope": "#/properties/reason", "rule": {"effect": "SHOW", "condition": {
                "scope": "#/properties/result", "schema": {"enum": ["不在"]}}}},
        ]},
        {"type": "Group", "label": "人と場所", "elements": [
            {"type": "HorizontalLayout", "elements": [{"type": "Control", "scope": "#/properties/people"}]},
            {"type": "Control", "scope": "#/properties/again"},
            {"type": "Control", "scope": "#/properties/place"},
        ]},
    ]},
}  # fmt: skip


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


FILES = {PATH: encoded(LOOK), "forms/F90.json": encoded(SHEET)}


def look() -> Document:
    return editing.read(FILES[PATH])


def loaded(document: Document) -> Form:
    return FormLibrary.load(editing.judged(FILES, PATH, document)).form("look", "visit")


def order(document: Document) -> list[list[str]]:
    return [list(section.keys) for section in editing.plan(document)]


def refusal(edit: Callable[[Document], Document]) -> dict[str, str]:
    document = look()
    before = deepcopy(document)
    with pytest.raises(FormInvalid) as refused:
        edit(document)
    assert document == before, "a refused edit leaves the document as it was"
    return refused.value.fields


# ---------------------------------------------------------------- the layout


def test_reading_keeps_every_section_and_field_of_the_shipped_forms() -> None:
    files = {str(p.relative_to(WORKFLOWS)): p.read_bytes() for p in WORKFLOWS.rglob("forms/*.json")}
    before = FormLibrary.load(files)
    after = FormLibrary.load({path: editing.written(editing.read(content)) for path, content in files.items()})
    for path in files:
        process, key = path.split("/")[0].replace("forms", ""), editing.key_of(path)
        was, now = before.form(key, process), after.form(key, process)
        assert [(s.label, s.hint, s.fields) for s in was.sections] == [
            (s.label, s.hint, s.fields) for s in now.sections
        ]
        assert was.fields == now.fields


@pytest.mark.parametrize(
    "ui",
    [
        {"type": "VerticalLayout", "rule": {}, "elements": []},
        {"type": "Group", "rule": {}, "elements": [{"type": "VerticalLayout", "elements": []}]},
        {"$ref": "F90#/ui"},
        {"type": "Control"},
        [],
    ],
)
def test_a_layout_that_the_editor_would_have_to_guess_is_refused_with_a_sentence(ui: Any) -> None:
    with pytest.raises(FormInvalid, match="form"):
        editing.read(encoded({**LOOK, "ui": ui}))


def test_a_form_without_a_layout_is_one_section_without_its_hidden_fields() -> None:
    bare = {key: value for key, value in LOOK.items() if key != "ui"}
    bare = deepcopy(bare)
    bare["schema"]["properties"]["again"]["x-widget"] = "hidden"  # type: ignore[index]
    document = editing.read(encoded(bare))
    assert order(document) == [["result", "reason", "people", "place"]]
    assert editing.hidden_keys(document) == ("again",)


def test_sections_are_added_renamed_moved_and_removed_without_losing_a_field() -> None:
    document = editing.section_changed(editing.section_added(look(), " 次の 訪問 "), 2, "次回", "分かる範囲で")
    assert [s.label for s in editing.plan(document)] == ["訪問", "人と場所", "次回"]
    document = editing.section_moved(editing.section_moved(document, 2, -1), 0, -1)
    assert order(document) == [["result", "reason"], [], ["people", "again", "place"]]
    document = editing.section_removed(editing.section_removed(document, 1), 0)
    assert order(document) == [["result", "reason", "people", "again", "place"]]
    assert loaded(document).sections[0].label == "人と場所"
    with pytest.raises(FormInvalid, match="section-0"):
        editing.section_removed(document, 0)


def test_a_field_moves_within_its_section_and_over_its_edges() -> None:
    document = editing.field_moved(look(), "reason", 1)
    assert order(document) == [["result"], ["reason", "people", "again", "place"]]
    document = editing.field_moved(editing.field_moved(document, "people", -1), "people", -1)
    assert order(document) == [["result", "people"], ["reason", "again", "place"]]
    assert order(editing.field_moved(document, "place", 1)) == order(document), "at the end it stays"
    assert loaded(document).field("reason").rules == loaded(look()).field("reason").rules


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize("kind", list(NewKind))
def test_a_new_field_of_each_kind_is_taken_by_the_library(kind: NewKind) -> None:
    new = NewField("fresh", "新しい欄", kind, ("一つ目", "二つ目"))
    form = loaded(field_edits.field_added(look(), 1, new))
    assert form.sections[1].fields[-1].label == "新しい欄"
    assert form.field("fresh").kind.value == ("ref" if kind is NewKind.PROGRAMME else kind.value)


@pytest.mark.parametrize(
    ("new", "place"),
    [
        (NewField("result", "もう一つ", NewKind.LINE), "key"),
        (NewField("result_text", "もう一つ", NewKind.LINE), "key"),
        (NewField("1st", "もう一つ", NewKind.LINE), "key"),
        (NewField("fresh", " ", NewKind.LINE), "label"),
        (NewField("fresh", "長い" * 300, NewKind.LINE), "label"),
        (NewField("fresh", "選ぶ", NewKind.ONE), "lines"),
        (NewField("fresh", "選ぶ", NewKind.MANY, ("同じ", "同じ")), "lines"),
        (NewField("fresh", "表", NewKind.TABLE, ("", " ")), "lines"),
    ],
)
def test_a_new_field_that_cannot_be_is_refused_at_its_place(new: NewField, place: str) -> None:
    assert list(refusal(lambda document: field_edits.field_added(document, 0, new))) == [place]


def test_a_taken_field_stays_what_its_sheet_says_and_takes_only_what_differs() -> None:
    document = field_edits.field_taken(look(), 0, "F90", "mood")
    base = links.taken_from({"look": document, "F90": SHEET}, "F90", "mood")
    same = field_edits.field_changed(document, Spot("mood"), Settings("様子", "", required=True), base)
    assert same["schema"]["properties"]["mood"] == {"$ref": "F90#/schema/properties/mood"}
    assert loaded(same).field("mood").required
    other = field_edits.field_changed(document, Spot("mood"), Settings("本人の様子", "見たまま", required=False), base)
    field = loaded(other).field("mood")
    assert (field.label, field.hint, field.form, field.options[0].value) == ("本人の様子", "見たまま", "F90", "よい")
    assert "from" in refusal(lambda d: field_edits.field_taken(d, 0, "F90", "place"))


@pytest.mark.parametrize(
    ("variable", "kept", "filled"),
    [("place_name", None, "place_name"), ("place", True, "place"), ("spot", "spot", "spot"), ("", False, None)],
)
def test_a_taken_field_keeps_or_leaves_the_variable_of_its_sheet(variable: str, kept: Any, filled: str | None) -> None:
    base = links.taken_from({"look": look(), "F90": SHEET}, "F90", "place")
    given_settings = Settings("場所", "番地まで", required=False, variable=variable)
    document = field_edits.field_changed(look(), Spot("place"), given_settings, base)
    assert document["schema"]["properties"]["place"].get("x-variable") == kept
    assert loaded(document).field("place").variable == filled


def test_a_field_is_shown_only_at_chosen_values_and_always_again() -> None:
    document = field_edits.rule_set(look(), "people", "again", (True,))
    assert loaded(document).field("people").rules[0].schema == {"const": True}
    section = field_edits.rule_set(document, 1, "result", ("会えた", "不在"))
    assert {rule.scope for rule in loaded(section).field("people").rules} == {"again", "result"}
    assert loaded(field_edits.rule_set(section, 1, "", ())).field("place").rules == ()
    assert "values" in refusal(lambda d: field_edits.rule_set(d, "again", "again", (True,)))
    assert "values" in refusal(lambda d: field_edits.rule_set(d, 1, "again", (True,)))


@pytest.mark.parametrize(
    ("key", "told"), [("result", "「理由」の表示する条件、条件つきの必須"), ("reason", "条件つきの必須")]
)
def test_a_field_that_the_form_still_needs_is_not_removed(key: str, told: str) -> None:
    assert told in refusal(lambda document: field_edits.field_removed(document, key))["delete"]


def test_a_field_goes_with_its_place_and_its_requirement() -> None:
    document = field_edits.requirement_removed(look(), 0)
    document = field_edits.field_removed(field_edits.field_removed(document, "reason"), "result")
    assert [field.key for field in loaded(document).fields] == ["people", "again", "place"]
    assert "required" not in document["schema"]
    assert "allOf" not in document["schema"]


def test_columns_of_a_table_are_added_changed_moved_and_removed() -> None:
    document = field_edits.column_added(look(), "people", NewField("tie", "続柄", NewKind.ONE, ("父", "母")))
    document = field_edits.column_moved(document, Spot("people", "tie"), -1)
    document = field_edits.field_changed(document, Spot("people", "age"), Settings("歳", "満年齢", required=True))
    columns = loaded(document).field("people").columns
    assert [(c.key, c.label, c.required) for c in columns] == [
        ("name", "氏名", True), ("tie", "続柄", False), ("age", "歳", True),
    ]  # fmt: skip
    for key in ("name", "tie"):
        document = field_edits.column_removed(document, Spot("people", key))
    assert [c.key for c in loaded(document).field("people").columns] == ["age"]
    with pytest.raises(FormInvalid):
        field_edits.column_removed(document, Spot("people", "age"))
    assert "kind" in refusal(lambda d: field_edits.column_added(d, "people", NewField("t", "表", NewKind.TABLE)))


# ---------------------------------------------------------------- options


def test_a_renamed_option_is_followed_by_conditions_and_stays_known_by_its_old_name() -> None:
    document = option_edits.options_renamed(look(), Spot("result"), ("会えた", "留守"))
    form = loaded(document)
    assert [(option.value, option.aliases) for option in form.field("result").options] == [
        ("会えた", ()), ("留守", ("不在",)),
    ]  # fmt: skip
    assert form.field("reason").rules[0].schema == {"enum": ["留守"]}
    assert document["schema"]["allOf"][0]["if"]["properties"]["result"] == {"const": "留守"}
    back = option_edits.options_renamed(document, Spot("result"), ("会えた", "不在"))
    assert loaded(back).field("result").options[1].aliases == ("留守",)


def test_two_options_that_change_names_change_them_in_the_conditions_too() -> None:
    document = option_edits.options_renamed(look(), Spot("result"), ("不在", "会えた"))
    assert loaded(document).field("reason").rules[0].schema == {"enum": ["会えた"]}


def test_options_are_added_moved_and_removed_unless_a_condition_needs_them() -> None:
    document = option_edits.option_added(look(), Spot("result"), "断られた")
    document = option_edits.option_moved(document, Spot("result"), 2, -1)
    assert option_edits.options_of(document["schema"]["properties"]["result"]) == ["会えた", "断られた", "不在"]
    document = option_edits.option_removed(document, Spot("result"), 0)
    assert [option.value for option in loaded(document).field("result").options] == ["断られた", "不在"]
    assert "option-1" in refusal(lambda d: option_edits.option_removed(d, Spot("result"), 1))
    assert "option-1" in refusal(lambda d: option_edits.options_renamed(d, Spot("result"), ("同じ", "同じ")))
    assert "option-0" in refusal(lambda d: option_edits.options_renamed(d, Spot("result"), ("", "不在")))
    assert "new-option" in refusal(lambda d: option_edits.option_added(d, Spot("result"), "不在"))
    assert "option-0" in refusal(
        lambda d: option_edits.option_removed(option_edits.option_removed(d, Spot("result"), 0), Spot("result"), 0)
    )


# ---------------------------------------------------------------- between forms


def test_what_other_forms_take_is_neither_removed_nor_renamed_under_them() -> None:
    taking = field_edits.field_taken(look(), 0, "F90", "mood")
    taking = field_edits.rule_set(taking, "people", "mood", ("わるい",))
    documents = {"look": taking, "F90": editing.read(FILES["forms/F90.json"])}
    assert links.taken_by(documents) == {"F90": ("訪問の記録",)}
    with pytest.raises(FormInvalid, match="delete"):
        links.require_not_taken(documents, "F90", "mood")
    links.require_not_taken(documents, "look", "result")
    links.require_options_free(documents, "F90", "mood", frozenset({"よい"}))
    with pytest.raises(FormInvalid, match="options"):
        links.require_options_free(documents, "F90", "mood", frozenset({"わるい"}))


def test_a_place_in_a_list_that_another_form_names_stays_where_it_is() -> None:
    other = {**SHEET, "schema": {**SHEET["schema"], "allOf": [{"$ref": "look#/schema/allOf/1"}]}}  # type: ignore[dict-item]
    documents = {"look": look(), "F91": other}
    links.require_places_free(documents, "look", "/schema/allOf", 2)
    links.require_places_free(documents, "look", "/ui/elements", 0)
    with pytest.raises(FormInvalid, match="form"):
        links.require_places_free(documents, "look", "/schema/allOf", 0)


def test_what_the_library_refuses_is_not_kept_and_the_sentence_names_the_other_form() -> None:
    sheet = editing.read(FILES["forms/F90.json"])
    without = field_edits.field_removed(sheet, "place")
    with pytest.raises(FormInvalid) as refused:
        editing.judged(FILES, "forms/F90.json", without)
    assert "様式「look」：参照先がありません" in refused.value.fields["form"]


# ---------------------------------------------------------------- any edits at all

KEYS = st.sampled_from(["result", "reason", "people", "again", "place", "fresh1", "fresh2", "mood", "none"])
NUMBERS = st.integers(0, 3)
TEXTS = st.sampled_from(["", "会えた", "不在", "新しい名前", "a" * 401, "\x00x", "x\n y", "留守"])
BY = st.sampled_from([-1, 1])
VALUES = st.lists(st.sampled_from(["会えた", "不在", True, False]), max_size=2).map(tuple)
NEW = st.builds(NewField, st.sampled_from(["fresh1", "fresh2", "x y", ""]), TEXTS, st.sampled_from(list(NewKind)),
                st.lists(TEXTS, max_size=3).map(tuple))  # fmt: skip
SPOTS = st.builds(Spot, KEYS, st.sampled_from(["", "", "", "name", "age", "fresh1"]))
SETTINGS = st.builds(Settings, TEXTS, TEXTS, st.booleans(), st.sampled_from(["", "note", "result"]))


def calls(function: Any, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Document], Document]]:
    return st.tuples(*arguments).map(lambda given_: lambda document: function(document, *given_))


EDITS = st.one_of(
    calls(editing.retitled, TEXTS), calls(editing.section_added, TEXTS),
    calls(editing.section_changed, NUMBERS, TEXTS, TEXTS), calls(editing.section_moved, NUMBERS, BY),
    calls(editing.section_removed, NUMBERS), calls(editing.field_moved, KEYS, BY),
    calls(field_edits.field_added, NUMBERS, NEW),
    calls(field_edits.field_taken, NUMBERS, st.just("F90"), st.sampled_from(["mood", "place", "gone"])),
    calls(field_edits.field_changed, SPOTS, SETTINGS), calls(field_edits.field_removed, KEYS),
    calls(field_edits.rule_set, st.one_of(KEYS, NUMBERS), KEYS, VALUES),
    calls(field_edits.requirement_removed, NUMBERS), calls(field_edits.column_added, KEYS, NEW),
    calls(field_edits.column_moved, SPOTS, BY), calls(field_edits.column_removed, SPOTS),
    calls(option_edits.options_renamed, SPOTS, st.lists(TEXTS, min_size=2, max_size=3).map(tuple)),
    calls(option_edits.option_added, SPOTS, TEXTS), calls(option_edits.option_moved, SPOTS, NUMBERS, BY),
    calls(option_edits.option_removed, SPOTS, NUMBERS),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, max_size=12))
def test_any_edits_leave_a_form_that_loads_or_are_refused_with_a_sentence(
    edits: list[Callable[[Document], Document]],
) -> None:
    document = look()
    for edit in edits:
        before = deepcopy(document)
        try:
            after = edit(document)
            files = editing.judged(FILES, PATH, after)
        except (FormInvalid, NotFound) as refused:
            sentences = refused.fields.values() if isinstance(refused, FormInvalid) else ["not on the page"]
        else:
            sentences = [] if editing.read(files[PATH]) == after else ["read back as something else"]
            before = document = after
        assert all(sentences)
        assert document == before
        assert "read back as something else" not in sentences
