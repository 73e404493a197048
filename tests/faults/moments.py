"""Whether every moment that came has had its effect once: by the timers, the raises, the notices, history and trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from engine.domain.business_days import tokyo_date
from engine.services import raises
from engine.services.engine import Engine
from engine.storage.tables import audit_event, history, notification, raised, timer, user_task

BY_ROLE = ("1", "2", "3")  #: levels that tell everybody who has a role, whoever has taken the task


def problems(engine: Engine) -> list[str]:
    """Every contradiction that is found, in words."""
    with engine.database.read() as connection:
        return [*_raises(connection), *_notices(connection), *_fired(connection)]


def left(engine: Engine) -> list[str]:
    """Moments that have come by now and were not acted upon."""
    with engine.database.read() as connection:
        query = select(timer.c.id, timer.c.element_id, timer.c.state).where(
            timer.c.state.in_(("pending", "claimed", "failed")), timer.c.fires_at <= engine.clock.now()
        )
        return [f"missed: {row.element_id} ({row.state}, {row.id})" for row in connection.execute(query)]


def _raises(connection: Connection) -> Iterator[str]:
    """A level that came is one raise and one line of the trail; nothing is raised that did not come."""
    tasks = {(row.instance_id, row.ref): row.id for row in connection.execute(select(user_task))}
    came = Counter(
        (tasks.get((row.instance_id, row.ref)), row.branch, row.fires_at.isoformat())
        for row in connection.execute(select(timer).where(timer.c.kind == "level", timer.c.state == "fired"))
    )
    kept = Counter((row.task_id, row.level, row.due_at.isoformat()) for row in connection.execute(select(raised)))
    told = Counter(
        (row.task_id, row.data["level"], row.data["due"])
        for row in connection.execute(select(audit_event).where(audit_event.c.act == "task.raised"))
    )
    yield from differences("raise", {"timer": came, "raised": kept, "trail": told})


def _notices(connection: Connection) -> Iterator[str]:
    """Each raise told somebody, nobody twice, and a level that tells a role told all who have it.

    What was raised late because nobody watched the clock is told in one notice a day for each person.
    """
    told: dict[tuple[str, str], list[str]] = {}
    digests: Counter[tuple[str, date]] = Counter()
    for row in connection.execute(select(notification)):
        if row.about == "missed":
            digests[row.staff_id, tokyo_date(row.at)] += 1
        elif row.about.startswith("level:"):
            told.setdefault((row.task_id, row.about.removeprefix("level:")), []).append(row.staff_id)
    rows = list(connection.execute(select(raised)))
    missed = {(row.task_id, row.level): tokyo_date(row.raised_at) for row in rows if _was_missed(row)}
    kept = {(row.task_id, row.level) for row in rows} - set(missed)
    yield from (f"notice: raise {one} told nobody" for one in sorted(kept - set(told)))
    yield from (f"notice: {one} was told and not raised" for one in sorted(set(told) - kept))
    yield from (f"notice: {one} told somebody twice" for one, people in told.items() if len(people) > len(set(people)))
    yield from (
        f"notice: {one} was told {times} times of what was missed" for one, times in digests.items() if times > 1
    )
    days = {day for _, day in digests}
    yield from (f"notice: missed raise {one} told nobody" for one, day in sorted(missed.items()) if day not in days)
    for level in BY_ROLE:
        groups = {frozenset(people) for (_, at), people in told.items() if at == level}
        if len(groups) > 1:
            yield f"notice: level {level} told different people: {sorted(map(sorted, groups))}"


def _was_missed(row: Any) -> bool:
    return bool(row.raised_at - row.due_at > raises.MISSED)


def _fired(connection: Connection) -> Iterator[str]:
    """A moment of a token that came is one line of the history and one of the trail."""
    tokens = list(connection.execute(select(timer).where(timer.c.kind == "token", timer.c.state == "fired")))
    by_instance = Counter((row.instance_id, row.element_id) for row in tokens)
    lines = Counter(
        (row.instance_id, row.element_id)
        for row in connection.execute(select(history).where(history.c.kind == "fired"))
        if (row.instance_id, row.element_id) in by_instance or _is_timer(connection, row)
    )
    yield from differences("fire", {"timer": by_instance, "history": lines})
    by_case = Counter((row.case_id, row.element_id, row.fires_at.isoformat()) for row in tokens)
    told = Counter(
        (row.chain, row.element_id, row.data["due"])
        for row in connection.execute(select(audit_event).where(audit_event.c.act == "timer.fired"))
    )
    yield from differences("fire", {"timer": by_case, "trail": told})


def _is_timer(connection: Connection, line: Any) -> bool:
    """Whether a line of the history is about an event that has a timer (a message event also "fires")."""
    query = select(timer.c.id).where(
        timer.c.instance_id == line.instance_id, timer.c.element_id == line.element_id, timer.c.kind == "token"
    )
    return connection.execute(query.limit(1)).first() is not None


def differences(what: str, counts: dict[str, Counter[Any]]) -> Iterator[str]:
    """Where not all of the counts know a thing once."""
    for key in sorted(set().union(*counts.values()), key=str):
        times = {name: found[key] for name, found in counts.items()}
        if len(set(times.values())) > 1:
            yield f"{what} {key}: " + ", ".join(f"{name} {count}" for name, count in times.items())
