"""The rows of an instance follow it to another version: tasks, moments, subscriptions; and back, from their image.

What people did stays as it is: task ids, claims, drafts, holds, due dates. What the version says of an element follows:
its id and name, form, roles, ladder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.bpmn.api import Advance, OpenTask, Problem
from engine.definitions.model import BpmnModel, TaskSettings
from engine.services import clocks
from engine.services.openings import Opened, Place, open_tasks
from engine.services.steps import Step, sync_waiting
from engine.storage import messages, moves, tasks, timers

_DUE = ("due_at", "due_on", "warn_at")  #: columns that a promise made by the move fills


@dataclass(frozen=True)
class Following:
    """What the rows of an instance follow to. tokens: its open tasks there. result: everything it waits for there."""

    mapping: Mapping[str, str]
    tokens: tuple[OpenTask, ...]
    result: Advance


def image_of(step: Step) -> dict[str, Any]:
    """The rows as they are before a move, for undoing it."""
    connection = step.tx.connection
    kept = ("id", "process_key", "candidates", *moves.OF_ELEMENT)
    return {
        "tasks": [
            {**{key: row[key] for key in kept}, "ladder": _ladder(step, row["id"])}
            for row in moves.open_rows(connection, step.instance_id)
        ],
        "moments": [
            {key: row[key] for key in ("id", "element_id", "branch")}
            for row in moves.moments_ahead(connection, step.instance_id)
        ],
        "subscriptions": [vars(row) for row in messages.subscriptions_of(connection, step.instance_id)],
    }


def _ladder(step: Step, task_id: str) -> str | None:
    clock = tasks.clock_of(step.tx.connection, task_id)
    return None if clock is None else clock.ladder


def follow(step: Step, to: Following) -> None:
    """Bring the rows of the instance to its new version, inside the step's transaction."""
    place = Place(step.engine, step.deployed, step.case, step.instance_id, step.org_id, step.now)
    rows = {row["ref"]: row for row in moves.open_rows(step.tx.connection, step.instance_id)}
    for token in to.tokens:
        if token.ref in rows:
            _follow_task(step, rows[token.ref], open_tasks(place, (token,)))
    _follow_moments(step, to.mapping)
    _follow_subscriptions(step, to)
    sync_waiting(step, step.tx.connection, to.result)


def _follow_task(step: Step, row: Mapping[str, Any], opened: Opened) -> None:
    wanted, connection = opened.tasks[0], step.tx.connection
    columns = ("process_key", *moves.OF_ELEMENT)
    values = {key: wanted[key] for key in columns if wanted[key] != row[key]}
    pairs = sorted([pair["org_id"], pair["role"]] for pair in opened.candidates)
    if pairs != row["candidates"]:
        moves.set_candidates(connection, row["id"], pairs)
    clock = tasks.clock_of(connection, row["id"])
    if clock is None and opened.clocks and row["state"] != "held":
        values |= {key: wanted[key] for key in _DUE}
        moves.add_clock(connection, {**opened.clocks[0], "task_id": row["id"]})
        timers.add(connection, [_of_task(moment, wanted["id"], row["id"]) for moment in opened.timers])
    moves.change_task(connection, row["id"], values)  # even without values: its form may be another one now
    settings = step.deployed.model.settings(wanted["element_id"])
    if clock is not None and clock.ladder != settings.ladder:
        _change_ladder(step, row["id"], settings.ladder)


def _of_task(moment: Mapping[str, Any], made_for: str, task_id: str) -> dict[str, Any]:
    """A moment of the ladder, made for a task that is not inserted, for the task that is there."""
    return {**moment, "occurrence": str(moment["occurrence"]).replace(made_for, task_id, 1)}


def _change_ladder(step: Step, task_id: str, ladder: str) -> None:
    connection = step.tx.connection
    moves.set_ladder(connection, task_id, ladder)
    task = tasks.get(connection, task_id)
    found = None if task is None or task.state == "held" else clocks.reckon_task(step, task)
    if task is not None and found is not None:
        row, deadline = found
        clocks.move_ladder(step, task, replace(row, ladder=ladder), deadline)


