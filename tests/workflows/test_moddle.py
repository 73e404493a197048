"""The published descriptor of our namespace says what the profile accepts, so that editors keep what they read."""

from __future__ import annotations

import json
from typing import Any

from engine.definitions.profile.attributes import ATTRIBUTES
from tests.workflows.drawings import WORKFLOWS

PREFIX = "@tsunagu:"
OURS = {row.key.removeprefix(PREFIX): row.inside for row in ATTRIBUTES if row.key.startswith(PREFIX)}


def _types() -> list[dict[str, Any]]:
    descriptor = json.loads((WORKFLOWS / "tsunagu-moddle.json").read_bytes())
    assert (descriptor["prefix"], descriptor["uri"]) == ("tsunagu", "urn:tsunagu:bpmn:1")
    types: list[dict[str, Any]] = descriptor["types"]
    return types


def _described() -> dict[str, set[str]]:
    """Attribute -> the BPMN types that the descriptor extends with it."""
    places: dict[str, set[str]] = {}
    for kind in _types():
        for one in kind["properties"] if "extends" in kind else ():
            places.setdefault(one["name"], set()).update(kind["extends"])
    return places


def _type_of(place: str) -> str:
    name = place.removeprefix("bpmn:")
    return f"bpmn:{name[0].upper()}{name[1:]}"


def test_every_attribute_of_the_profile_is_described_and_no_other() -> None:
    assert set(_described()) == set(OURS)


def test_each_attribute_is_described_where_the_profile_accepts_it() -> None:
    for name, places in OURS.items():
        described = _described()[name]
        missing = {_type_of(place) for place in places} - described
        assert {one for one in missing if not (one.endswith("Event") and "bpmn:Event" in described)} == set(), name


def test_the_elements_carry_the_attributes_of_the_profile() -> None:
    for kind in _types():
        if "superClass" in kind:
            element = f"tsunagu:{kind['name'].lower()}"
            accepted = {
                row.key.removeprefix("@") for row in ATTRIBUTES if row.key[1:].isalpha() and element in row.inside
            }
            assert {one["name"] for one in kind["properties"]} == accepted
