"""A backup holds everything and comes back whole, into either kind of database; a damaged one does not."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Boolean, Date, Integer, LargeBinary, insert, select, text, update

from engine.storage import audit, backup
from engine.storage.columns import Instant, Json
from engine.storage.database import Database
from engine.storage.tables import metadata

NOW = datetime(2026, 4, 6, 1, 2, 3, 456789, tzinfo=UTC)
TRAIL = ("audit_chain", "audit_event")


def value(column, number):
    """Some value of the column's type, different in each row, with what is easily lost on the way."""
    kind = column.type
    if isinstance(kind, Instant):
        return NOW + timedelta(microseconds=number)
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Date):
        return date(2026, 4, 1) + timedelta(days=number)
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    if isinstance(kind, Json):
        return {"b": [1, 0.1, None], "a": "改行\nと「引用」\u2028🏠", "n": number}
    return f'{column.table.name}.{column.name} {number} \\ " \n 髙﨑🏠'


def value_of(column, number, ids):
    """Empty in the third row, the row of that number in the table referred to, or some value."""
    if column.nullable and number == 3:
        return None
    for key in column.foreign_keys:
        return None if key.column.table is column.table else ids[key.column.table.name][number - 1]
    return value(column, number)


def fill(connection):
    """Three rows in every table; where a column may be empty, it is in the third."""
    ids = {}
    for table in metadata.sorted_tables:
        if table.name not in TRAIL:
            rows = [{c.name: value_of(c, number, ids) for c in table.columns} for number in (1, 2, 3)]
            ids[table.name] = [row.get("id") for row in rows]
            connection.execute(insert(table), rows)
    case, (first, second, third) = metadata.tables["support_case"], ids["support_case"]
    for id, other in ((first, third), (second, first)):  # one refers to a row that comes later
        connection.execute(update(case).where(case.c.id == id).values(merged_into=other))
    for number in range(5):
        audit.append(connection, chain=f"case-{number % 2}", at=NOW, actor="somebody", act="task.completed",
                     data={"due": NOW, "text": "理由：連絡がとれない"})  # fmt: skip


