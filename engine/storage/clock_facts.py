"""From clock rows to the facts that engine.domain.deadline reckons with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.domain.business_days import tokyo_midnight
from engine.domain.deadline import ClockFacts, Extension, Hold, Period
from engine.storage.rows import ClockChange, ClockRow


def clock_facts(row: ClockRow, changes: Sequence[ClockChange]) -> ClockFacts:
    """The facts of a clock. A hold that still lasts is taken to end at 00:00 of the day until which it was set."""
    holds: list[Hold] = []
    extensions: list[Extension] = []
    began: tuple[datetime, datetime | None] | None = None
    for change in changes:
        if change.kind == "hold":
            began = (change.at, tokyo_midnight(change.until) if change.until else None)
        elif change.kind == "resume" and began is not None:
            holds.append(Hold(began[0], change.at))
            began = None
        elif change.kind == "extend" and change.due_on is not None:
            extensions.append(Extension(at=change.at, until_on=change.due_on))
    if began is not None:
        holds.append(Hold(*began))
    return ClockFacts(
        started_at=row.started_at,
        period=Period.parse(row.period) if row.period else None,
        due_on=row.due_on,
        due_instant=row.due_instant,
        holds=tuple(holds),
        extensions=tuple(extensions),
        warn=Period.parse(row.warn) if row.warn else None,
        roll=row.roll,
    )
