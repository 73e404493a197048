"""Move running instances to another version of their process: try, move, move many, take back.

One instance is one transaction: its snapshot, its rows, the image from before and the audit event, or nothing. Whoever
completes a task meanwhile is first: the move is tried again on the new state, up to three times, and refused in words
after that. Who may: ``repairers``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from engine.bpmn.api import Problem
from engine.bpmn.moving import MovePlan, plan_move
from engine.bpmn.runner import Runner
from engine.domain.errors import ChangeRefused, EngineError, NotAuthorised, NotFound, NotOpen, StaleVersion
from engine.domain.staff import Actor
from engine.services import repairers
from engine.services.deployed import Deployed
from engine.services.engine import Engine
from engine.services.judging import judge_of
from engine.services.move_rows import Following, follow, image_of, restore, task_notes
from engine.services.move_variables import VariablePlan, plan_variables
from engine.services.steps import TRIES, Step, StepHost, Transaction, transaction
from engine.storage import audit, moves, tasks
from engine.storage.database import Connection
from engine.storage.rows import CaseRow, InstanceRow
from engine.storage.sql import new_id

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became, or would become, of one instance."""

    MOVABLE = "movable"  #: a dry run found nothing against it
    MOVED = "moved"  #: it is on the new version
    REFUSED = "refused"  #: it stays as it is, for the reasons given
    ENDED = "ended"  #: it has ended meanwhile
    BUSY = "busy"  #: somebody worked on it each time it was tried; it stays as it is
    UNKNOWN = "unknown"  #: there is none, or none that the person may move


@dataclass(frozen=True)
class Target:
    """Where to: a version of the same process. mapping: old element id -> new, where they differ. given: values of
    declared variables that an instance does not have yet.
    """

    version_id: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class MoveResult:
    """refusals, notes: element id and Japanese text, without anything of the case. decided: whether the search over
    markings decided that it can still end. move_id: for undoing it; "" when nothing was moved.
    """

    instance_id: str
    outcome: Outcome
    refusals: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict)
    decided: bool = False
    move_id: str = ""


def instances_on(engine: Engine, actor: Actor, version_id: str) -> list[str]:
    """Ids of the running instances of a version, oldest first; for process owners. Raises NotAuthorised."""
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("instance.move")
    with engine.database.read() as connection:
        return moves.running_of_version(connection, version_id)


def dry_run(
    engine: Engine, actor: Actor, instance_ids: Sequence[str], target: Target, *, now: datetime
) -> list[MoveResult]:
    """What moving each of these would do. Reads only."""
    return [_result(one, partial(_tried, engine, actor, one, target, now)) for one in instance_ids]


def move(engine: Engine, actor: Actor, instance_id: str, target: Target, *, reason: str, now: datetime) -> MoveResult:
    """Move one instance.

    Raises NotFound, NotAuthorised, FormInvalid without a reason, NotOpen for one that has ended, ChangeRefused with
    every reason, StaleVersion when somebody was faster three times.
    """
    repairers.require_reason(reason)
    for attempt in range(TRIES):
        try:
            return _moved(engine, actor, instance_id, target, reason, now)
        except StaleVersion:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def move_many(
    engine: Engine, actor: Actor, instance_ids: Sequence[str], target: Target, *, reason: str, now: datetime
) -> list[MoveResult]:
    """Move each of these whole or not at all, and say of each what became of it."""
    repairers.require_reason(reason)
    return [_result(one, partial(move, engine, actor, one, target, reason=reason, now=now)) for one in instance_ids]


def _result(instance_id: str, act: Callable[[], MoveResult]) -> MoveResult:
    try:
        return act()
    except ChangeRefused as refusal:
        reasons = tuple(reason for reason in refusal.reasons if isinstance(reason, Problem))
        return MoveResult(instance_id, Outcome.REFUSED, reasons)
    except NotOpen:
        return MoveResult(instance_id, Outcome.ENDED, (Problem("", "すでに終わっているので、移せません。"),))
    except StaleVersion:
        words = "ほかの人が作業を進めています。時間をおいて、もう一度行ってください。"
        return MoveResult(instance_id, Outcome.BUSY, (Problem("", words),))
    except (NotFound, NotAuthorised):
        return MoveResult(instance_id, Outcome.UNKNOWN, (Problem("", "この手続きがないか、移す権限がありません。"),))
    except EngineError as error:
        log.exception("instance %s could not be moved", instance_id)
        words = f"この手続きは移せません（{error.code}）。システムの担当者に伝えてください。"
        return MoveResult(instance_id, Outcome.REFUSED, (Problem("", words),))


