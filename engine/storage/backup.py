"""The whole database as one file, and back: the same archive for SQLite and PostgreSQL (docs/adr/0020).

A zip file: ``tables/<name>.jsonl`` holds one JSON array for each row, ``manifest.json`` the schema version and for each
table its columns, number of rows and SHA-256; ``files/<hash>`` are the attached files. Sessions are left out: after a
restore everybody signs in again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.types import TypeEngine

from engine.domain.errors import EngineError
from engine.storage import audit, casework
from engine.storage.columns import Instant, Json
from engine.storage.database import Database, migrate, migration_config, schema_version
from engine.storage.file_store import HASH, FileStore
from engine.storage.metadata import metadata
from engine.storage.schema import newest

log = logging.getLogger(__name__)

FORMAT = "tsunagu-backup-1"
MANIFEST = "manifest.json"
LEFT_OUT = frozenset({"web_session", "api_token", "api_request"})  # a key taken away must not come back
VERSION_TABLE = "alembic_version"
BATCH = 1000
MAX_MANIFEST_BYTES = 1_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KINDS: dict[str, type[TypeEngine[Any]]] = {
    "bool": Boolean, "int": BigInteger, "date": Date, "instant": Instant, "bytes": LargeBinary, "text": Text,
}  # fmt: skip


class BackupUnusable(EngineError):
    """The file is no backup, is damaged, or comes from newer software; nothing was changed."""

    code = "backup_unusable"

    def __init__(self, message_ja: str) -> None:
        super().__init__(message_ja)
        self.message_ja = message_ja


class DatabaseInUse(EngineError):
    """The database that was to be restored into holds something."""

    code = "database_in_use"


@dataclass(frozen=True)
class TableManifest:
    """One table in an archive. columns: name and kind in the order of the rows. keys: its primary key."""

    columns: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive holds. created_at: when the snapshot of the database was taken. files: size by hash."""

    schema: str
    created_at: datetime
    tables: Mapping[str, TableManifest]
    files: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


# ---------------------------------------------------------------- writing


