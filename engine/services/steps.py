"""One step of one process instance: run until it waits, then one short transaction.

The instance is read and run without a lock. The transaction begins with the first service operation, or when the
result is written; the update of the instance names the version that was read. If somebody moved the instance
meanwhile, everything is rolled back and the step is tried again on the new state, up to three times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from engine.bpmn.api import Advance, OperationCall, TimerMoment
from engine.bpmn.runner import Runner
from engine.decisions.evaluation import Outcome, evaluate
from engine.decisions.model import Table
from engine.domain.errors import DecisionFailed, EngineError, InstanceFailed, NotFound, NotOpen, StaleVersion
from engine.domain.staff import Actor
from engine.expressions.functions import standard_functions
from engine.services.deployed import Deployed
from engine.services.doers import find_doers
from engine.services.engine import BoundDates, Engine
from engine.services.leftover import give_back
from engine.services.openings import Place, open_tasks
from engine.services.telling import tell_assigned
from engine.storage import audit, cases, incidents, instances, messages, tasks, timers
from engine.storage.database import Connection, IntegrityError, OperationalError
from engine.storage.rows import CaseRow, InstanceRow
from engine.storage.sql import new_id

log = logging.getLogger(__name__)
TRIES = 3


class Transaction:
    """The step's transaction, begun when somebody first asks for its connection."""

    def __init__(self, engine: Engine, stack: ExitStack) -> None:
        self._engine, self._stack = engine, stack
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection, inside the one write transaction of this step."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self._engine.database.write())
        return self._connection


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """Commit what was written when the block ends; roll everything back when it raises."""
    with ExitStack() as stack:
        yield Transaction(engine, stack)


@dataclass
class Step:
    """Everything a step knows while it is on its way; acts add to ``write_last`` and ``audit``."""

    engine: Engine
    tx: Transaction
    actor: Actor
    now: datetime
    deployed: Deployed
    case: CaseRow
    instance_id: str
    org_id: str
    instance: InstanceRow | None = None  #: None while the instance is being started
    alone: bool = False  #: nobody else changes the instance until the transaction ends
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> str:
        """The Tokyo date of the step, ISO."""
        return BoundDates(self.engine.reference.calendar, self.now).today().isoformat()

    def keep_others_out(self) -> None:
        """Lock the instance before an operation writes; StaleVersion when somebody moved it since it was read.

        What others write after they have saved it would else be waited for in a circle.
        """
        if self.alone or self.instance is None:
            return
        if _locked(self.tx, self.instance_id)[0].version != self.instance.version:
            raise StaleVersion(self.instance_id)
        self.alone = True

    def reload_case(self) -> None:
        """Read the case again after an operation changed it."""
        case = cases.get(self.tx.connection, self.case.id)
        if case is None:
            raise NotFound("case")
        self.case = case


class Act(Protocol):
    """What a step does besides moving tokens: a completion, a timer, a message, a start."""

    job: str

    def run(self, step: Step, runner: Runner) -> Advance:
        """Move the tokens; operations of the act may write through ``step.tx``."""

    def write(self, step: Step, advance: Advance) -> None:
        """Write the act's own rows and its audit event, after the instance was saved."""


class StepHost:
    """What the runner may ask for during one step."""

    def __init__(self, step: Step, operation: Callable[[Step, OperationCall], Mapping[str, object]]) -> None:
        self._step, self._operation = step, operation
        self.now = step.now
        calendar = step.engine.calendar_of(step.case.owner_org)
        self.functions = standard_functions(BoundDates(calendar, step.now))

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        """Carry out a service task."""
        self._step.keep_others_out()
        return self._operation(self._step, call)

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        """Evaluate a table of the running version; which rules applied is kept with the step's audit event."""
        table = self._step.deployed.decisions.get(ref)
        if table is None:
            raise DecisionFailed(ref, "この版に判定表がありません")
        outcome = evaluate(table, scope)
        self._step.notes.setdefault("decisions", []).append(decided(table, outcome))
        return outcome.outputs


def decided(table: Table, outcome: Outcome) -> dict[str, Any]:
    """What is kept of a decision: the table, the numbers of the rules that applied, and what went in and came out."""
    return {
        "table": table.key,
        "name": table.name,
        "sign": table.sign,
        "rules": list(outcome.rules),
        "inputs": {one.words: outcome.inputs[one.name] for one in table.inputs},
        "outputs": {one.words: outcome.outputs[one.name] for one in table.outputs},
    }


OperationRunner = Callable[[Step, OperationCall], Mapping[str, object]]
Standing = tuple[InstanceRow, CaseRow]  #: a running instance and its case as they were read together


def advance(
    engine: Engine, actor: Actor, instance_id: str, act: Act, operation: OperationRunner, *, now: datetime,
    standing: Standing | None = None,
) -> Step:  # fmt: skip
    """Take one step of an existing instance. Refusals pass through; a failure opens an incident (InstanceFailed).

    standing: what the caller has just read. With it the first try locks nothing until the first write. Every other try
    has the instance to itself from its beginning, so that of many who complete tasks of one instance at the same moment
    each gets on (docs/adr/0007).
    """
    for attempt in range(1, TRIES + 1):
        try:
            return _once(engine, actor, instance_id, act, operation, now, standing if attempt == 1 else None)
        except StaleVersion:
            if attempt == TRIES:
                raise
        except InstanceFailed as failure:
            _open_incident(engine, instance_id, act, actor, failure, now)
            raise
    raise AssertionError("unreachable")


