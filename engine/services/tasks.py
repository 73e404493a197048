"""What a person does with a user task: claim, release, hold, resume, extend, hand over, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.bpmn.api import Advance
from engine.bpmn.runner import Runner
from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.errors import (
    AlreadyClaimed,
    AlreadyCompleted,
    FormInvalid,
    FourEyes,
    HoldTooLong,
    NotAuthorised,
    NotOpen,
    StaleVersion,
)
from engine.domain.staff import Actor
from engine.services import access, clocks, completion, messages
from engine.services.access import TaskAccess
from engine.services.engine import Engine
from engine.services.operations.registry import call_from_token
from engine.services.outcomes import Beside, Outcome
from engine.services.steps import Act, Standing, Step, advance
from engine.services.telling import tell_assigned
from engine.storage import audit, staff, tasks, timers
from engine.storage.database import Connection
from engine.storage.rows import TaskRow
from engine.storage.sealing import seal
from engine.storage.sql import new_id


@dataclass(frozen=True)
class Completed:
    """What came of a completion: the tasks that opened, for the line 「次は…」."""

    case_id: str
    next_tasks: tuple[tuple[str, str], ...]  #: (task id, name)


# ---------------------------------------------------------------- reading and refusing


def _name_of(connection: Connection, staff_id: str | None) -> str:
    if staff_id is None:
        return ""
    row = staff.by_id(connection, staff_id)
    return row.name if row is not None else staff_id


def _open_task(connection: Connection, actor: Actor, task_id: str, now: datetime) -> TaskAccess:
    """The open task as this person meets it. Raises NotFound, AlreadyCompleted, NotOpen."""
    found = access.visible_task(connection, actor, task_id, now=now)
    _require_open(connection, found.task)
    return found


def _require_open(connection: Connection, task: TaskRow) -> None:
    if task.state == "completed":
        raise AlreadyCompleted(_name_of(connection, task.completed_by), task.completed_at)
    if task.state == "cancelled":
        raise NotOpen(task.state)


def _require_not_others(connection: Connection, task: TaskRow, actor: Actor) -> None:
    if task.assignee_id not in (None, actor.staff_id):
        raise AlreadyClaimed(_name_of(connection, task.assignee_id), task.claimed_at)


def _require_four_eyes(connection: Connection, task: TaskRow, actor: Actor) -> None:
    if task.not_same_as and tasks.completer_of(connection, task.instance_id, task.not_same_as) == actor.staff_id:
        raise FourEyes(task.element_id)


def require_free_hand(connection: Connection, found: TaskAccess, actor: Actor) -> None:
    """The task is open and the person may do it. Raises NotOpen, AlreadyCompleted, and what refuses a doer."""
    _require_open(connection, found.task)
    access.require_doer(found, "claim", actor)
    _require_four_eyes(connection, found.task, actor)


# ---------------------------------------------------------------- assignment


def claim(engine: Engine, actor: Actor, task_id: str, *, now: datetime, beside: Beside | None = None) -> None:
    """Take a task. Claiming what one already holds changes nothing.

    beside: writes in the same transaction; not called when nothing changes.
    Raises AlreadyClaimed, AlreadyCompleted, NotOpen, NotAuthorised, CityStaffOnly, FourEyes, NotFound.
    """
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
        access.require_doer(found, "claim", actor)
        _require_not_others(connection, found.task, actor)
        _require_four_eyes(connection, found.task, actor)
    if found.task.assignee_id == actor.staff_id:
        return
    _assign(engine, actor, found.task, actor.staff_id, "task.claimed", now, beside=beside)


def release(engine: Engine, actor: Actor, task_id: str, *, now: datetime, beside: Beside | None = None) -> None:
    """Give a task back to its group; its assignee, or whoever distributes the work there, may do so.

    beside: writes in the same transaction.
    """
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
    if found.task.assignee_id != actor.staff_id and not access.manages(found, actor, engine):
        raise NotAuthorised("release", found.task.element_id)
    if found.task.state != "claimed":
        raise NotOpen(found.task.state)
    _assign(engine, actor, found.task, None, "task.released", now, beside=beside)


def reassign(engine: Engine, actor: Actor, task_id: str, to_staff_id: str, *, note: str = "", now: datetime) -> None:
    """Hand a task to another person who may do it; timers and drafts stay as they are.

    The assignee may hand over; a manager of an organisation of the task, or a supervisor of its division, may
    give it to somebody.
    """
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
    if found.task.assignee_id != actor.staff_id and not access.manages(found, actor, engine):
        raise NotAuthorised("reassign", found.task.element_id)
    receiver = access.actor_by_id(engine, to_staff_id, now=now)
    with engine.database.read() as connection:
        theirs = access.visible_task(connection, receiver, task_id, now=now)
        access.require_doer(theirs, "reassign", receiver)
        _require_four_eyes(connection, found.task, receiver)
    _assign(engine, actor, found.task, to_staff_id, "task.reassigned", now, note=note)


def _assign(
    engine: Engine, actor: Actor, task: TaskRow, to: str | None, act: str, now: datetime, *, note: str = "",
    beside: Beside | None = None,
) -> None:  # fmt: skip
    state = task.state if task.state == "held" else ("claimed" if to else "open")
    values = {"assignee_id": to, "state": state, "claimed_at": now if to else None}
    with engine.database.write() as connection:
        if not tasks.change(connection, task, values):
            _lost(engine, task.id)
        if to and to != actor.staff_id:
            tell_assigned(connection, to, by=actor.staff_id, case_id=task.case_id, task_id=task.id,
                          version=task.version, now=now)  # fmt: skip
        if beside is not None:
            beside(connection, Outcome(task.id, state, task.version + 1, to))
        audit.append(
            connection, chain=task.case_id, at=now, actor=actor.staff_id, act=act, task_id=task.id,
            element_id=task.element_id, data={"from": task.assignee_id, "to": to, "note": note, **actor.origin},
        )  # fmt: skip


def _lost(engine: Engine, task_id: str) -> None:
    """Somebody was faster: say who."""
    with engine.database.read() as connection:
        current = tasks.get(connection, task_id)
        if current is not None:
            _require_open(connection, current)
            if current.assignee_id is not None:
                raise AlreadyClaimed(_name_of(connection, current.assignee_id), current.claimed_at)
    raise StaleVersion(task_id)


# ---------------------------------------------------------------- hold, resume, extend


class _ClockAct:
    """Change a task and its clock, and move what hangs on the due moment, in one transaction of the instance."""

    job = "clock"

    def __init__(self, task: TaskRow, kind: str, values: dict[str, Any], change: dict[str, Any]) -> None:
        self.task, self.kind, self.values, self.change = task, kind, values, change

    def run(self, step: Step, runner: Runner) -> Advance:
        """Write the change of the clock, then move the token's own moments to the new due instant."""
        assert step.instance is not None
        row = tasks.clock_of(step.tx.connection, self.task.id)
        if row is not None:
            state = {"hold": "held", "resume": "running"}.get(self.kind, row.state)
            tasks.change_clock(step.tx.connection, row.id, {"kind": self.kind, **self.change}, state)
        found = clocks.reckon_task(step, self.task)
        moments = {}
        if found is not None:
            due = found[1]
            self.values |= {"due_at": due.due_at, "due_on": due.due_on, "warn_at": due.warn_at}
            clocks.move_ladder(step, self.task, *found)
            moments = clocks.following_moments(step, self.task, due.due_at)
        return runner.reschedule(step.instance.state, moments)

    def write(self, step: Step, result: Advance) -> None:
        """The task's own columns, the moved timer rows and the moment at which a hold ends."""
        connection = step.tx.connection
        if not tasks.change(connection, self.task, self.values):
            raise StaleVersion(self.task.id)
        wanted = {(m.ref, m.branch or ""): m.due for m in result.timers}
        for timer in timers.pending_of_instance(connection, self.task.instance_id):
            due = wanted.get((timer.ref, timer.branch))
            if timer.kind == "token" and due is not None and due != timer.fires_at:
                timers.move(connection, timer.id, due)
        if self.kind == "hold":
            timers.add(connection, [self._end_of_hold(step)])
        step.notes["audit"] = {
            "act": f"task.{self.kind}", "task_id": self.task.id, "element_id": self.task.element_id,
            "data": self.change,
        }  # fmt: skip

    def _end_of_hold(self, step: Step) -> dict[str, Any]:
        at = tokyo_midnight(self.change["until"])
        return {
            "id": new_id(), "kind": "hold_end", "instance_id": self.task.instance_id, "case_id": self.task.case_id,
            "element_id": self.task.element_id, "ref": self.task.ref, "branch": "",
            "occurrence": f"{self.task.id}:hold_end:{self.task.version}", "fires_at": at, "next_at": at,
            "state": "pending",
        }  # fmt: skip