# ---------------------------------------------------------------- one instance


@dataclass(frozen=True)
class _Candidate:
    """An instance as it was read, and the plan for it."""

    instance: InstanceRow
    case: CaseRow
    old: Deployed
    new: Deployed
    plan: MovePlan
    variables: VariablePlan
    notes: tuple[Problem, ...]


def _tried(engine: Engine, actor: Actor, instance_id: str, target: Target, now: datetime) -> MoveResult:
    found = _candidate(engine, actor, instance_id, target, now)
    return MoveResult(instance_id, Outcome.MOVABLE, (), found.notes, found.plan.elements, found.plan.decided)


def _moved(engine: Engine, actor: Actor, instance_id: str, target: Target, reason: str, now: datetime) -> MoveResult:
    found = _candidate(engine, actor, instance_id, target, now)
    with transaction(engine) as tx:
        step = _step(engine, tx, actor, found.new, found.case, found.instance, now)
        _switch(step, found.new.version_id, found.plan.snapshot or b"")
        image = image_of(step)
        runner = Runner(found.new.specs, StepHost(step, _nothing))
        state = found.plan.snapshot or b""
        follow(step, Following(target.mapping, runner.inspect(state).open_tasks, runner.reschedule(state, {})))
        move_id = _keep(step, found, target, image, reason)
    return MoveResult(instance_id, Outcome.MOVED, (), found.notes, found.plan.elements, found.plan.decided, move_id)


def _step(
    engine: Engine,
    tx: Transaction,
    actor: Actor,
    deployed: Deployed,
    case: CaseRow,
    instance: InstanceRow,
    now: datetime,
) -> Step:
    return Step(engine, tx, actor, now, deployed, case, instance.id, instance.org_id, instance)


def _nothing(step: Step, call: object) -> Mapping[str, object]:
    raise NotOpen("a move runs nothing")


def _switch(step: Step, version_id: str, state: bytes) -> None:
    assert step.instance is not None
    seen = step.instance.version
    if not moves.switch(step.tx.connection, step.instance_id, seen, version_id=version_id, state=state):
        raise StaleVersion(step.instance_id)


def _keep(step: Step, found: _Candidate, target: Target, image: Mapping[str, Any], reason: str) -> str:
    connection, instance = step.tx.connection, found.instance
    move_id = new_id()
    moves.add(
        connection,
        {
            "id": move_id,
            "instance_id": instance.id,
            "case_id": instance.case_id,
            "from_version_id": instance.version_id,
            "to_version_id": target.version_id,
            "mapping": dict(target.mapping),
            "before_state": instance.state,
            "before_rows": image,
            "after_version": instance.version + 1,
            "reason": reason,
            "moved_by": step.actor.staff_id,
            "moved_at": step.now,
        },
    )
    noted = {
        "instance": instance.id, "move": move_id, "from": found.old.number, "to": found.new.number,
        "elements": dict(found.plan.elements), "variables": sorted(found.variables.added), "reason": reason,
        "decided": found.plan.decided,
    }  # fmt: skip
    audit.append(
        connection, chain=instance.case_id, at=step.now, actor=step.actor.staff_id, act="instance.moved", data=noted
    )
    return move_id


# ---------------------------------------------------------------- the plan


