"""What can be wrong with a scenario before and while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a scenario file. line: 1-based, 0 for the file as a whole."""

    file: str
    line: int
    text_ja: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text_ja}" if self.line else f"{self.file}: {self.text_ja}"


class ScenarioInvalid(Exception):
    """A scenario file cannot be run; every reason at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class StepFailed(Exception):
    """A step did not come out as the scenario says; the text says what was expected and what is so."""

    def __init__(self, text_ja: str) -> None:
        super().__init__(text_ja)
        self.text_ja = text_ja


class NotYet(StepFailed):
    """What is asked comes with a later process or screen."""

    def __init__(self, what: str) -> None:
        super().__init__(f"「{what}」はまだ確かめられません（後の工程で作ります）。")


class DatabaseNotEmpty(Exception):
    """The database that was named holds real data; scenarios run only on an empty one."""
