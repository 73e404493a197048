"""Alembic's entry: one connection, one lock, so that two starting processes do not both create tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from engine.storage.database import Database
from engine.storage.tables import metadata

MIGRATION_LOCK = 7_245_113


def run() -> None:
    """Run the pending migrations in one transaction."""
    database = Database(context.config.attributes["url"], pool=False)
    try:
        with database.write() as connection:
            if not database.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
            context.run_migrations()
    finally:
        database.dispose()


run()
