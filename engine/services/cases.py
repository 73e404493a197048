"""Opening a case, and starting processes on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.definitions.elements import CALLED_ENTRY
from engine.definitions.model import BpmnModel, Entry
from engine.domain.business_days import tokyo_date
from engine.domain.case_number import CaseNumber
from engine.domain.errors import NotAuthorised, NotOpen
from engine.domain.staff import Actor
from engine.domain.wareki import fiscal_year
from engine.services import access, completion, messages
from engine.services.deployed import Deployed
from engine.services.engine import Engine
from engine.services.first_task import first_task
from engine.services.operations.registry import call_from_token
from engine.services.starting import start_instance
from engine.services.steps import Step, Transaction, run, save, transaction, write_result
from engine.storage import audit, cases
from engine.storage.rows import CaseRow, InstanceRow
from engine.storage.sql import new_id


@dataclass(frozen=True)
class Started:
    """What a start made. ``task_id``: the first task that is open now (after the first form, when it was given)."""

    case_id: str
    case_number: str
    instance_id: str
    task_id: str | None


@dataclass(frozen=True)
class Startable:
    """A process that this person may start for an organisation."""

    process_key: str
    name: str
    org_id: str
    entries: tuple[tuple[str, str], ...]  #: (entry, label) that a person may choose
    version_id: str


def startable(engine: Engine, actor: Actor) -> list[Startable]:
    """Processes with an entry for people whose first task one of the person's roles may do, by process key."""
    found = []
    for deployed in engine.definitions.all_live():
        for org in sorted({m.org_id for m in actor.memberships}):
            entries = tuple(_entries_for(deployed.model, actor, org))
            if entries:
                found.append(Startable(deployed.process_key, deployed.name, org, entries, deployed.version_id))
    return found


def _entries_for(model: BpmnModel, actor: Actor, org: str) -> Iterator[tuple[str, str]]:
    """Ways in (name, label) for people whose first task one of the person's roles in ``org`` may do."""
    for entry in _for_people(model):
        settings = first_task(model, entry.name)
        if settings is not None and any(actor.has_role(role, org) for role in settings.roles):
            yield entry.name, entry.label or entry.name


def _for_people(model: BpmnModel) -> list[Entry]:
    """Ways in that neither a message nor a call activity takes."""
    return [entry for entry in model.entries if not entry.message and entry.name != CALLED_ENTRY]


def start(
    engine: Engine,
    actor: Actor,
    process_key: str,
    *,
    entry: str,
    org_id: str | None = None,
    data: Mapping[str, Any] | None = None,
    case_id: str | None = None,
    now: datetime,
) -> Started:
    """Start a process for a new case of the person's organisation, or on an existing one.

    Where the process has a requesting organisation (``from_org``), it is the person's.
    With ``data`` the first user task is completed in the same transaction, so an invalid form leaves nothing.
    Raises NotAuthorised, NotFound (case), NotOpen (closed case), FormInvalid and what the first task refuses.
    """
    with engine.database.read() as connection:
        deployed = engine.definitions.live(connection, process_key)
    org = _starting_org(deployed, actor, entry, org_id)
    with transaction(engine) as tx:
        case = _case_for(engine, tx, actor, org, case_id, now)
        step, instance = start_instance(
            engine, tx, actor, deployed, case, entry=entry, payload={"from_org": org}, now=now, org_id=org
        )
        opened = [row["id"] for row in step.notes["opened"]]
        if data is not None and opened:
            opened = _complete_first(engine, tx, actor, step, instance, opened[0], data)
    messages.route_quietly(engine, now=now)
    return Started(case.id, case.number, instance.id, opened[0] if opened else None)


def _starting_org(deployed: Deployed, actor: Actor, entry: str, org_id: str | None) -> str:
    model = deployed.model
    if entry not in {e.name for e in _for_people(model)}:
        raise NotAuthorised("start", f"{deployed.process_key} has no entry {entry} for people")
    settings = first_task(model, entry)
    roles = settings.roles if settings is not None else ()
    orgs = sorted({m.org_id for m in actor.memberships if m.role in roles})
    if org_id is not None and org_id in orgs:
        return org_id
    if org_id is not None or not orgs:
        raise NotAuthorised("start", deployed.process_key)
    return orgs[0]


def _case_for(engine: Engine, tx: Transaction, actor: Actor, org: str, case_id: str | None, now: datetime) -> CaseRow:
    if case_id is None:
        return open_case(engine, tx, actor, org, now=now)
    case = access.visible_case(tx.connection, actor, case_id, now=now)
    if case.status == "closed":
        raise NotOpen("closed case")
    return case


def open_case(engine: Engine, tx: Transaction, actor: Actor, org: str, *, now: datetime) -> CaseRow:
    """A new case with an unknown person; the first form says who it is."""
    connection = tx.connection
    year = fiscal_year(tokyo_date(now))
    number = CaseNumber(year, cases.next_serial(connection, year))
    person_id, household_id, case_id = new_id(), new_id(), new_id()
    cases.add_person(connection, {"id": person_id, "created_at": now})
    cases.add_household(connection, household_id, "")
    cases.add(
        connection,
        {
            "id": case_id, "number": number.url, "fiscal_year": year, "subject_id": person_id,
            "household_id": household_id, "owner_org": org, "status": "open", "field_codes": [], "opened_at": now,
            "demo": engine.settings.demo,
        },
    )  # fmt: skip
    cases.take_part(connection, case_id, org, "owner", now=now, legal_basis="internal_use", reason="受付機関")
    audit.open_chain(connection, case_id)
    case = cases.get(connection, case_id)
    assert case is not None
    return case


def _complete_first(
    engine: Engine, tx: Transaction, actor: Actor, started: Step, instance: InstanceRow, task_id: str,
    data: Mapping[str, Any],
) -> list[str]:  # fmt: skip
    """Complete the first task inside the transaction of the start."""
    connection = tx.connection
    found = access.visible_task(connection, actor, task_id, now=started.now)
    access.require_doer(found, "complete", actor)
    act = completion.prepare_in(engine, connection, actor, found, instance, started.case, data, now=started.now)
    step = Step(engine, tx, actor, started.now, started.deployed, started.case, instance.id, instance.org_id, instance)
    result = run(step, act, call_from_token)
    save(step, result)
    write_result(step, act, result)
    return [row["id"] for row in step.notes["opened"]]
