"""Dataclasses as JSON, and as the JSON Schemas that describe them: one declaration for both."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]


@dataclass(frozen=True)
class Note:
    """What the type of a field cannot say: its meaning, and for what is sent its limits."""

    text: str
    longest: int | None = None  #: characters
    least: int | None = None  #: smallest number


@dataclass(frozen=True)
class Declared:
    """One field of a dataclass: its type without its note, the note, and the default where there is one."""

    name: str
    kind: Any
    note: Note | None
    optional: bool
    default: Any


def declared(shape: type) -> tuple[Declared, ...]:
    """The fields of a dataclass, in their order."""
    return _declared(shape)


@cache
def _declared(shape: Any) -> tuple[Declared, ...]:
    hints = get_type_hints(shape, include_extras=True)
    found = []
    for field in fields(shape):
        kind, note = _without_note(hints[field.name])
        optional = field.default is not MISSING
        found.append(Declared(field.name, kind, note, optional, field.default if optional else None))
    return tuple(found)


def _without_note(kind: Any) -> tuple[Any, Note | None]:
    if get_origin(kind) is not Annotated:
        return kind, None
    plain, *extras = get_args(kind)
    return plain, next((extra for extra in extras if isinstance(extra, Note)), None)


def or_null(kind: Any) -> tuple[Any, bool]:
    """The type without ``| None``, and whether it had that."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind, False
    rest = [part for part in get_args(kind) if part is not type(None)]
    if len(rest) != 1 or len(get_args(kind)) != 2:
        raise TypeError(f"{kind} cannot be described: one type, or one type or None")
    return rest[0], True


# ---------------------------------------------------------------- description


class Components:
    """The schemas of the dataclasses that were asked for, by name, each described once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._shapes: dict[str, type] = {}

    def of(self, kind: Any, note: Note | None = None) -> Schema:
        """The schema of a type: a dataclass as a reference, anything else written out. Raises TypeError."""
        plain, nullable = or_null(kind)
        plain, inner = _without_note(plain)
        note = note or inner
        schema = self._plain(plain)
        if nullable:
            schema = {**schema, "type": [schema["type"], "null"]} if "type" in schema else _or_null(schema)
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
        return schema if note is None else {**schema, **_noted(note)}

    def _plain(self, kind: Any) -> Schema:
        if kind is Any:
            return {}
        if kind in _SIMPLE:
            return dict(_SIMPLE[kind])
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [member.value for member in kind]}
        if isinstance(kind, type) and is_dataclass(kind):
            return self._component(kind)
        if get_origin(kind) is tuple and len(get_args(kind)) == 2 and get_args(kind)[1] is Ellipsis:
            return {"type": "array", "items": self.of(*_without_note(get_args(kind)[0]))}
        if get_origin(kind) is Mapping:
            return {"type": "object"}
        raise TypeError(f"{kind} cannot be described: add it to {__name__}")

    def _component(self, shape: type) -> Schema:
        if self._shapes.setdefault(shape.__name__, shape) is not shape:
            raise TypeError(f"two shapes are named {shape.__name__}")
        if shape.__name__ not in self.schemas:
            self.schemas[shape.__name__] = {}  # its place, should it refer to itself
            self.schemas[shape.__name__] = self._described(shape)
        return {"$ref": f"#/components/schemas/{shape.__name__}"}

    def _described(self, shape: type) -> Schema:
        members = declared(shape)
        return {
            "type": "object",
            "description": " ".join((shape.__doc__ or "").split()),
            "properties": {member.name: self.of(member.kind, member.note) for member in members},
            "required": [member.name for member in members if not member.optional],
        }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _noted(note: Note) -> Schema:
    found: Schema = {"description": note.text}
    if note.longest is not None:
        found["maxLength"] = note.longest
    if note.least is not None:
        found["minimum"] = note.least
    return found


_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


# ---------------------------------------------------------------- values


def as_json(value: Any) -> Any:
    """A dataclass, and what is in it, in the form that JSON has: instants in UTC, dates as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(part) for part in value]
    return value
