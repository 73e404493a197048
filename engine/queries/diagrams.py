"""Where the instances of a case stand, for the picture and its text twin. Rows only: no engine state is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from engine.domain.errors import NotFound
from engine.domain.staff import Actor
from engine.queries.case_file import CaseHead
from engine.queries.outline import Step, outline
from engine.queries.visibility import instance_visible
from engine.storage.tables import (
    definition_version,
    history,
    incident,
    organisation,
    process_instance,
    subscription,
    support_case,
    timer,
    user_task,
)

if TYPE_CHECKING:
    from engine.definitions.elements import BpmnModel, Element
    from engine.services.engine import Engine


@dataclass(frozen=True)
class Mark:
    """A mark on one element: here, overdue, waiting, incident or done. ``until``: when a waiting moment comes."""

    element_id: str
    kind: str
    until: datetime | None = None
    who: str = ""


@dataclass(frozen=True)
class InstanceView:
    """One process instance of a case with its outline and where it stands."""

    id: str
    process_key: str
    process_name: str
    version_id: str
    version_number: int
    status: str
    entry: str
    org_name: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: tuple[str, ...]
    marks: tuple[Mark, ...]
    steps: tuple[Step, ...]

    @property
    def marks_by_element(self) -> dict[str, Mark]:
        """The marks by their element."""
        return {mark.element_id: mark for mark in self.marks}


_ORDER = {"incident": 0, "overdue": 1, "here": 2, "waiting": 3, "done": 4}


def instances(engine: Engine, actor: Actor, head: CaseHead, *, now: datetime) -> tuple[InstanceView, ...]:
    """The case's instances that the actor may see, running ones first, each with marks and outline."""
    query = (
        select(
            process_instance.c.id, process_instance.c.process_key, process_instance.c.version_id,
            process_instance.c.status, process_instance.c.entry, process_instance.c.started_at,
            process_instance.c.ended_at, process_instance.c.ended_by, definition_version.c.number,
            definition_version.c.name, organisation.c.name.label("org_name"),
        )
        .select_from(
            process_instance.join(support_case, support_case.c.id == process_instance.c.case_id)
            .join(definition_version, definition_version.c.id == process_instance.c.version_id)
            .outerjoin(organisation, organisation.c.id == process_instance.c.org_id)
        )
        .where(process_instance.c.case_id == head.id, instance_visible(actor, now))
        .order_by(process_instance.c.ended_at.is_not(None), process_instance.c.started_at.desc())
    )  # fmt: skip
    with engine.database.read() as connection:
        rows = connection.execute(query).all()
        views = [(row, engine.definitions.get(row.version_id).model) for row in rows]
        marks = {
            row.id: _with_calls(connection, row.id, model, _marks(connection, row.id, model, now))
            for row, model in views
        }
    return tuple(_view(row, model, marks[row.id]) for row, model in views)


def instance_diagram(engine: Engine, actor: Actor, instance_id: str, *, case_id: str, now: datetime) -> bytes:
    """The BPMN file on which an instance of the case runs. Raises NotFound when absent or not the actor's to see."""
    query = (
        select(process_instance.c.version_id)
        .select_from(process_instance.join(support_case, support_case.c.id == process_instance.c.case_id))
        .where(process_instance.c.id == instance_id, process_instance.c.case_id == case_id)
        .where(instance_visible(actor, now))
    )
    with engine.database.read() as connection:
        version_id = connection.execute(query).scalar()
    if version_id is None:
        raise NotFound("instance")
    return engine.definitions.get(version_id).bpmn


def _view(row: Any, model: BpmnModel, marks: tuple[Mark, ...]) -> InstanceView:
    going_on = {around.id for mark in marks if mark.kind != "done" for around in _around(model, mark.element_id)}
    return InstanceView(
        id=row.id,
        process_key=row.process_key,
        process_name=row.name,
        version_id=row.version_id,
        version_number=row.number,
        status=row.status,
        entry=row.entry,
        org_name=row.org_name or "",
        started_at=row.started_at,
        ended_at=row.ended_at,
        ended_by=tuple(row.ended_by.split()),
        marks=tuple(mark for mark in marks if mark.kind != "done" or mark.element_id not in going_on),
        steps=outline(model),
    )


def _around(model: BpmnModel, element_id: str) -> tuple[Element, ...]:
    """The sub-processes around an element: none of them is done while something inside is open."""
    return model.owners(element_id) if element_id in model.elements else ()


