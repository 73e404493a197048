"""Form files from strangers: every fault is a finding with file, place and remedy, never an exception."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import DefinitionRefused, ReferenceMissing
from engine.forms.api import Kind
from engine.forms.library import FormLibrary
from tests.unit.forms.support import library


def a_document(key: str = "T01", **properties: Any) -> dict[str, Any]:
    fields = properties or {"name": {"title": "氏名", "type": "string"}}
    return {"key": key, "title": "試し", "schema": {"type": "object", "properties": fields}}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def findings(files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    with pytest.raises(DefinitionRefused) as refusal:
        FormLibrary.load(files)
    found = [(f.file, f.element_id, f.message_ja) for f in refusal.value.findings]
    assert all(f.message_ja and f.remedy_ja for f in refusal.value.findings)
    return found


def the_finding(document: Any) -> tuple[str, str, str]:
    return findings({"forms/T01.json": encoded(document)})[0]


def test_a_form_is_found_by_process_and_then_among_the_shared_ones() -> None:
    files = {"workflows/forms/F04.json": encoded(a_document("F04")), "intake/process.bpmn": b"<x/>"}
    files["workflows/intake/forms/in_own.json"] = encoded(a_document("in_own"))
    loaded = FormLibrary.load(files)
    assert loaded.form("in_own", "intake").process_key == "intake"
    assert loaded.form("F04", "intake").process_key == ""
    with pytest.raises(ReferenceMissing):
        loaded.form("in_own", "outreach")


def test_a_reference_copies_the_field_with_its_siblings_on_top() -> None:
    shared = a_document("F04", to_org={"title": "紹介先機関", "type": "string", "x-ref": "organisation"})
    own = a_document("in_refer", to_org={"$ref": "F04#/schema/properties/to_org", "x-variable": True})
    loaded = FormLibrary.load({"forms/F04.json": encoded(shared), "intake/forms/in_refer.json": encoded(own)})
    field = loaded.form("in_refer", "intake").field("to_org")
    assert (field.kind, field.form, field.variable, field.label) == (Kind.ORG, "F04", "to_org", "紹介先機関")
    assert loaded.files_for("in_refer", "intake") == ("forms/F04.json", "intake/forms/in_refer.json")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"key": NaN}', b'{"key": 1, "key": 2}', b"9" * 5000,
     b"[" * 100_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b" " * 600_000, b"[" + b"1," * 40_000 + b"1]"],
    ids=["empty", "cut", "list", "null", "not utf-8", "nan", "twice", "long number", "deep", "deep objects", "huge",
         "many"],
)  # fmt: skip
def test_what_is_not_a_json_form_is_a_finding(content: bytes) -> None:
    assert findings({"forms/T01.json": content})[0][0] == "forms/T01.json"


@pytest.mark.parametrize(
    "reference",
    ["https://example.com/x.json#/a", "//example.com#/a", "file:///etc/passwd#/a", "F99#/schema/properties/a",
     "T01#/schema/properties/none", "../F04#/schema", "T01", "#", "T01#/schema/properties/name", 7, None],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_is_a_finding_without_network(
    reference: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was used"))
    file, pointer, _ = the_finding(a_document(name={"$ref": reference}))
    assert (file, pointer) == ("forms/T01.json", "/schema/properties/name")


def test_references_in_a_circle_are_findings() -> None:
    first = a_document("A01", x={"$ref": "B01#/schema/properties/x"})
    second = a_document("B01", x={"$ref": "A01#/schema/properties/x"})
    found = findings({"forms/A01.json": encoded(first), "forms/B01.json": encoded(second)})
    assert {file for file, _, _ in found} == {"forms/A01.json", "forms/B01.json"}
    assert all("循環" in message for _, _, message in found)


def test_references_that_multiply_are_findings_at_once() -> None:
    def level(number: int) -> dict[str, Any]:
        document = a_document(f"L{number}")
        document["$comment"] = [{"$ref": f"L{number - 1}#/$comment"}] * 50 if number else "x"
        return document

    files = {f"forms/L{number}.json": encoded(level(number)) for number in range(8)}
    assert any("大きすぎます" in message for _, _, message in findings(files))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "pattern": "(a+)+$"}, "pattern"),
        ({"type": "object", "patternProperties": {"(a+)+$": {}}}, "patternProperties"),
        ({"type": "string", "x-wdget": "textarea"}, "x-wdget"),
        ({"type": "string", "x-kind": "slider"}, "slider"),
        ({"type": "float"}, "float"),
        ({"type": "string", "format": "date", "x-kind": "text"}, "format"),
        ({"type": "string", "enum": []}, "選択肢"),
        ({"type": "string", "enum": ["a", "a"]}, "選択肢"),
        ({"type": "string", "x-ref": "planet"}, "x-ref"),
        ({"type": "string", "x-prefill": "person.name; drop"}, "x-prefill"),
        ({"type": "string", "x-variable": "1 + 1"}, "x-variable"),
        ({"type": "string", "maxLength": "many"}, "maxLength"),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {"type": "object"}}}}, "列"),
        ({"type": "array", "items": {"type": "object"}}, "properties"),
        ({"type": "object", "x-kind": "matrix"}, "matrix"),
        ("not a schema", "オブジェクト"),
    ],
)
def test_a_field_outside_the_language_is_a_finding_at_its_place(schema: Any, said: str) -> None:
    titled = {"title": "値", **schema} if isinstance(schema, dict) else schema
    found = findings({"forms/T01.json": encoded(a_document(value=titled))})
    assert any(pointer.startswith("/schema/properties/value") and said in message for _, pointer, message in found)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"key": "T02"}, "/key"),
        ({"title": ""}, "/title"),
        ({"script": "x"}, ""),
        ({"schema": None}, "/schema"),
        ({"schema": {"type": "object", "properties": {}}}, "/schema/properties"),
        ({"ui": {"type": "Script"}}, "/ui"),
        ({"ui": {"type": []}}, "/ui"),
        ({"ui": {"type": "VerticalLayout", "elements": []}}, "/ui"),
        ({"ui": {"type": "Control", "scope": "#/properties/nobody"}}, "/ui"),
    ],
)
def test_a_document_outside_the_language_is_a_finding(change: dict[str, Any], pointer: str) -> None:
    assert the_finding({**a_document(), **change})[1] == pointer


@pytest.mark.parametrize(
    "condition",
    [{"properties": {"nam": {"const": "x"}}}, {"required": ["nam"]}, {"pattern": "(a+)+"}, {"type": ["string"]}, "x"],
)
def test_a_condition_about_nothing_is_a_finding(condition: Any) -> None:
    document = a_document()
    document["schema"]["allOf"] = [{"if": condition, "then": {"required": ["name"]}}]
    assert the_finding(document)[1].startswith("/schema/allOf/0")


@pytest.mark.parametrize(
    "rule",
    [{"effect": "EXPLODE"}, {"effect": [], "condition": {"scope": "#/properties/name", "schema": {}}},
     {"effect": "SHOW", "condition": {"scope": "#/properties/none", "schema": {}}},
     {"effect": "SHOW", "condition": {"scope": "#/properties/name", "schema": {"pattern": "(a+)+"}}}, []],
)  # fmt: skip
def test_a_rule_outside_the_language_is_a_finding(rule: Any) -> None:
    control = {"type": "Control", "scope": "#/properties/name", "rule": rule}
    assert the_finding({**a_document(), "ui": control})[1].startswith("/ui/rule")


def test_all_findings_come_at_once() -> None:
    bad = a_document(name={"type": "string"}, other={"title": "x", "type": "magic"})
    assert len(findings({"forms/T01.json": encoded(bad), "forms/T02.json": b"{"})) == 3


def test_the_same_form_twice_is_a_finding() -> None:
    files = {"forms/T01.json": encoded(a_document()), "workflows/forms/T01.json": encoded(a_document())}
    assert "2つ" in findings(files)[0][2]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["type", "properties", "title", "enum", "items", "x-kind", "x-ref", "$ref", "allOf", "if", "then", "required",
         "oneOf", "additionalProperties", "x-default", "x-rows", "x-text", "elements", "scope", "rule", "a"]
    ) | st.text(max_size=8), inner, max_size=5), max_leaves=25,
)  # fmt: skip


def loads_or_is_refused(content: bytes) -> bool:
    """Whether the form has fields, or else the refusal has findings."""
    try:
        return bool(FormLibrary.load({"forms/T01.json": content}).form("T01").fields)
    except DefinitionRefused as refusal:
        return bool(refusal.findings)


@settings(max_examples=300, deadline=None)
@given(schema=JSON, ui=JSON)
def test_no_document_at_all_raises_anything_but_findings(schema: Any, ui: Any) -> None:
    document = {"key": "T01", "title": "試し", "schema": {"type": "object", "properties": {"a": schema}}, "ui": ui}
    assert loads_or_is_refused(json.dumps(document).encode())


def test_the_forms_of_the_product_have_no_finding() -> None:
    assert len(library().keys()) >= 19
    assert "in_register" in library().keys("intake")
