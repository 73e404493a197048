"""Statements for records: submitted forms, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.storage.prepared import Prepared
from engine.storage.sealing import join
from engine.storage.sql import insert_all
from engine.storage.tables import record

NEWEST = 20  #: records of one form that are looked at for prefill
_NEWEST = Prepared(
    select(record.c.data, record.c.sealed)
    .where(record.c.case_id == bindparam("case"), record.c.form_key == bindparam("form"))
    .order_by(record.c.at.desc(), record.c.id.desc())
    .limit(NEWEST)
)


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append records."""
    insert_all(connection, record, rows)


def newest_data(connection: Connection, case_id: str, form_key: str, *, with_sealed: bool = False) -> dict[str, Any]:
    """The newest values of one 帳票 of a case; a field that later records leave out keeps its earlier value.

    Looks at the newest records only, so that it costs the same in a case's tenth year.
    """
    merged: dict[str, Any] = {}
    for data, sealed in reversed(_NEWEST.rows(connection, {"case": case_id, "form": form_key})):
        values = join(data, sealed if with_sealed else None)
        merged.update({key: value for key, value in values.items() if value is not None})
    return merged


class NewestByForm(Mapping[str, Mapping[str, Any]]):
    """The newest values of each 帳票 of a case, read when somebody asks for one."""

    def __init__(self, connection: Connection, case_id: str, *, with_sealed: bool = False) -> None:
        self._connection, self._case_id, self._with_sealed = connection, case_id, with_sealed
        self._read: dict[str, dict[str, Any]] = {}

    def __getitem__(self, form_key: str) -> Mapping[str, Any]:
        if form_key not in self._read:
            found = newest_data(self._connection, self._case_id, form_key, with_sealed=self._with_sealed)
            self._read[form_key] = found
        if not self._read[form_key]:
            raise KeyError(form_key)
        return self._read[form_key]

    def __iter__(self) -> Iterator[str]:
        query = select(record.c.form_key).where(record.c.case_id == self._case_id).distinct()
        return iter(self._connection.execute(query).scalars().all())

    def __len__(self) -> int:
        return sum(1 for _ in self)
