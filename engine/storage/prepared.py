"""Statements that a step sends again and again: worked out once, then handed to the driver (docs/adr/0019).

A ``Prepared`` is a Core statement, checked against the schema like any other. SQLAlchemy compiles it once for each
database and each set of parameters; after that its text, the converters of its parameters and those of its columns are
kept, and it goes to the driver's cursor. SQLAlchemy's own execution of a compiled statement takes four to five times
what the driver takes. Whoever listens to the connection's events hears of these statements as of all others.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
Found = Sequence[Any]  #: one row, by position


class Prepared:
    """One statement with named parameters (``bindparam``, or columns to be set by INSERT and UPDATE)."""

    def __init__(self, statement: Any, *, on_postgresql: Any = None) -> None:
        """``on_postgresql``: the statement there, where it is another one than on SQLite."""
        self._statements = {"sqlite": statement, "postgresql": statement if on_postgresql is None else on_postgresql}
        self._texts: dict[tuple[str, tuple[str, ...]], _Text] = {}

    @classmethod
    def by_dialect(cls, build: Callable[[Any], Any]) -> Prepared:
        """A statement that differs between the databases: ``build`` is given the dialect's module."""
        return cls(build(sqlite), on_postgresql=build(postgresql))

    def run(self, connection: Connection, values: Values) -> int:
        """Send it; how many rows it changed."""
        text = self._text(connection, values)
        cursor = send(_begun(connection), text.sql, text.parameters(values))
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def run_all(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Send it for every one of these sets of parameters, which have the same names; nothing for none."""
        if not rows:
            return
        text = self._text(connection, rows[0])
        if len(rows) == 1:
            cursor = send(_begun(connection), text.sql, text.parameters(rows[0]))
        else:
            cursor = send(_begun(connection), text.sql, text.parameters_of_all(rows), many=True)
        cursor.close()

    def rows(self, connection: Connection, values: Values) -> list[Found]:
        """All rows of its answer."""
        text = self._text(connection, values)
        cursor = send(_begun(connection), text.sql, text.parameters(values))
        found = text.read(cursor)
        cursor.close()
        return found

    def first(self, connection: Connection, values: Values) -> Found | None:
        """The first row of its answer, or None."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def records(self, connection: Connection, values: Values) -> list[Any]:
        """All rows, each with its columns as attributes (as SQLAlchemy's own rows)."""
        return list(map(self._text(connection, values).record, self.rows(connection, values)))

    def record(self, connection: Connection, values: Values) -> Any:
        """The first of ``records``, or None."""
        found = self.records(connection, values)
        return found[0] if found else None

    def scalar(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row, or None."""
        found = self.rows(connection, values)
        return found[0][0] if found else None

    def _text(self, connection: Connection, values: Values) -> _Text:
        dialect = connection.dialect
        key = (dialect.name, tuple(values))
        known = self._texts.get(key)
        if known is None:
            known = self._texts[key] = _Text(self._statements[dialect.name], dialect, key[1])
        return known


class _Text:
    """What the driver is sent, for one database and one set of parameters."""

    def __init__(self, statement: Any, dialect: Dialect, names: Collection[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise ValueError(f"a list is expanded at each execution: {self.sql}")
        self._dialect = dialect
        columns = getattr(statement, "exported_columns", ())
        self._columns = [column.type for column in columns]
        self.record = _record_of([column.key for column in columns])
        self._readers: list[tuple[int, Convert]] | None = None
        self._filled, self._slots = self._places(compiled, dialect, names)
        all_given = compiled.positional and len(self._slots) == len(self._filled) > 1
        self._pick = itemgetter(*(name for _, name, _ in self._slots)) if all_given else None
        self._converted = [(place, convert) for place, (*_, convert) in enumerate(self._slots) if convert is not None]

    @staticmethod
    def _places(
        compiled: Any, dialect: Dialect, names: Collection[str]
    ) -> tuple[Any, list[tuple[int | str, str, Convert | None]]]:
        """The parameters with the statement's own constants in them, and where the caller's values go."""
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        places = list(enumerate(compiled.positiontup)) if compiled.positional else [(name, name) for name in binds]
        filled: Any = [None] * len(places) if compiled.positional else {}
        slots: list[tuple[int | str, str, Convert | None]] = []
        constants = compiled.params
        for place, name in places:
            bind = binds[name]
            convert = _converter(bind.type, dialect)
            if bind.key in names:
                slots.append((place, bind.key, convert))
            elif bind.required:
                raise ValueError(f"no value for {bind.key}: {compiled}")
            else:
                filled[place] = constants[name] if convert is None else convert(constants[name])
        return filled, slots

    def parameters(self, values: Values) -> Any:
        """The driver's parameters. KeyError when a value is missing."""
        if self._pick is not None:
            picked = list(self._pick(values))
            for column, converted in self._converted:
                picked[column] = converted(picked[column])
            return picked
        filled = self._filled.copy()
        for place, name, convert in self._slots:
            value = values[name]
            filled[place] = value if convert is None else convert(value)
        return filled

    def parameters_of_all(self, rows: Sequence[Values]) -> list[Any]:
        """As ``parameters``, for many rows, column by column. KeyError when a value is missing."""
        if self._pick is None:
            return [self.parameters(row) for row in rows]
        columns: list[Any] = list(zip(*map(self._pick, rows), strict=True))
        for column, convert in self._converted:
            columns[column] = _converted(convert, columns[column])
        return list(zip(*columns, strict=True))

    def read(self, cursor: Any) -> list[Found]:
        """The rows of the answer, as the types of the columns have them."""
        rows: list[Found] = cursor.fetchall()
        if not rows:
            return rows
        if self._readers is None:
            self._readers = self._converters(cursor.description)
        if not self._readers:
            return rows
        converted: list[Found] = []
        for row in rows:
            values = list(row)
            for place, convert in self._readers:
                values[place] = convert(values[place])
            converted.append(values)
        return converted

    def _converters(self, description: Sequence[Sequence[Any]]) -> list[tuple[int, Convert]]:
        found = []
        for place, (kind, described) in enumerate(zip(self._columns, description, strict=True)):
            convert = kind.dialect_impl(self._dialect).result_processor(self._dialect, described[1])
            if convert is not None:
                found.append((place, convert))
        return found


def _record_of(names: Any) -> Callable[[Found], Any]:
    """What makes a row's values one record; a name that cannot be an attribute is left to its position."""
    kind: Any = namedtuple("Record", names, rename=True)  # type: ignore[misc]
    make: Callable[[Found], Any] = kind._make
    return make


def _converted(convert: Convert, values: Sequence[Any]) -> list[Any]:
    """A column; mostly all rows of a batch share one instant, which is converted once."""
    first = values[0]
    if all(value is first for value in values):
        return [convert(first)] * len(values)
    return [convert(value) for value in values]


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _begun(connection: Connection) -> Connection:
    """As SQLAlchemy does it: what is sent outside a transaction begins one."""
    if not connection.in_transaction():
        connection.begin()
    return connection


def send(connection: Connection, sql: str, parameters: Any, *, many: bool = False) -> Any:
    """Give a text to the driver; returns its cursor.

    Listeners to ``before_cursor_execute``, ``after_cursor_execute``, ``do_execute`` and ``do_executemany`` are called
    as by SQLAlchemy, with None as the context. An error becomes what it becomes there (``handle_error``, a connection
    that is gone is forgotten with the others of the pool).
    """
    cursor = connection.connection.cursor()
    dialect: Any = connection.dialect
    # a connection's own dispatch walks that of its engine, too, which takes longer than asking the engine's alone
    events = connection.dispatch if connection._has_events else connection.engine.dispatch
    try:
        for listener in events.before_cursor_execute:
            sql, parameters = listener(connection, cursor, sql, parameters, None, many)
        for listener in dialect.dispatch.do_executemany if many else dialect.dispatch.do_execute:
            if listener(cursor, sql, parameters, None):
                break
        else:
            if many:
                dialect.do_executemany(cursor, sql, parameters, None)
            else:
                dialect.do_execute(cursor, sql, parameters, None)
        for listener in events.after_cursor_execute:
            listener(connection, cursor, sql, parameters, None, many)
    except BaseException as error:  # noqa: BLE001 - raised again, as what SQLAlchemy makes of it
        known = sql if isinstance(error, dialect.loaded_dbapi.Error) else None  # only the driver's errors are wrapped
        connection._handle_dbapi_exception(error, known, parameters, cursor, None)
    return cursor
