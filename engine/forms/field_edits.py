"""Edits of the fields of a form's file: a field more, one taken from a 帳票, another label, another rule, one less.

As in ``engine.forms.editing``: pure functions from one document to the next. A column of a table is named by its field
and its own key. What a field taken by ``$ref`` is, its home says; here it may get another label, hint, requirement or
variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.domain.errors import FormInvalid, NotFound
from engine.forms.editing import (
    SCOPE,
    Document,
    control_of,
    groups_of,
    optional_line,
    required_line,
    scope_key,
    set_text,
    swap,
)

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_NO_LABEL = "見出しを入力してください。"
MOST_OPTIONS = 200


class NewKind(StrEnum):
    """What a new field may be."""

    LINE = "string"  #: one line of text
    TEXT = "text"  #: several lines
    NUMBER = "int"  #: a whole number
    DATE = "date"  #: a day
    YES_NO = "bool"  #: yes or no
    ONE = "enum"  #: one of the options
    MANY = "multi"  #: several of the options
    ORGANISATION = "org"  #: one of the organisations
    STAFF = "user"  #: a member of staff
    PERSON = "person"  #: a person of the case
    PROGRAMME = "programme"  #: one of the programmes
    TABLE = "subtable"  #: rows with columns


#: kinds that are asked with a list: options, or the headings of columns
LISTED = frozenset({NewKind.ONE, NewKind.MANY, NewKind.TABLE})
_PLAIN: Mapping[NewKind, Mapping[str, Any]] = {
    NewKind.LINE: {"type": "string"},
    NewKind.TEXT: {"type": "string", "x-kind": "text"},
    NewKind.NUMBER: {"type": "integer"},
    NewKind.DATE: {"type": "string", "format": "date"},
    NewKind.YES_NO: {"type": "boolean"},
    NewKind.ORGANISATION: {"type": "string", "x-ref": "organisation"},
    NewKind.STAFF: {"type": "string", "x-ref": "staff"},
    NewKind.PERSON: {"type": "string", "x-ref": "person"},
    NewKind.PROGRAMME: {"type": "string", "x-ref": "programme"},
}


@dataclass(frozen=True)
class NewField:
    """A field or column to be made. lines: options, or headings of columns, for the kinds that have them."""

    key: str
    label: str
    kind: NewKind
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What may be set on every field. variable: "" for none; it is not set on columns."""

    label: str
    hint: str
    required: bool
    variable: str = ""


@dataclass(frozen=True)
class Spot:
    """A field, or a column of it."""

    key: str
    column: str = ""


# ---------------------------------------------------------------- adding


def field_added(document: Document, section: int, new: NewField) -> Document:
    """One more field at the end of a section."""
    copy = deepcopy(document)
    _properties(copy)[_free(copy, new.key)] = _schema(new)
    _place(copy, section, new.key)
    return copy


def field_taken(document: Document, section: int, sheet: str, key: str) -> Document:
    """A field of another form (its ``key`` in ``sheet``) at the end of a section; it stays defined there."""
    copy = deepcopy(document)
    if key in taken_names(copy):
        raise FormInvalid({"from": "この様式には、同じ識別子の欄がもうあります。"})
    _properties(copy)[key] = {"$ref": f"{sheet}#/schema/properties/{key}"}
    _place(copy, section, key)
    return copy


def column_added(document: Document, key: str, new: NewField) -> Document:
    """One more column of a table."""
    copy = deepcopy(document)
    columns = _columns(copy, key)
    if new.kind is NewKind.TABLE:
        raise FormInvalid({"kind": "表の中に表は置けません。"})
    if new.key in columns:
        raise FormInvalid({"key": "この識別子は使われています。別の識別子にしてください。"})
    columns[_name(new.key)] = _schema(new)
    return copy


def free_key(taken: Mapping[str, Any] | frozenset[str], base: str) -> str:
    """A key that nothing has yet: ``field1``, ``field2`` …"""
    return next(name for n in range(1, 10_000) if (name := f"{base}{n}") not in taken)


def taken_names(document: Document) -> frozenset[str]:
    """Every name that a value of this form may have, the text beside an option included."""
    keys = tuple(_properties(document))
    return frozenset(keys) | frozenset(f"{key}_text" for key in keys)


def _place(copy: Document, section: int, key: str) -> None:
    groups = groups_of(copy)
    if not 0 <= section < len(groups):
        raise NotFound("section")
    groups[section]["elements"].append({"type": "Control", "scope": f"{SCOPE}{key}"})


def _free(copy: Document, key: str) -> str:
    if _name(key) in taken_names(copy):
        raise FormInvalid({"key": "この識別子は使われています。別の識別子にしてください。"})
    return key


