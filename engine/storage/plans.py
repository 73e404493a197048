"""Statements for support plans, their versions and items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.storage.sql import as_row, columns_of, insert_all, new_id
from engine.storage.tables import plan_item, plan_version, support_plan


@dataclass(frozen=True)
class PlanVersion:
    """One version of a support plan."""

    id: str
    plan_id: str
    case_id: str
    number: int
    kind: str
    status: str
    lead_org: str | None
    period_from: date | None
    period_until: date | None
    first_monitor: str
    review_interval: str
    first_monitor_on: date | None
    next_review_on: date | None
    review_no: int
    early_start_count: int
    use_participation: bool
    use_outreach: bool
    conclusion: str
    conference_next_review_on: date | None
    evaluation_result: str
    evaluation_next_on: date | None


_COLUMNS = columns_of(plan_version, PlanVersion)


def get(connection: Connection, version_id: str) -> PlanVersion | None:
    """One version, or None."""
    row = connection.execute(select(*_COLUMNS).where(plan_version.c.id == version_id)).first()
    return None if row is None else as_row(PlanVersion, row)


def newest(connection: Connection, case_id: str, status: str | None = None) -> PlanVersion | None:
    """The newest version of a case (with a status), or None."""
    query = select(*_COLUMNS).where(plan_version.c.case_id == case_id)
    if status is not None:
        query = query.where(plan_version.c.status == status)
    row = connection.execute(query.order_by(plan_version.c.created_at.desc(), plan_version.c.id.desc())).first()
    return None if row is None else as_row(PlanVersion, row)


def of_source(connection: Connection, source_key: str) -> PlanVersion | None:
    """The version that a step has already made, or None."""
    row = connection.execute(select(*_COLUMNS).where(plan_version.c.source_key == source_key)).first()
    return None if row is None else as_row(PlanVersion, row)


def open_plan(connection: Connection, case_id: str) -> str | None:
    """The plan of a case that has not ended, or None."""
    query = select(support_plan.c.id).where(support_plan.c.case_id == case_id, support_plan.c.ended_at.is_(None))
    return connection.execute(query).scalars().first()


def add_plan(connection: Connection, case_id: str, now: datetime) -> str:
    """Insert a plan; returns its id."""
    plan_id = new_id()
    connection.execute(insert(support_plan).values(id=plan_id, case_id=case_id, created_at=now))
    return plan_id


def end_plan(connection: Connection, plan_id: str, now: datetime, reason: str) -> None:
    """Mark a plan as ended."""
    connection.execute(
        update(support_plan).where(support_plan.c.id == plan_id).values(ended_at=now, ended_reason=reason)
    )


def add_version(connection: Connection, values: Mapping[str, Any]) -> str:
    """Insert a version with the next number of its plan; returns its id."""
    query = select(plan_version.c.number).where(plan_version.c.plan_id == values["plan_id"])
    numbers = connection.execute(query.order_by(plan_version.c.number.desc())).scalars().first()
    version_id = new_id()
    connection.execute(insert(plan_version).values(id=version_id, number=(numbers or 0) + 1, **values))
    return version_id


def change(connection: Connection, version_id: str, values: Mapping[str, Any]) -> None:
    """Change facts of a version."""
    connection.execute(update(plan_version).where(plan_version.c.id == version_id).values(**values))


def supersede_others(connection: Connection, version: PlanVersion) -> bool:
    """End the other active versions of a plan; whether there was one."""
    result = connection.execute(
        update(plan_version)
        .where(
            plan_version.c.plan_id == version.plan_id,
            plan_version.c.id != version.id,
            plan_version.c.status == "active",
        )
        .values(status="superseded")
    )
    return bool(result.rowcount)


def replace_items(connection: Connection, version_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The items of a version that is still being drawn up."""
    connection.execute(plan_item.delete().where(plan_item.c.plan_version_id == version_id))
    insert_all(
        connection,
        plan_item,
        [{"id": new_id(), "plan_version_id": version_id, "no": no, **row} for no, row in enumerate(rows, 1)],
    )


def item_orgs(connection: Connection, version_id: str) -> list[str]:
    """Organisations with an item in the version, in the order of the items, each once."""
    query = select(plan_item.c.org_id).where(plan_item.c.plan_version_id == version_id).order_by(plan_item.c.no)
    return list(dict.fromkeys(org for org in connection.execute(query).scalars() if org))


def start_items(connection: Connection, version_id: str, org_id: str, on: date) -> int:
    """Note the start of an organisation's items; returns how many were not started before."""
    result = connection.execute(
        update(plan_item)
        .where(
            plan_item.c.plan_version_id == version_id, plan_item.c.org_id == org_id, plan_item.c.started_on.is_(None)
        )
        .values(started_on=on)
    )
    return int(result.rowcount)


def copy_items(connection: Connection, from_version: str, to_version: str) -> None:
    """A new version begins with the items of the one before."""
    rows = connection.execute(
        select(plan_item).where(plan_item.c.plan_version_id == from_version).order_by(plan_item.c.no)
    )
    own = {"id", "plan_version_id", "no"}
    replace_items(connection, to_version, [{k: v for k, v in r._mapping.items() if k not in own} for r in rows])


def items(connection: Connection, version_id: str) -> list[tuple[str | None, str | None]]:
    """(organisation, programme) of each item, in order."""
    query = select(plan_item.c.org_id, plan_item.c.programme_id).where(plan_item.c.plan_version_id == version_id)
    return [(row.org_id, row.programme_id) for row in connection.execute(query.order_by(plan_item.c.no))]


def decided_at(connection: Connection, version_id: str) -> datetime | None:
    """When the version was decided, or None."""
    query = select(plan_version.c.decided_at).where(plan_version.c.id == version_id)
    return connection.execute(query).scalar_one_or_none()
