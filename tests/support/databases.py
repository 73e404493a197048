"""Migrated databases for tests: made once a session, copied for each test."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.storage.database import Database


def migrated_sqlite(path: Path) -> Path:
    """Make a migrated SQLite file that can be copied as it lies: nothing is left in a write-ahead log."""
    from engine.storage import database

    database.migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return path


def copied_sqlite(template: Path, path: Path) -> str:
    """Copy a migrated file and return the SQLAlchemy URL of the copy."""
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def migrate_postgres(url: str) -> None:
    """Bring an empty PostgreSQL database to the newest schema."""
    from engine.storage import database

    database.migrate(url)


def opened(url: str) -> Database:
    """The database of the product at a URL; the caller disposes of it."""
    from engine.storage.database import Database

    return Database(url)
