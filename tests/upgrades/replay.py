"""What must be open, told from the history alone: the second opinion on every snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BEGINS, ENDS = frozenset({"started"}), frozenset({"completed", "cancelled", "fired"})


def open_after(history: Iterable[Any]) -> dict[str, str]:
    """Element id of each token that was started and not ended, by its ref; rows in order of ``seq``."""
    waiting: dict[str, str] = {}
    for row in history:
        if row.kind in BEGINS:
            waiting[row.ref] = row.element_id
        elif row.kind in ENDS:
            waiting.pop(row.ref, None)
    return waiting
