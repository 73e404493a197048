"""Migrations give the schema that the code expects, whoever runs them and however many at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from engine.storage.database import Database, migrate, migration_config, schema_version
from engine.storage.schema import newest
from engine.storage.tables import metadata
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).parents[3]
MIGRATE = "import sys; from engine.storage.database import migrate; sys.stdin.read(1); migrate(sys.argv[1])"


def test_migrating_an_empty_database_gives_exactly_the_tables_of_the_code(any_database, database_url):
    database = Database(database_url, pool=False)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for table in metadata.sorted_tables:
            assert _checked(found, table.name) == _declared(table), table.name


def _checked(found, table):
    """What the comparison of Alembic leaves out: foreign keys and conditions of indexes."""
    keys = {(tuple(k["constrained_columns"]), k["referred_table"]) for k in found.get_foreign_keys(table)}
    partial = {
        i["name"] for i in found.get_indexes(table) if any(key.endswith("_where") for key in i["dialect_options"])
    }
    return keys, partial


def _declared(table):
    keys = {((k.parent.name,), k.column.table.name) for k in table.foreign_keys}
    return keys, {i.name for i in table.indexes if i.dialect_options["sqlite"]["where"] is not None}


def test_there_is_one_newest_migration_and_a_migrated_database_stands_at_it(any_database, database_url):
    heads = ScriptDirectory.from_config(migration_config(database_url)).get_heads()
    assert [schema_version(Database(database_url, pool=False))] == heads


def test_an_empty_database_has_no_schema_version(tmp_path):
    assert schema_version(Database(f"sqlite:///{tmp_path / 'new.sqlite3'}", pool=False)) is None


def test_migrating_again_changes_nothing(any_database, database_url):
    before = schema_version(Database(database_url, pool=False))
    migrate(database_url)
    assert schema_version(Database(database_url, pool=False)) == before


@pytest.mark.fault
def test_processes_that_start_at_once_on_a_new_sqlite_file_all_find_the_schema(tmp_path):
    _race(f"sqlite:///{tmp_path / 'deep' / 'new.sqlite3'}")


@pytest.mark.fault
@pytest.mark.postgres
def test_processes_that_start_at_once_on_a_new_postgres_database_all_find_the_schema(
    postgres_server: PostgresServer,
):
    url = postgres_server.create("migration_race")
    try:
        _race(url)
    finally:
        postgres_server.drop("migration_race")


def _race(url: str) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(4)
    ]  # fmt: skip
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write(b"x")
        starter.stdin.flush()
    ends = [(starter.communicate(timeout=60)[1].decode(), starter.returncode) for starter in starters]
    assert [code for _, code in ends] == [0, 0, 0, 0], ends
    assert schema_version(Database(url, pool=False)) == newest()
