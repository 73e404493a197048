"""Statements for comments and attachments: added, and taken back by who added them; never changed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update

from engine.storage.casework_tables import case_attachment, case_comment
from engine.storage.prepared import Prepared
from engine.storage.sealing import seal
from engine.storage.sql import insert_new


@dataclass(frozen=True)
class Added:
    """A comment or an attachment, as far as taking it back needs it."""

    id: str
    case_id: str
    task_id: str | None
    staff_id: str
    withdrawn_at: datetime | None


def _by_key(table: Table) -> Prepared:
    return Prepared(select(table.c.id, table.c.case_id, table.c.task_id).where(table.c.key == bindparam("wanted")))


def _take_back(table: Table) -> Prepared:
    return Prepared(update(table).where(table.c.id == bindparam("which"), table.c.withdrawn_at.is_(None)))


_BY_KEY = {table.name: _by_key(table) for table in (case_comment, case_attachment)}
_TAKE_BACK = {table.name: _take_back(table) for table in (case_comment, case_attachment)}


def add_comment(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add a comment, its body in clear; False when one with its key is there."""
    return _add(connection, case_comment, {**row, "body": seal(row["body"])})


def add_attachment(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add the row of a file that is in the store; False when one with its key is there."""
    return _add(connection, case_attachment, row)


def _add(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    insert_new(connection, table, [row])
    found = _BY_KEY[table.name].first(connection, {"wanted": row["key"]})
    return found is not None and found[0] == row["id"]


def withdraw_comment(connection: Connection, id: str, *, at: datetime, reason: str) -> bool:
    """Take a comment back; False when that was done already."""
    return _withdraw(connection, case_comment, id, at, reason)


def withdraw_attachment(connection: Connection, id: str, *, at: datetime, reason: str) -> bool:
    """Take a file back; False when that was done already."""
    return _withdraw(connection, case_attachment, id, at, reason)


def _withdraw(connection: Connection, table: Table, id: str, at: datetime, reason: str) -> bool:
    values = {"which": id, "withdrawn_at": at, "withdrawn_reason": reason}
    return _TAKE_BACK[table.name].run(connection, values) == 1


def named_files(connection: Connection) -> frozenset[str]:
    """The hashes of all files that a row names, withdrawn ones too."""
    return frozenset(connection.execute(select(case_attachment.c.sha256).distinct()).scalars())
