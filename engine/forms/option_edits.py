"""Edits of the options of a field: one more, another name, another place, one less.

An option's value is its label. A renamed option stays reachable by its old name (``x-option-aliases``), so that earlier
records, drafts and scenario files are still understood, and the conditions of its own form follow. What other forms
compare with the old value is for ``engine.forms.links`` to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from engine.domain.errors import FormInvalid, NotFound
from engine.forms.api import Kind
from engine.forms.editing import Document, optional_line, scope_key, swap
from engine.forms.field_edits import MOST_OPTIONS, Spot, schema_at
from engine.forms.keywords import kind_of


def options_of(schema: Mapping[str, Any]) -> list[str] | None:
    """The options that the file lists for a field itself; None where it has none of its own."""
    items = schema.get("items")
    for holder, name in ((schema, "enum"), (items, "enum"), (schema, "x-suggestions")):
        found = holder.get(name) if isinstance(holder, Mapping) else None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return None


def options_renamed(document: Document, spot: Spot, names: tuple[str, ...]) -> Document:
    """Other names for the options, in their order; equal ones stay. Conditions of the form follow."""
    copy = deepcopy(document)
    options = _options(copy, spot)
    fresh = [_name(name, f"option-{n}") for n, name in enumerate(names)]
    if len(fresh) != len(options):
        raise NotFound("option")
    for n, name in enumerate(fresh):
        if name in fresh[:n]:
            raise FormInvalid({f"option-{n}": "同じ選択肢が二つあります。"})
    renamed = {old: new for old, new in zip(options, fresh, strict=True) if old != new}
    if renamed:
        options[:] = fresh
        _follow(copy, spot, renamed)
    return copy


def option_added(document: Document, spot: Spot, name: str) -> Document:
    """One more option at the end."""
    copy = deepcopy(document)
    options = _options(copy, spot)
    fresh = _name(name, "new-option")
    if fresh in options:
        raise FormInvalid({"new-option": "この選択肢はもうあります。"})
    if len(options) >= MOST_OPTIONS:
        raise FormInvalid({"new-option": f"選択肢は{MOST_OPTIONS}個までにしてください。"})
    options.append(fresh)
    _aliases(schema_at(copy, spot), lambda alias, option: (alias, option) if alias != fresh else None)
    return copy


def option_moved(document: Document, spot: Spot, number: int, by: int) -> Document:
    """An option one place up (-1) or down (1)."""
    copy = deepcopy(document)
    options = _options(copy, spot)
    if not 0 <= number < len(options):
        raise NotFound("option")
    swap(options, number, by)
    return copy


def option_removed(document: Document, spot: Spot, number: int) -> Document:
    """Without an option. Refused for the last one, and while a condition of this form needs it."""
    copy = deepcopy(document)
    options = _options(copy, spot)
    if not 0 <= number < len(options):
        raise NotFound("option")
    gone = options[number]
    if len(options) == 1:
        raise FormInvalid({f"option-{number}": "選択肢は一つ以上必要です。"})
    if not spot.column and gone in compared_with(copy, spot.key):
        raise FormInvalid(
            {f"option-{number}": "表示する条件か、条件つきの必須に使われています。先に条件を直してください。"}
        )
    del options[number]
    schema = schema_at(copy, spot)
    _hints(schema, lambda option: option if option != gone else None)
    _aliases(schema, lambda alias, option: (alias, option) if option != gone else None)
    _default(schema, lambda value: None if value == gone else value)
    return copy


# ---------------------------------------------------------------- conditions


def compared_with(document: Mapping[str, Any], key: str) -> frozenset[str]:
    """The texts with which rules and conditions of a form compare the field ``key``."""
    return frozenset(text for schema in _conditions_about(document, key) for text in _texts(schema))


def _conditions_about(document: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    """Each condition about the field, as it may be changed in a copy."""
    layout = document.get("ui")
    for node in _nodes(layout):
        rule = node.get("rule")
        condition = rule.get("condition") if isinstance(rule, dict) else None
        schema = condition.get("schema") if isinstance(condition, dict) else None
        if isinstance(condition, dict) and isinstance(schema, dict):
            if scope_key(condition) == key:
                yield schema
            elif condition.get("scope") == "#":
                yield from _inside(schema, key)
    schema = document.get("schema")
    for item in schema.get("allOf", []) if isinstance(schema, dict) else ():
        yield from _inside(item, key)


def _nodes(element: Any) -> Iterator[dict[str, Any]]:
    """Every element of a layout of any shape."""
    if isinstance(element, dict):
        yield element
        for child in element.get("elements") or ():
            yield from _nodes(child)


def _inside(condition: Any, key: str) -> Iterator[dict[str, Any]]:
    if isinstance(condition, list):
        for one in condition:
            yield from _inside(one, key)
    if isinstance(condition, dict):
        properties = condition.get("properties")
        if isinstance(properties, dict) and isinstance(properties.get(key), dict):
            yield properties[key]
        for name in ("if", "then", "else", "anyOf", "allOf", "not"):
            yield from _inside(condition.get(name), key)


def _texts(schema: Any) -> Iterator[str]:
    """The texts that a condition compares a value with."""
    for name, value in schema.items() if isinstance(schema, Mapping) else ():
        if name in ("const", "enum"):
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
        elif name in ("anyOf", "allOf") and isinstance(value, list):
            yield from (text for one in value for text in _texts(one))
        else:
            yield from _texts(value)


def _follow(copy: Document, spot: Spot, renamed: Mapping[str, str]) -> None:
    """Let everything of the form that names an old value name the new one."""
    schema = schema_at(copy, spot)
    now = set(options_of(schema) or ())
    old = {option: option for option in renamed if option not in now}
    _hints(schema, lambda option: renamed.get(option, option))
    _aliases(schema, lambda alias, option: (alias, renamed.get(option, option)) if alias not in now else None)
    if old and kind_of(schema) in (Kind.ENUM, Kind.MULTI):
        known = schema.get("x-option-aliases", {})
        schema["x-option-aliases"] = {**known, **{option: renamed[option] for option in old}}
    _default(schema, lambda value: renamed.get(value, value))
    for condition in _conditions_about(copy, spot.key) if not spot.column else ():
        _replace(condition, renamed)


def _replace(schema: dict[str, Any], renamed: Mapping[str, str]) -> None:
    for name, value in schema.items():
        if name == "const" and isinstance(value, str):
            schema[name] = renamed.get(value, value)
        elif name == "enum" and isinstance(value, list):
            schema[name] = [renamed.get(one, one) if isinstance(one, str) else one for one in value]
        elif isinstance(value, dict):
            _replace(value, renamed)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    _replace(one, renamed)


# ---------------------------------------------------------------- what hangs on an option


def _hints(schema: dict[str, Any], change: Callable[[str], str | None]) -> None:
    hints = schema.get("x-option-hints")
    if isinstance(hints, dict):
        _put(schema, "x-option-hints", {new: hint for old, hint in hints.items() if (new := change(old)) is not None})


def _aliases(schema: dict[str, Any], change: Callable[[str, str], tuple[str, str] | None]) -> None:
    aliases = schema.get("x-option-aliases")
    if isinstance(aliases, dict):
        pairs = [change(alias, option) for alias, option in aliases.items()]
        _put(schema, "x-option-aliases", dict(pair for pair in pairs if pair is not None))


def _default(schema: dict[str, Any], change: Callable[[str], str | None]) -> None:
    said = schema.get("x-default")
    if isinstance(said, str):
        _put(schema, "x-default", change(said))
    elif isinstance(said, list):
        changed = [change(one) if isinstance(one, str) else one for one in said]
        _put(schema, "x-default", [one for one in changed if one is not None])


def _put(schema: dict[str, Any], name: str, value: Any) -> None:
    if value:
        schema[name] = value
    else:
        schema.pop(name, None)


def _options(copy: Document, spot: Spot) -> list[str]:
    found = options_of(schema_at(copy, spot))
    if found is None:
        raise NotFound("option")
    return found


def _name(text: str, place: str) -> str:
    found = optional_line(text, place)
    if not found:
        raise FormInvalid({place: "選択肢の名前を入力してください。消すときは「消す」を押してください。"})
    return found