def _candidate(engine: Engine, actor: Actor, instance_id: str, target: Target, now: datetime) -> _Candidate:
    """Read an instance and plan its move; ChangeRefused with every reason."""
    with engine.database.read() as connection:
        instance, case = _readable(engine, connection, actor, instance_id, now)
        open_rows = tasks.open_of_instance(connection, instance.id)
        old, new = engine.definitions.get(instance.version_id), engine.definitions.get(target.version_id)
        if new.process_key != old.process_key or new.version_id == old.version_id:
            raise ChangeRefused([Problem("", "移す先には、同じ手続きの別の版を選んでください。")])
        eyes = list(_four_eyes(connection, instance, new, target.mapping))
    host = StepHost(_step(engine, None, actor, new, case, instance, now), _nothing)  # type: ignore[arg-type]
    held = Runner(old.specs, host).inspect(instance.state).variables
    standing = _standing(old, instance, host, target.mapping)
    variables = plan_variables(new, held, target.given, standing)
    plan = plan_move(
        old.specs, new.specs, instance.state, target.mapping, host,
        variables=variables.added, judge=judge_of(new.model),
    )  # fmt: skip
    refusals = (*plan.refusals, *variables.refusals, *eyes)
    if refusals:
        raise ChangeRefused(tuple(dict.fromkeys(refusals)))
    on_hold = [row.element_id for row in open_rows if row.state == "held"]
    notes = (*plan.notes, *variables.notes, *task_notes(old.model, new.model, plan.elements, on_hold))
    return _Candidate(instance, case, old, new, plan, variables, notes)


def _readable(
    engine: Engine, connection: Connection, actor: Actor, instance_id: str, now: datetime
) -> tuple[InstanceRow, CaseRow]:
    instance, case = repairers.running_instance(connection, instance_id)
    repairers.require_mover(engine, connection, actor, case, now)
    return instance, case


def _standing(old: Deployed, instance: InstanceRow, host: StepHost, mapping: Mapping[str, str]) -> frozenset[str]:
    """The elements of the new version at which the instance would stand."""
    waiting = Runner(old.specs, host).inspect(instance.state).waiting
    return frozenset(mapping.get(element, element) for element, _ in waiting)


def _four_eyes(
    connection: Connection, instance: InstanceRow, new: Deployed, mapping: Mapping[str, str]
) -> Iterator[Problem]:
    """Who did the step that another confirms is known by its element: that one may not be renamed once it is done."""
    confirmed = {settings.not_same_as for settings in new.model.task_settings.values() if settings.not_same_as}
    for source, target in mapping.items():
        if source != target and target in confirmed and tasks.completer_of(connection, instance.id, source):
            yield Problem(
                source,
                f"「{source}」は別の人の確認が要る仕事で、すでに終わっています。この名前（ID）は変えられません。",
            )


# ---------------------------------------------------------------- taking back


def undo(engine: Engine, actor: Actor, move_id: str, *, reason: str, now: datetime) -> None:
    """Put an instance back as it was before a move, while nothing has happened to it since.

    Raises NotFound, NotAuthorised, FormInvalid without a reason, ChangeRefused in words.
    """
    repairers.require_reason(reason)
    with engine.database.read() as connection:
        kept = moves.get(connection, move_id)
        if kept is None:
            raise NotFound("move")
        try:
            instance, case = _readable(engine, connection, actor, kept.instance_id, now)
        except NotOpen:
            raise _too_late("この手続きは、移したあとに終わっています。元に戻せません。") from None
    if kept.undone_at is not None:
        raise _too_late("この移動は、すでに元に戻しています。")
    if instance.version != kept.after_version:
        raise _too_late("移したあとに作業が進んでいます。元に戻せません。いまの版から、あらためて移してください。")
    _undo(engine, actor, kept, instance, case, reason, now)


def _too_late(words: str) -> ChangeRefused:
    return ChangeRefused([Problem("", words)])


def _undo(
    engine: Engine, actor: Actor, kept: moves.MoveRow, instance: InstanceRow, case: CaseRow, reason: str, now: datetime
) -> None:
    old = engine.definitions.get(kept.from_version_id)
    with transaction(engine) as tx:
        step = _step(engine, tx, actor, old, case, instance, now)
        try:
            _switch(step, kept.from_version_id, kept.before_state)
        except StaleVersion:
            raise _too_late("いま、ほかの人が作業を進めました。元に戻せません。") from None
        result = Runner(old.specs, StepHost(step, _nothing)).reschedule(kept.before_state, {})
        restore(step, kept.before_rows, result)
        if not moves.mark_undone(tx.connection, kept.id, by=actor.staff_id, at=now):
            raise _too_late("この移動は、すでに元に戻しています。")
        audit.append(
            tx.connection, chain=case.id, at=now, actor=actor.staff_id, act="instance.move_undone",
            data={"instance": instance.id, "move": kept.id, "reason": reason},
        )  # fmt: skip