def content(url):
    """All rows of all tables, sorted, as the database gives them."""
    database = Database(url, pool=False)
    with database.read() as connection:
        return {
            table.name: sorted(tuple(map(repr, row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


@pytest.fixture
def full(database_url):
    """URL of a database with rows in every table."""
    database = Database(database_url, pool=False)
    with database.write() as connection:
        fill(connection)
    return database_url


@pytest.fixture
def archive(full, tmp_path):
    """A backup of it."""
    path = tmp_path / "tsunagu.backup"
    backup.back_up(Database(full, pool=False), path, now=NOW)
    return path


@pytest.fixture
def new_sqlite(tmp_path):
    """URL of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'elsewhere' / 'new.sqlite3'}"


def assert_equal_but_for_sessions(url, expected):
    found = content(url)
    assert len(found) > 30
    for name, rows in expected.items():
        assert found[name] == ([] if name in backup.LEFT_OUT else rows), name
    assert all(rows for name, rows in found.items() if name not in backup.LEFT_OUT)


def test_all_rows_come_back_into_a_new_file(any_database, full, archive, new_sqlite):
    backup.restore(new_sqlite, archive)
    assert_equal_but_for_sessions(new_sqlite, content(full))


@pytest.mark.postgres
def test_all_rows_come_back_into_a_new_postgres_database(any_database, full, archive, postgres_server):
    url = postgres_server.create("restored_here")
    try:
        backup.restore(url, archive)
        assert_equal_but_for_sessions(url, content(full))
    finally:
        postgres_server.drop("restored_here")


@pytest.mark.postgres
def test_numbers_go_on_after_the_restored_ones(any_database, archive, postgres_url):
    backup.restore(postgres_url, archive, replace=True)
    row = {"at": NOW, "staff_id": "x", "act": "list", "what": "", "reason": ""}
    with Database(postgres_url, pool=False).write() as connection:
        table = metadata.tables["access_log"]
        assert connection.execute(insert(table).values(**row)).inserted_primary_key[0] == 4


def test_a_database_that_holds_something_is_not_restored_into_unless_told(any_database, full, archive):
    before = content(full)
    with pytest.raises(backup.DatabaseInUse):
        backup.restore(full, archive)
    assert content(full) == before


def test_told_to_replace_it_puts_back_what_was_deleted_and_removes_what_was_added(any_database, full, archive):
    before = content(full)
    with Database(full, pool=False).write() as connection:
        connection.execute(text("DELETE FROM draft"))
        connection.execute(text("UPDATE person SET name = '書き換え'"))
        audit.append(connection, chain="case-9", at=NOW, actor="somebody", act="task.claimed")
    backup.restore(full, archive, replace=True)
    assert_equal_but_for_sessions(full, before)


def test_a_forged_trail_is_refused_and_the_database_stays_as_it_was(any_database, full, archive, tmp_path):
    before = content(full)
    forged = changed(archive, tmp_path / "forged", "audit_event", lambda lines: lines[:1] + lines[2:])
    with pytest.raises(backup.BackupUnusable, match="監査記録"):
        backup.restore(full, forged, replace=True)
    assert content(full) == before


def changed(archive, path, table, change):
    """A copy whose table is changed and whose manifest agrees with that."""
    import hashlib

    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        manifest = json.loads(old.read(backup.MANIFEST))
        for name in old.namelist():
            content = old.read(name)
            if name == f"tables/{table}.jsonl":
                lines = change(content.splitlines(keepends=True))
                content = b"".join(lines)
                manifest["tables"][table] |= {"rows": len(lines), "sha256": hashlib.sha256(content).hexdigest()}
            if name != backup.MANIFEST:
                new.writestr(name, content)
        new.writestr(backup.MANIFEST, json.dumps(manifest))
    return path


@pytest.mark.parametrize("damage", ["byte", "cut", "empty", "text", "newer", "table", "name"])
def test_a_damaged_file_is_refused_with_a_reason_and_nothing_is_made(archive, new_sqlite, tmp_path, damage):
    broken = tmp_path / "broken"
    DAMAGE[damage](archive, broken)
    with pytest.raises(backup.BackupUnusable) as refusal:
        backup.restore(new_sqlite, broken)
    assert refusal.value.message_ja.endswith("。") or "（" in refusal.value.message_ja
    assert damage == "newer" or not (tmp_path / "elsewhere" / "new.sqlite3").exists()


def flip_byte(archive, path):
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace("髙".encode(), "高".encode(), 1) if "person" in name else content)


def with_manifest(change):
    def damage(archive, path):
        with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                facts = json.loads(old.read(name)) if name == backup.MANIFEST else None
                new.writestr(name, json.dumps(change(facts)) if facts else old.read(name))

    return damage


def renamed(facts):
    tables = facts["tables"]
    return {**facts, "tables": {'person"; DROP TABLE staff; --' if k == "person" else k: v for k, v in tables.items()}}


DAMAGE = {
    "byte": flip_byte,
    "cut": lambda archive, path: path.write_bytes(archive.read_bytes()[:-2000]),
    "empty": lambda archive, path: path.write_bytes(b""),
    "text": lambda archive, path: path.write_text("バックアップではありません"),
    "newer": with_manifest(lambda facts: {**facts, "schema": "9999"}),
    "table": with_manifest(lambda facts: {**facts, "tables": {**facts["tables"], "gone": facts["tables"]["person"]}}),
    "name": with_manifest(renamed),
}


def test_the_file_is_for_its_owner_only_and_is_never_overwritten(full, archive):
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    before = archive.read_bytes()
    with pytest.raises(FileExistsError):
        backup.back_up(Database(full, pool=False), archive, now=NOW)
    assert archive.read_bytes() == before
    assert [p.name for p in archive.parent.iterdir() if "part" in p.name] == []


def test_what_is_written_meanwhile_is_not_half_in_the_backup(any_database, full, tmp_path, monkeypatch):
    """A writer commits while the backup runs; the backup holds the moment at which it began."""
    before = content(full)
    write_table = backup._write_table

    def write_and_disturb(connection, archive, table):
        facts = write_table(connection, archive, table)
        if table.name == "organisation":
            with Database(full, pool=False).write() as other:
                other.execute(text("UPDATE person SET name = '書き換え'"))
        return facts

    monkeypatch.setattr(backup, "_write_table", write_and_disturb)
    backup.back_up(Database(full, pool=False), tmp_path / "b", now=NOW)
    new = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    backup.restore(new, tmp_path / "b")
    assert content(new)["person"] == before["person"]
    assert content(full)["person"] != before["person"]


def test_a_full_disk_leaves_no_half_file(full, tmp_path, monkeypatch):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_manifest_text", fail)
    with pytest.raises(OSError, match="No space"):
        backup.back_up(Database(full, pool=False), tmp_path / "b", now=NOW)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".sqlite3" and "sqlite3" not in path.name] == []
    shutil.rmtree(tmp_path, ignore_errors=True)
