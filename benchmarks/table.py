"""One table of all benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rounds import Compared


@dataclass(frozen=True)
class Goal:
    """What a ratio is to be. at_most: ours / reference; at_least: how many times faster ours is; neither: published."""

    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g} times faster" if self.at_least is not None else "(published)"

    def met(self, ratio: float) -> bool | None:
        """Whether a ratio ours / reference reaches it; None where there is nothing to reach."""
        if self.at_most is not None:
            return ratio <= self.at_most
        return 1 / ratio >= self.at_least if self.at_least is not None else None

    def shown(self, ratio: float) -> str:
        """The ratio in the goal's own direction."""
        return f"{1 / ratio:.1f} times faster" if self.at_least is not None else f"{ratio:.3g}"


PUBLISHED = Goal()


@dataclass(frozen=True)
class Line:
    """One line of the table. note: what a reader has to know to judge the figure."""

    name: str
    database: str
    found: Compared
    goal: Goal
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The line as text; milliseconds to three digits."""
        low, high = self.found.spread
        verdict = {True: "met", False: "NOT MET", None: "-"}[self.goal.met(self.found.ratio)]
        return (
            self.name,
            self.database,
            f"{self.found.ours * 1e3:.3g} ms",
            f"{self.found.reference * 1e3:.3g} ms",
            self.goal.shown(self.found.ratio),
            f"{low:.3g} .. {high:.3g}",
            str(self.goal),
            verdict,
            self.note,
        )


HEAD = ("benchmark", "database", "ours", "reference", "ratio", "middle half", "goal", "verdict", "note")


def rendered(lines: Sequence[Line]) -> str:
    """The table as Markdown."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