def _change_clock(engine: Engine, actor: Actor, act: _ClockAct, now: datetime) -> None:
    try:
        advance(engine, actor, act.task.instance_id, act, call_from_token, now=now)
    except StaleVersion:
        _lost(engine, act.task.id)


def hold(engine: Engine, actor: Actor, task_id: str, *, until: date, reason: str, now: datetime) -> None:
    """Stop the clock of a task until 00:00 of a day; it comes back by itself.

    Raises FormInvalid for a missing reason or a day that is not in the future, HoldTooLong beyond the maximum.
    """
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
        task = found.task
        if task.state == "held":
            raise NotOpen(task.state)
        if not access.manages(found, actor, engine):
            access.require_doer(found, "hold", actor)
            _require_not_others(connection, task, actor)
    if not task.hold_allowed:
        raise NotAuthorised("hold", task.element_id)
    check_hold(engine, until, reason, now=now)
    values = {
        "state": "held", "assignee_id": task.assignee_id or actor.staff_id, "held_until": until, "hold_reason": reason,
    }  # fmt: skip
    change = {"at": now, "until": until, "reason": reason, "by_staff": actor.staff_id}
    _change_clock(engine, actor, _ClockAct(task, "hold", values, change), now)


def check_hold(engine: Engine, until: date, reason: str, *, now: datetime) -> None:
    """A hold may be until that day and for that reason. Raises FormInvalid and HoldTooLong."""
    today = tokyo_date(now)
    errors = {}
    if not reason.strip():
        errors["reason"] = "保留の理由を入力してください。"
    if until <= today:
        errors["until"] = "再開する日は明日以降の日を入力してください。"
    if errors:
        raise FormInvalid(errors)
    longest = engine.reference.number("max_hold", today)
    if until > engine.reference.calendar.add_business_days(today, longest):
        raise HoldTooLong(f"{longest} business days")


