"""Who hears of a late task, and when.

The ladder is reference data: warn, overdue, then levels 1 to 3 counted in business days from the due day. Steps
counted in days fall at 00:00 Tokyo of that business day; steps in hours fall at that distance from the due moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from engine.domain.business_days import Calendar, add_months, tokyo_midnight
from engine.domain.deadline import Deadline, Period, Unit
from engine.domain.roles import Role

WARN = "warn"  #: 期限間近
OVERDUE = "overdue"  #: 期限超過
LEVELS = ("1", "2", "3")


@dataclass(frozen=True)
class LadderStep:
    """One rung: how long after (or, with ``before``, ahead of) the due moment it is raised, and whom it tells.

    ``after`` is None for ``warn`` and ``overdue``, whose moments the deadline itself knows. ``tells`` is None
    for the assignee (or, while nobody has claimed the task, the roles that may).
    """

    level: str
    after: Period | None = None
    tells: Role | None = None
    before: bool = False

    def __post_init__(self) -> None:
        if self.level not in (WARN, OVERDUE, *LEVELS):
            raise ValueError(f"unknown escalation level {self.level!r}")
        if self.after is None and self.level not in (WARN, OVERDUE):
            raise ValueError(f"escalation level {self.level} needs a distance from the due moment")


Ladder = tuple[LadderStep, ...]


@dataclass(frozen=True)
class LadderMoment:
    """When one rung is to be raised (UTC) and whom it tells."""

    level: str
    at: datetime
    tells: Role | None


def ladder_moments(deadline: Deadline, ladder: Ladder, calendar: Calendar) -> tuple[LadderMoment, ...]:
    """The moments of a ladder for one deadline, earliest first.

    A rung ahead of the due moment that lies at or before the start of the clock is left out: nobody needs a
    warning about what opens now. Overdue and the levels after it stay, even when the clock began too late.
    Raises CalendarNotLoaded when a level lies past the calendar's horizon.
    """
    moments = []
    for step in ladder:
        at, ahead = _moment(step, deadline, calendar), step.before or step.level == WARN
        if at is not None and (at > deadline.started_at or not ahead):
            moments.append(LadderMoment(step.level, at, step.tells))
    return tuple(sorted(moments, key=lambda moment: moment.at))


def _moment(step: LadderStep, deadline: Deadline, calendar: Calendar) -> datetime | None:
    if step.after is None:
        return deadline.warn_at if step.level == WARN else deadline.due_at
    sign = -1 if step.before else 1
    unit, value = step.after.unit, sign * step.after.value
    if unit is Unit.HOURS:
        return deadline.due_at + timedelta(hours=value)
    return _midnight(deadline.due_day, unit, value, calendar)


@lru_cache(512)  # tasks that are due on one day have the same few rungs; a calendar never changes
def _midnight(due_day: date, unit: Unit, value: int, calendar: Calendar) -> datetime:
    """The beginning of the day so far from the due day."""
    if unit is Unit.BUSINESS_DAYS:
        return tokyo_midnight(calendar.add_business_days(due_day, value))
    if unit is Unit.MONTHS:
        return tokyo_midnight(add_months(due_day, value))
    if unit is Unit.CALENDAR_DAYS:
        return tokyo_midnight(due_day + timedelta(days=value))
    raise ValueError("a ladder is not counted in business hours")
