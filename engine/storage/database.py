"""Connections: one place that knows how SQLite and PostgreSQL want to be opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as Connection
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.exc import IntegrityError as IntegrityError
from sqlalchemy.exc import OperationalError as OperationalError
from sqlalchemy.pool import NullPool, QueuePool

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_TIMEOUT_S = 15


def normalise_url(url: str) -> str:
    """The URL with the driver we ship (psycopg 3)."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite_engine(url: str, *, pool: bool) -> SqlEngine:
    kind = {"poolclass": QueuePool, "pool_size": 8} if pool else {"poolclass": NullPool}
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **kind)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves: BEGIN or BEGIN IMMEDIATE
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("tsunagu_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


class Database:
    """The single truth; opened once per process, used from any thread."""

    def __init__(self, url: str, *, pool: bool = True) -> None:
        """``url``: sqlite:///path or postgresql://…; without ``pool`` each connection is its own (tests, forks)."""
        self.url = normalise_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            Path(self.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(self.url, pool=pool)
        elif pool:
            self.engine = create_engine(self.url, pool_size=8, max_overflow=8, pool_pre_ping=True)
        else:
            self.engine = create_engine(self.url, poolclass=NullPool)
        self._writer = self.engine.execution_options(tsunagu_write=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for reading; nothing is kept."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._writer.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close every pooled connection (before a fork, at the end)."""
        self.engine.dispose()


def migration_config(url: str) -> Config:
    """Alembic's configuration for our migrations; nothing is read from an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = normalise_url(url)
    return config


def migrate(url: str) -> None:
    """Bring the database at ``url`` to the schema of this software.

    Safe to call at every start and from two processes.
    """
    command.upgrade(migration_config(url), "head")


def schema_version(database: Database) -> str | None:
    """The migration the database stands at, or None for an empty one."""
    with database.read() as connection:
        try:
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        except Exception:  # noqa: BLE001 - no such table: an empty database, whatever the driver calls it
            return None
    return None if row is None else str(row[0])
