"""Connections: one place that knows how SQLite and PostgreSQL want to be opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as Connection
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError as IntegrityError
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import OperationalError as OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from engine.domain.errors import StorageUnavailable
from engine.storage import outages
from engine.storage.prepared import send

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_TIMEOUT_S = 15.0  #: how long a writer waits for another one
RESTED_S = 3.0  #: a connection that lay unused for longer is asked first whether it still lives (PostgreSQL)
HURRY_S = 1.0  #: how long a note waits for which nobody shall be kept waiting
#: A server that does not answer is given up after a time that a person would wait,
POSTGRES = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
#: and a lock too; only a migration waits for another one however long it takes.
LOCKS = {"options": f"-c lock_timeout={int(BUSY_TIMEOUT_S)}s"}
POOL = {"pool_size": 8, "max_overflow": 8, "pool_timeout": 15}


def normalise_url(url: str) -> str:
    """The URL with the driver we ship (psycopg 3)."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite_engine(url: str, *, pool: bool, patience_s: float) -> SqlEngine:
    kind = {"poolclass": QueuePool, **POOL} if pool else {"poolclass": NullPool}
    engine = create_engine(url, connect_args={"timeout": patience_s}, **kind)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves: BEGIN or BEGIN IMMEDIATE
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={int(patience_s * 1000)}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        hurry = options.get("tsunagu_hurry", False)
        if hurry:
            send(connection, f"PRAGMA busy_timeout={int(HURRY_S * 1000)}", ())
        try:
            send(connection, "BEGIN IMMEDIATE" if options.get("tsunagu_write", False) else "BEGIN", ())
        finally:
            if hurry:
                send(connection, f"PRAGMA busy_timeout={int(patience_s * 1000)}", ())

    return engine


def _ask_the_rested(engine: SqlEngine) -> None:
    """What ``pool_pre_ping`` does at each use, for connections that lay idle only: a step saves two round trips.

    One that breaks between two uses in quick succession makes one call fail, and the pool forget its age group.
    """

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        since = record.info.get("rests_since")
        if since is None or monotonic() - since <= RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError(str(error)) from error  # the pool opens a new one


def _pooled(engine: SqlEngine) -> Connection:
    """A connection of the pool, to be closed by who asked; none free in time is an outage too."""
    try:
        return engine.connect()
    except PoolTimeout as error:
        raise StorageUnavailable("no connection of the pool is free") from error
    except sqlite3.Error as error:  # from our own settings of a new connection
        outages.translate(error)
        raise


class Database:
    """The single truth; opened once per process, used from any thread."""

    def __init__(self, url: str, *, pool: bool = True, patience_s: float = BUSY_TIMEOUT_S) -> None:
        """``url``: sqlite:///path or postgresql://…; without ``pool`` each connection is its own (tests, forks).

        patience_s: how long a writer waits for another one before StorageUnavailable (SQLite).
        """
        self.url = normalise_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            Path(self.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(self.url, pool=pool, patience_s=patience_s)
        elif pool:
            self.engine = create_engine(self.url, connect_args=POSTGRES | LOCKS, **POOL)
            _ask_the_rested(self.engine)
        else:
            self.engine = create_engine(self.url, poolclass=NullPool, connect_args=POSTGRES)
        outages.watch(self.engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for reading; nothing is kept. Raises StorageUnavailable."""
        with _pooled(self.engine) as connection:
            if not self.is_sqlite:
                connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, *, hurry: bool = False) -> Iterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises. Raises StorageUnavailable.

        hurry: for notes that must not keep a reader waiting; another writer is waited for ``HURRY_S`` at most (SQLite).
        """
        with _pooled(self.engine) as connection:
            # not of an engine of its own: what is sent would be told to the listeners of both
            connection.execution_options(tsunagu_write=True, tsunagu_hurry=hurry)
            with connection.begin():
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
