"""The profile table and how it is asked. The checker, the lint and docs/bpmn-profile.md are made from it."""

from __future__ import annotations

import re
from functools import cache

from engine.definitions.profile.accepted import ACCEPTED
from engine.definitions.profile.attributes import ATTRIBUTES
from engine.definitions.profile.refused import REFUSED
from engine.definitions.profile.row import Row

PROFILE: tuple[Row, ...] = (*ACCEPTED, *REFUSED, *ATTRIBUTES)

_ROWS = {row.key: row for row in (*REFUSED, *ACCEPTED)}


def element_row(tag: str) -> Row | None:
    """The row of a prefixed tag, accepted or refused; None: nothing is known of it, so it is refused."""
    return _ROWS.get(tag)


def event_row(tag: str, definition: str) -> Row | None:
    """The row of an event with a definition: ``bpmn:startEvent``, ``timer``."""
    return _ROWS.get(f"{tag}+{definition}") or _ROWS.get(f"bpmn:event+{definition}")


@cache
def attribute_row(tag: str, name: str) -> Row | None:
    """The row that allows the attribute on that element; None: refused."""
    on_it = [row for row in ATTRIBUTES if row.key == f"@{name}" and ("*" in row.inside or tag in row.inside)]
    return on_it[0] if on_it else None


def may_stand_in(row: Row, parent: str) -> bool:
    """Whether an element of that row may be a child of ``parent`` (prefixed tag, empty for the root)."""
    return "*" in row.inside or parent in row.inside


def value_fits(row: Row, value: str) -> bool:
    """Whether the value of an attribute is one of those that the row allows."""
    return not row.values or re.fullmatch(row.values, value) is not None
