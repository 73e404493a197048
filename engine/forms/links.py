"""What the forms of one version owe each other: who takes which field from whom, and what a change would break.

A place in a list (``F08#/schema/allOf/0``, ``F08#/ui/elements/1``) means another thing once something before it is
gone, and a rule about a taken field silently never holds once the option has another name: both are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.errors import FormInvalid
from engine.forms.editing import Document
from engine.forms.option_edits import compared_with
from engine.forms.refs import Resolver

_REFERENCE = re.compile(r"([A-Za-z0-9_]*)#(/.+)")
_FIELD = "/schema/properties/"


@dataclass(frozen=True)
class Taken:
    """A field that another form takes: the form's title, and the key under which it has it."""

    title: str
    form: str
    key: str


def takers(documents: Mapping[str, Document], home: str, key: str) -> tuple[Taken, ...]:
    """Where a field of the form ``home`` is taken. documents: those of a version by form key."""
    return tuple(
        Taken(str(document.get("title", form)), form, other)
        for form, document in documents.items()
        for other, schema in properties_of(document).items()
        if form != home and isinstance(schema, Mapping) and schema.get("$ref") == f"{home}#{_FIELD}{key}"
    )


def taken_by(documents: Mapping[str, Document]) -> dict[str, tuple[str, ...]]:
    """For each form from which fields are taken: the titles of the forms that take them."""
    found: dict[str, dict[str, None]] = {}
    for form, document in documents.items():
        for schema in properties_of(document).values():
            said = schema.get("$ref") if isinstance(schema, Mapping) else None
            home = said.partition("#")[0] if isinstance(said, str) else ""
            if home and home != form:
                found.setdefault(home, {})[str(document.get("title", form))] = None
    return {home: tuple(titles) for home, titles in found.items()}


def require_not_taken(documents: Mapping[str, Document], home: str, key: str) -> None:
    """Raise FormInvalid where other forms take the field."""
    found = [one.title for one in takers(documents, home, key)]
    if found:
        raise FormInvalid({"delete": f"{_named(found)}がこの欄を取り込んでいます。先にそちらの欄を消してください。"})


def require_places_free(documents: Mapping[str, Document], home: str, place: str, first: int) -> None:
    """Raise FormInvalid where another form refers to an item of a list from ``first`` on.

    place: pointer of the list, ``/schema/allOf`` or ``/ui/elements``.
    """
    found = [
        str(document.get("title", form))
        for form, document in documents.items()
        for key, pointer in _references(document)
        if form != home and key == home and _number(pointer, place) >= first
    ]
    if found:
        raise FormInvalid(
            {"form": f"{_named(list(dict.fromkeys(found)))}がこの順番で取り込んでいるため、変えられません。"}
        )


def require_options_free(documents: Mapping[str, Document], home: str, key: str, gone: frozenset[str]) -> None:
    """Raise FormInvalid where a form that takes the field compares it with an option that will be gone."""
    found = [one.title for one in takers(documents, home, key) if gone & compared_with(documents[one.form], one.key)]
    if found:
        said = f"{_named(found)}の条件に、いまの選択肢が使われています。先にその条件を外してください。"
        raise FormInvalid({"options": said})


def taken_from(documents: Mapping[str, Document], home: str, key: str) -> dict[str, Any]:
    """What a taken field is where it comes from, followed to its end; {} where that cannot be read."""
    probe = {"field": {"$ref": f"{home}#{_FIELD}{key}"}}
    resolved = Resolver("", "", {**documents, "": probe}).resolved()
    found = resolved.get("field") if resolved else None
    return found if isinstance(found, dict) else {}


def _number(pointer: str, place: str) -> int:
    """The item of the list at ``place`` that a pointer names; -1 for another pointer."""
    first = pointer.removeprefix(f"{place}/").split("/")[0]
    return int(first) if pointer.startswith(f"{place}/") and first.isascii() and first.isdigit() else -1


def _references(node: Any) -> Iterator[tuple[str, str]]:
    """(form key, pointer) of every ``$ref`` in a document."""
    if isinstance(node, Mapping):
        said = node.get("$ref")
        match = _REFERENCE.fullmatch(said) if isinstance(said, str) else None
        if match is not None:
            yield match[1], match[2]
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from _references(child)


def properties_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a document as they are written, by key; none where it has no such thing."""
    schema = document.get("schema")
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _named(titles: list[str]) -> str:
    return "".join(f"様式「{title}」" for title in list(dict.fromkeys(titles))[:5])
