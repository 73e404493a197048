"""Statements for cases, persons, households and the organisations that take part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.prepared import Prepared
from engine.storage.rows import CaseRow
from engine.storage.sql import as_row, columns_of, insert_all, new_id, next_version
from engine.storage.tables import (
    case_counter,
    case_organisation,
    case_relation,
    case_staff,
    household,
    household_member,
    outbox,
    person,
    process_instance,
    support_case,
    user_task,
)

_COLUMNS = columns_of(support_case, CaseRow)
_GET = Prepared(select(*_COLUMNS).where(support_case.c.id == bindparam("case")))
_CHANGE = Prepared(
    update(support_case).where(support_case.c.id == bindparam("case")).values(version=next_version(support_case))
)
_SET_STAGE = Prepared(update(support_case).where(support_case.c.id == bindparam("case")))
_PERSON = select(person).where(person.c.id == bindparam("person_id"))
_MEMBERS = (
    select(household_member)
    .where(household_member.c.household_id == bindparam("household_id"), household_member.c.until.is_(None))
    .order_by(household_member.c.no)
)


def get(connection: Connection, case_id: str) -> CaseRow | None:
    """The case, or None."""
    row = _GET.first(connection, {"case": case_id})
    return None if row is None else as_row(CaseRow, row)


def by_number(connection: Connection, number: str) -> CaseRow | None:
    """The case with a number such as ``R8-0301``, or None."""
    row = connection.execute(select(*_COLUMNS).where(support_case.c.number == number)).first()
    return None if row is None else as_row(CaseRow, row)


def next_serial(connection: Connection, fiscal_year: int) -> int:
    """The next case number of a fiscal year; the row is locked until the transaction ends, so numbers have no gaps."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(case_counter).values(fiscal_year=fiscal_year, last=1)
    statement = statement.on_conflict_do_update(index_elements=["fiscal_year"], set_={"last": case_counter.c.last + 1})
    return int(connection.execute(statement.returning(case_counter.c.last)).scalar_one())


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a case."""
    connection.execute(insert(support_case).values(**values))


def change(connection: Connection, case_id: str, values: Mapping[str, Any]) -> None:
    """Change facts of a case; its version goes up."""
    _CHANGE.run(connection, {"case": case_id, **values})


def relate(connection: Connection, case_id: str, other_case_id: str, kind: str, at: datetime) -> None:
    """Note that two cases belong together (both ways)."""
    insert_all(
        connection,
        case_relation,
        [
            {"case_id": case_id, "other_case_id": other_case_id, "kind": kind, "at": at},
            {"case_id": other_case_id, "other_case_id": case_id, "kind": kind, "at": at},
        ],
    )


def name_staff(connection: Connection, case_id: str, staff_id: str, reason: str, at: datetime) -> None:
    """Name a person who may see a case with a seal."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(case_staff).values(case_id=case_id, staff_id=staff_id, reason=reason, since=at)
    connection.execute(statement.on_conflict_do_nothing())


def named_staff(connection: Connection, case_id: str) -> list[str]:
    """The people who are named on a case with a seal, by id."""
    query = select(case_staff.c.staff_id).where(case_staff.c.case_id == case_id).order_by(case_staff.c.staff_id)
    return list(connection.execute(query).scalars())


# ---------------------------------------------------------------- organisations that take part


@dataclass(frozen=True)
class Participation:
    """One organisation's part in a case."""

    id: str
    org_id: str
    relation: str
    legal_basis: str
    scope_items: tuple[str, ...]
    since: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_reason: str


_PARTICIPATION = columns_of(case_organisation, Participation)


def participations(connection: Connection, case_id: str) -> list[Participation]:
    """All parts, also ended ones, oldest first."""
    query = (
        select(*_PARTICIPATION)
        .where(case_organisation.c.case_id == case_id)
        .order_by(case_organisation.c.since, case_organisation.c.id)
    )
    return [as_row(Participation, row) for row in connection.execute(query)]


def is_active(part: Participation, now: datetime) -> bool:
    """Whether the part gives access at ``now``."""
    return part.ended_at is None and part.since <= now and (part.until is None or part.until > now)


def take_part(
    connection: Connection,
    case_id: str,
    org_id: str,
    relation: str,
    *,
    now: datetime,
    legal_basis: str,
    scope_items: Sequence[str] = (),
    reason: str = "",
    granted_by: str | None = None,
    until: datetime | None = None,
) -> None:
    """Let an organisation take part; an active part is not written twice, its scope and end are updated."""
    existing = connection.execute(
        select(case_organisation.c.id).where(
            case_organisation.c.case_id == case_id,
            case_organisation.c.org_id == org_id,
            case_organisation.c.relation == relation,
            case_organisation.c.legal_basis == legal_basis,
            case_organisation.c.ended_at.is_(None),
            or_(case_organisation.c.until.is_(None), case_organisation.c.until > now),
        )
    ).scalar_one_or_none()
    facts = {"scope_items": list(scope_items), "reason": reason, "until": until}
    if existing is not None:
        connection.execute(update(case_organisation).where(case_organisation.c.id == existing).values(**facts))
        return
    connection.execute(
        insert(case_organisation).values(
            id=new_id(), case_id=case_id, org_id=org_id, relation=relation, legal_basis=legal_basis,
            granted_by=granted_by, since=now, **facts,
        )
    )  # fmt: skip


