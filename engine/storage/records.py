"""Statements for records: submitted forms, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.storage.sealing import join
from engine.storage.sql import insert_all
from engine.storage.tables import record


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append records."""
    insert_all(connection, record, rows)


def latest_data(
    connection: Connection, case_id: str, *, before: datetime | None = None, with_sealed: bool = False
) -> dict[str, dict[str, Any]]:
    """The newest data of each 帳票 of a case, for prefill; fields of later records win over earlier ones."""
    query = select(record.c.form_key, record.c.data, record.c.sealed).where(record.c.case_id == case_id)
    if before is not None:
        query = query.where(record.c.at <= before)
    merged: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query.order_by(record.c.at, record.c.id)):
        values = join(row.data, row.sealed if with_sealed else None)
        merged.setdefault(row.form_key, {}).update({k: v for k, v in values.items() if v is not None})
    return merged