def back_up(database: Database, path: Path, *, now: datetime, files: FileStore | None = None) -> Manifest:
    """Write everything the database holds at one moment to ``path``; others may go on working meanwhile.

    files: the store of the attached files, which go into the archive with the rows that name them.

    The file appears whole or not at all, readable by its owner only. Raises FileExistsError for a path that exists, and
    BackupUnusable for a database of another schema version.
    """
    if schema_version(database) != newest():
        raise BackupUnusable("データベースの版がソフトウェアと合いません。tsunagu migrate の後で行ってください。")
    if path.exists():
        raise FileExistsError(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            manifest = _write(database, file, now, files)
            file.flush()
            os.fsync(file.fileno())
        verify(partial)
        os.link(partial, path)  # unlike a rename, never replaces a file made meanwhile
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _write(database: Database, file: IO[bytes], now: datetime, store: FileStore | None) -> Manifest:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive, database.read() as connection:
        tables = {table.name: _write_table(connection, archive, table) for table in _tables()}
        named = casework.named_files(connection) if store else ()
        files = {digest: size for digest in sorted(named) if store for size in _write_file(archive, store, digest)}
        manifest = Manifest(newest(), now, tables, files)
        archive.writestr(MANIFEST, _manifest_text(manifest))
    return manifest


def _write_file(archive: zipfile.ZipFile, store: FileStore, digest: str) -> Iterator[int]:
    """Add one file and give its size; one that is missing is reported and does not keep the rest from being saved."""
    path = store.path(digest) if HASH.fullmatch(digest) else None
    if path is None or not path.is_file():
        log.warning("backup: the attached file %s is missing", digest)
        return
    archive.write(path, _file_entry(digest), zipfile.ZIP_STORED)  # such files are compressed already
    yield path.stat().st_size


def _file_entry(digest: str) -> str:
    return f"files/{digest}"


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def _write_table(connection: Connection, archive: zipfile.ZipFile, table: Table) -> TableManifest:
    columns = tuple((column.name, _kind(column)) for column in table.columns)
    # JSON is taken as the text it is stored as, so that not a byte of it changes on the way.
    wanted = [type_coerce(c, Text) if isinstance(c.type, Json) else c for c in table.columns]
    query = select(*wanted).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    digest, count = hashlib.sha256(), 0
    with archive.open(_entry(table.name), "w", force_zip64=True) as out:
        for row in connection.execute(query):
            line = _line(row)
            digest.update(line)
            out.write(line)
            count += 1
    return TableManifest(columns, tuple(c.name for c in table.primary_key.columns), count, digest.hexdigest())


def _kind(column: Column[Any]) -> str:
    kind = column.type
    if isinstance(kind, Instant):
        return "instant"
    if isinstance(kind, Boolean):
        return "bool"
    if isinstance(kind, (Integer, SmallInteger)):
        return "int"
    if isinstance(kind, Date):
        return "date"
    return "bytes" if isinstance(kind, LargeBinary) else "text"


def _line(row: Iterable[Any]) -> bytes:
    return json.dumps([_encoded(v) for v in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    return value


def _entry(table: str) -> str:
    return f"tables/{table}.jsonl"


def _manifest_text(manifest: Manifest) -> str:
    tables = {
        name: {"columns": t.columns, "keys": t.keys, "rows": t.rows, "sha256": t.sha256}
        for name, t in manifest.tables.items()
    }
    facts = {
        "format": FORMAT, "schema": manifest.schema, "created_at": _encoded(manifest.created_at), "tables": tables,
        "files": dict(manifest.files),
    }  # fmt: skip
    return json.dumps(facts, ensure_ascii=False, indent=1)


# ---------------------------------------------------------------- reading


def verify(path: Path) -> Manifest:
    """Read an archive through and compare every checksum. Raises BackupUnusable."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _read_manifest(archive)
            for name, table in manifest.tables.items():
                _verify_table(archive, name, table)
            for digest, size in manifest.files.items():
                _verify_file(archive, digest, size)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise BackupUnusable(f"バックアップとして読めません（{type(error).__name__}）。") from error
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    with archive.open(MANIFEST) as file:
        facts = json.loads(file.read(MAX_MANIFEST_BYTES))
    if facts["format"] != FORMAT:
        raise BackupUnusable("このソフトウェアでは読めない形式のバックアップです。")
    tables = {
        _name(name): TableManifest(
            tuple((_name(c), str(k)) for c, k in t["columns"]), tuple(t["keys"]), int(t["rows"]), str(t["sha256"])
        )
        for name, t in facts["tables"].items()
    }
    files = {str(digest): int(size) for digest, size in facts.get("files", {}).items()}  # none in older archives
    if not all(HASH.fullmatch(digest) for digest in files):
        raise ValueError("no name of a file")
    return Manifest(str(facts["schema"]), datetime.fromisoformat(facts["created_at"]), tables, files)


def _name(found: object) -> str:
    """A name that may go into a statement."""
    if not isinstance(found, str) or not _NAME.fullmatch(found):
        raise ValueError("no name of a table or column")
    return found


def _verify_table(archive: zipfile.ZipFile, name: str, table: TableManifest) -> None:
    digest, count = hashlib.sha256(), 0
    with archive.open(_entry(name)) as lines:
        for line in lines:
            digest.update(line)
            count += 1
    if (count, digest.hexdigest()) != (table.rows, table.sha256):
        raise BackupUnusable(f"バックアップが壊れています（{name}）。別のバックアップを使ってください。")


def _verify_file(archive: zipfile.ZipFile, digest: str, size: int) -> None:
    with archive.open(_file_entry(digest)) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # readinto is all it needs
    if found != digest or archive.getinfo(_file_entry(digest)).file_size != size:
        raise BackupUnusable("バックアップの添付ファイルが壊れています。別のバックアップを使ってください。")


# ---------------------------------------------------------------- restoring


def restore(url: str, path: Path, *, replace: bool = False, files: FileStore | None = None) -> Manifest:
    """Put an archive back in one transaction: all of it, with a sound audit trail, or nothing.

    replace: also into a database that holds something, which is then gone. An archive of older software goes into a
    database without tables and is migrated. files: where the attached files go, before the rows that name them.
    Raises BackupUnusable, DatabaseInUse.
    """
    manifest = verify(path)
    database = Database(url, pool=False)
    try:
        _prepare(database, manifest, replace)
        with zipfile.ZipFile(path) as archive, database.write() as connection:
            _load_files(archive, manifest, files)
            _load(connection, archive, manifest)
        migrate(url)
    finally:
        database.dispose()
    return manifest


def _prepare(database: Database, manifest: Manifest, replace: bool) -> None:
    """Refuse what cannot be restored into; bring an empty database to the archive's schema."""
    standing = schema_version(database)
    if standing is None:
        _refuse_foreign(database)
        try:
            command.upgrade(migration_config(database.url), manifest.schema)
        except CommandError as error:
            raise BackupUnusable("新しいソフトウェアのバックアップです。ソフトウェアを更新してください。") from error
    elif standing != manifest.schema:
        raise BackupUnusable("バックアップの版が違います。空のデータベースを用意して、そこへ戻してください。")
    elif not replace and _holds_rows(database):
        raise DatabaseInUse


def _refuse_foreign(database: Database) -> None:
    with database.read() as connection:
        if inspect(connection).get_table_names():
            raise DatabaseInUse


def _holds_rows(database: Database) -> bool:
    with database.read() as connection:
        return any(
            connection.execute(select(text("1")).select_from(t).limit(1)).first() for t in metadata.sorted_tables
        )


def _load_files(archive: zipfile.ZipFile, manifest: Manifest, store: FileStore | None) -> None:
    """Each file is at most as large as one that may be attached, so one at a time is held in memory."""
    for digest in manifest.files if store else ():
        assert store is not None
        with store.adding():
            store.put(archive.read(_file_entry(digest)))


def _load(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    tables = {name: _table(name, facts) for name, facts in manifest.tables.items()}
    present = set(inspect(connection).get_table_names())
    if present - {*LEFT_OUT, VERSION_TABLE} != set(tables):
        raise BackupUnusable("バックアップの表がデータベースの表と合いません。")
    circles = _references_to_themselves(connection, tables)
    for name in (*(LEFT_OUT & present), *reversed(tables)):  # an older schema has fewer of them
        connection.execute(text(f'DELETE FROM "{name}"'))
    for name, table in tables.items():
        _load_table(connection, archive, table, circles.get(name, ()))
    for name, table in tables.items():
        _set_serial(connection, table)
        found = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if found != manifest.tables[name].rows:
            raise BackupUnusable(f"行の数が合いません（{name}）。何も変えていません。")
    broken = audit.verify(connection)
    if broken:
        where = "、".join(f"{link.chain} {link.seq}番" for link in broken[:3])
        raise BackupUnusable(f"バックアップの監査記録がつながっていません（{where}）。何も変えていません。")


def _table(name: str, facts: TableManifest) -> Table:
    """The table as the archive describes it, which may be older than the one of this software."""
    columns = [Column(column, _KINDS[kind](), primary_key=column in facts.keys) for column, kind in facts.columns]
    return Table(name, MetaData(), *columns)


def _references_to_themselves(connection: Connection, tables: Mapping[str, Table]) -> dict[str, tuple[str, ...]]:
    """Columns that refer to rows of their own table, which may come later in the file."""
    looking = inspect(connection)
    found: dict[str, tuple[str, ...]] = {}
    for name in tables:
        keys = [key for key in looking.get_foreign_keys(name) if key["referred_table"] == name]
        found[name] = tuple(column for key in keys for column in key["constrained_columns"])
    return found


def _load_table(connection: Connection, archive: zipfile.ZipFile, table: Table, later: tuple[str, ...]) -> None:
    """Insert all rows; what refers to other rows of the table is written after all of them are there."""
    keys = [column.name for column in table.primary_key.columns]
    postponed: list[dict[str, Any]] = []
    for rows in _batches(archive, table):
        for row in rows:
            links = {column: row[column] for column in later if row[column] is not None}
            if links:
                postponed.append({f"key_{k}": row[k] for k in keys} | {f"new_{c}": row[c] for c in later})
                row.update(dict.fromkeys(links))
        connection.execute(insert(table), rows)
    if postponed:
        statement = update(table).values({c: bindparam(f"new_{c}") for c in later})
        connection.execute(statement.where(*(table.c[k] == bindparam(f"key_{k}") for k in keys)), postponed)


def _batches(archive: zipfile.ZipFile, table: Table) -> Iterator[list[dict[str, Any]]]:
    columns = list(table.columns)
    batch: list[dict[str, Any]] = []
    with archive.open(_entry(table.name)) as lines:
        for line in lines:
            values = json.loads(line)
            batch.append({c.name: _decoded(c.type, v) for c, v in zip(columns, values, strict=True)})
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _decoded(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Instant):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value


def _set_serial(connection: Connection, table: Table) -> None:
    """Numbers given by PostgreSQL go on after the highest that was restored; SQLite does so by itself."""
    if connection.dialect.name != "postgresql" or list(table.primary_key.columns.keys()) != ["id"]:
        return
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:t, 'id')"), {"t": table.name}).scalar_one()
    if sequence is not None:
        highest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
        connection.execute(select(func.setval(sequence, highest, False)))
