"""Repair a running instance by hand: move a token, skip, cancel a branch, try a failed step again, cancel the whole.

Each is one step of the instance like any other (one transaction, version compared, tried again when somebody was
faster) with a reason, its author and an audit event. What would leave a join waiting for ever is refused in words, and
nothing is kept of it. Who may: ``repairers``. What is skipped or cancelled counts as cancelled, never as completed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.bpmn.api import Advance, Problem
from engine.bpmn.places import Place
from engine.bpmn.runner import Runner
from engine.bpmn.token_operations import TokenOperations
from engine.domain.errors import ChangeRefused, NotFound, NotOpen, StaleVersion
from engine.domain.staff import Actor
from engine.services import messages, repairers
from engine.services.engine import Engine
from engine.services.judging import judge_of
from engine.services.operations.registry import call_from_token
from engine.services.starting import typed
from engine.services.steps import TRIES, Step, StepHost, advance
from engine.storage import audit, incidents, instances, moves, tasks

Operation = Callable[[TokenOperations, bytes], Advance]


@dataclass
class _Repair:
    """Act of a step: one operation on the tokens, or on the variables, with what is written down of it."""

    name: str
    ref: str
    reason: str
    operation: Operation
    data: Mapping[str, Any] = field(default_factory=dict)
    job: str = "repair"
    element_id: str = ""

    def run(self, step: Step, runner: Runner) -> Advance:
        """Change the tokens and run until the instance waits."""
        assert step.instance is not None
        deployed = step.deployed
        operations = TokenOperations(deployed.specs, StepHost(step, call_from_token), judge_of(deployed.model))
        state = step.instance.state
        self.element_id = next((place.element_id for place in operations.places(state) if place.ref == self.ref), "")
        return self.operation(operations, state)

    def write(self, step: Step, result: Advance) -> None:
        """The audit event: who did what to which element, and why."""
        step.notes["audit"] = {
            "act": self.name, "element_id": self.element_id or None,
            "data": {"instance": step.instance_id, "ref": self.ref, "reason": self.reason, **self.data},
        }  # fmt: skip


def tokens(engine: Engine, actor: Actor, instance_id: str, *, now: datetime) -> tuple[Place, ...]:
    """The open tokens of an instance, whose refs the operations take. Raises NotFound, NotAuthorised, NotOpen."""
    with engine.database.read() as connection:
        instance, case = repairers.running_instance(connection, instance_id)
        repairers.require_repairer(engine, connection, actor, case, "instance.tokens", now)
    deployed = engine.definitions.get(instance.version_id)
    step = Step(engine, None, actor, now, deployed, case, instance.id, instance.org_id)  # type: ignore[arg-type]
    return TokenOperations(deployed.specs, StepHost(step, call_from_token)).places(instance.state)


def move_token(
    engine: Engine, actor: Actor, instance_id: str, ref: str, target: str, *, reason: str, now: datetime
) -> None:
    """Take a token away and put a new one before the element ``target``.

    Raises NotFound, NotAuthorised, FormInvalid without a reason, NotOpen, ChangeRefused, StaleVersion.
    """
    act = _Repair("token.moved", ref, reason, lambda ops, state: ops.move_token(state, ref, target), {"to": target})
    _repair(engine, actor, instance_id, act, now)


def skip(
    engine: Engine, actor: Actor, instance_id: str, ref: str, *, reason: str, branch: str | None = None,
    values: Mapping[str, object] | None = None, now: datetime,
) -> None:  # fmt: skip
    """Go on behind an element as if it were done. branch: the event of an event gateway that counts as happened.
    values: variables that it would have set, in the declared types. Raises as ``move_token``.
    """
    given = _declared(engine, instance_id, values or {})
    act = _Repair(
        "token.skipped", ref, reason, lambda ops, state: ops.skip(state, ref, branch=branch, values=given),
        {"branch": branch, "variables": sorted(given)},
    )  # fmt: skip
    _repair(engine, actor, instance_id, act, now)


def cancel_branch(engine: Engine, actor: Actor, instance_id: str, ref: str, *, reason: str, now: datetime) -> None:
    """Take a token away with everything inside it; the other branches go on. Raises as ``move_token``."""
    act = _Repair("token.cancelled", ref, reason, lambda ops, state: ops.cancel_branch(state, ref))
    _repair(engine, actor, instance_id, act, now)


def retry(
    engine: Engine, actor: Actor, incident_id: str, *, reason: str, values: Mapping[str, object] | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Let an instance try again what failed, after correcting variables; its incidents count as resolved.

    The failed step was never committed, so there is nothing to reset: moments and messages that were given up are due
    again now, and a form that could not be completed is still open with its draft. Raises as ``move_token``.
    """
    with engine.database.read() as connection:
        incident = moves.incident_of(connection, incident_id)
    if incident is None or incident.instance_id is None:
        raise NotFound("incident")
    if incident.resolved_at is not None:
        raise NotOpen("incident")
    given = _declared(engine, incident.instance_id, values or {})
    act = _Retry(
        "incident.retried", "", reason, lambda ops, state: ops.correct(state, given),
        {"incident": incident.id, "job": incident.job, "variables": sorted(given)}, element_id=incident.element_id,
    )  # fmt: skip
    _repair(engine, actor, incident.instance_id, act, now)