def resume(engine: Engine, actor: Actor, task_id: str, *, reason: str = "", now: datetime) -> None:
    """End a hold early, or (by the scheduler) on its day; the clock runs on."""
    if actor.is_system:
        with engine.database.read() as connection:
            task = tasks.get(connection, task_id)
        if task is None or task.state != "held":
            return
    else:
        with engine.database.read() as connection:
            found = _open_task(connection, actor, task_id, now)
        task = found.task
        if task.state != "held":
            raise NotOpen(task.state)
        if task.assignee_id != actor.staff_id and not access.manages(found, actor, engine):
            raise NotAuthorised("resume", task.element_id)
    at = min(now, tokyo_midnight(task.held_until)) if task.held_until else now
    values = {"state": "claimed" if task.assignee_id else "open", "held_until": None, "hold_reason": ""}
    change = {"at": at, "reason": reason, "by_staff": actor.staff_id}
    _change_clock(engine, actor, _ClockAct(task, "resume", values, change), now)


def extend(
    engine: Engine, actor: Actor, task_id: str, *, due_on: date, reason: str, legal_basis: str = "", now: datetime
) -> None:
    """Give a task a later due date; only who distributes the work there may, with a reason."""
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
    if not access.manages(found, actor, engine):
        raise NotAuthorised("extend", found.task.element_id)
    errors = {}
    if not reason.strip():
        errors["reason"] = "延ばす理由を入力してください。"
    if found.task.due_on is not None and due_on <= found.task.due_on:
        errors["due_on"] = "いまの期限より後の日を入力してください。"
    if errors:
        raise FormInvalid(errors)
    change = {"at": now, "due_on": due_on, "reason": reason, "legal_basis": legal_basis, "by_staff": actor.staff_id}
    _change_clock(engine, actor, _ClockAct(found.task, "extend", {}, change), now)


# ---------------------------------------------------------------- drafts


def save_draft(engine: Engine, actor: Actor, task_id: str, raw: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what the person has typed; only for an open task that this person may do."""
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
    access.require_doer(found, "draft", actor)
    with engine.database.write() as connection:
        tasks.save_draft(connection, task_id, actor.staff_id, seal(dict(raw)) or "", now)


def discard_draft(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> None:
    """Forget the person's own draft."""
    with engine.database.read() as connection:
        access.visible_task(connection, actor, task_id, now=now)
    with engine.database.write() as connection:
        tasks.drop_drafts(connection, task_id, actor.staff_id)


# ---------------------------------------------------------------- completion


def complete(
    engine: Engine,
    actor: Actor,
    task_id: str,
    raw: Mapping[str, Any],
    *,
    now: datetime,
    seen_version: int | None = None,
    beside: Beside | None = None,
) -> Completed:
    """Submit the form of a task and let the instance go on, in one transaction.

    beside: writes in the same transaction.
    Raises (the first of) NotFound, AlreadyCompleted, NotOpen, CityStaffOnly, NotAuthorised, AlreadyClaimed, FourEyes,
    ConsentMissing and other refusals of the task's operations, FormInvalid, StaleVersion; InstanceFailed when the
    instance could not go on, which keeps the draft and opens an incident.
    """
    with engine.database.read() as connection:
        found = _open_task(connection, actor, task_id, now)
        _require_completable(connection, found, actor, seen_version)
        act, standing = completion.prepare(engine, connection, actor, found, raw, now=now)
        act.beside = beside
    step = _complete(engine, actor, found.task, act, standing, now)
    if step.notes["to_route"]:
        messages.route_quietly(engine, now=now)
    opened = tuple((row["id"], row["name"]) for row in step.notes["opened"])
    return Completed(found.task.case_id, opened)


def _require_completable(
    connection: Connection, found: TaskAccess, actor: Actor, seen_version: int | None
) -> None:  # fmt: skip
    task = found.task
    if task.state == "held":
        raise NotOpen(task.state)
    access.require_doer(found, "complete", actor)
    _require_not_others(connection, task, actor)
    _require_four_eyes(connection, task, actor)
    if seen_version is not None and seen_version != task.version:
        raise StaleVersion(task.id)


def _complete(engine: Engine, actor: Actor, task: TaskRow, act: Act, standing: Standing, now: datetime) -> Step:
    try:
        return advance(engine, actor, task.instance_id, act, call_from_token, now=now, standing=standing)
    except (NotOpen, StaleVersion):
        with engine.database.read() as connection:
            current = tasks.get(connection, task.id)
            if current is not None:
                _require_open(connection, current)
                _require_not_others(connection, current, actor)
                raise StaleVersion(task.id) from None
        raise
