"""A random process, and what the walk has to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tests.equivalence.rows import PROFILE_ROWS, LeftOut

#: lists that the multi-instances run over, given to the instance at its start and to each called process
LISTS: dict[str, list[object]] = {"three": ["A", "B", "C"], "two": ["D", "E"], "one": ["F"], "none": []}
#: every date timer of the drawings is due at this instant
DATE = datetime(2031, 1, 1, tzinfo=UTC)
PERIOD = timedelta(days=5)  #: of every duration and cycle
TURNS = 2  #: fires of every cycle


class Block(NamedTuple):
    """A piece of a process with one way in and one way out."""

    xml: str
    first: str
    last: str


class Several(NamedTuple):
    """What a multi-instance runs over and where its results go; empty texts for what it does not have."""

    items: str
    item: str
    out: str
    out_item: str


@dataclass
class Drawing:
    """A process drawn by chance. ids in the sets and tables are element ids.

    rows: the profile rows that each element stands for. focus: the elements of the block that was asked for.
    """

    label: str
    xml: bytes = b""
    rows: dict[str, set[str]] = field(default_factory=dict)
    focus: set[str] = field(default_factory=set)
    wrong: set[LeftOut] = field(default_factory=set)
    several: dict[str, Several] = field(default_factory=dict)
    settable: set[str] = field(default_factory=set)  #: output items that a completed task gives a value
    calls: dict[str, str] = field(default_factory=dict)  #: call activity: variable that comes back
    results: dict[str, str] = field(default_factory=dict)  #: passing element: variable that it writes
    dated: set[str] = field(default_factory=set)
    cycles: set[str] = field(default_factory=set)
    cycle_handlers: set[str] = field(default_factory=set)
    rearming: set[str] = field(default_factory=set)
    interrupts_instances: set[str] = field(default_factory=set)
    two_timers: set[str] = field(default_factory=set)
    neighbour_throws: set[str] = field(default_factory=set)

    def stands_for(self, element_id: str, *rows: str) -> None:
        """The element is an example of these rows."""
        unknown = set(rows) - set(PROFILE_ROWS)
        if unknown:
            raise KeyError(unknown)
        self.rows.setdefault(element_id, set()).update(rows)
