"""What the product sends to its database, and the same sent again by the bare driver to a copy of that database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from sqlalchemy import Connection, event, func, select

from engine.storage.database import BUSY_TIMEOUT_S, Database
from engine.storage.tables import metadata


@dataclass(frozen=True)
class Sent:
    """One statement with its parameters, as the driver was given them. writing: in a write transaction."""

    statement: str
    parameters: Any
    many: bool
    writing: bool

    @property
    def changes(self) -> bool:
        """Whether it is more than a question."""
        return not self.statement.startswith("SELECT")


@contextmanager
def recorded(database: Database) -> Iterator[list[Sent]]:
    """The statements that are sent while the block runs."""
    sent: list[Sent] = []

    def note(
        connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        if not statement.startswith("BEGIN"):
            writing = bool(connection.get_execution_options().get("tsunagu_write"))
            # rows that are inserted with RETURNING go as one statement, whatever SQLAlchemy calls it
            sent.append(Sent(statement, parameters, many and isinstance(parameters, list), writing))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


class Bare(Protocol):
    """The bare driver."""

    def transaction(self, statements: Sequence[Sent]) -> None:
        """Send the statements in one transaction, read what they return, commit durably."""

    def close(self) -> None:
        """Close the connection."""


class BareSqlite:
    """sqlite3 with the product's settings."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in (
            "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_S * 1000}"
        ):  # fmt: skip
            self._connection.execute(f"PRAGMA {pragma}")

    def transaction(self, statements: Sequence[Sent]) -> None:
        """BEGIN IMMEDIATE … COMMIT."""
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        _send(cursor, statements)
        cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BarePostgres:
    """psycopg."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""))

    def transaction(self, statements: Sequence[Sent]) -> None:
        """One transaction."""
        with self._connection.cursor() as cursor:
            _send(cursor, statements)
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _send(cursor: Any, statements: Sequence[Sent]) -> None:
    for sent in statements:
        if sent.many:
            cursor.executemany(sent.statement, sent.parameters)
        else:
            cursor.execute(sent.statement, sent.parameters)
            if cursor.description is not None:
                cursor.fetchall()


def bare(url: str) -> Bare:
    """A connection of the bare driver."""
    return BareSqlite(url) if url.startswith("sqlite") else BarePostgres(url)


def row_counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    database = Database(url, pool=False)
    with database.read() as connection:
        counts = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    database.dispose()
    return counts
