"""How a process instance begins: its first variables, who carries it, its row and its first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.bpmn.api import Advance
from engine.bpmn.runner import Runner
from engine.definitions.model import BUILT_IN_VARIABLES, BpmnModel, Variable
from engine.domain.business_days import tokyo_date
from engine.domain.staff import Actor
from engine.services.deployed import Deployed
from engine.services.engine import Engine
from engine.services.operations.registry import call_from_token
from engine.services.steps import Step, Transaction, run, write_result
from engine.storage import cases, instances
from engine.storage.rows import CaseRow, InstanceRow
from engine.storage.sql import new_id

CARRIES = "carries"


@dataclass
class StartInstance:
    """Act of a step: the start event."""

    variables: Mapping[str, object]
    entry: str
    job: str = "start"
    audit_data: dict[str, Any] = field(default_factory=dict)

    def run(self, step: Step, runner: Runner) -> Advance:
        """Run from the start event until the instance waits; a message start event has its message already."""
        begun = runner.start(self.variables)
        start = step.deployed.model.start
        if start is None or not start.message:
            return begun
        waiting = next(s for s in begun.subscriptions if s.element_id == start.id)
        gone_on = runner.deliver(begun.snapshot, waiting.ref, waiting.branch, {})
        return replace(
            gone_on, history=(*begun.history, *gone_on.history), changed={**begun.changed, **gone_on.changed}
        )

    def write(self, step: Step, result: Advance) -> None:
        """Only the audit event; the instance's row is written by ``start_instance``."""
        step.notes["audit"] = {
            "act": "instance.started",
            "data": {"process": step.deployed.process_key, "entry": self.entry, **self.audit_data},
        }


def typed(variables: Mapping[str, Variable], values: Mapping[str, object]) -> dict[str, object]:
    """Values of a message in the types that a process declares (JSON has no dates)."""
    return {name: _typed(variables[name].type, value) for name, value in values.items()}


def _typed(kind: str, value: object) -> object:
    if isinstance(value, str) and value:
        if kind == "date":
            return date.fromisoformat(value[:10])
        if kind == "instant":
            return datetime.fromisoformat(value)
        if kind == "decimal":
            return Decimal(value)
    return value


def first_variables(
    model: BpmnModel, case: CaseRow, entry: str, payload: Mapping[str, object], now: datetime
) -> dict[str, object]:
    """Every declared variable, None where nothing is known yet, and those that the engine always sets."""
    values: dict[str, object] = {variable.name: None for variable in model.variables}
    values |= {
        "entry": entry,
        "case_id": case.id,
        "owner_org": case.owner_org,
        "lead_org": case.lead_org or "",
        "started_on": tokyo_date(now),
    }
    built_in = {variable.name for variable in BUILT_IN_VARIABLES}
    declared = {name for name in payload if name in model.all_variables and name not in built_in}
    return values | typed(model.all_variables, {name: payload[name] for name in declared})


def carrier(engine: Engine, process_key: str, case: CaseRow, variables: Mapping[str, object], now: datetime) -> str:
    """The organisation that carries a new instance, as the reference data say for its process; else the owner.

    A word there is ``owner``, ``lead``, a variable holding an organisation, or a parameter.
    """
    today, reference = tokyo_date(now), engine.reference
    for word in reference.carriers.get(process_key, ()):
        value = variables.get(word)
        if word == "owner":
            value = case.owner_org
        elif word == "lead":
            value = case.lead_org
        elif word in reference.parameters:
            value = reference.text(word, today)
        if isinstance(value, str) and value in reference.organisations:
            return value
    return case.owner_org


def start_instance(
    engine: Engine,
    tx: Transaction,
    actor: Actor,
    deployed: Deployed,
    case: CaseRow,
    *,
    entry: str,
    payload: Mapping[str, object],
    now: datetime,
    org_id: str | None = None,
    start_key: str | None = None,
) -> tuple[Step, InstanceRow]:
    """Start an instance inside a transaction; the same ``start_key`` a second time raises IntegrityError."""
    variables = first_variables(deployed.model, case, entry, payload, now)
    carried_by = org_id or carrier(engine, deployed.process_key, case, variables, now)
    instance_id = new_id()
    step = Step(engine, tx, actor, now, deployed, case, instance_id, carried_by)
    act = StartInstance(variables, entry)
    if carried_by != case.owner_org:
        cases.take_part(tx.connection, case.id, carried_by, CARRIES, now=now, legal_basis="internal_use",
                        scope_items=["概要"], reason=deployed.name)  # fmt: skip
    row = InstanceRow(
        id=instance_id, case_id=case.id, process_key=deployed.process_key, version_id=deployed.version_id,
        org_id=carried_by, entry=entry, status="running", version=1, state=b"", history_seq=0, started_at=now,
        ended_by="",
    )  # fmt: skip
    _insert(tx, row, actor, start_key)
    result = run(step, act, call_from_token)
    row = _with_result(row, result)
    instances.save(tx.connection, row.id, 0, _stored(row, result, now))
    write_result(step, act, result)
    return step, row


def _insert(tx: Transaction, row: InstanceRow, actor: Actor, start_key: str | None) -> None:
    """The row comes first: operations of the first step may refer to it."""
    instances.add(
        tx.connection,
        {
            "id": row.id, "case_id": row.case_id, "process_key": row.process_key, "version_id": row.version_id,
            "org_id": row.org_id, "entry": row.entry, "status": "running", "version": 0, "state": b"", "history_seq": 0,
            "start_key": start_key, "started_by": actor.staff_id, "started_at": row.started_at,
        },
    )  # fmt: skip


def _with_result(row: InstanceRow, result: Advance) -> InstanceRow:
    return InstanceRow(
        id=row.id, case_id=row.case_id, process_key=row.process_key, version_id=row.version_id, org_id=row.org_id,
        entry=row.entry, status="completed" if result.completed else "running", version=1, state=result.snapshot,
        history_seq=len(result.history), started_at=row.started_at, ended_by=" ".join(result.ended),
    )  # fmt: skip


def _stored(row: InstanceRow, result: Advance, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": result.snapshot, "history_seq": row.history_seq, "status": row.status, "ended_by": row.ended_by,
    }  # fmt: skip
    return values | ({"ended_at": now} if result.completed else {})
