"""Tasks handed over together: each in its own transaction, with a result for each, and a way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.domain.business_days import tokyo_date
from engine.domain.errors import (
    AlreadyClaimed,
    AlreadyCompleted,
    EngineError,
    FormInvalid,
    NotFound,
    NotOpen,
    StaleVersion,
)
from engine.domain.staff import Actor
from engine.queries import board, visibility
from engine.services import access
from engine.services import tasks as task_acts
from engine.services.engine import Engine
from engine.storage import audit, notifications, reassignments, tasks
from engine.storage.reassignments import ItemRow

MOST = 500  #: tasks in one hand-over
AT_ONCE = 60  #: tasks moved within one request; the page offers to go on
CHANGED = (AlreadyClaimed, AlreadyCompleted, NotOpen, StaleVersion)


@dataclass(frozen=True)
class Result:
    """What became of one task: done, changed (somebody was faster), refused. ``reason``: code of the refusal."""

    task_id: str
    state: str
    reason: str = ""


def propose(
    engine: Engine, actor: Actor, task_ids: Sequence[str], to_staff: str, *, note: str = "",
    notes: Mapping[str, str] | None = None, form_key: str, now: datetime,
) -> int:  # fmt: skip
    """Keep which tasks go to whom, and move the first of them; returns the number of the batch.

    A form that was sent twice makes one batch. notes: hand-over notes of single tasks. Raises FormInvalid.
    """
    with engine.database.read() as connection:
        known = reassignments.by_form(connection, form_key)
    if known is not None:
        return known
    receiver = _receiver(engine, to_staff, now)
    wanted = list(dict.fromkeys(task_ids))[:MOST]
    watched = {row.task_id for row in board.chosen_tasks(engine, actor, wanted, now=now)}
    rows = []
    with engine.database.read() as connection:
        for task_id in wanted:
            task = visibility.seen_task(connection, actor, task_id, now)
            if task is None and task_id in watched:
                task = tasks.get(connection, task_id)
            if task is not None:  # what the actor may not know of is left out as if it were not there
                note_of = (notes or {}).get(task_id, "").strip()
                rows.append(
                    {"task_id": task.id, "case_id": task.case_id, "from_staff": task.assignee_id, "note": note_of}
                )
    if not rows:
        raise FormInvalid({"task": "替える仕事を選んでください。"})
    values = {
        "form_key": form_key, "to_staff": receiver.staff_id, "note": note.strip(), "made_by": actor.staff_id,
        "made_at": now,
    }  # fmt: skip
    with engine.database.write() as connection:
        batch = reassignments.by_form(connection, form_key) or reassignments.add(connection, values, rows)
    work(engine, actor, batch, now=now)
    return batch


def _receiver(engine: Engine, to_staff: str, now: datetime) -> Actor:
    if not to_staff:
        raise FormInvalid({"to": "だれに替えるかを選んでください。"})
    try:
        return access.actor_by_id(engine, to_staff, now=now)
    except NotFound:
        raise FormInvalid({"to": "だれに替えるかを選んでください。"}) from None


def work(engine: Engine, actor: Actor, batch: int, *, now: datetime) -> int:
    """Move the next tasks of a batch of one's own; returns how many are left. Raises NotFound."""
    found, items = _own(engine, actor, batch)
    waiting = [item for item in items if item.state == "waiting"]
    for item in waiting[:AT_ONCE]:
        result = give(
            engine, actor, item.task_id, found.to_staff, item.from_staff, note=item.note or found.note, now=now
        )
        with engine.database.write() as connection:
            reassignments.settle(connection, item, result.state, result.reason, now)
    return max(0, len(waiting) - AT_ONCE)


def give(
    engine: Engine, actor: Actor, task_id: str, to_staff: str, from_staff: str | None, *, note: str, now: datetime
) -> Result:
    """Hand one task over if it is still whose it was; both people are told. Never raises a refusal."""
    with engine.database.read() as connection:
        task = tasks.get(connection, task_id)
    if task is None:
        return Result(task_id, "refused", NotFound.__name__)
    if task.assignee_id == to_staff:
        return Result(task_id, "done")
    if task.assignee_id != from_staff:
        return Result(task_id, "changed", AlreadyClaimed.__name__)
    try:
        task_acts.reassign(engine, actor, task_id, to_staff, note=note, now=now)
    except CHANGED as refusal:
        return Result(task_id, "changed", type(refusal).__name__)
    except EngineError as refusal:
        return Result(task_id, "refused", type(refusal).__name__)
    if from_staff and from_staff != actor.staff_id:
        with engine.database.write() as connection:
            notifications.add(connection, [from_staff], about="handed_over", case_id=task.case_id, task_id=task.id,
                              key=f"handed_over:{task.id}:{task.version}", at=now)  # fmt: skip
    return Result(task_id, "done")


def undo(engine: Engine, actor: Actor, batch: int, *, now: datetime) -> None:
    """Give back what was moved and has not been touched since. Raises NotFound for a batch of somebody else."""
    found, items = _own(engine, actor, batch)
    for item in items:
        if item.state == "done":
            result = _back(engine, actor, item, found.to_staff, now)
            with engine.database.write() as connection:
                state = "undone" if result.state == "done" else "done"
                reassignments.settle(connection, item, state, result.reason, now)


def _back(engine: Engine, actor: Actor, item: ItemRow, holder: str, now: datetime) -> Result:
    if item.from_staff is not None:
        return give(engine, actor, item.task_id, item.from_staff, holder, note="", now=now)
    with engine.database.read() as connection:
        task = tasks.get(connection, item.task_id)
    if task is None or task.assignee_id != holder:
        return Result(item.task_id, "changed", AlreadyClaimed.__name__)
    try:
        task_acts.release(engine, actor, item.task_id, now=now)
    except EngineError as refusal:
        return Result(item.task_id, "changed", type(refusal).__name__)
    return Result(item.task_id, "done")


def _own(engine: Engine, actor: Actor, batch: int) -> tuple[reassignments.BatchRow, list[ItemRow]]:
    with engine.database.read() as connection:
        found = reassignments.get(connection, batch)
        items = reassignments.items(connection, batch)
    if found is None or found.made_by != actor.staff_id:
        raise NotFound("reassignment")
    return found, items


def remind(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> Result:
    """Remind who holds the task, or everybody who may claim it; once a day for each task. Never raises a refusal."""
    today = tokyo_date(now)
    try:
        with engine.database.read() as connection:
            found = access.visible_task(connection, actor, task_id, now=now)
    except NotFound:
        return Result(task_id, "refused", NotFound.__name__)
    task = found.task
    if not access.manages(found, actor, engine):
        return Result(task_id, "refused", "NotAuthorised")
    if task.state not in ("open", "claimed"):
        return Result(task_id, "changed", NotOpen.__name__)
    key = f"reminded:{task.id}:{today.isoformat()}"
    with engine.database.write() as connection:
        people = [task.assignee_id] if task.assignee_id else tasks.staff_in(connection, found.candidates, now)
        if notifications.any_told(connection, [f"{key}:{one}" for one in people]):
            return Result(task_id, "changed", "RemindedToday")
        notifications.add(
            connection, people, about="reminded", case_id=task.case_id, task_id=task.id, key=key, at=now
        )  # fmt: skip
        audit.append(
            connection, chain=task.case_id, at=now, actor=actor.staff_id, act="task.reminded", task_id=task.id,
            element_id=task.element_id, data={"to": people},
        )  # fmt: skip
    return Result(task_id, "done")
