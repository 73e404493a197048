"""The evening of the simulated city: when it is looked at, by which checks, and what they say.

A check answers with sentences, none when all is well. Some look at everything; those that replay or read much look at
the cases that were touched since they last looked, and at all of them when ``Evening.touched`` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection

from engine.services.engine import Engine

OPEN = ("open", "claimed", "held")
AWAITED = ("pending", "claimed")
RUNNING = ("running", "incident")


@dataclass(frozen=True)
class Evening:
    """When and what is looked at. ticked: the last tick; people: staff ids; touched: case ids, None for every case."""

    engine: Engine
    now: datetime
    ticked: datetime
    people: Sequence[str]
    touched: Sequence[str] | None = None

    def of_touched(self, column: Any) -> ColumnElement[bool]:
        """A condition that keeps the touched cases."""
        return column.is_not(None) if self.touched is None else column.in_(self.touched)


Check = Callable[[Connection, Evening], Iterator[str]]
INVARIANTS: dict[str, Check] = {}


def invariant(sentence: str) -> Callable[[Check], Check]:
    """Register a check under what it promises."""

    def register(check: Check) -> Check:
        INVARIANTS[sentence] = check
        return check

    return register


def violations(evening: Evening, names: Sequence[str] | None = None) -> dict[str, list[str]]:
    """Every violation by promise; promises that hold are left out."""
    found: dict[str, list[str]] = {}
    with evening.engine.database.read() as connection:
        for sentence in names or INVARIANTS:
            said = list(INVARIANTS[sentence](connection, evening))
            if said:
                found[sentence] = said
    return found


def rows(connection: Connection, query: Any) -> list[Any]:
    """All rows of a query."""
    return list(connection.execute(query))
