"""What many walks did together, as tables."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.equivalence.rows import PASSING, PROFILE_ROWS, LeftOut
from tests.equivalence.walk import Failed, Walk, Walked


@dataclass
class Tally:
    """Sums over walks of one kind."""

    walks: int = 0
    steps: int = 0
    reloads: int = 0
    parses: int = 0
    completed: int = 0
    moved: int = 0
    compared: int = 0
    biggest: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    row_reloads: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, walked: Walked) -> None:
        """Count one walk that found nothing."""
        self.walks += 1
        for name in ("steps", "reloads", "parses", "compared"):
            setattr(self, name, getattr(self, name) + getattr(walked, name))
        self.completed += walked.completed
        self.moved += walked.moved
        self.biggest = max(self.biggest, walked.biggest)
        self.visits.update(walked.visits)
        self.row_reloads.update(walked.row_reloads)
        if walked.left_out is not None:
            self.left_out[walked.left_out] += 1

    def unvisited(self) -> list[str]:
        """Rows at which no token was, or none of them over a save and load."""
        return [row for row in PROFILE_ROWS if not self.visits[row] or not self.row_reloads[row]]

    def lines(self) -> list[str]:
        """The sums, the reasons for leaving out, and the table of rows, as Markdown."""
        found = [
            f"{self.walks} walks, {self.steps} steps, {self.reloads} loads ({self.parses} of them over freshly parsed "
            f"specs), {self.completed} ran to their end, {self.moved} moved to a renamed version on the way, largest "
            f"snapshot {self.biggest} bytes, {len(self.failures)} failed.",
        ]
        if self.compared:
            found += [
                "",
                f"{self.compared} steps were at the same place as the library. The comparison ended early in:",
                "",
            ]
            found += ["| reason | walks |", "|---|---|", *(f"| {why} | {self.left_out[why]} |" for why in LeftOut)]
        return found

    def table(self) -> list[str]:
        """Profile row × visits × reloads, as Markdown."""
        rows = [
            f"| {row}{' (passes)' if row in PASSING else ''} | {self.visits[row]} | {self.row_reloads[row]} |"
            for row in PROFILE_ROWS
        ]
        return ["| profile row | visits | reloads |", "|---|---|---|", *rows]


def walked(seeds: Iterable[int], beside: bool, minutes: float = 0) -> Tally:
    """Walk these seeds; what is found is kept as a failure, and the next seed is walked.

    minutes: stop after so much time even if seeds are left; the tally says how many were walked. 0: walk them all.
    """
    tally, begun = Tally(), time.monotonic()
    gc.disable()  # a walk leaves circles of small objects: collecting them now and then takes a quarter off its time
    try:
        for number, seed in enumerate(seeds):
            try:
                tally.add(Walk(seed, beside).run())
            except Failed as failure:
                tally.failures.append(str(failure))
            if number % 50 == 49:
                gc.collect()
            if minutes and time.monotonic() - begun > minutes * 60:
                break
    finally:
        gc.enable()
    return tally
