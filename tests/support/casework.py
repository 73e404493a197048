"""A small office on a real database: a few people, a few processes, a clock that stands where the test puts it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import text

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.domain.business_days import TOKYO
from engine.domain.staff import Actor
from engine.services import access, cases, reference_data, tasks, timers
from engine.services.engine import Engine
from engine.storage import definitions as definition_store
from engine.storage import staff as staff_store

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions'
    ' xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:tsunagu="urn:tsunagu:bpmn:1" id="d" targetNamespace="urn:test">'
)
PEOPLE = {
    "worker": ("AG-04", "intake_worker"),
    "other_worker": ("AG-04", "intake_worker"),
    "manager": ("AG-04", "agency_manager"),
    "supervisor": ("DV-04", "supervisor"),
    "stranger": ("AG-02", "intake_worker"),
    "coordinator": ("AG-07", "mac_coordinator"),
}


def tokyo(moment: str) -> datetime:
    """``2026-04-01T09:00`` in Tokyo, as a UTC instant."""
    return datetime.fromisoformat(moment).replace(tzinfo=TOKYO).astimezone(UTC)


def a_form(key: str, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> bytes:
    """A form of text fields; each is the process variable of the same name."""
    names = [*required, *optional]
    properties = {name: {"type": "string", "title": name, "x-variable": name} for name in names}
    elements = [{"type": "Control", "scope": f"#/properties/{name}"} for name in names]
    return json.dumps(
        {
            "key": key, "title": key,
            "schema": {"type": "object", "properties": properties, "required": list(required)},
            "ui": {"type": "VerticalLayout", "elements": elements},
        },
        ensure_ascii=False,
    ).encode()  # fmt: skip


def a_process(key: str, body: str, *, variables: tuple[str, ...] = (), messages: tuple[str, ...] = ()) -> bytes:
    """A process of one start event ``st`` (entry manual) and what ``body`` draws after it."""
    typed = [(v + ":text").split(":")[:2] for v in variables]
    declared = "".join(f'<tsunagu:variable name="{name}" type="{kind}"/>' for name, kind in typed)
    names = "".join(f'<bpmn:message id="m_{m.replace(".", "_")}" name="{m}"/>' for m in messages)
    return (
        f'{HEAD}{names}<bpmn:process id="{key}" name="{key}" isExecutable="true">'
        f"<bpmn:extensionElements>{declared}</bpmn:extensionElements>"
        '<bpmn:startEvent id="st"><bpmn:extensionElements><tsunagu:entry name="manual"/></bpmn:extensionElements>'
        f"</bpmn:startEvent>{body}</bpmn:process></bpmn:definitions>"
    ).encode()


def a_task(element_id: str, *, roles: str = "intake_worker", form: str = "note", attributes: str = "") -> str:
    """A user task with five business days."""
    return (
        f'<bpmn:userTask id="{element_id}" name="{element_id}" camunda:candidateGroups="{roles}"'
        f' camunda:formKey="{form}" tsunagu:sla="5 business_days" {attributes}/>'
    )


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow."""
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="f_{source}__{target}" {ends}>{inner}</bpmn:sequenceFlow>'


def make_live(engine: Engine, key: str, bpmn: bytes, forms: dict[str, bytes], now: datetime) -> str:
    """Publish a process in one transaction as it is, without the checks of publishing; returns the version's id."""
    files = {"process.bpmn": bpmn, **{f"{key}/forms/{name}.json": content for name, content in forms.items()}}
    with engine.database.write() as connection:
        version = definition_store.add(
            connection, process_key=key, name=key, content_hash=sha256(bpmn).hexdigest(), files=files,
            engine_version="test", now=now,
        )  # fmt: skip
        definition_store.deploy(
            connection, process_key=key, version_id=version, by=None, reason="test", checks=[], now=now
        )
    return version


@dataclass
class Casework:
    """The office. ``now`` is where its clock stands."""

    engine: Engine
    now: datetime = field(default_factory=lambda: tokyo("2026-04-01T09:00"))
    staff: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, url: str) -> Casework:
        """On a migrated, empty database: reference data and people."""
        office = cls(bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows")))
        reference_data.load(office.engine.database, office.engine.reference)
        for name, (org, role) in PEOPLE.items():
            office.employ(name, org, role)
        return office

    def employ(self, name: str, org: str, role: str) -> None:
        """A further person."""
        account = {"login": name, "name": name, "status": "active", "password_hash": None}
        with self.engine.database.write() as connection:
            self.staff[name] = staff_store.add(connection, account, {org: [role]}, date(2025, 4, 1))

    def deploy(self, key: str, bpmn: bytes, forms: dict[str, bytes] | None = None) -> str:
        """Make a process live as it is, without the checks of publishing; every field of form ``note`` is optional."""
        given = forms if forms is not None else {"note": a_form("note", optional=("note",))}
        return make_live(self.engine, key, bpmn, given, self.now)

    def person(self, name: str) -> Actor:
        """The person with today's memberships."""
        return access.actor_by_id(self.engine, self.staff[name], now=self.now)

    def start(self, key: str, by: str = "worker", data: dict[str, Any] | None = None) -> cases.Started:
        """Start a process for a new case."""
        return cases.start(self.engine, self.person(by), key, entry="manual", data=data, now=self.now)

    def task(self, element_id: str, *, case_id: str | None = None, state: str | None = None) -> Any:
        """The newest task of an element (of a case, in a state); one that is still open before any other."""
        found = self.tasks(element_id, case_id=case_id, state=state)
        assert found, f"no task {element_id}"
        waiting = [task for task in found if task.state in ("open", "claimed", "held")]
        return (waiting or found)[-1]

    def tasks(self, element_id: str, *, case_id: str | None = None, state: str | None = None) -> list[Any]:
        """All tasks of an element, oldest first."""
        return self.rows(
            "SELECT * FROM user_task WHERE element_id = :e AND (:c IS NULL OR case_id = :c)"
            " AND (:s IS NULL OR state = :s) ORDER BY opened_at, id",
            e=element_id, c=case_id, s=state,
        )  # fmt: skip

    def claim(self, element_id: str, by: str, *, case_id: str | None = None) -> None:
        """Take the newest task of an element."""
        tasks.claim(self.engine, self.person(by), self.task(element_id, case_id=case_id).id, now=self.now)

    def complete(self, element_id: str, by: str, *, case_id: str | None = None, **data: Any) -> tasks.Completed:
        """Complete the newest task of an element."""
        task = self.task(element_id, case_id=case_id)
        return tasks.complete(self.engine, self.person(by), task.id, data, now=self.now)

    def tick(self, moment: str | None = None, node: str = "n1") -> timers.TickReport:
        """Move the clock there and let the scheduler work."""
        if moment is not None:
            self.now = tokyo(moment)
        return timers.tick(self.engine, now=self.now, node=node)

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """What a query says."""
        with self.engine.database.read() as connection:
            if not self.engine.database.is_sqlite:
                for name in parameters:
                    sql = sql.replace(f":{name}", f"CAST(:{name} AS text)")
            return list(connection.execute(text(sql), parameters))
