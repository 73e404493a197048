"""Small tools over SQLAlchemy Core shared by the modules of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from os import urandom
from time import time_ns
from typing import Any, TypeVar

from sqlalchemy import Connection, Integer, Row, Table, Text, any_, bindparam, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from engine.storage.columns import Json
from engine.storage.prepared import Prepared

T = TypeVar("T")

# Statements that a step of a process sends are built once, when their module is imported, with named parameters:
# building one anew costs several times what sending it does (docs/adr/0018). Those of a step are kept compiled, too
# (``Prepared``, docs/adr/0019).


def new_id() -> str:
    """A fresh identity for a row: 32 hexadecimal digits, of which the first half is the moment in nanoseconds.

    Rows that were written at the same instant of a (virtual) clock can so still be told apart by their order.
    """
    return f"{time_ns():016x}{urandom(8).hex()}"


def columns_of(table: Table, row_type: type) -> list[ColumnElement[Any]]:
    """The columns of ``table`` that the dataclass has, in its order."""
    return [table.c[f.name] for f in fields(row_type)]


@cache
def _tuple_fields(row_type: Any) -> tuple[int, ...]:
    """Where the dataclass has tuples, which a JSON column gives as lists."""
    return tuple(i for i, f in enumerate(fields(row_type)) if str(f.type).startswith("tuple"))


def as_row(row_type: type[T], row: Row[Any] | Sequence[Any]) -> T:
    """The dataclass of a selected row; lists of a JSON column become tuples where the field says so."""
    places = _tuple_fields(row_type)  # type: ignore[arg-type]  # a class is hashable
    if not places:
        return row_type(*row)
    values = list(row)
    for place in places:
        if isinstance(values[place], list):
            values[place] = tuple(values[place])
    return row_type(*values)


def as_rows(row_type: type[T], rows: Sequence[Sequence[Any]]) -> list[T]:
    """``as_row`` of each."""
    if _tuple_fields(row_type):  # type: ignore[arg-type]  # a class is hashable
        return [as_row(row_type, row) for row in rows]
    return [row_type(*row) for row in rows]


def constant(text: str) -> ColumnElement[str]:
    """A text of our own written into a statement (never one from outside), so that partial indexes are found."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)


def one_of(column: ColumnElement[str], *texts: str) -> ColumnElement[bool]:
    """The column has one of our own constants."""
    first, *others = (constant(text) for text in texts)
    return column.in_([first, *others]) if others else column == first


def among(dialect: Any, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """The column has one of the texts of a list, which goes as one parameter, however long (for ``Prepared``)."""
    if dialect is postgresql:
        return column == any_(bindparam(name, type_=postgresql.ARRAY(Text)))
    listed = func.json_each(bindparam(name, type_=Json())).table_valued("value")
    return column.in_(select(listed.c.value))


def next_version(table: Table) -> ColumnElement[int]:
    """One more than the row's version."""
    return table.c.version + literal_column("1", Integer)


@cache
def _insert_new(table: Table) -> Prepared:
    return Prepared.by_dialect(lambda dialect: dialect.insert(table).inline().on_conflict_do_nothing())


@cache
def _insert(table: Table) -> Prepared:
    return Prepared(insert(table).inline())  # nobody asks for the key that the database gave


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of equal shape with one statement; nothing for none."""
    _insert(table).run_all(connection, rows)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As ``insert_all``, leaving out rows whose key is there already."""
    _insert_new(table).run_all(connection, rows)