def _once(
    engine: Engine, actor: Actor, instance_id: str, act: Act, operation: OperationRunner, now: datetime,
    standing: Standing | None,
) -> Step:  # fmt: skip
    """One try. Without a standing the transaction begins with a lock on the instance, before it is read and run."""
    with transaction(engine) as tx:
        instance, case = standing or _locked(tx, instance_id)
        if instance.status not in ("running", "incident"):
            raise NotOpen(instance.status)
        deployed = engine.definitions.get(instance.version_id)
        step = Step(engine, tx, actor, now, deployed, case, instance_id, instance.org_id, instance, standing is None)
        result = run(step, act, operation)
        save(step, result)
        write_result(step, act, result)
    return step


def _locked(tx: Transaction, instance_id: str) -> Standing:
    """The instance and its case, locked in the transaction."""
    found = instances.with_case(tx.connection, instance_id, lock=True)
    if found is None:
        raise NotFound("instance")
    return found


def run(step: Step, act: Act, operation: OperationRunner) -> Advance:
    """Run the engine for this act; any unexpected exception becomes InstanceFailed."""
    runner = Runner(step.deployed.specs, StepHost(step, operation))
    try:
        return act.run(step, runner)
    except (EngineError, OperationalError, IntegrityError):
        raise
    except Exception as error:
        log.exception("instance %s failed", step.instance_id)
        raise InstanceFailed("", f"{type(error).__name__}: {error}") from error


def save(step: Step, result: Advance) -> None:
    """Store the new snapshot; StaleVersion when somebody moved the instance since it was read."""
    assert step.instance is not None
    values: dict[str, Any] = {
        "state": result.snapshot,
        "history_seq": step.instance.history_seq + len(result.history),
        "status": "completed" if result.completed else "running",
    }
    if result.completed:
        values |= {"ended_at": step.now, "ended_by": " ".join(result.ended)}
    if not instances.save(step.tx.connection, step.instance_id, step.instance.version, values):
        raise StaleVersion(step.instance_id)


def write_result(step: Step, act: Act, result: Advance) -> None:
    """Write everything a step changed beside the instance itself, the act's own rows, and the audit event last."""
    connection = step.tx.connection
    _write_history(step, connection, result)
    act.write(step, result)
    _close_vanished(step, connection, result)
    opened = open_tasks(_place(step), result.opened)
    find_doers(step.engine, connection, opened, step.now)
    tasks.add(connection, opened.tasks, opened.candidates, opened.clocks)
    _tell_doers(step, connection, opened.tasks)
    timers.add(connection, opened.timers)
    if not result.waits_as_before:
        _sync_timers(step, connection, result, {row["ref"]: row["due_at"] for row in opened.tasks})
        _sync_subscriptions(step, connection, result)
    _send(step, connection, result)
    if opened.stage:
        cases.set_stage(connection, step.case.id, opened.stage)
    step.notes["opened"] = opened.tasks
    given_back = _ended_all(step, connection, result)
    step.notes["to_route"] = given_back or bool(result.thrown or result.subscriptions)
    audit.append(connection, chain=step.case.id, at=step.now, actor=step.actor.staff_id, **_audited(step))


def _tell_doers(step: Step, connection: Connection, opened: list[dict[str, Any]]) -> None:
    """Tell those to whom the process gave one of the tasks."""
    for task in opened:
        if task["assignee_id"] is not None:
            tell_assigned(connection, task["assignee_id"], by=step.actor.staff_id, case_id=step.case.id,
                          task_id=task["id"], version=0, now=step.now)  # fmt: skip


def _ended_all(step: Step, connection: Connection, result: Advance) -> bool:
    """An instance that has ended may close its case, or leave it to its owner; whether a message has to be routed."""
    if not result.completed:
        return False
    cases.close_when_done(connection, step.case.id, step.now)
    return give_back(step.engine, connection, step.case, step.instance_id, step.now)


def _audited(step: Step) -> dict[str, Any]:
    """The act's audit event, with the decision tables that were asked on the way."""
    event: dict[str, Any] = step.notes.pop("audit")
    if step.actor.origin:
        event["data"] = {**(event.get("data") or {}), **step.actor.origin}
    decisions = step.notes.pop("decisions", [])
    return {**event, "data": {**(event.get("data") or {}), "decisions": decisions}} if decisions else event


def _place(step: Step) -> Place:
    return Place(
        engine=step.engine,
        deployed=step.deployed,
        case=step.case,
        instance_id=step.instance_id,
        org_id=step.org_id,
        now=step.now,
        by_timer=bool(step.notes.get("timer_due_at")),
        timer_due_at=step.notes.get("timer_due_at"),
    )


