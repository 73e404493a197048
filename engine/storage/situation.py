"""How things stand, read for scenarios and tests: whole rows of one case, a fingerprint of everything, a clean slate.

Nothing here knows of policy; pages and services read through ``engine.queries`` and the other modules of this package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, or_, select

from engine.storage import tables
from engine.storage.sealing import is_sealed, unseal
from engine.storage.sealing import join as unsealed
from engine.storage.tables import (
    access_log,
    audit_event,
    case_organisation,
    case_relation,
    consent,
    notification,
    plan_version,
    process_instance,
    raised,
    record,
    staff,
    support_case,
    task_candidate,
    user_task,
)

#: tables that hold what the installation brings along
STATIC = frozenset({"organisation", "organisation_cover", "programme", "setting", "definition_version", "deployment"})
#: tables in which looking on or typing leaves its trace, which is no change of a case
TRACES = frozenset({"access_log", "draft", "sign_in_attempt", "web_session", "scheduler_node"})


@dataclass(frozen=True)
class Task:
    """One user task with who may do it. due_on: None for a deadline to the minute."""

    id: str
    instance_id: str
    process_key: str
    element_id: str
    state: str
    org_id: str | None
    holder: str | None
    opened_at: datetime
    by_timer: bool
    timer_due_at: datetime | None
    due_at: datetime | None
    due_on: date | None
    warn_at: datetime | None
    held_until: date | None
    candidates: frozenset[tuple[str, str]] = field(default=frozenset())


_TASK = (
    user_task.c.id, user_task.c.instance_id, user_task.c.process_key, user_task.c.element_id, user_task.c.state,
    user_task.c.org_id, user_task.c.assignee_id.label("holder"), user_task.c.opened_at, user_task.c.by_timer,
    user_task.c.timer_due_at, user_task.c.due_at, user_task.c.due_on, user_task.c.warn_at, user_task.c.held_until,
)  # fmt: skip


def tasks(connection: Connection, case_id: str, element_id: str | None = None) -> list[Task]:
    """All tasks of a case, whatever became of them, in the order in which they opened."""
    query = select(*_TASK).where(user_task.c.case_id == case_id).order_by(user_task.c.opened_at, user_task.c.id)
    pairs = (
        select(task_candidate.c.task_id, task_candidate.c.org_id, task_candidate.c.role)
        .join(user_task, user_task.c.id == task_candidate.c.task_id)
        .where(user_task.c.case_id == case_id)
    )
    if element_id is not None:
        query, pairs = (
            query.where(user_task.c.element_id == element_id),
            pairs.where(user_task.c.element_id == element_id),
        )
    candidates: dict[str, set[tuple[str, str]]] = {}
    for task_id, org, role in connection.execute(pairs):
        candidates.setdefault(task_id, set()).add((org, role))
    return [
        Task(**row, candidates=frozenset(candidates.get(row["id"], ()))) for row in connection.execute(query).mappings()
    ]


@dataclass(frozen=True)
class Raise:
    """One notice of a ladder. due_at: when it was to be raised."""

    task_id: str
    element_id: str
    level: str
    due_at: datetime
    raised_at: datetime


def raises(connection: Connection, case_id: str) -> list[Raise]:
    """All notices of a case since it began."""
    c = raised.c
    query = select(c.task_id, c.element_id, c.level, c.due_at, c.raised_at).where(c.case_id == case_id).order_by(c.id)
    return [Raise(*row) for row in connection.execute(query)]


@dataclass(frozen=True)
class Instance:
    """One process instance of a case."""

    id: str
    process_key: str
    version_id: str
    status: str


def instances(connection: Connection, case_id: str) -> list[Instance]:
    """The instances of a case in the order in which they started."""
    c = process_instance.c
    query = select(c.id, c.process_key, c.version_id, c.status).where(c.case_id == case_id).order_by(c.started_at, c.id)
    return [Instance(*row) for row in connection.execute(query)]


@dataclass(frozen=True)
class Record:
    """The newest version of one record, with its sealed values in their places."""

    id: str
    form_key: str
    author: str
    org_id: str
    element_id: str
    at: datetime
    data: Mapping[str, Any]


def records(connection: Connection, case_id: str) -> list[Record]:
    """The records of a case, each in its newest version, the newest last."""
    query = (
        select(record, staff.c.name.label("author_name"))
        .outerjoin(staff, staff.c.id == record.c.author_id)
        .where(record.c.case_id == case_id)
        .order_by(record.c.at, record.c.number)
    )
    newest: dict[str, Record] = {}
    for row in connection.execute(query):
        newest[row.series] = Record(
            row.id, row.form_key, row.author_name or row.author_id, row.org_id, row.element_id, row.at,
            unsealed(row.data, row.sealed),
        )  # fmt: skip
    return sorted(newest.values(), key=lambda found: found.at)


def case(connection: Connection, case_id: str) -> Row[Any]:
    """The row of the case."""
    return connection.execute(select(support_case).where(support_case.c.id == case_id)).one()


def participations(connection: Connection, case_id: str) -> list[Row[Any]]:
    """Which organisations take or took part, by their beginning."""
    query = select(case_organisation).where(case_organisation.c.case_id == case_id)
    return list(connection.execute(query.order_by(case_organisation.c.since, case_organisation.c.id)))


def consents(connection: Connection, case_id: str) -> list[Row[Any]]:
    """What was agreed or refused, in its order."""
    query = select(consent).where(consent.c.case_id == case_id)
    return list(connection.execute(query.order_by(consent.c.created_at, consent.c.id)))


def plan_versions(connection: Connection, case_id: str) -> list[Row[Any]]:
    """All versions of the plans of a case, the newest last."""
    query = select(plan_version).where(plan_version.c.case_id == case_id)
    return list(connection.execute(query.order_by(plan_version.c.created_at, plan_version.c.id)))


def related(connection: Connection, case_id: str) -> set[str]:
    """Ids of the cases that belong together with this one."""
    c = case_relation.c
    query = select(c.case_id, c.other_case_id).where(or_(c.case_id == case_id, c.other_case_id == case_id))
    return {case for pair in connection.execute(query) for case in pair} - {case_id}


@dataclass(frozen=True)
class Act:
    """One entry of the trail: an act, or a read that matters. actor: staff id."""

    act: str
    actor: str
    element_id: str | None
    at: datetime


def trail(connection: Connection, case_id: str) -> list[Act]:
    """The audit events of a case and who looked at it, in time."""
    events = select(audit_event.c.act, audit_event.c.actor, audit_event.c.element_id, audit_event.c.at)
    reads = select(access_log.c.act, access_log.c.staff_id, access_log.c.at).where(access_log.c.case_id == case_id)
    found = [Act(*row) for row in connection.execute(events.where(audit_event.c.chain == case_id))]
    found += [Act(act, actor, None, at) for act, actor, at in connection.execute(reads)]
    return sorted(found, key=lambda act: act.at)


@dataclass(frozen=True)
class Notice:
    """One notice to a person. element_id: of the task it is about, empty without one."""

    staff_id: str
    about: str
    element_id: str
    at: datetime


def notices(connection: Connection, case_id: str) -> list[Notice]:
    """What people were told of a case, in its order."""
    query = (
        select(notification.c.staff_id, notification.c.about, user_task.c.element_id, notification.c.at)
        .outerjoin(user_task, user_task.c.id == notification.c.task_id)
        .where(notification.c.case_id == case_id)
        .order_by(notification.c.id)
    )
    return [Notice(staff_id, about, element or "", at) for staff_id, about, element, at in connection.execute(query)]


def stored_texts(connection: Connection, case_id: str) -> list[str]:
    """Every text that is kept about a case in rows that name it, sealed ones too."""
    texts = []
    for table in tables.metadata.sorted_tables:
        if "case_id" in table.c and table.name not in TRACES:
            for row in connection.execute(select(table).where(table.c.case_id == case_id)):
                texts += [_plain(value) for value in row if isinstance(value, (str, dict, list))]
    return texts


def _plain(value: Any) -> str:
    return str(unseal(value)) if is_sealed(value) else str(value)


# ---------------------------------------------------------------- everything at once


def fingerprint(connection: Connection) -> dict[str, tuple[int, str]]:
    """(rows, digest of their contents) of every table that an act could change."""
    return {
        table.name: _of_table(connection, table)
        for table in tables.metadata.sorted_tables
        if table.name not in STATIC | TRACES
    }


def _of_table(connection: Connection, table: Table) -> tuple[int, str]:
    rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row.encode())
    return len(rows), digest.hexdigest()


def is_empty(connection: Connection) -> bool:
    """Whether nobody has worked here yet: no case and no account."""
    return all(not connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (support_case, staff))


def clear(connection: Connection) -> None:
    """Take away every case and account; definitions and reference data stay. Only for databases made for a run."""
    for table in reversed(tables.metadata.sorted_tables):
        if table.name not in STATIC:
            connection.execute(delete(table))
