"""What JSON Schema says about the data, as Japanese sentences by field path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from sys import maxsize
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.forms.api import Field
from engine.forms.normalise import missing_message


class SchemaCheck:
    """A form's JSON Schema, with a short way for its plain texts.

    Where the schema says of a field only that it is a text, and how long at most, and the value is that, there is
    nothing left to find: the walk through the schema, which costs most of the check, is made for the others alone.
    (Nothing else in a schema can speak of such a field: ``engine.forms.keywords`` allows no references.)
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._full = Draft202012Validator(schema)
        parts = schema["properties"]
        self._longest = {name: part.get("maxLength", maxsize) for name, part in parts.items() if _only_a_text(part)}
        self._rest = Draft202012Validator({**schema, "properties": {**parts, **dict.fromkeys(self._longest, True)}})
        told = {name for name in schema if name in Draft202012Validator.VALIDATORS}
        self._only_fields = told <= {"type", "properties", "required", "additionalProperties"}
        self._required = frozenset(schema.get("required", ()))

    def errors(self, data: Mapping[str, Any]) -> Iterator[ValidationError]:
        """What the schema refuses."""
        plain = all(
            type(value) is str and len(value) <= self._longest[name]
            for name, value in data.items()
            if name in self._longest
        )
        if plain and self._only_fields and self._required <= data.keys() <= self._longest.keys():
            return iter(())  # every field that must be there, and none but plain texts
        found: Iterator[ValidationError] = (self._rest if plain else self._full).iter_errors(dict(data))
        return found


def _only_a_text(part: Any) -> bool:
    said = {name for name in part if name in Draft202012Validator.VALIDATORS}
    return {"type"} <= said <= {"type", "maxLength"} and part["type"] == "string"


def schema_messages(check: SchemaCheck, data: Mapping[str, Any], fields: tuple[Field, ...],
                    hidden: frozenset[str]) -> dict[str, str]:  # fmt: skip
    """One sentence per path that the schema refuses; what is hidden is not missed."""
    by_key = {field.key: field for field in fields}
    messages: dict[str, str] = {}
    for error in check.errors(data):
        for path, message in _messages(error, by_key, hidden):
            messages.setdefault(path, message)
    return messages


def _messages(error: ValidationError, fields: Mapping[str, Field], hidden: frozenset[str]) -> Iterable[tuple[str, str]]:
    place = [str(part) for part in error.absolute_path]
    wanted: Any = error.validator_value
    if error.validator == "required" and isinstance(error.instance, Mapping):
        missing = [name for name in wanted if name not in error.instance]
        yield from _missing([*place], missing, fields, hidden)
    elif error.validator == "anyOf" and not place:
        yield from _one_of(wanted, fields, hidden)
    elif place:
        yield "/".join(place), _general(error, place, fields)


def _missing(place: list[str], names: list[str], fields: Mapping[str, Field], hidden: frozenset[str]
             ) -> Iterable[tuple[str, str]]:  # fmt: skip
    for name in names:
        if not place and name in hidden:
            continue
        field = fields.get(place[0] if place else name)
        if field is None:
            yield "/".join([*place, name]), f"{name}を入力してください。"
            continue
        part = next((column for column in field.columns if column.key == name), None) if place else None
        label = f"{field.label}の{part.label}" if part is not None else field.label
        yield "/".join([*place, name]), missing_message(part or field, label)


def _one_of(branches: Any, fields: Mapping[str, Field], hidden: frozenset[str]) -> Iterable[tuple[str, str]]:
    """At least one of several fields: the sentence stands at the first that is shown and names them all."""
    names = [name for branch in branches if isinstance(branch, Mapping) for name in branch.get("required", [])]
    shown = [fields[name] for name in dict.fromkeys(names) if name in fields and name not in hidden]
    if shown:
        labels = "か".join(f"「{field.label}」" for field in shown)
        yield shown[0].key, shown[0].message_required or f"{labels}のどちらかを入力してください。"


def _general(error: ValidationError, place: list[str], fields: Mapping[str, Field]) -> str:
    field = fields.get(place[0])
    label = field.label if field is not None else place[0]
    count = len(error.instance) if isinstance(error.instance, (str, list, dict)) else 0
    match error.validator:
        case "minItems" | "minProperties":
            return f"{label}を{error.validator_value}つ以上入力してください。"
        case "maxItems":
            return f"{label}は{error.validator_value}個までです（いまは{count}個）。"
        case "minLength":
            return f"{label}は{error.validator_value}文字以上で入力してください（いまは{count}文字）。"
        case "const" | "enum":
            return f"{label}を選び直してください。"
        case _:
            return f"{label}の内容を確認してください。"