def end_part(
    connection: Connection,
    case_id: str,
    *,
    now: datetime,
    reason: str,
    org_id: str | None = None,
    relation: str | None = None,
    legal_basis: str | None = None,
) -> int:
    """End active parts that match; returns how many."""
    conditions = [case_organisation.c.case_id == case_id, case_organisation.c.ended_at.is_(None)]
    for column, value in (("org_id", org_id), ("relation", relation), ("legal_basis", legal_basis)):
        if value is not None:
            conditions.append(case_organisation.c[column] == value)
    result = connection.execute(
        update(case_organisation).where(and_(*conditions)).values(ended_at=now, ended_reason=reason)
    )
    return int(result.rowcount)


# ---------------------------------------------------------------- persons and households


def add_person(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a person."""
    connection.execute(insert(person).values(**values))


def change_person(connection: Connection, person_id: str, values: Mapping[str, Any]) -> None:
    """Change facts of a person."""
    if values:
        connection.execute(
            update(person).where(person.c.id == person_id).values(version=person.c.version + 1, **values)
        )


def person_facts(connection: Connection, person_id: str) -> dict[str, Any]:
    """All columns of a person (sealed texts as stored)."""
    row = connection.execute(_PERSON, {"person_id": person_id}).one()
    return dict(row._mapping)


def add_household(connection: Connection, household_id: str, name: str) -> None:
    """Insert a household."""
    connection.execute(insert(household).values(id=household_id, name=name))


def change_household(connection: Connection, household_id: str, name: str) -> None:
    """Rename a household."""
    connection.execute(
        update(household).where(household.c.id == household_id).values(name=name, version=household.c.version + 1)
    )


def members(connection: Connection, household_id: str) -> list[dict[str, Any]]:
    """Current members of a household in their order."""
    return [dict(row._mapping) for row in connection.execute(_MEMBERS, {"household_id": household_id})]


def replace_members(
    connection: Connection, household_id: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """The household as told now: earlier rows are kept with their end."""
    connection.execute(
        update(household_member)
        .where(household_member.c.household_id == household_id, household_member.c.until.is_(None))
        .values(until=now)
    )
    insert_all(
        connection,
        household_member,
        [{"id": new_id(), "household_id": household_id, "since": now, **row} for row in rows],
    )


def possible_duplicates(
    connection: Connection, *, case_id: str, folded: Sequence[str], birth: Any
) -> list[tuple[str, str]]:
    """(case id, kind) of other cases whose subject has the same folded name or kana; ``sealed`` for those with a seal.

    A differing birth date, where both are known, rules a match out.
    """
    names = [name for name in folded if name]
    if not names:
        return []
    query = (
        select(support_case.c.id, support_case.c.seal_level, person.c.birth)
        .join(person, person.c.id == support_case.c.subject_id)
        .where(
            support_case.c.id != case_id,
            support_case.c.status != "closed",
            or_(*(func.instr(person.c.name_folded, n) > 0 if connection.dialect.name == "sqlite"
                  else func.strpos(person.c.name_folded, n) > 0 for n in names)),
        )
    )  # fmt: skip
    found = []
    for row in connection.execute(query):
        if birth is None or row.birth is None or row.birth == birth:
            found.append((row.id, "sealed" if row.seal_level > 0 else "open"))
    return found


def running_work(connection: Connection, case_id: str, *, except_instance: str) -> bool:
    """Whether another instance of the case still runs."""
    query = (
        select(process_instance.c.id)
        .where(
            process_instance.c.case_id == case_id,
            process_instance.c.id != except_instance,
            process_instance.c.status.in_(("running", "incident")),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def close_as_asked(connection: Connection, case_id: str, now: datetime) -> None:
    """Close a case for the reason that was noted on it; who was only asked takes part no longer.

    Messages that wait for a receiver are looked at once more, and lapse (``engine.services.messages``).
    """
    query = select(support_case.c.closed_reason).where(support_case.c.id == case_id)
    reason = connection.execute(query).scalar_one()
    change(connection, case_id, {"status": "closed", "closed_at": now, "stage": "終結"})
    end_part(connection, case_id, now=now, reason=reason, relation="asked")
    connection.execute(
        update(outbox).where(outbox.c.case_id == case_id, outbox.c.state == "pending").values(next_at=now)
    )


def close_when_done(connection: Connection, case_id: str, now: datetime) -> None:
    """An instance has ended: a case that was to be closed, and waited for its last work, is closed with it."""
    asked = (support_case.c.id == case_id, support_case.c.status != "closed", support_case.c.closed_reason != "")
    waits = connection.execute(select(support_case.c.id).where(*asked)).first() is not None
    if waits and not running_work(connection, case_id, except_instance=""):
        close_as_asked(connection, case_id, now)


def is_left_over(connection: Connection, case_id: str, starting: Collection[str]) -> bool:
    """Whether the case is open while nothing of it runs and no message is on its way that starts a process.

    starting: the messages by which processes start; any other can only be received by what runs.
    """
    coming = select(outbox.c.id).where(
        outbox.c.case_id == case_id, outbox.c.state == "pending", outbox.c.name.in_(starting)
    )
    left = select(support_case.c.id).where(
        support_case.c.id == case_id, support_case.c.status == "open", ~coming.exists()
    )
    return connection.execute(left).first() is not None and not running_work(connection, case_id, except_instance="")


def set_stage(connection: Connection, case_id: str, stage: str) -> None:
    """Words for where the case stands."""
    _SET_STAGE.run(connection, {"case": case_id, "stage": stage})


def open_task_count(connection: Connection, case_id: str) -> int:
    """How many tasks of the case are open."""
    query = select(func.count()).where(
        user_task.c.case_id == case_id, user_task.c.state.in_(("open", "claimed", "held"))
    )
    return int(connection.execute(query).scalar_one())
