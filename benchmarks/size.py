"""How large the benchmarks are: as published, or so small that they only show that everything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Size:
    """Counts of what is measured."""

    rounds: int = 9
    turns: int = 4  #: turns of a loop in one round of completed steps
    viewflow_rounds: int = 6
    old_turns: tuple[int, ...] = (200, 500, 1500)
    spiff_turns: int = 100
    open_tasks: int = 1_000_000
    done_of_each: Mapping[str, int] = field(default_factory=lambda: {"sqlite": 4, "postgresql": 20})
    small_open_tasks: int = 10_000
    few_open_tasks: int = 1_000
    overdue: int = 10_000
    raise_rounds: int = 5
    city_cases: int = 50_000
    city_done: int = 1_000_000
    years_turns: int = 120  #: of the old case, one a month
    page_calls: int = 5
    editor_rounds: int = 9


FULL = Size()
QUICK = Size(
    rounds=2, turns=1, viewflow_rounds=2, old_turns=(3,), spiff_turns=2, open_tasks=800,
    done_of_each={"sqlite": 2, "postgresql": 2}, small_open_tasks=200, few_open_tasks=200, overdue=40, raise_rounds=2,
    city_cases=340, city_done=680, years_turns=2, page_calls=1, editor_rounds=1,
)  # fmt: skip
