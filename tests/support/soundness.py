"""Whether a database tells one consistent story: its own integrity, the trail, and every instance against its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select, text

from engine.bpmn.api import Marking
from engine.bpmn.runner import Runner
from engine.domain.staff import SYSTEM
from engine.services.engine import Engine
from engine.services.steps import Step, StepHost
from engine.storage import audit, cases, instances
from engine.storage.tables import (
    audit_event,
    history,
    incident,
    outbox,
    process_instance,
    record,
    subscription,
    timer,
    user_task,
)

OPEN = ("open", "claimed", "held")
AWAITED = ("pending", "claimed")


def problems(engine: Engine) -> list[str]:
    """Every contradiction that is found, in words; empty when the database is sound."""
    with engine.database.read() as connection:
        return [
            *_integrity(engine, connection),
            *(f"audit chain {link.chain} breaks at {link.seq}: {link.reason}" for link in audit.verify(connection)),
            *_instances(engine, connection),
            *_completions(connection),
            *_messages(connection),
            *(f"incident at {row.element_id}: {row.cause}" for row in connection.execute(select(incident))),
        ]


def _integrity(engine: Engine, connection: Connection) -> Iterator[str]:
    if not engine.database.is_sqlite:
        return  # PostgreSQL refuses what breaks a key, and checks pages when it reads them, as we do below
    for (finding,) in connection.execute(text("PRAGMA integrity_check")):
        if finding != "ok":
            yield f"integrity: {finding}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"foreign key: {tuple(row)}"


# ---------------------------------------------------------------- the token and the rows


def _instances(engine: Engine, connection: Connection) -> Iterator[str]:
    for instance_id in connection.execute(select(process_instance.c.id)).scalars():
        for finding in _instance(engine, connection, instance_id):
            yield f"instance {instance_id}: {finding}"


def _instance(engine: Engine, connection: Connection, instance_id: str) -> Iterator[str]:
    instance = instances.get(connection, instance_id)
    assert instance is not None
    lines = list(connection.execute(select(history.c.seq).where(history.c.instance_id == instance_id)).scalars())
    if sorted(lines) != list(range(1, instance.history_seq + 1)):
        yield f"history has {len(lines)} lines, the instance counts {instance.history_seq}"
    rows = _rows(connection, instance_id)
    if instance.status in ("completed", "cancelled"):
        if any(rows.values()):
            yield f"{instance.status} with {rows}"
        if (instance.status == "completed") != bool(instance.ended_by):
            yield f"{instance.status} by {instance.ended_by or 'no end event'}"
        return
    marking = inspected(engine, connection, instance_id)
    wanted = {
        "tasks": Counter(task.ref for task in marking.open_tasks),
        "timers": Counter((moment.ref, moment.branch or "") for moment in marking.timers),
        "subscriptions": Counter((one.ref, one.branch or "") for one in marking.subscriptions),
    }
    for kind, found in rows.items():
        if found != wanted[kind]:
            yield f"{kind} in rows {dict(found)}, in the snapshot {dict(wanted[kind])}"
    if not any(wanted.values()):
        yield "runs, but waits for nothing"


def _rows(connection: Connection, instance_id: str) -> Mapping[str, Counter[Any]]:
    tasks = select(user_task.c.ref).where(user_task.c.instance_id == instance_id, user_task.c.state.in_(OPEN))
    moments = select(timer.c.ref, timer.c.branch).where(
        timer.c.instance_id == instance_id, timer.c.kind == "token", timer.c.state.in_(AWAITED)
    )
    waiting = select(subscription.c.ref, subscription.c.branch).where(subscription.c.instance_id == instance_id)
    return {
        "tasks": Counter(connection.execute(tasks).scalars()),
        "timers": Counter(tuple(row) for row in connection.execute(moments)),
        "subscriptions": Counter(tuple(row) for row in connection.execute(waiting)),
    }


def inspected(engine: Engine, connection: Connection, instance_id: str) -> Marking:
    """What the snapshot of an instance says, without running anything."""
    instance = instances.get(connection, instance_id)
    assert instance is not None
    case = cases.get(connection, instance.case_id)
    assert case is not None
    deployed = engine.definitions.get(instance.version_id)
    step = Step(engine, None, SYSTEM, engine.clock.now(), deployed, case, instance.id, instance.org_id)  # type: ignore[arg-type]
    return Runner(deployed.specs, StepHost(step, lambda *_: {})).inspect(instance.state)


# ---------------------------------------------------------------- what people did, and what was sent


def _completions(connection: Connection) -> Iterator[str]:
    """A task is completed exactly when the trail says so, once; its records are there once per form."""
    done = set(connection.execute(select(user_task.c.id).where(user_task.c.state == "completed")).scalars())
    noted = select(audit_event.c.task_id, audit_event.c.data).where(audit_event.c.act == "task.completed")
    events = list(connection.execute(noted))
    told = Counter(row.task_id for row in events)
    for task_id in sorted(done ^ set(told)):
        yield f"task {task_id}: {'completed' if task_id in done else 'open'}, told {told[task_id]} times"
    yield from (f"task {task_id}: completed {times} times by the trail" for task_id, times in told.items() if times > 1)
    written = select(record.c.id, record.c.task_id, record.c.form_key).where(record.c.task_id.is_not(None))
    kept: Counter[tuple[str, str]] = Counter()
    ids = set()
    for row in connection.execute(written):
        kept[row.task_id, row.form_key] += 1
        ids.add(row.id)
    yield from (f"task {task}: {times} records of {form}" for (task, form), times in kept.items() if times > 1)
    yield from (f"task {task}: has a record but is not completed" for task, _ in kept if task not in done)
    for row in events:
        for form, record_id in (row.data or {}).get("records", {}).items():
            if record_id not in ids:
                yield f"task {row.task_id}: the record of {form} is missing"


def _messages(connection: Connection) -> Iterator[str]:
    """A delivered message has a receiver; a message that started something did so once."""
    known = set(connection.execute(select(process_instance.c.id)).scalars())
    starts = Counter(connection.execute(select(process_instance.c.start_key)).scalars())
    yield from (f"{key} started {times} instances" for key, times in starts.items() if key and times > 1)
    for row in connection.execute(select(outbox.c.delivery_key, outbox.c.state, outbox.c.delivered_to)):
        if row.state == "delivered" and row.delivered_to not in known:
            yield f"message {row.delivery_key} was delivered to nobody"
        if row.state == "failed":
            yield f"message {row.delivery_key} was given up"