def _follow_moments(step: Step, mapping: Mapping[str, str]) -> None:
    for row in moves.moments_ahead(step.tx.connection, step.instance_id):
        branch = mapping.get(row["branch"], row["branch"]) if row["kind"] == "token" else row["branch"]
        element = mapping.get(row["element_id"], row["element_id"])
        if (element, branch) != (row["element_id"], row["branch"]):
            moves.rename_moment(step.tx.connection, row["id"], element_id=element, branch=branch)


def _follow_subscriptions(step: Step, to: Following) -> None:
    """Those that go on waiting for the same message keep their place in the queue; the others are made anew."""
    connection, model = step.tx.connection, step.deployed.model
    wanted = {(one.ref, one.branch or ""): one for one in to.result.subscriptions}
    for row in messages.subscriptions_of(connection, step.instance_id):
        branch = to.mapping.get(row.branch, row.branch)
        one = wanted.get((row.ref, branch))
        element = model.elements.get(one.branch or one.element_id) if one is not None else None
        same = one is not None and element is not None and one.message == row.message
        if not same or set(row.keys) != set(element.correlate if element is not None else ()):
            messages.unsubscribe(connection, [row.id])
        elif one is not None and (one.element_id, branch) != (row.element_id, row.branch):
            moves.rename_subscription(connection, row.id, element_id=one.element_id, branch=branch)


def restore(step: Step, image: Mapping[str, Any], result: Advance) -> None:
    """Put the rows back as ``image_of`` kept them; promises that the move had made are taken back."""
    connection = step.tx.connection
    for task in image["tasks"]:
        values = {key: task[key] for key in ("process_key", *moves.OF_ELEMENT)}
        clock = tasks.clock_of(connection, task["id"])
        if clock is not None and task["ladder"] is None:
            values |= dict.fromkeys(_DUE)
            _drop_clock(step, task["id"])
        moves.change_task(connection, task["id"], values)
        moves.set_candidates(connection, task["id"], task["candidates"])
        if clock is not None and task["ladder"] not in (None, clock.ladder):
            _change_ladder(step, task["id"], task["ladder"])
    for moment in image["moments"]:
        moves.restore_moment(connection, moment)
    moves.replace_subscriptions(connection, step.instance_id, image["subscriptions"])
    sync_waiting(step, connection, result)


def _drop_clock(step: Step, task_id: str) -> None:
    task = tasks.get(step.tx.connection, task_id)
    if task is not None:
        timers.cancel_of_refs(step.tx.connection, step.instance_id, [task.ref])
    moves.drop_clock(step.tx.connection, task_id)


# ---------------------------------------------------------------- what a clerk should know


def task_notes(
    old: BpmnModel, new: BpmnModel, elements: Mapping[str, str], held: Sequence[str] = ()
) -> Iterator[Problem]:
    """What changes for the people at the open tasks. elements: id now -> id then; held: of those, on hold now."""
    before, after = old.task_settings, new.task_settings
    for source, target in elements.items():
        if source in before and target in after:
            name = new.elements[target].name or target
            for text in _setting_notes(before[source], after[target], is_held=source in held):
                yield Problem(target, f"「{name}」{text}")


def _setting_notes(before: TaskSettings, after: TaskSettings, *, is_held: bool) -> Iterator[str]:
    promised, promises = bool(before.sla or before.due), bool(after.sla or after.due)
    if promised and (before.sla, before.due) != (after.sla, after.due):
        yield "の期限の決め方が変わりますが、いまの期限のままにします。"
    if not promised and promises:
        yield (
            "に期限が加わりますが、保留中のため、期限は付けません。"
            if is_held
            else "に期限が加わります。移した時から数えます。"
        )
    if before.roles != after.roles or before.org_scopes != after.org_scopes:
        yield "を担当できる人が変わります。引き受けた人が担当できなくなるときは、引き継いでください。"
    if before.form_key != after.form_key:
        yield "の様式が変わります。下書きは残ります。"
