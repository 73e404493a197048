"""Deadlines of tasks: what a hold, resumption or extension moves together (due moment, ladder, token)."""

from __future__ import annotations

from datetime import datetime

from engine.domain.deadline import Deadline, reckon
from engine.services.openings import TaskFacts, ladder_timers
from engine.services.steps import Step
from engine.storage import tasks, timers
from engine.storage.clock_facts import clock_facts
from engine.storage.rows import ClockRow, TaskRow

FOLLOWS_OVERDUE = "overdue"


def reckon_task(step: Step, task: TaskRow) -> tuple[ClockRow, Deadline] | None:
    """The clock of a task and its deadline as the rows stand in this transaction; None without a clock."""
    row = tasks.clock_of(step.tx.connection, task.id)
    if row is None:
        return None
    facts = clock_facts(row, tasks.clock_changes(step.tx.connection, row.id))
    return row, reckon(facts, step.engine.calendar_of(row.calendar, known_at=row.started_at))


def move_ladder(step: Step, task: TaskRow, row: ClockRow, deadline: Deadline) -> None:
    """Take the old reminders away and set those of the new deadline; what was raised stays raised."""
    connection = step.tx.connection
    timers.cancel_of_refs(connection, task.instance_id, [task.ref])
    facts = TaskFacts(
        task.id, task.instance_id, task.case_id, task.element_id, task.ref, row.ladder, row.calendar, step.now
    )
    timers.add(connection, ladder_timers(step.engine, deadline, facts))


def following_moments(step: Step, task: TaskRow, due_at: datetime) -> dict[tuple[str, str | None], datetime]:
    """New moments of the boundary timers that move with this task's clock, keyed as the runner wants them."""
    model = step.deployed.model
    followers = {e.id for e in model.boundaries(task.element_id) if e.follows == FOLLOWS_OVERDUE}
    pending = timers.pending_of_instance(step.tx.connection, task.instance_id)
    return {(t.ref, None): due_at for t in pending if t.kind == "token" and t.element_id in followers}
