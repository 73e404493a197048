"""Conditions inside forms: the part of JSON Schema that may be used in ``if``, ``then`` and rules.

Rules are judged here and, in the browser, by the page's script: so the part is small and the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from engine.forms.api import Field, Kind, Rule
from engine.forms.keywords import CONDITION

_SUBSCHEMAS = ("not", "contains", "items")
_LISTS = ("anyOf", "allOf")
_NUMBERS = ("minItems", "maxItems", "minLength", "minimum", "maximum", "minProperties")
_TYPES = frozenset({"string", "integer", "boolean", "array", "object", "null"})
_REMEDY = "docs/forms.mdの「条件」を見て直してください。"


def check_condition(schema: Any, pointer: str, report: Callable[[str, str, str], None]) -> bool:
    """Whether a condition is in the language; every fault is reported."""
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, Mapping):
        report(pointer, "条件がオブジェクト（{ }）ではありません。", _REMEDY)
        return False
    good = True
    for name, value in schema.items():
        if name not in CONDITION:
            report(pointer, f"「{str(name)[:60]}」は条件では使えません。", _REMEDY)
            good = False
        elif not _value_fits(name, value):
            report(pointer, f"条件の「{name}」の値が違います。", _REMEDY)
            good = False
    for path, inner in _inner(schema):
        good = check_condition(inner, f"{pointer}/{path}", report) and good
    return good


def _value_fits(name: str, value: Any) -> bool:
    if name in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "type":
        return isinstance(value, str) and value in _TYPES
    if name in ("enum", *_LISTS):
        return isinstance(value, list) and bool(value)
    if name == "required":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, Mapping) if name == "properties" else True


def _inner(schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = [(name, schema[name]) for name in _SUBSCHEMAS if name in schema]
    for name in _LISTS:
        if isinstance(schema.get(name), list):
            found += [(f"{name}/{index}", item) for index, item in enumerate(schema[name])]
    if isinstance(schema.get("properties"), Mapping):
        found += [(f"properties/{key}", item) for key, item in schema["properties"].items()]
    return found


def hidden_fields(fields: tuple[Field, ...], data: Mapping[str, Any]) -> frozenset[str]:
    """Keys of the fields that the rules hide, given the data; a hidden value no longer shows other fields."""
    kinds = {field.key: field.kind for field in fields}
    governed = [field for field in fields if field.rules]
    hidden: frozenset[str] = frozenset()
    for _ in range(len(governed) + 1):
        seen = {key: value for key, value in data.items() if key not in hidden}
        now = frozenset(field.key for field in governed if not all(_shows(rule, seen, kinds) for rule in field.rules))
        if now == hidden:
            break
        hidden = now
    return hidden


def _shows(rule: Rule, data: Mapping[str, Any], kinds: Mapping[str, Kind]) -> bool:
    if not rule.scope:
        value: Any = dict(data)
    elif rule.scope in data:
        value = data[rule.scope]
    else:
        value = [] if kinds[rule.scope] in (Kind.MULTI, Kind.SUBTABLE) else None
    return _holds(msgspec.json.encode(rule.schema), msgspec.json.encode(value)) == rule.shows


@lru_cache(maxsize=4096)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(msgspec.json.decode(schema))


@lru_cache(maxsize=16384)
def _holds(schema: bytes, value: bytes) -> bool:
    return bool(_validator(schema).is_valid(msgspec.json.decode(value)))
