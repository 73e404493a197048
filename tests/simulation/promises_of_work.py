"""Promises about work: cases go on, instances end, deadlines are met or raised, each once and at its time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from engine.domain.business_days import tokyo_date
from engine.domain.deadline import reckon
from engine.domain.escalation import ladder_moments
from engine.domain.staff import ANY_CITY_ORG
from engine.queries.visibility import taking_part
from engine.storage import tasks
from engine.storage.clock_facts import clock_facts
from engine.storage.tables import (
    case_organisation,
    clock,
    clock_change,
    incident,
    membership,
    notification,
    organisation,
    outbox,
    process_instance,
    raised,
    subscription,
    support_case,
    task_candidate,
    timer,
    user_task,
)
from engine.storage.tables import staff as staff_table
from tests.simulation.evening import AWAITED, OPEN, RUNNING, Evening, invariant, rows

CLOSURE = "case.closing"  #: received by the process of closing, which the product does not have yet


def _open_task_of(case_id: Any) -> ColumnElement[bool]:
    return exists().where(user_task.c.case_id == case_id, user_task.c.state.in_(OPEN))


# ---------------------------------------------------------------- cases and instances


@invariant("no open case is without an owner and a next step or date")
def open_cases_go_on(connection: Connection, evening: Evening) -> Iterator[str]:
    """A task, a moment that will come, or a message on its way; a case that waits to be closed has its message."""
    owned = exists().where(
        case_organisation.c.case_id == support_case.c.id, case_organisation.c.org_id == support_case.c.owner_org,
        case_organisation.c.relation == "owner", taking_part(evening.now),
    )  # fmt: skip
    moment = exists().where(
        timer.c.case_id == support_case.c.id, timer.c.kind == "token", timer.c.state.in_(AWAITED)
    )  # fmt: skip
    sent = exists().where(
        outbox.c.case_id == support_case.c.id, outbox.c.state == "pending", outbox.c.kind == "message",
        outbox.c.name == CLOSURE,
    )  # fmt: skip
    query = select(support_case.c.number, owned.label("owned")).where(
        support_case.c.status != "closed",
        or_(~owned, and_(~_open_task_of(support_case.c.id), ~moment, ~sent)),
    )
    for row in connection.execute(query.order_by(support_case.c.number)):
        yield f"{row.number}: {'nobody carries it on' if row.owned else 'its owner takes no part'}"


@invariant("every open task has somebody who may do it")
def open_tasks_have_people(connection: Connection, evening: Evening) -> Iterator[str]:
    """Somebody active holds the role in the organisation (or its subsection, or the same office) today."""
    today = tokyo_date(evening.now)
    memberships = rows(
        connection,
        select(membership.c.org_id, membership.c.role, membership.c.staff_id, organisation.c.city_staff,
               organisation.c.parent_id, organisation.c.kind)
        .join(staff_table, staff_table.c.id == membership.c.staff_id)
        .join(organisation, organisation.c.id == membership.c.org_id)
        .where(staff_table.c.status == "active", membership.c.valid_from <= today,
               or_(membership.c.valid_until.is_(None), membership.c.valid_until >= today)),
    )  # fmt: skip
    able: dict[tuple[str, str], set[str]] = {}
    for row in memberships:
        orgs = {row.org_id, *evening.engine.reference.same_organisation(row.org_id)}
        known = evening.engine.reference.organisations
        orgs |= {str(known[org].parent_id) for org in orgs if known[org].kind == "担当係"}
        orgs |= {ANY_CITY_ORG} if row.city_staff else set()
        for org in orgs:
            able.setdefault((org, row.role), set()).add(row.staff_id)
    query = (
        select(user_task.c.id, user_task.c.element_id, user_task.c.instance_id, user_task.c.not_same_as,
               user_task.c.assignee_id, support_case.c.number, task_candidate.c.org_id, task_candidate.c.role)
        .join(support_case, support_case.c.id == user_task.c.case_id)
        .outerjoin(task_candidate, task_candidate.c.task_id == user_task.c.id)
        .where(user_task.c.state.in_(OPEN))
        .order_by(support_case.c.number, user_task.c.id)
    )  # fmt: skip
    doers: dict[str, set[str]] = {}
    about: dict[str, Any] = {}
    for row in connection.execute(query):
        about[row.id] = row
        doers.setdefault(row.id, set()).update(able.get((row.org_id, row.role), set()))
    for task_id, row in about.items():
        barred = {tasks.completer_of(connection, row.instance_id, row.not_same_as)} if row.not_same_as else set()
        if not doers[task_id] - barred:
            yield f"{row.number}: nobody may do {row.element_id} ({row.role} in {row.org_id})"
        elif row.assignee_id and row.assignee_id not in doers[task_id]:
            yield f"{row.number}: {row.element_id} is held by somebody who may not do it"


@invariant("no instance is complete without an end event")
def complete_instances_ended(connection: Connection, evening: Evening) -> Iterator[str]:
    """And none that runs has ended."""
    query = select(process_instance.c.process_key, process_instance.c.status, process_instance.c.id).where(
        or_(and_(process_instance.c.status == "completed",
                 or_(process_instance.c.ended_by == "", process_instance.c.ended_at.is_(None))),
            and_(process_instance.c.status.in_(RUNNING), process_instance.c.ended_at.is_not(None))),
    )  # fmt: skip
    for row in connection.execute(query):
        yield f"{row.process_key} {row.id}: {row.status}"


@invariant("nothing is open in a completed instance")
def completed_instances_are_still(connection: Connection, evening: Evening) -> Iterator[str]:
    """No task, no moment, no subscription."""
    done = select(process_instance.c.id).where(process_instance.c.status.not_in(RUNNING))
    tasks_ = select(user_task.c.element_id).where(user_task.c.state.in_(OPEN), user_task.c.instance_id.in_(done))
    moments = select(timer.c.element_id).where(timer.c.state.in_(AWAITED), timer.c.instance_id.in_(done))
    waiting = select(subscription.c.element_id).where(subscription.c.instance_id.in_(done))
    for kind, query in (("task", tasks_), ("moment", moments), ("subscription", waiting)):
        yield from (f"{kind} {element}" for (element,) in connection.execute(query))


@invariant("a case's status agrees with its instances")
def status_agrees(connection: Connection, evening: Evening) -> Iterator[str]:
    """A closed case rests, a suspended one has a plan that runs, an open one runs or waits to be closed."""
    runs = exists().where(process_instance.c.case_id == support_case.c.id, process_instance.c.status.in_(RUNNING))
    plan = exists().where(
        process_instance.c.case_id == support_case.c.id, process_instance.c.status.in_(RUNNING),
        process_instance.c.process_key == "plan_execution",
    )  # fmt: skip
    under_way = exists().where(outbox.c.case_id == support_case.c.id, outbox.c.state == "pending")
    status = support_case.c.status
    query = select(support_case.c.number, status).where(
        or_(and_(status == "closed", runs), and_(status == "suspended", ~plan),
            and_(status == "open", ~runs, ~under_way), and_(status == "closed", support_case.c.closed_at.is_(None)))
    )  # fmt: skip
    for row in connection.execute(query.order_by(support_case.c.number)):
        yield f"{row.number}: {row.status}"


@invariant("no instance stopped with an incident")
def no_incident(connection: Connection, evening: Evening) -> Iterator[str]:
    """Every kind of incident counts, also one that was resolved since."""
    for row in connection.execute(select(incident.c.element_id, incident.c.job, incident.c.cause)):
        yield f"{row.job} {row.element_id}: {row.cause}"


# ---------------------------------------------------------------- deadlines


@invariant("no deadline is raised twice, nor its task opened twice")
def raised_once(connection: Connection, evening: Evening) -> Iterator[str]:
    """A level comes again only after the clock was moved; a moment opens its task once for each of its items."""
    moved = (
        select(func.count()).select_from(clock_change.join(clock, clock.c.id == clock_change.c.clock_id))
        .where(clock.c.task_id == raised.c.task_id, clock_change.c.kind.in_(("resume", "extend")))
        .scalar_subquery()
    )  # fmt: skip
    levels = (
        select(raised.c.element_id, raised.c.level, func.count().label("times"), raised.c.task_id)
        .group_by(raised.c.task_id, raised.c.element_id, raised.c.level)
        .having(and_(func.count() > 1, func.count() > 1 + moved))
    )
    yield from (f"{row.element_id} raised {row.times} times at {row.level}" for row in connection.execute(levels))
    fired = (
        select(func.count())
        .where(timer.c.instance_id == user_task.c.instance_id, timer.c.kind == "token", timer.c.state == "fired",
               timer.c.fires_at == user_task.c.timer_due_at)
        .scalar_subquery()
    )  # fmt: skip
    opened = (
        select(user_task.c.element_id, func.count().label("times"))
        .where(user_task.c.by_timer.is_(True), user_task.c.timer_due_at.is_not(None))
        .group_by(user_task.c.instance_id, user_task.c.element_id, user_task.c.timer_due_at, user_task.c.locals)
        .having(and_(func.count() > 1, func.count() > fired))
    )
    yield from (f"{row.element_id} opened {row.times} times" for row in connection.execute(opened))
    times = select(raised.c.task_id, raised.c.level, func.count().label("n")).group_by(raised.c.task_id, raised.c.level)
    per_level = times.subquery()
    told = (
        select(notification.c.about, func.count().label("times"))
        .outerjoin(per_level, and_(per_level.c.task_id == notification.c.task_id,
                                   notification.c.about == "level:" + per_level.c.level))
        .where(notification.c.about.startswith("level:"))
        .group_by(notification.c.staff_id, notification.c.about, notification.c.task_id, per_level.c.n)
        .having(func.count() > func.coalesce(per_level.c.n, 0))
    )  # fmt: skip
    yield from (f"{row.about} told {row.times} times" for row in connection.execute(told))


@invariant("every deadline is met, held, extended or raised at the right level and time")
def late_is_raised(connection: Connection, evening: Evening) -> Iterator[str]:
    """Reckons the ladder of every late task anew and compares it with what was raised up to the last tick."""
    query = (
        select(user_task.c.id, user_task.c.element_id, support_case.c.number)
        .join(support_case, support_case.c.id == user_task.c.case_id)
        .where(user_task.c.state.in_(("open", "claimed")), user_task.c.due_at <= evening.ticked)
    )
    for row in rows(connection, query.order_by(support_case.c.number, user_task.c.id)):
        wanted = _levels_due(connection, evening, row.id)
        found = rows(connection, select(raised.c.level, raised.c.due_at).where(raised.c.task_id == row.id))
        missing = sorted(level for level, at in wanted if (level, at) not in {(r.level, r.due_at) for r in found})
        if missing:
            yield f"{row.number}: {row.element_id} is late without {missing}"
    early = select(raised.c.element_id, raised.c.level).where(raised.c.raised_at < raised.c.due_at)
    yield from (f"{row.element_id} raised at {row.level} before its time" for row in connection.execute(early))
    after = (
        select(raised.c.element_id, raised.c.level)
        .join(user_task, user_task.c.id == raised.c.task_id)
        .where(user_task.c.completed_at < raised.c.raised_at)
    )
    yield from (f"{row.element_id} raised at {row.level} after it was done" for row in connection.execute(after))


def _levels_due(connection: Connection, evening: Evening, task_id: str) -> list[tuple[str, datetime]]:
    row = tasks.clock_of(connection, task_id)
    if row is None or row.ladder == "none":
        return []
    calendar = evening.engine.calendar_of(row.calendar, known_at=row.started_at)
    changes = tasks.clock_changes(connection, row.id)
    deadline = reckon(clock_facts(row, changes), calendar)
    ladder = evening.engine.reference.ladder(row.ladder, tokyo_date(row.started_at))
    opened = connection.execute(select(user_task.c.opened_at).where(user_task.c.id == task_id)).scalar_one()
    since = max([opened, *(change.at for change in changes)])
    return [
        (moment.level, moment.at)
        for moment in ladder_moments(deadline, ladder, calendar)
        if max(moment.at, since) <= evening.ticked and (moment.level != "warn" or moment.at > since)
    ]


@invariant("what was late when it was done had been raised")
def late_work_was_raised(connection: Connection, evening: Evening) -> Iterator[str]:
    """A task that was open over its due moment (and the last hold or extension) and a tick after it."""
    was_raised = exists().where(
        raised.c.task_id == user_task.c.id, raised.c.level == "overdue", raised.c.due_at == user_task.c.due_at
    )  # fmt: skip
    changed = select(func.max(clock_change.c.at)).where(clock_change.c.clock_id == clock.c.id).scalar_subquery()
    query = (
        select(user_task.c.element_id, user_task.c.due_at, user_task.c.completed_at, support_case.c.number,
               changed.label("changed_at"))
        .join(support_case, support_case.c.id == user_task.c.case_id)
        .join(clock, clock.c.task_id == user_task.c.id)
        .where(
            evening.of_touched(user_task.c.case_id), user_task.c.state == "completed", clock.c.ladder != "none",
            user_task.c.opened_at < user_task.c.due_at, user_task.c.due_at < user_task.c.completed_at, ~was_raised,
        )
    )  # fmt: skip
    late = rows(connection, query)
    ticks = _ticks(connection) if late else []
    for row in late:
        before = bisect_left(ticks, row.completed_at)
        if before and max(row.due_at, row.changed_at or row.due_at) < ticks[before - 1]:
            yield f"{row.number}: {row.element_id}"


def _ticks(connection: Connection) -> list[datetime]:
    """When the scheduler has worked, in order."""
    query = select(timer.c.fired_at).where(timer.c.fired_at.is_not(None)).distinct().order_by(timer.c.fired_at)
    return list(connection.execute(query).scalars())


@invariant("moments that are due have fired")
def moments_fired(connection: Connection, evening: Evening) -> Iterator[str]:
    """Up to the last tick, and none was given up."""
    changed = exists().where(
        clock.c.task_id == user_task.c.id, clock_change.c.clock_id == clock.c.id, clock_change.c.at > evening.ticked
    )
    set_anew = exists().where(
        user_task.c.instance_id == timer.c.instance_id, user_task.c.ref == timer.c.ref,
        or_(user_task.c.opened_at > evening.ticked, changed),
    )  # fmt: skip
    query = select(timer.c.kind, timer.c.element_id, timer.c.state, timer.c.branch).where(
        or_(and_(timer.c.state.in_(AWAITED), timer.c.fires_at <= evening.ticked, ~set_anew), timer.c.state == "failed")
    )
    yield from (f"{row.kind} {row.element_id} {row.branch} is {row.state}" for row in connection.execute(query))
