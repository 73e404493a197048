"""What an act left of a task, told inside the act's own transaction to whoever writes something beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.storage.database import Connection


@dataclass(frozen=True)
class Outcome:
    """The task as the act left it: its state, its version (what the next form has to name as seen), and whose it is."""

    task_id: str
    state: str
    version: int
    assignee_id: str | None


#: writes rows of its own in the act's transaction; raising undoes the act
Beside = Callable[[Connection, Outcome], None]
