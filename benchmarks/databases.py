"""Scratch databases on the disk that the product would use: durable, unlike those of the tests."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.storage.database import migrate
from tests.support import postgres
from tests.support.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")
#: PostgreSQL as it comes, with room for the large tables; every commit waits for the disk
DURABLE = {
    name: value
    for name, value in postgres.SETTINGS.items()
    if name not in ("fsync", "synchronous_commit", "full_page_writes")
} | {
    "shared_buffers": "2GB", "effective_cache_size": "8GB", "work_mem": "32MB", "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB", "random_page_cost": "1.1", "max_parallel_workers_per_gather": "0", "jit": "off",
}  # fmt: skip


@dataclass
class Scratch:
    """A folder and, once somebody asks for it, a PostgreSQL server; both go when the run ends."""

    folder: Path
    stack: ExitStack
    kinds: tuple[str, ...] = KINDS
    server: PostgresServer | None = None

    def database(self, kind: str, name: str) -> str:
        """URL of a new, migrated, empty database."""
        unique = f"{name}_{secrets.token_hex(3)}"
        file = f"sqlite:///{self.folder / unique}.sqlite3"
        url = file if kind == "sqlite" else self.postgres.create(unique)
        migrate(url)
        return url

    def copy(self, url: str) -> str:
        """URL of a second database like the first, to which nobody may be connected."""
        unique = f"copy_{secrets.token_hex(3)}"
        if not url.startswith("sqlite"):
            return self.postgres.create(unique, url.rsplit("/", 1)[1])
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copied = self.folder / f"{unique}.sqlite3"
        shutil.copyfile(url.removeprefix("sqlite:///"), copied)
        return f"sqlite:///{copied}"

    def drop(self, url: str) -> None:
        """Give the disk back."""
        if url.startswith("sqlite"):
            for path in self.folder.glob(f"{Path(url.removeprefix('sqlite:///')).name}*"):
                path.unlink()
        else:
            self.postgres.drop(url.rsplit("/", 1)[1])

    @property
    def postgres(self) -> PostgresServer:
        """The server, started on first use. Raises postgres.PostgresMissing."""
        if self.server is None:
            self.server = self.stack.enter_context(postgres.running_server(DURABLE))
        return self.server


@contextmanager
def scratch(kinds: tuple[str, ...] = KINDS) -> Iterator[Scratch]:
    """A scratch folder below TMPDIR, removed at the end with everything in it."""
    with tempfile.TemporaryDirectory(prefix="tsunagu-bench-") as folder, ExitStack() as stack:
        yield Scratch(Path(folder), stack, kinds)
