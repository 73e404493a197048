"""Who is away from when until when, and who stands in: the deputy may take the tasks over, on the other's behalf."""

from __future__ import annotations

from datetime import date, datetime

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound, StaleVersion
from engine.domain.staff import Actor
from engine.queries import reassigning
from engine.services import access
from engine.services.engine import Engine
from engine.services.tasks import require_free_hand
from engine.storage import absences, audit, notifications, tasks
from engine.storage.database import Connection
from engine.storage.sql import new_id


def register(
    engine: Engine, actor: Actor, staff_id: str, deputy_id: str, from_on: date, until_on: date, *, now: datetime
) -> None:
    """Note that somebody of the actor's offices is away, and who stands in; the deputy is told.

    The same absence sent twice is kept once. Raises FormInvalid with one sentence per field.
    """
    known = {one for one, _ in reassigning.colleagues(engine, actor, now=now)}
    errors: dict[str, str] = {}
    if staff_id not in known:
        errors["staff"] = "だれが不在になるかを選んでください。"
    if deputy_id not in known or deputy_id == staff_id:
        errors["deputy"] = "代理の人を、不在になる人とは別に選んでください。"
    if until_on < from_on:
        errors["until"] = "終わりの日は、始まりの日以後の日を入力してください。"
    elif until_on < tokyo_date(now):
        errors["until"] = "終わりの日は今日以後の日を入力してください。"
    if errors:
        raise FormInvalid(errors)
    with engine.database.write() as connection:
        standing = absences.overlapping(connection, staff_id, from_on, until_on)
        if any((a.deputy_id, a.from_on, a.until_on) == (deputy_id, from_on, until_on) for a in standing):
            return
        if standing:
            raise FormInvalid({"from": "この期間には不在がもう登録されています。先にそれを取り消してください。"})
        made = new_id()
        absences.add(
            connection, id=made, staff_id=staff_id, deputy_id=deputy_id, from_on=from_on, until_on=until_on,
            made_by=actor.staff_id, made_at=now,
        )  # fmt: skip
        notifications.add(
            connection, [deputy_id], about="deputy", case_id=None, task_id=None, key=f"deputy:{made}", at=now
        )
        _note(connection, actor, "absence.registered", made, now)


def end(engine: Engine, actor: Actor, absence_id: str, *, now: datetime) -> None:
    """Take an absence back, from this moment; a second time changes nothing. Raises NotFound."""
    known = {one for one, _ in reassigning.colleagues(engine, actor, now=now)}
    with engine.database.write() as connection:
        found = absences.get(connection, absence_id)
        if found is None or found.staff_id not in known:
            raise NotFound("absence")
        if absences.end(connection, absence_id, actor.staff_id, now):
            _note(connection, actor, "absence.ended", absence_id, now)


def take_over(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> None:
    """Take a task of somebody for whom the actor stands in today; the trail says on whose behalf.

    Raises NotFound, NotOpen, AlreadyCompleted, NotAuthorised, CityStaffOnly, FourEyes, StaleVersion.
    """
    with engine.database.read() as connection:
        found = access.visible_task(connection, actor, task_id, now=now)
        task = found.task
        if task.assignee_id == actor.staff_id:
            return
        if task.assignee_id not in absences.stood_in_for(connection, actor.staff_id, tokyo_date(now)):
            raise NotFound("task")
        require_free_hand(connection, found, actor)
    with engine.database.write() as connection:
        if not tasks.change(connection, task, {"assignee_id": actor.staff_id, "claimed_at": now}):
            raise StaleVersion(task_id)
        audit.append(
            connection, chain=task.case_id, at=now, actor=actor.staff_id, act="task.reassigned", task_id=task.id,
            element_id=task.element_id,
            data={"from": task.assignee_id, "to": actor.staff_id, "note": "", "on_behalf_of": task.assignee_id,
                  **actor.origin},
        )  # fmt: skip
        notifications.add(
            connection, [str(task.assignee_id)], about="handed_over", case_id=task.case_id, task_id=task.id,
            key=f"handed_over:{task.id}:{task.version}", at=now,
        )  # fmt: skip


def _note(connection: Connection, actor: Actor, act: str, absence_id: str, now: datetime) -> None:
    data = {"absence": absence_id}
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
