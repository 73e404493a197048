"""Small tools over SQLAlchemy Core shared by the modules of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from secrets import token_hex
from time import time_ns
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, insert
from sqlalchemy.sql.elements import ColumnElement

T = TypeVar("T")


def new_id() -> str:
    """A fresh identity for a row: 32 hexadecimal digits, of which the first half is the moment in nanoseconds.

    Rows that were written at the same instant of a (virtual) clock can so still be told apart by their order.
    """
    return f"{time_ns():016x}{token_hex(8)}"


def columns_of(table: Table, row_type: type) -> list[ColumnElement[Any]]:
    """The columns of ``table`` that the dataclass has, in its order."""
    return [table.c[f.name] for f in fields(row_type)]


def as_row(row_type: type[T], row: Row[Any]) -> T:
    """The dataclass of a selected row; lists of a JSON column become tuples where the field says so."""
    values = {
        f.name: tuple(value) if str(f.type).startswith("tuple") and isinstance(value, list) else value
        for f, value in zip(fields(row_type), row, strict=True)  # type: ignore[arg-type]
    }
    return row_type(**values)


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of equal shape with one statement; nothing for none."""
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