def _name(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise FormInvalid({"key": "識別子は、英字で始まる英数字と下線（60文字まで）にしてください。"})
    return key


def _schema(new: NewField) -> dict[str, Any]:
    title = {"title": required_line(new.label, "label", _NO_LABEL)}
    if new.kind not in LISTED:
        return {**title, **deepcopy(dict(_PLAIN[new.kind]))}
    lines = listed(new.lines, "lines")
    if new.kind is NewKind.ONE:
        return {**title, "type": "string", "enum": lines}
    if new.kind is NewKind.MANY:
        return {**title, "type": "array", "items": {"type": "string", "enum": lines}, "uniqueItems": True}
    columns = {f"column{n}": {"title": line, "type": "string"} for n, line in enumerate(lines, 1)}
    return {**title, "type": "array", "items": {"type": "object", "properties": columns}}


def listed(lines: tuple[str, ...], place: str) -> list[str]:
    """Lines as a list of options: at least one, each once."""
    found = [text for line in lines if (text := optional_line(line, place))]
    if not found:
        raise FormInvalid({place: "一行に一つずつ、一つ以上書いてください。"})
    if len(set(found)) != len(found):
        raise FormInvalid({place: "同じものが二つあります。一つにしてください。"})
    if len(found) > MOST_OPTIONS:
        raise FormInvalid({place: f"{MOST_OPTIONS}個までにしてください。"})
    return found


# ---------------------------------------------------------------- changing


def field_changed(
    document: Document, spot: Spot, settings: Settings, base: Mapping[str, Any] | None = None
) -> Document:  # fmt: skip
    """Another label, hint, requirement or variable. base: what the home of a taken field says of it."""
    copy = deepcopy(document)
    node, home = schema_at(copy, spot), base or {}
    label = required_line(settings.label, "label", _NO_LABEL)
    hint = optional_line(settings.hint, "hint")
    set_text(node, "title", "" if home.get("title") == label else label)
    set_text(node, "x-hint", "" if home.get("x-hint") == hint else hint)
    _require(_owner(copy, spot), spot.column or spot.key, settings.required)
    if not spot.column:
        _set_variable(node, spot.key, settings.variable, home.get("x-variable"))
    return copy


def _set_variable(node: dict[str, Any], key: str, name: str, inherited: Any) -> None:
    """Written as ``true`` where variable and field have one name."""
    if name == _variable_name(inherited, key):
        node.pop("x-variable", None)
    elif name:
        node["x-variable"] = True if name == key else name
    elif inherited:
        node["x-variable"] = False
    else:
        node.pop("x-variable", None)


def _variable_name(said: Any, key: str) -> str:
    return key if said is True else said if isinstance(said, str) else ""


def _require(owner: dict[str, Any], key: str, required: bool) -> None:
    """owner: the schema whose ``required`` names the field."""
    names = [name for name in owner.get("required", []) if name != key]
    if required:
        known = list(owner["properties"])
        names = sorted([*names, key], key=lambda name: known.index(name) if name in known else len(known))
    if names:
        owner["required"] = names
    else:
        owner.pop("required", None)


def rule_set(
    document: Document, target: str | int, scope: str, values: tuple[Any, ...], *, several: bool = False
) -> Document:
    """Show a field (its key) or a section (its number) only when the field ``scope`` has one of the values.

    Without values it is always shown. several: the field holds a list, in which one of them must be.
    """
    copy = deepcopy(document)
    node = _drawn(copy, target)
    if not values:
        node.pop("rule", None)
        return copy
    if scope not in _properties(copy):
        raise NotFound("field")
    inside = {scope_key(one) for one in node["elements"]} if isinstance(target, int) else {target}
    if scope in inside:
        raise FormInvalid({"values": "自分の値で自分を隠すことはできません。別の欄を選んでください。"})
    schema: dict[str, Any] = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    if several:
        schema = {"contains": schema}
    node["rule"] = {"effect": "SHOW", "condition": {"scope": f"{SCOPE}{scope}", "schema": schema}}
    return copy


def _drawn(copy: Document, target: str | int) -> dict[str, Any]:
    if isinstance(target, str):
        found = control_of(copy, target)
    else:
        groups = groups_of(copy)
        found = groups[target] if 0 <= target < len(groups) else None
    if found is None:
        raise NotFound("field")
    return found


def column_moved(document: Document, spot: Spot, by: int) -> Document:
    """A column one place to the front (-1) or to the back (1)."""
    copy = deepcopy(document)
    columns = _columns(copy, spot.key)
    if spot.column not in columns:
        raise NotFound("field")
    order = list(columns)
    swap(order, order.index(spot.column), by)
    schema_at(copy, Spot(spot.key))["items"]["properties"] = {key: columns[key] for key in order}
    return copy


# ---------------------------------------------------------------- taking away


def field_removed(document: Document, key: str) -> Document:
    """Without a field. Refused while a rule, a condition or a default of this form needs it."""
    copy = deepcopy(document)
    properties = _properties(copy)
    if key not in properties:
        raise NotFound("field")
    needed = list(dict.fromkeys(_needing(copy, key)))
    if needed:
        raise FormInvalid({"delete": f"{'、'.join(needed)}に使われています。先にそれを直してください。"})
    if len(properties) == 1:
        raise FormInvalid({"delete": "様式には欄が一つ以上必要です。"})
    del properties[key]
    _require(copy["schema"], key, required=False)
    for group in groups_of(copy):
        group["elements"] = [one for one in group["elements"] if scope_key(one) != key]
    return copy


def _needing(document: Document, key: str) -> Iterator[str]:
    """What of the form names a field, in words."""
    names = {key, f"{key}_text"}
    for group in groups_of(document):
        for node in (group, *group["elements"]):
            if _rule_scope(node) in names and scope_key(node) != key:
                label = str(node.get("label") or "") if node is group else _label(document, scope_key(node))
                yield f"「{label}」の表示する条件"
    for item in document["schema"].get("allOf", []):
        if names & set(fields_named_in(item)):
            yield "条件つきの必須"
    for other, schema in _properties(document).items():
        if other != key and (schema.get("x-default-if") in names or names & set(_data_paths(schema))):
            yield f"「{_label(document, other)}」の初期値や範囲"


def _rule_scope(node: Mapping[str, Any]) -> str:
    rule = node.get("rule")
    condition = rule.get("condition") if isinstance(rule, Mapping) else None
    return scope_key(condition) if isinstance(condition, Mapping) else ""


def fields_named_in(condition: Any) -> Iterator[str]:
    """Keys of the fields that a condition is about."""
    if isinstance(condition, list):
        for one in condition:
            yield from fields_named_in(one)
    if isinstance(condition, Mapping):
        yield from condition.get("properties", {})
        yield from (name for name in condition.get("required", []) if isinstance(name, str))
        for name in ("if", "then", "else", "anyOf", "allOf", "not"):
            yield from fields_named_in(condition.get(name))


def _data_paths(schema: Mapping[str, Any]) -> Iterator[str]:
    """Keys of fields of this form that a default or a limit reads (``data.period.to``)."""
    for name in ("x-default", "x-prefill", "x-not-before", "x-not-after", "x-rows-from"):
        said = schema.get(name)
        for text in said if isinstance(said, list) else [said]:
            yield from re.findall(r"\bdata\.([A-Za-z0-9_]+)", text) if isinstance(text, str) else ()


def column_removed(document: Document, spot: Spot) -> Document:
    """Without a column of a table."""
    copy = deepcopy(document)
    columns = _columns(copy, spot.key)
    if spot.column not in columns:
        raise NotFound("field")
    if len(columns) == 1:
        raise FormInvalid({"delete": "表には列が一つ以上必要です。"})
    _require(schema_at(copy, Spot(spot.key))["items"], spot.column, required=False)
    del columns[spot.column]
    return copy


def requirement_removed(document: Document, number: int) -> Document:
    """Without one of the conditional requirements (the place in the schema's ``allOf``)."""
    copy = deepcopy(document)
    items = copy["schema"].get("allOf", [])
    if not 0 <= number < len(items):
        raise NotFound("condition")
    del items[number]
    if not items:
        del copy["schema"]["allOf"]
    return copy


# ---------------------------------------------------------------- finding


def schema_at(document: Document, spot: Spot) -> dict[str, Any]:
    """What the file says of a field or column, ``$ref`` as it stands. Raises NotFound."""
    found = _columns(document, spot.key).get(spot.column) if spot.column else _properties(document).get(spot.key)
    if not isinstance(found, dict):
        raise NotFound("field")
    return found


def reference_of(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Form and key from which a field is taken; None for one of its own."""
    said = schema.get("$ref")
    match = re.fullmatch(r"([A-Za-z0-9_]*)#/schema/properties/([^/#]+)", said) if isinstance(said, str) else None
    return (match[1], match[2]) if match else None


def _owner(document: Document, spot: Spot) -> dict[str, Any]:
    found: dict[str, Any] = schema_at(document, Spot(spot.key))["items"] if spot.column else document["schema"]
    return found


def _columns(document: Document, key: str) -> dict[str, Any]:
    items = schema_at(document, Spot(key)).get("items")
    found = items.get("properties") if isinstance(items, dict) else None
    if not isinstance(found, dict):
        raise NotFound("field")
    return found


def _properties(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document["schema"]["properties"]
    return found


def _label(document: Document, key: str) -> str:
    said = _properties(document).get(key, {}).get("title")
    return said if isinstance(said, str) else key
