"""Words for what a form's file says: kinds of fields, rules and conditions. Japanese, as process content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.forms.api import Field, Kind, Rule

KINDS = {
    "string": "短い文", "kana": "かな", "text": "長い文", "int": "数", "bool": "はい・いいえ", "date": "日付",
    "date_wareki": "日付（和暦）", "datetime": "日時", "daterange": "期間（日付）", "interval": "期間の長さ",
    "enum": "一つ選ぶ", "multi": "いくつか選ぶ", "matrix": "表から選ぶ", "subtable": "行のある表", "group": "まとまり",
    "text_date": "文と期日", "bool_text": "有無と内容", "address": "住所", "tel": "電話番号", "email": "メール",
    "person": "人", "org": "機関", "user": "職員", "ref": "参照", "attachment": "添付", "signature": "署名",
}  # fmt: skip
DETAILED = "細かい条件"


def kind_words(field: Field) -> str:
    """The kind of a field."""
    return KINDS.get(field.kind.value, field.kind.value)


def rule_words(rule: Rule, fields: Mapping[str, Field]) -> str:
    """When a rule shows its field: 「緊急性」が「緊急」か「要注意」のとき. fields: those of the form by key."""
    told = condition_words(rule.scope, rule.schema, fields)
    return f"{told}とき" if rule.shows else f"{told}とき以外"


def condition_words(scope: str, schema: Mapping[str, Any], fields: Mapping[str, Field]) -> str:
    """A condition about the value of one field."""
    field = fields.get(scope)
    label = field.label if field is not None else scope
    values = chosen_values(schema)
    if values is None:
        return f"「{label}」についての{DETAILED}を満たす"
    said = "か".join(f"「{_value(value, field)}」" for value in values)
    if "contains" in schema:
        return f"「{label}」に{said}がある"
    return f"「{label}」が{said}の"


def chosen_values(schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The values of which one must be there, where the condition says no more than that; else None."""
    if set(schema) == {"contains"} and isinstance(schema["contains"], Mapping):
        return chosen_values(schema["contains"])
    if set(schema) == {"const"}:
        return (schema["const"],)
    if set(schema) == {"enum"} and isinstance(schema["enum"], list):
        return tuple(schema["enum"])
    return None


def requirement_words(item: Mapping[str, Any], fields: Mapping[str, Field]) -> str:
    """A conditional requirement of a schema (one of its ``allOf``)."""
    if set(item) == {"anyOf"}:
        keys = [key for part in item["anyOf"] if isinstance(part, Mapping) for key in part.get("required", [])]
        return f"{_names(keys, fields)}のどれかは必須"
    asked, given = item.get("if"), item.get("then")
    if not isinstance(asked, Mapping) or not isinstance(given, Mapping) or set(given) != {"required"}:
        return f"{DETAILED}による必須"
    if set(asked) - {"properties", "required"} or not isinstance(asked.get("properties"), Mapping):
        return f"{DETAILED}のとき、{_names(given['required'], fields)}は必須"
    told = [condition_words(key, schema, fields) for key, schema in asked["properties"].items()]
    return f"{'、'.join(told)}とき、{_names(given['required'], fields)}は必須"


def _names(keys: list[str], fields: Mapping[str, Field]) -> str:
    return "".join(f"「{fields[key].label if key in fields else key}」" for key in keys)


def _value(value: Any, field: Field | None) -> str:
    if isinstance(value, bool):
        if field is None or field.kind is not Kind.BOOL:
            return "はい" if value else "いいえ"
        return field.true_label if value else field.false_label
    return str(value)
