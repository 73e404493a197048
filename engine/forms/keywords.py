"""Which keywords a form file may use, and where. Everything else is refused: a keyword that is silently ignored,
or a regular expression that never ends, is worse than a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.forms.api import Kind

DOCUMENT = frozenset({"key", "title", "title_en", "description", "schema", "ui", "$comment"})
SCHEMA = frozenset({"$schema", "$comment", "type", "title", "description", "properties", "required", "allOf",
                    "additionalProperties"})  # fmt: skip
#: of a condition (``if``, ``then``, ``else`` and the rules of the layout)
CONDITION = frozenset({"properties", "required", "const", "enum", "not", "anyOf", "allOf", "contains", "type",
                       "items", "minItems", "maxItems", "minLength", "minimum", "maximum", "minProperties",
                       "$comment"})  # fmt: skip
LAYOUT = {
    "VerticalLayout": frozenset({"type", "elements", "rule", "$comment"}),
    "HorizontalLayout": frozenset({"type", "elements", "rule", "$comment"}),
    "Group": frozenset({"type", "label", "x-label-en", "x-hint", "elements", "rule", "$comment"}),
    "Control": frozenset({"type", "scope", "label", "rule", "$comment"}),
}
RULE = frozenset({"effect", "condition", "$comment"})
RULE_CONDITION = frozenset({"scope", "schema", "$comment"})
EFFECTS = {"SHOW": True, "ENABLE": True, "HIDE": False, "DISABLE": False}

#: of every field
FIELD = frozenset({"$comment", "title", "description", "type", "x-kind", "x-form", "x-variable", "x-report",
                   "x-sealed", "x-restricted", "x-prefill", "x-default", "x-default-if", "x-widget", "x-label-en",
                   "x-hint", "x-message-required", "x-aliases"})  # fmt: skip
_WRITTEN = frozenset({"maxLength", "minLength"})
_TABLE = frozenset({"items", "minItems", "maxItems"})
#: beside those, by kind
OF_KIND: Mapping[Kind, frozenset[str]] = {
    Kind.STRING: _WRITTEN | {"x-suggestions"},
    Kind.KANA: _WRITTEN,
    Kind.TEXT: _WRITTEN,
    Kind.INT: frozenset({"minimum", "maximum"}),
    Kind.BOOL: frozenset({"x-true", "x-false"}),
    Kind.DATE: frozenset({"format", "x-wareki", "x-not-after", "x-not-before"}),
    Kind.DATE_WAREKI: frozenset({"format", "x-wareki", "x-not-after", "x-not-before"}),
    Kind.DATETIME: frozenset({"format"}),
    Kind.DATERANGE: frozenset({"properties", "required", "additionalProperties"}),
    Kind.INTERVAL: frozenset({"format"}),
    Kind.ENUM: frozenset({"enum", "x-suggestions", "x-text", "x-option-hints", "x-option-aliases"}),
    Kind.MULTI: frozenset({"items", "minItems", "maxItems", "uniqueItems", "x-suggestions", "x-ref", "x-open",
                           "x-options-from", "x-option-hints", "x-option-aliases", "x-choices"}),
    Kind.MATRIX: _TABLE | {"properties", "additionalProperties", "minProperties", "x-rows", "x-rows-ref",
                           "x-rows-from", "x-row-aliases", "x-open"},
    Kind.SUBTABLE: _TABLE | {"x-open"},
    Kind.GROUP: frozenset({"properties", "required", "additionalProperties", "x-open"}),
    Kind.TEXT_DATE: frozenset({"properties", "required", "additionalProperties", "x-text-label", "x-date-label"}),
    Kind.BOOL_TEXT: frozenset({"oneOf", "x-text-label"}),
    Kind.ADDRESS: _WRITTEN,
    Kind.TEL: _WRITTEN,
    Kind.EMAIL: _WRITTEN,
    Kind.PERSON: frozenset({"x-ref", "x-open", "maxLength"}),
    Kind.ORG: frozenset({"x-ref", "x-open", "maxLength", "x-choices"}),
    Kind.USER: frozenset({"x-ref", "x-open", "maxLength"}),
    Kind.REF: frozenset({"x-ref", "x-open", "maxLength", "x-choices"}),
    Kind.ATTACHMENT: _WRITTEN,
    Kind.SIGNATURE: _WRITTEN,
}  # fmt: skip
#: the JSON type of the stored value
JSON_TYPE: Mapping[Kind, str] = {
    Kind.INT: "integer",
    Kind.BOOL: "boolean",
    Kind.DATERANGE: "object",
    Kind.MULTI: "array",
    Kind.SUBTABLE: "array",
    Kind.GROUP: "object",
    Kind.TEXT_DATE: "object",
}
FORMAT: Mapping[Kind, str] = {Kind.DATE: "date", Kind.DATE_WAREKI: "date", Kind.DATETIME: "date-time"}


def kind_of(schema: Mapping[str, Any]) -> Kind | None:
    """The kind of a field: ``x-kind``, else what its JSON Schema says; None when neither tells."""
    if "x-kind" in schema:
        return next((kind for kind in Kind if kind.value == schema["x-kind"]), None)
    if "enum" in schema:
        return Kind.ENUM
    if "x-ref" in schema and schema.get("type") == "string":
        return {"organisation": Kind.ORG, "staff": Kind.USER, "person": Kind.PERSON}.get(str(schema["x-ref"]), Kind.REF)
    return _by_type(schema)


def _by_type(schema: Mapping[str, Any]) -> Kind | None:
    match schema.get("type"):
        case "boolean":
            return Kind.BOOL
        case "integer":
            return Kind.INT
        case "object":
            return Kind.GROUP
        case "array":
            items = schema.get("items")
            return Kind.SUBTABLE if isinstance(items, Mapping) and items.get("type") == "object" else Kind.MULTI
        case "string":
            return {"date": Kind.DATE, "date-time": Kind.DATETIME}.get(str(schema.get("format")), Kind.STRING)
        case _:
            return None
