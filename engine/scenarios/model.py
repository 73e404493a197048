"""A scenario as it was read: plain, frozen, with the line of each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Person:
    """A staff member of a scenario: roles by organisation."""

    name: str
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Step:
    """One step. number: 1-based place in the file; verb: ``start``, ``complete`` … ``expect``."""

    number: int
    line: int
    verb: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One file. now: aware, where the virtual clock begins."""

    file: str
    title: str
    now: datetime
    staff: tuple[Person, ...]
    schedulers: int
    steps: tuple[Step, ...]

    @property
    def is_expecting(self) -> bool:
        """Whether something is expected at all."""
        return any(step.verb == "expect" or step.data.get("refused") or step.verb == "at_once" for step in self.steps)
