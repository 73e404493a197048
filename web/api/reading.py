"""Reading what a program sends: parameters and bodies by their dataclasses, strictly, each fault named by its place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar, get_origin

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from engine.services.task_requests import Keyed
from web.api.schemas import Declared, declared, or_null
from web.i18n import mark
from web.problems import BodyUnreadable, KeyMissing, NotAsDescribed

S = TypeVar("S")
MAX_DEPTH = 20
MAX_PARTS = 30_000
LONGEST_KEY = 100  #: characters of an Idempotency-Key
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")

UNKNOWN = mark("説明にない項目です。")
MISSING = mark("この項目が要ります。")
KIND = mark("値の種類が違います。")
CHOICE = mark("使える値のどれでもありません。")
LENGTH = mark("長すぎるか、使えない文字があります。")
ONCE = mark("この項目は1つだけです。")


def query(shape: type[S]) -> S:
    """The parameters of the address. Raises NotAsDescribed, also for names that the shape does not have."""
    members = {member.name: member for member in declared(shape)}
    places = {f"?{name}": UNKNOWN for name in request.args if name not in members}
    values: dict[str, Any] = {}
    for name, member in members.items():
        given = request.args.getlist(name)
        if len(given) > 1:
            places[f"?{name}"] = ONCE
        elif given:
            values[name] = _parameter(member, given[0], places)
    return _made(shape, values, places, "?")


def _parameter(member: Declared, text: str, places: dict[str, str]) -> Any:
    kind, _ = or_null(member.kind)
    if kind is int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            places[f"?{member.name}"] = KIND
            return None
        return int(text)
    return _value(member, text, f"?{member.name}", places)


def body(shape: type[S]) -> S:
    """The JSON object of the body. Raises UnsupportedMediaType, BodyUnreadable, NotAsDescribed."""
    given = _document()
    members = {member.name: member for member in declared(shape)}
    places = {f"/{_escaped(name)}": UNKNOWN for name in given if name not in members}
    values = {name: _value(members[name], given[name], f"/{name}", places) for name in given if name in members}
    return _made(shape, values, places, "/")


def _made(shape: type[S], values: Mapping[str, Any], places: dict[str, str], mark_of_place: str) -> S:
    for member in declared(shape):
        if member.name not in values and not member.optional:
            places.setdefault(mark_of_place + member.name, MISSING)
    if places:
        raise NotAsDescribed(places)
    return shape(**values)


def _value(member: Declared, given: Any, place: str, places: dict[str, str]) -> Any:
    """The value in its type; what does not fit is noted under its place."""
    kind, nullable = or_null(member.kind)
    if given is None and nullable:
        return None
    fault = _fault(kind, member, given)
    if fault:
        places[place] = fault
        return None
    return kind(given) if isinstance(kind, type) and issubclass(kind, Enum) else given


def _fault(kind: Any, member: Declared, given: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "" if given in [choice.value for choice in kind] else CHOICE
    if kind is int:
        least = member.note.least if member.note is not None else None
        sound = isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**31
        return "" if sound and (least is None or given >= least) else KIND
    if kind is str:
        longest = member.note.longest if member.note is not None else None
        if not isinstance(given, str):
            return KIND
        return "" if given.isprintable() and (longest is None or len(given) <= longest) else LENGTH
    if get_origin(kind) is Mapping:
        return "" if isinstance(given, dict) else KIND
    raise TypeError(f"{kind} cannot be read: add it to {__name__}")


# ---------------------------------------------------------------- the body as JSON


def _document() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        found = json.loads(request.get_data().decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable(str(type(error).__name__)) from None
    if not isinstance(found, dict) or not _is_sound(found):
        raise BodyUnreadable("object")
    return found


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_sound(value: Any) -> bool:
    """Not too deep, not too many parts, and no text that a database could not hold."""
    todo, parts = [(value, 1)], 0
    while todo:
        item, depth = todo.pop()
        parts += 1
        if depth > MAX_DEPTH or parts > MAX_PARTS or (isinstance(item, str) and not _is_text(item)):
            return False
        if isinstance(item, dict):
            todo.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            todo.extend((part, depth + 1) for part in item)
    return True


def _is_text(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _escaped(name: str) -> str:
    return name[:80].replace("~", "~0").replace("/", "~1")


# ---------------------------------------------------------------- the key of an act


def keyed() -> Keyed:
    """The key of the request, and the digest of what it asks. Raises KeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    asked = b"\n".join((request.method.encode(), request.path.encode(), request.get_data()))
    return Keyed(key, hashlib.sha256(asked).hexdigest())
