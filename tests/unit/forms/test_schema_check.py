"""The short way through a form's schema finds what the whole walk finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.forms.messages import SchemaCheck

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "free": {"type": "string", "title": "自由"},
        "short": {"type": "string", "maxLength": 3, "x-hint": "短く"},
        "chosen": {"type": "string", "enum": ["あり", "なし"]},
        "count": {"type": "integer", "minimum": 1},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"free": {"type": "string"}}}},
    },
    "required": ["free", "chosen"],
    "additionalProperties": False,
    "allOf": [{"if": {"properties": {"free": {"const": "x"}}, "required": ["free"]}, "then": {"required": ["short"]}}],
}
TEXTS = st.sampled_from(["", "x", "abc", "abcd", "𠮷野家", "あり"])
ANYTHING = st.one_of(TEXTS, st.integers(-1, 2), st.booleans(), st.lists(st.fixed_dictionaries({"free": TEXTS})))
NAMES = st.sampled_from([*SCHEMA["properties"], "unknown"])


def found(errors: Any) -> list[tuple[list[Any], list[Any], str]]:
    return [(list(error.absolute_path), list(error.absolute_schema_path), error.message) for error in errors]


@settings(max_examples=200, deadline=None)
@given(data=st.dictionaries(NAMES, ANYTHING))
def test_the_short_way_refuses_what_the_schema_refuses(data: dict[str, Any]) -> None:
    assert found(SchemaCheck(SCHEMA).errors(data)) == found(Draft202012Validator(SCHEMA).iter_errors(data))
