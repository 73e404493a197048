"""Two sides measured in turn, so that whatever else the machine does meets both of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

Clock = Callable[[], float]


@dataclass(frozen=True)
class Compared:
    """Seconds per operation of both sides, and the ratios ours / reference of the single rounds."""

    ours: float
    reference: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The middle half of the rounds' ratios."""
        if len(self.ratios) < 2:
            return self.ratios[0], self.ratios[0]
        low, _, high = quantiles(self.ratios, n=4, method="inclusive")
        return low, high


def timed(clock: Clock, act: Callable[[], object]) -> float:
    """Seconds that one call takes by ``clock``; the collector of garbage waits until it is over."""
    gc.disable()
    try:
        begun = clock()
        act()
        return clock() - begun
    finally:
        gc.enable()


def compare(
    ours: Callable[[], object], reference: Callable[[], object], clock: Clock, *, rounds: int, calls: int
) -> Compared:
    """``rounds`` times ``calls`` calls of one side and then of the other; who begins changes from round to round.

    A round's figure is the median of its calls; the ratio of a round is that of its two medians.
    """
    return measured(lambda: timed(clock, ours), lambda: timed(clock, reference), rounds=rounds, calls=calls)


def measured(
    ours: Callable[[], float], reference: Callable[[], float], *, rounds: int, calls: int
) -> Compared:  # fmt: skip
    """As ``compare``, for two sides that tell their own seconds."""
    found: list[tuple[float, float]] = []
    for number in range(rounds):
        mine: list[float] = []
        theirs: list[float] = []
        for side, into in ((ours, mine), (reference, theirs))[:: -1 if number % 2 else 1]:
            into += [side() for _ in range(calls)]
        found.append((median(mine), median(theirs)))
    return Compared(
        median(mine for mine, _ in found),
        median(theirs for _, theirs in found),
        tuple(mine / theirs for mine, theirs in found),
    )