def _write_history(step: Step, connection: Connection, result: Advance) -> None:
    first = step.instance.history_seq if step.instance else 0
    last = len(result.history) - 1
    instances.add_history(
        connection,
        [
            {
                "instance_id": step.instance_id,
                "seq": first + number + 1,
                "at": entry.at,
                "kind": str(entry.kind),
                "element_id": entry.element_id,
                "ref": entry.ref,
                "actor": step.actor.staff_id,
                "changes": result.changed if number == last and result.changed else None,
            }
            for number, entry in enumerate(result.history)
        ],
    )


def _close_vanished(step: Step, connection: Connection, result: Advance) -> None:
    gone = [closed.ref for closed in result.closed if closed.ref != step.notes.get("completed_ref")]
    tasks.cancel_refs(connection, step.instance_id, gone, step.now)
    tasks.finish_clocks(connection, step.instance_id, gone, "cancelled")
    timers.cancel_of_refs(connection, step.instance_id, [closed.ref for closed in result.closed])


def sync_waiting(step: Step, connection: Connection, result: Advance) -> None:
    """Let the tables hold exactly the moments and messages that the tokens of ``result`` wait for."""
    _sync_timers(step, connection, result, {})
    _sync_subscriptions(step, connection, result)


def _sync_timers(
    step: Step, connection: Connection, result: Advance, due_by_ref: Mapping[str, datetime | None]
) -> None:
    """The timer table holds exactly the moments that the tokens wait for."""
    known = {
        (row.ref, row.branch): row
        for row in (timers.pending_of_instance(connection, step.instance_id) if step.instance else [])
        if row.kind == "token"
    }
    wanted = {(moment.ref, moment.branch or ""): moment for moment in result.timers}
    timers.cancel(connection, [row.id for key, row in known.items() if key not in wanted])
    timers.add(connection, [_timer_row(step, moment) for key, moment in wanted.items() if key not in known])


def _timer_row(step: Step, moment: TimerMoment) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": "token",
        "instance_id": step.instance_id,
        "case_id": step.case.id,
        "element_id": moment.element_id,
        "ref": moment.ref,
        "branch": moment.branch or "",
        "occurrence": f"{step.instance_id}:{moment.ref}:{moment.branch or ''}:{moment.due.isoformat()}",
        "fires_at": moment.due,
        "next_at": moment.due,
        "state": "pending",
    }


def _sync_subscriptions(step: Step, connection: Connection, result: Advance) -> None:
    known = {
        (row.ref, row.branch): row
        for row in (messages.subscriptions_of(connection, step.instance_id) if step.instance else [])
    }
    wanted = {(s.ref, s.branch or ""): s for s in result.subscriptions}
    messages.unsubscribe(connection, [row.id for key, row in known.items() if key not in wanted])
    new = [subscription for key, subscription in wanted.items() if key not in known]
    messages.subscribe(
        connection,
        [
            {
                "id": new_id(),
                "instance_id": step.instance_id,
                "case_id": step.case.id,
                "element_id": s.element_id,
                "ref": s.ref,
                "branch": s.branch or "",
                "message": s.message,
                "keys": _keys(step, s.branch or s.element_id, s.variables),
            }
            for s in new
        ],
    )
    messages.wake(connection, [s.message for s in new], step.case.id, step.now)


def _keys(step: Step, element_id: str, variables: Mapping[str, object]) -> dict[str, object]:
    element = step.deployed.model.elements.get(element_id)
    return {name: variables.get(name) for name in (element.correlate if element else ())}


def _send(step: Step, connection: Connection, result: Advance) -> None:
    messages.send(
        connection,
        [
            {
                "kind": "message",
                "name": thrown.message,
                "case_id": step.case.id,
                "from_instance": step.instance_id,
                "delivery_key": f"{step.instance_id}:{thrown.key}",
                "payload": thrown.payload,
                "keys": _keys(step, thrown.element_id, thrown.variables),
                "created_at": step.now,
                "next_at": step.now,
                "state": "pending",
            }
            for thrown in result.thrown
        ],
    )


def _open_incident(
    engine: Engine, instance_id: str, act: Act, actor: Actor, failure: InstanceFailed, now: datetime
) -> None:
    """In a transaction of its own: the last committed snapshot stands, and somebody sees why it stopped."""
    with engine.database.write() as connection:
        instance = instances.get(connection, instance_id)
        if instance is None or incidents.is_open(connection, instance_id, act.job, failure.element_id):
            return
        instances.open_incident(
            connection,
            {
                "id": new_id(),
                "instance_id": instance_id,
                "case_id": instance.case_id,
                "job": act.job,
                "element_id": failure.element_id,
                "cause": failure.cause[:2000],
                "detail": {"version": instance.version, "actor": actor.staff_id},
                "opened_at": now,
            },
        )
        instances.mark(connection, instance_id, "incident")
        audit.append(
            connection, chain=instance.case_id, at=now, actor=actor.staff_id, act="incident.opened",
            element_id=failure.element_id, data={"job": act.job},
        )  # fmt: skip