@dataclass
class _Retry(_Repair):
    """Correct variables, then make due again what was given up."""

    def run(self, step: Step, runner: Runner) -> Advance:
        """Only variables change; the failed step comes again by itself, or with the form."""
        element_id = self.element_id
        result = super().run(step, runner)
        self.element_id = element_id
        return result

    def write(self, step: Step, result: Advance) -> None:
        """Resolve what is open, in the same transaction."""
        connection = step.tx.connection
        moves.resolve_incidents(connection, step.instance_id, by=step.actor.staff_id, at=step.now)
        incidents.try_again(connection, step.instance_id, step.case.id, ("timer", "message"), step.now)
        super().write(step, result)


def _repair(engine: Engine, actor: Actor, instance_id: str, act: _Repair, now: datetime) -> None:
    repairers.require_reason(act.reason)
    with engine.database.read() as connection:
        _, case = repairers.running_instance(connection, instance_id)
        repairers.require_repairer(engine, connection, actor, case, act.name, now)
    step = advance(engine, actor, instance_id, act, call_from_token, now=now)
    if step.notes["to_route"]:
        messages.route_quietly(engine, now=now)


def _declared(engine: Engine, instance_id: str, values: Mapping[str, object]) -> dict[str, object]:
    """Values by hand in the types that the process declares. Raises ChangeRefused for names that it does not have."""
    if not values:
        return {}
    with engine.database.read() as connection:
        instance = instances.get(connection, instance_id)
    if instance is None:
        raise NotFound("instance")
    declared = engine.definitions.get(instance.version_id).model.all_variables
    unknown = [name for name in values if name not in declared]
    if unknown:
        raise ChangeRefused([Problem(name, f"変数「{name}」は、この手続きにありません。") for name in unknown])
    return typed(declared, values)


# ---------------------------------------------------------------- the whole instance


def cancel_instance(engine: Engine, actor: Actor, instance_id: str, *, reason: str, now: datetime) -> None:
    """End an instance without an end event: its status is ``cancelled``, never ``completed``.

    Open tasks, clocks, moments and subscriptions go with it; its last snapshot stays. Raises NotFound, NotAuthorised,
    FormInvalid without a reason, NotOpen for one that has ended, StaleVersion.
    """
    repairers.require_reason(reason)
    for attempt in range(TRIES):
        try:
            return _cancel(engine, actor, instance_id, reason, now)
        except StaleVersion:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _cancel(engine: Engine, actor: Actor, instance_id: str, reason: str, now: datetime) -> None:
    with engine.database.write() as connection:
        instance, case = repairers.running_instance(connection, instance_id)
        repairers.require_repairer(engine, connection, actor, case, "instance.cancel", now)
        open_tasks = tasks.open_of_instance(connection, instance_id)
        if not moves.cancel_instance(connection, instance_id, instance.version, at=now):
            raise StaleVersion(instance_id)
        refs = [task.ref for task in open_tasks]
        tasks.cancel_refs(connection, instance_id, refs, now)
        tasks.finish_clocks(connection, instance_id, refs, "cancelled")
        moves.resolve_incidents(connection, instance_id, by=actor.staff_id, at=now)
        audit.append(
            connection, chain=case.id, at=now, actor=actor.staff_id, act="instance.cancelled",
            data={"instance": instance_id, "reason": reason, "tasks": [task.element_id for task in open_tasks]},
        )  # fmt: skip
