"""The registry of service operations: name -> function, what it reads and what it returns.

An operation runs inside the step's transaction and touches only our database. It is idempotent by its
``source_key`` (instance, token, operation). On a user task its inputs are the submitted data; on a service
task the evaluated inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.bpmn.api import OperationCall
from engine.domain.business_days import tokyo_date
from engine.domain.deadline import Period, last_day
from engine.domain.errors import InstanceFailed
from engine.domain.staff import Actor
from engine.services.engine import Engine
from engine.services.steps import Step
from engine.storage import staff
from engine.storage.database import Connection
from engine.storage.rows import CaseRow


@dataclass(frozen=True)
class OperationContext:
    """What one call of an operation may use."""

    step: Step
    name: str
    element_id: str
    ref: str
    inputs: Mapping[str, Any]
    variables: Mapping[str, Any]
    record_ids: Mapping[str, str] = field(default_factory=dict)  #: 帳票 -> id of the record this step writes

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.step.engine

    @property
    def connection(self) -> Connection:
        """The step's transaction."""
        return self.step.tx.connection

    @property
    def case(self) -> CaseRow:
        """The case as it stands now."""
        return self.step.case

    @property
    def actor(self) -> Actor:
        """On whose authority this happens."""
        return self.step.actor

    @property
    def now(self) -> datetime:
        """The instant of the step, UTC."""
        return self.step.now

    @property
    def today(self) -> date:
        """The Tokyo date of the step."""
        return tokyo_date(self.step.now)

    @property
    def source_key(self) -> str:
        """Unique for this visit of the element: what makes the effect happen once."""
        return f"{self.step.instance_id}:{self.ref}:{self.name}"

    def last_day(self, start: date, period: Period) -> date:
        """The last day of a period by the opening days of the case's owner."""
        return last_day(start, period, self.engine.calendar_of(self.case.owner_org))

    def staffed(self, org_ids: Iterable[str]) -> list[str]:
        """Organisations of the list in which somebody works here, in order, each once: others cannot do a task."""
        listed = [org for org in dict.fromkeys(org_ids) if org in self.engine.reference.organisations]
        same = {org: self.engine.reference.same_organisation(org) for org in listed}
        known = staff.organisations_with_staff(self.connection, set().union(*same.values()), self.today)
        return [org for org in listed if same[org] & known]

    def actor_org(self) -> str:
        """The organisation for which the person acts in this case: the one carrying the instance, else the first."""
        mine = self.actor.org_ids
        for org in (self.step.org_id, self.case.lead_org, self.case.owner_org):
            if org and mine & self.engine.reference.same_organisation(org):
                return org
        return min(mine, default=self.step.org_id)


Operation = Callable[[OperationContext], Mapping[str, Any]]


@dataclass(frozen=True)
class OperationInfo:
    """One registered operation; the editor shows ``description``."""

    name: str
    run: Operation
    description: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]


_REGISTRY: dict[str, OperationInfo] = {}


def operation(
    name: str, *, outputs: tuple[str, ...] = (), inputs: tuple[str, ...] = ()
) -> Callable[[Operation], Operation]:
    """Register a function under the name by which diagrams call it."""

    def register(function: Operation) -> Operation:
        _REGISTRY[name] = OperationInfo(name, function, (function.__doc__ or "").strip(), outputs, inputs)
        return function

    return register


def registered() -> Mapping[str, OperationInfo]:
    """All operations by name."""
    return _REGISTRY


def call(context: OperationContext) -> Mapping[str, Any]:
    """Run the operation named in the context. An unknown name is a failure of the instance."""
    info = _REGISTRY.get(context.name)
    if info is None:
        raise InstanceFailed(context.element_id, f"unknown operation {context.name}")
    return info.run(context)


def call_from_token(step: Step, token_call: OperationCall) -> Mapping[str, object]:
    """Run the operations of a service task (several names run one after the other, results together)."""
    outputs: dict[str, object] = {}
    for name in token_call.name.split():
        context = OperationContext(
            step, name, token_call.element_id, token_call.ref, token_call.inputs, token_call.variables
        )
        outputs.update(call(context))
    return outputs
