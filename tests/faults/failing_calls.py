"""Makes the n-th call to the database fail: a statement or a commit, before it is done or just after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import event

from engine.storage.database import Database


class When(StrEnum):
    """At what moment of the call it fails."""

    BEFORE = "before"  #: nothing of it is done
    AFTER = "after"  #: it is done, and nobody hears of it
    FROM_THEN_ON = "from then on"  #: nothing of it is done, nor of any later call


class Calls:
    """Counts the calls of a database, and fails the one that it is told to."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self.failed = 0
        self._nth, self._when = 0, When.BEFORE
        self._error: Any = _disk_full if database.is_sqlite else _server_gone
        dialect = database.engine.dialect
        self._dialect: Any = dialect
        self._commit, self._database = dialect.do_commit, database

    def fail(self, nth: int, when: When) -> None:
        """Fail the n-th call from now, n from 1."""
        self.count, self.failed, self._nth, self._when = 0, 0, nth, when

    def heal(self) -> None:
        """Fail nothing any more."""
        self._nth = 0

    def install(self) -> None:
        """Step between SQLAlchemy and the driver."""
        engine = self._database.engine
        event.listen(engine, "do_execute", self._statement)
        event.listen(engine, "do_executemany", self._many)
        self._dialect.do_commit = self._committing

    def remove(self) -> None:
        """Step out again."""
        engine = self._database.engine
        event.remove(engine, "do_execute", self._statement)
        event.remove(engine, "do_executemany", self._many)
        self._dialect.do_commit = self._commit

    # ------------------------------------------------------------ between

    def _statement(self, cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
        return self._call(lambda: cursor.execute(statement, parameters))

    def _many(self, cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
        return self._call(lambda: cursor.executemany(statement, parameters))

    def _committing(self, connection: Any) -> None:
        self._call(lambda: self._commit(connection))

    def _call(self, do: Any) -> bool:
        self.count += 1
        hit = self.count == self._nth or (self._when is When.FROM_THEN_ON and 0 < self._nth <= self.count)
        if hit and self._when is not When.AFTER:
            self.failed += 1
            raise self._error()
        do()
        if hit:
            self.failed += 1
            raise self._error()
        return True


def _disk_full() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def _server_gone() -> Exception:
    return psycopg.OperationalError("server closed the connection unexpectedly")


@contextmanager
def failing(database: Database) -> Iterator[Calls]:
    """The database with its calls counted."""
    calls = Calls(database)
    calls.install()
    try:
        yield calls
    finally:
        calls.remove()
