"""Timer definitions that compute their due instant once and never look at a clock: only the host fires them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import timer
from SpiffWorkflow.task import Task

from engine.bpmn.context import run_of
from engine.bpmn.moments import after, cycle, due_instant
from engine.bpmn.script_engine import evaluate_at

DUE = "due"  #: key of a waiting timer: its due instant, ISO 8601 UTC
DUES = "dues"  #: key of a waiting event gateway: due instant by branch
FIRED = "event_fired"  #: key of an event that happened


class HostTimer:
    """A timer whose truth is the host's row; the copy of its due instant in the snapshot is for display and moving."""

    expression: str

    def armed(self, task: Task) -> dict[str, Any]:
        """What the waiting task has to remember."""
        return {DUE: due_instant(evaluate_at(task, self.expression), run_of(task).host.now).isoformat()}

    def has_fired(self, task: Task) -> bool:
        """True once the host fired it; the first call computes the due instant."""
        if DUE not in task.internal_data:
            task.internal_data.update(self.armed(task))
        return bool(task.internal_data.get(FIRED, False))

    def update_task(self, task: Task) -> None:
        """The library would look at the clock here."""


class DateTimer(HostTimer, timer.TimeDateEventDefinition):
    """``timeDate``."""


class DurationTimer(HostTimer, timer.DurationTimerEventDefinition):
    """``timeDuration``."""


class CycleTimer(HostTimer, timer.CycleTimerEventDefinition):
    """``timeCycle``: on a non-interrupting boundary event only."""

    def armed(self, task: Task) -> dict[str, Any]:
        """Also the period and how many fires are left."""
        found = cycle(evaluate_at(task, self.expression), run_of(task).host.now)
        return {DUE: found.due.isoformat(), "every": found.period, "left": found.left}

    def next_turn(self, task: Task) -> dict[str, Any] | None:
        """What the next waiting task remembers: one period after the previous due instant; None after the last."""
        state = task.internal_data
        left = None if state["left"] is None else state["left"] - 1
        if left == 0:
            return None
        due = after(datetime.fromisoformat(state[DUE]), state["every"])
        return {DUE: due.isoformat(), "every": state["every"], "left": left}