def _with_calls(
    connection: Connection, instance_id: str, model: BpmnModel, marks: tuple[Mark, ...]
) -> tuple[Mark, ...]:
    """A call activity that is going on bears the most telling mark of what it called: only itself is drawn."""
    running = _running(connection, instance_id, [call.id for call in model.calls]) if model.called else set()
    found = {mark.element_id: mark for mark in marks}
    inner = [mark for mark in marks if mark.kind != "done"]
    for mark in inner:  # grows by the calls around it, level by level
        around = model.process_of(mark.element_id).process_id
        for call in [call for call in model.calls if call.called == around and call.id in running]:
            known = found.get(call.id)
            if known is None or _ORDER[mark.kind] < _ORDER[known.kind]:
                found[call.id] = Mark(call.id, mark.kind, mark.until, mark.who)
                inner.append(found[call.id])
    return tuple(sorted(found.values(), key=lambda mark: _ORDER[mark.kind]))


def _running(connection: Connection, instance_id: str, element_ids: list[str]) -> set[str]:
    """The elements that were begun more often than they ended."""
    query = (
        select(history.c.element_id, history.c.kind, func.count().label("times"))
        .where(history.c.instance_id == instance_id, history.c.element_id.in_(element_ids))
        .group_by(history.c.element_id, history.c.kind)
    )
    open_turns: dict[str, int] = {}
    for row in connection.execute(query):
        sign = {"started": 1, "completed": -1, "cancelled": -1}.get(row.kind, 0)
        open_turns[row.element_id] = open_turns.get(row.element_id, 0) + sign * row.times
    return {element_id for element_id, turns in open_turns.items() if turns > 0}


def _marks(connection: Connection, instance_id: str, model: BpmnModel, now: datetime) -> tuple[Mark, ...]:
    """The most telling mark per element: a stopped place before a late one before a waiting one before a done one."""
    found = [
        *_incidents(connection, instance_id),
        *_open_tasks(connection, instance_id, now),
        *_waiting(connection, instance_id),
        *_listening(connection, instance_id, model),
        *_done(connection, instance_id),
    ]
    best: dict[str, Mark] = {}
    for mark in found:
        known = best.get(mark.element_id)
        if known is None or _ORDER[mark.kind] < _ORDER[known.kind]:
            best[mark.element_id] = mark
    return tuple(sorted(best.values(), key=lambda mark: _ORDER[mark.kind]))


def _open_tasks(connection: Connection, instance_id: str, now: datetime) -> list[Mark]:
    query = select(user_task.c.element_id, user_task.c.due_at, user_task.c.state, organisation.c.name).select_from(
        user_task.outerjoin(organisation, organisation.c.id == user_task.c.org_id)
    )
    query = query.where(user_task.c.instance_id == instance_id, user_task.c.state.in_(("open", "claimed", "held")))
    return [
        Mark(row.element_id, _here(row, now), row.due_at, row.name or "")
        for row in connection.execute(query.order_by(user_task.c.opened_at))
    ]


def _here(row: Any, now: datetime) -> str:
    late = row.due_at is not None and row.due_at <= now and row.state != "held"
    return "overdue" if late else "here"


def _waiting(connection: Connection, instance_id: str) -> list[Mark]:
    moments = select(timer.c.element_id, timer.c.branch, timer.c.fires_at).where(
        timer.c.instance_id == instance_id, timer.c.kind == "token", timer.c.state.in_(("pending", "claimed"))
    )
    messages = select(subscription.c.element_id, subscription.c.branch).where(subscription.c.instance_id == instance_id)
    marks = [Mark(row.branch or row.element_id, "waiting", row.fires_at) for row in connection.execute(moments)]
    return marks + [Mark(row.branch or row.element_id, "waiting") for row in connection.execute(messages)]


def _listening(connection: Connection, instance_id: str, model: BpmnModel) -> list[Mark]:
    """Events that wait for a signal: no row but the history tells of them."""
    ids = [e.id for e in model.elements.values() if e.signal and e.kind == "intermediateCatchEvent"]
    return [Mark(element_id, "waiting") for element_id in sorted(_running(connection, instance_id, ids))] if ids else []


def _incidents(connection: Connection, instance_id: str) -> list[Mark]:
    query = select(incident.c.element_id).where(
        incident.c.instance_id == instance_id, incident.c.resolved_at.is_(None), incident.c.element_id != ""
    )
    return [Mark(row.element_id, "incident") for row in connection.execute(query)]


def _done(connection: Connection, instance_id: str) -> list[Mark]:
    query = (
        select(history.c.element_id)
        .where(history.c.instance_id == instance_id, history.c.kind.in_(("completed", "fired", "thrown")))
        .distinct()
    )
    return [Mark(row.element_id, "done") for row in connection.execute(query)]
