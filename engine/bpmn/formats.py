"""Snapshot formats: how one that an earlier release wrote becomes one that this release reads.

A snapshot begins with the number of its format. Whoever changes the layout raises ``FORMAT`` and adds to ``UPGRADES``
the step from the number before; steps are never changed afterwards, and saved snapshots of every number are tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.errors import SnapshotUnreadable

FORMAT = 1  #: what this release writes

#: format number -> the step from it to the next: takes and gives the decoded snapshot, its first item the number
UPGRADES: Mapping[int, Callable[[list[Any]], list[Any]]] = {}


def upgraded(snapshot: object) -> list[Any]:
    """The decoded snapshot in this release's format.

    Raises SnapshotUnreadable for what is no snapshot, and for a format that a later release wrote.
    """
    if not isinstance(snapshot, list) or not snapshot or type(snapshot[0]) is not int:
        raise SnapshotUnreadable("no format number")
    found: list[Any] = snapshot
    while (number := found[0]) != FORMAT:
        if number not in UPGRADES:
            raise SnapshotUnreadable(f"format {number}; this release reads up to {FORMAT}")
        found = UPGRADES[number](found)
        if found[0] != number + 1:
            raise SnapshotUnreadable(f"the step from format {number} led to {found[0]}")
    return found
