"""Scenario files: read, checked against the schema, names followed; every problem at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from engine.scenarios.errors import Problem, ScenarioInvalid
from engine.scenarios.marked import Marked, read
from engine.scenarios.model import Person, Scenario, Step
from engine.scenarios.moments import moment
from engine.scenarios.schema import ACTS, SCHEMA

_VALIDATOR = Draft202012Validator(SCHEMA)
#: keys whose value is the name of a staff member, wherever an act or an expectation has them
_STAFF_KEYS = ("by", "holder", "to")
SYSTEM_NAME = "システム"  #: the scheduler, where an expectation names who acted
_EMPTY = {"expect": "確かめることが一つもありません。"}


def load(path: Path, *, shown_as: str | None = None) -> Scenario:
    """Read one file. Raises ScenarioInvalid with every problem; OSError when there is no such file."""
    name = shown_as or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioInvalid([Problem(name, 0, "UTF-8の文字として読めません。")]) from error
    return parse(text, name)


def parse(text: str, file: str) -> Scenario:
    """Read the text of one scenario. Raises ScenarioInvalid."""
    marked = read(text, file)
    problems = [Problem(file, marked.line(path), text_ja) for path, text_ja in _schema_problems(marked.value)]
    if problems:
        raise ScenarioInvalid(problems)
    scenario = _scenario(marked, file)
    found = [Problem(file, line, text_ja) for line, text_ja in _meaning(scenario, marked)]
    if found:
        raise ScenarioInvalid(found)
    return scenario


def _scenario(marked: Marked, file: str) -> Scenario:
    given = marked.value["given"]
    try:
        now = moment(given["now"])
    except ValueError as error:
        raise ScenarioInvalid([Problem(file, marked.line(("given", "now")), _NO_MOMENT)]) from error
    return Scenario(
        file=file,
        title=marked.value["scenario"],
        now=now,
        staff=tuple(_person(name, entry) for name, entry in given["staff"].items()),
        schedulers=given.get("schedulers", 1),
        steps=tuple(_step(number, step, marked) for number, step in enumerate(marked.value["steps"], 1)),
    )


def _person(name: str, entry: Any) -> Person:
    roles: dict[str, tuple[str, ...]] = {}
    for part in entry if isinstance(entry, list) else [entry]:
        roles[part["org"]] = (*roles.get(part["org"], ()), *part["roles"])
    return Person(name, roles)


def _step(number: int, step: Mapping[str, Any], marked: Marked) -> Step:
    ((verb, data),) = step.items()
    return Step(number, marked.line(("steps", number - 1, verb)), verb, data)


# ---------------------------------------------------------------- what the schema says


def _schema_problems(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not isinstance(value, dict):
        yield (), "シナリオではありません。「scenario」「given」「steps」を書いてください。"
        return
    for error in sorted(_VALIDATOR.iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path]):
        yield from _said(error)


def _said(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    path = tuple(error.absolute_path)
    if error.validator == "anyOf":
        deeper = _closest(error)
        if deeper is not None:
            yield from _said(deeper)
            return
    if error.validator == "additionalProperties":
        known: Mapping[str, Any] = error.schema.get("properties", {})  # type: ignore[union-attr]
        for key in sorted(set(error.instance) - set(known)):  # type: ignore[arg-type]
            yield (*path, key), f"「{key}」という項目はありません。使えるのは {'、'.join(known)} です。"
        return
    yield path, _sentence(error, str(path[-1]) if path else "")


def _closest(error: ValidationError) -> ValidationError | None:
    """The reason that counts among several forms: one inside the value, where the value has the right outer shape."""
    inside = [
        e for e in error.context or () if e.validator != "type" or len(e.absolute_path) > len(error.absolute_path)
    ]
    return best_match(inside) if inside and isinstance(error.instance, (dict, list)) else None


def _sentence(error: ValidationError, where: str) -> str:
    value: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in value if key not in cast(Any, error.instance)]
        return f"「{where or 'シナリオ'}」に「{'」「'.join(missing)}」がありません。"
    if error.validator == "enum":
        return f"「{error.instance}」は使えません。{'、'.join(map(str, value))} のいずれかです。"
    if error.validator == "pattern":
        return f"「{error.instance}」の書き方が違います。"
    if error.validator in ("minProperties", "minItems"):
        return _EMPTY.get(where, f"「{where}」に内容がありません。")
    if error.validator == "maxProperties":
        return f"「{where}」に書ける項目は一つだけです。"
    if error.validator == "type" and error.instance is None:
        return f"「{where}」に内容がありません。"
    return f"「{where}」の値「{error.instance}」が正しくありません。"


# ---------------------------------------------------------------- what the names mean

_NO_MOMENT = "日時として読めません。「2026-04-01T09:00」のように書いてください。"


def _meaning(scenario: Scenario, marked: Marked) -> Iterator[tuple[int, str]]:
    if not scenario.is_expecting:
        yield 1, "期待することが一つもありません。「expect」か「refused」を書いてください。"
    staff = {person.name for person in scenario.staff}
    cases: set[str] = set()
    for step in scenario.steps:
        for line, verb, data in _flat(step, marked):
            yield from ((line, text) for text in _names(verb, data, staff, cases))
            if data.get("as"):
                cases.add(data["as"])


def _flat(step: Step, marked: Marked) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    if step.verb != "at_once":
        yield step.line, step.verb, step.data
        return
    for number, inner in enumerate(step.data["steps"]):
        ((verb, data),) = inner.items()
        yield marked.line(("steps", step.number - 1, "at_once", "steps", number, verb)), verb, data


def _names(verb: str, data: Mapping[str, Any], staff: set[str], cases: set[str]) -> Iterator[str]:
    for name in _people(verb, data):
        if name not in staff and not (verb == "expect" and name == SYSTEM_NAME):
            yield f"「{name}」さんは given の staff にいません。"
    for case in [data.get("case"), *data.get("related", ())]:
        if case is not None and case not in cases:
            yield f"ケース「{case}」は、まだ始まっていません。先に「as: {case}」で始めてください。"
    for key in ("to", "on", "raised_at", "due", "until", "due_on"):
        if verb in ("advance", "down", "hold", "extend") and key in data and not _is_moment(data[key]):
            yield _NO_MOMENT
    if verb == "expect" and set(data) == {"case"}:
        yield _EMPTY["expect"]


def _people(verb: str, data: Mapping[str, Any]) -> Iterator[str]:
    if verb in ACTS:
        yield from (data[key] for key in ("by", *_picked(verb)) if data.get(key))
        return
    if verb != "expect":
        return
    yield from data.get("visible_to", ())
    searches = data.get("search", [])
    for rows in (
        searches if isinstance(searches, list) else [searches],
        *(
            data.get(key, ())
            for key in ("open", "open_exactly", "not_open", "raised", "records", "sees", "audit", "notified")
        ),
    ):
        for row in rows:
            if isinstance(row, Mapping):
                yield from (row[key] for key in _STAFF_KEYS if row.get(key))


def _picked(verb: str) -> tuple[str, ...]:
    return ("holder", "to") if verb == "reassign" else ("holder",)


def _is_moment(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True
