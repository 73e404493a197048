"""The router: pairs messages of the outbox with waiting tokens or start events, each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.bpmn.api import Advance
from engine.bpmn.runner import Runner
from engine.definitions.model import BpmnModel, Element
from engine.domain.errors import EngineError, NotOpen, StaleVersion, StorageUnavailable
from engine.domain.staff import SYSTEM, SYSTEM_ID
from engine.services import incidents
from engine.services.deployed import Deployed
from engine.services.engine import Engine
from engine.services.operations.registry import call_from_token
from engine.services.starting import start_instance, typed
from engine.services.steps import Step, advance, transaction
from engine.storage import audit, cases, messages
from engine.storage.database import IntegrityError
from engine.storage.rows import OutboxRow, SubscriptionRow

log = logging.getLogger(__name__)
BATCH = 200
NO_RECEIVER = timedelta(
    days=1
)  #: a message that nobody waits for is looked at again; a new subscription wakes it at once
MAX_ATTEMPTS = 5
BACK_OFF = timedelta(seconds=30)
MESSAGE_ENTRY = "message"


class Delivered(EngineError):
    """Somebody else has delivered the message meanwhile."""

    code = "delivered"


@dataclass
class DeliverMessage:
    """Act of a step: hand a message to a waiting token."""

    message: OutboxRow
    subscription: SubscriptionRow
    job: str = "message"

    def run(self, step: Step, runner: Runner) -> Advance:
        """The receiver takes only the fields it declares."""
        assert step.instance is not None
        place = self.subscription.branch or self.subscription.element_id
        payload = accepted_payload(step.deployed.model, place, self.message.payload)
        return runner.deliver(step.instance.state, self.subscription.ref, self.subscription.branch or None, payload)

    def write(self, step: Step, result: Advance) -> None:
        """Mark the message as delivered in the same transaction."""
        if not messages.delivered(step.tx.connection, self.message.id, to=step.instance_id, at=step.now):
            raise Delivered(self.message.delivery_key)
        step.notes["audit"] = {
            "act": "message.delivered", "element_id": self.subscription.element_id,
            "data": {"message": self.message.name, "from": self.message.from_instance},
        }  # fmt: skip


def accepted_payload(model: BpmnModel, element_id: str, payload: Mapping[str, object]) -> dict[str, object]:
    """The fields that the catching element allows, in the declared types."""
    element = model.elements.get(element_id)
    names = element.payload if element else ()
    declared = model.variables_at(element_id)
    return typed(declared, {name: payload[name] for name in names if name in payload and name in declared})


def route_quietly(engine: Engine, *, now: datetime) -> None:
    """Deliver at once what a completed act has sent; whatever goes wrong is left to the scheduler."""
    try:
        route(engine, now=now)
    except Exception:
        log.exception("messages are left to the scheduler")


def route(engine: Engine, *, now: datetime) -> int:
    """Deliver pending messages until none can be delivered now; returns how many were."""
    count = 0
    while True:
        with engine.database.read() as connection:
            batch = messages.pending(connection, now=now, limit=BATCH)
        if not batch:
            return count
        for message in batch:
            count += _deliver(engine, message, now)


def _deliver(engine: Engine, message: OutboxRow, now: datetime) -> int:
    try:
        if _to_subscription(engine, message, now) or _to_start(engine, message, now):
            return 1
    except (Delivered, StaleVersion, NotOpen):
        log.info("message %s was delivered by somebody else", message.id)
        _later(engine, message, now + BACK_OFF)
        return 0
    except StorageUnavailable:
        raise  # nobody's fault: the next round begins with the same message
    except Exception as error:  # the edge: one message that cannot be delivered must not hold up the others
        log.exception("message %s could not be delivered", message.id)
        _count_failure(engine, message, error, now)
        return 0
    _unreceived(engine, message, now)
    return 0


def _unreceived(engine: Engine, message: OutboxRow, now: datetime) -> None:
    """Wait for a receiver; on a closed case none can come any more, so the message lapses."""
    with engine.database.write() as connection:
        case = cases.get(connection, message.case_id)
        if case is None or case.status != "closed":
            messages.try_later(connection, message.id, next_at=now + NO_RECEIVER)
        elif messages.lapse(connection, message.id):
            audit.append(
                connection, chain=case.id, at=now, actor=SYSTEM_ID, act="message.lapsed", data={"message": message.name}
            )


def _count_failure(engine: Engine, message: OutboxRow, error: Exception, now: datetime) -> None:
    """Try again after a pause; after the last attempt somebody must see that it will not arrive."""
    gives_up = message.attempts + 1 >= MAX_ATTEMPTS
    if gives_up:
        incidents.give_up(
            engine, job="message", instance_id=message.from_instance, case_id=message.case_id,
            element_id=message.name, error=error, now=now,
        )  # fmt: skip
    _later(engine, message, now + BACK_OFF * 2**message.attempts, failed=gives_up)


def _later(engine: Engine, message: OutboxRow, at: datetime, *, failed: bool = False) -> None:
    with engine.database.write() as connection:
        messages.try_later(connection, message.id, next_at=at, failed=failed)


def _to_subscription(engine: Engine, message: OutboxRow, now: datetime) -> bool:
    with engine.database.read() as connection:
        waiting = messages.subscriptions_for(connection, message.name, message.case_id)
    for subscription in waiting:
        if all(message.keys.get(name) == value for name, value in subscription.keys.items()):
            act = DeliverMessage(message, subscription)
            advance(engine, SYSTEM, subscription.instance_id, act, call_from_token, now=now)
            return True
    return False


def _to_start(engine: Engine, message: OutboxRow, now: datetime) -> bool:
    found = _started_by(engine, message.name)
    if found is None:
        return False
    deployed, entry = found
    start = deployed.model.start
    try:
        with transaction(engine) as tx:
            case = cases.get(tx.connection, message.case_id)
            if case is None or start is None:
                return False
            payload = _start_payload(deployed.model, start, message.payload)
            step, _ = start_instance(
                engine, tx, SYSTEM, deployed, case, entry=entry, payload=payload, now=now,
                start_key=message.delivery_key,
            )  # fmt: skip
            if not messages.delivered(tx.connection, message.id, to=step.instance_id, at=now):
                raise Delivered(message.delivery_key)
    except IntegrityError as error:
        raise Delivered(message.delivery_key) from error
    return True


def _start_payload(model: BpmnModel, start: Element, payload: Mapping[str, object]) -> Mapping[str, object]:
    """A start event that lists fields takes those; one with several ways in takes what the process declares."""
    return accepted_payload(model, start.id, payload) if start.payload else payload


def _started_by(engine: Engine, name: str) -> tuple[Deployed, str] | None:
    """The live process that a message starts, and by which way in."""
    for deployed in engine.definitions.all_live():
        start = deployed.model.start
        if start is not None and start.message == name:
            return deployed, MESSAGE_ENTRY
        for entry in deployed.model.entries:
            if entry.message == name:
                return deployed, entry.name
    return None
