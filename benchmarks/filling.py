"""Filling the true tables by SQL, alike on both databases: rows by the million within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from engine.storage.database import Database
from engine.storage.tables import metadata

#: tables whose secondary indexes are made after they are filled
LARGE = ("person", "household", "support_case", "case_organisation", "process_instance", "user_task", "task_candidate",
         "clock", "timer", "audit_chain", "audit_event")  # fmt: skip


@contextmanager
def filling(database: Database) -> Iterator[Connection]:
    """One transaction without foreign keys and secondary indexes, which come back at its end."""
    indexes = [index for name in LARGE for index in metadata.tables[name].indexes]
    with database.engine.connect() as connection:
        if database.is_sqlite:
            for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
                connection.connection.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
        with connection.begin():
            if not database.is_sqlite:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for index in indexes:
                index.drop(connection)
            yield connection
            for index in indexes:
                index.create(connection)
    database.dispose()


def analyse(database: Database) -> None:
    """Let the database know how its tables are filled, and write everything down."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
        else:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")


@dataclass(frozen=True)
class Sql:
    """The same SQL in two dialects. ``n`` counts rows from 0."""

    sqlite: bool
    now: datetime

    def rows(self, count: int, columns: str, values: str) -> str:
        """INSERT of ``count`` rows; ``columns`` begins with the table's name."""
        if self.sqlite:
            series = f"WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < {count - 1}) "
            return f"INSERT INTO {columns} {series}SELECT {values} FROM g"
        return f"INSERT INTO {columns} SELECT {values} FROM generate_series(0, CAST({count - 1} AS bigint)) AS g(n)"

    def identity(self, number: str, kind: int = 0) -> str:
        """32 hexadecimal digits; ``kind`` keeps the tables apart."""
        value = f"{kind << 40} + ({number})"
        return f"printf('%032x', {value})" if self.sqlite else f"lpad(to_hex({value}), 32, '0')"

    def instant(self, minutes: str) -> str:
        """The present plus some minutes."""
        if self.sqlite:
            base = self.now.strftime("%Y-%m-%d %H:%M:%S")
            return f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', '{base}', ({minutes}) || ' minutes')"
        return f"(timestamptz '{self.now.isoformat()}' + ({minutes}) * interval '1 minute')"

    def word(self, number: str) -> str:
        """A number as text."""
        return f"CAST({number} AS text)"
