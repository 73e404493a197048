"""Attached files on disk: each under the hash of its content, in a folder that no web server knows.

A file is there before the row that names it, and goes only when no row does. Whoever adds one holds the folder from
the writing of the file to the commit of its row (``adding``); whoever tidies up holds it alone (docs/adr/0023).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from engine.domain.errors import StorageUnavailable

HASH = re.compile(r"[0-9a-f]{64}")
ORPHANS_KEPT = timedelta(days=1)
_LOCK = ".lock"


@dataclass(frozen=True)
class FileStore:
    """The folder of one installation; it is made when the first file comes."""

    folder: Path

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Nothing is tidied away until this ends."""
        with self._held(fcntl.LOCK_SH):
            yield

    def put(self, content: bytes) -> str:
        """Keep the content; returns its SHA-256. Whole and on the disk, or not at all. Raises StorageUnavailable.

        Call it within ``adding``, with the row that names it written before that ends.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        try:
            if not path.is_file() or path.stat().st_size != len(content):
                self._write(path, content)
        except OSError as problem:
            raise StorageUnavailable from problem
        return digest

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
        try:
            with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            _sync(path.parent)
            _sync(self.folder)
        finally:
            partial.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Where the file with that hash lies, or would. Raises ValueError for what is no hash."""
        if not HASH.fullmatch(digest):
            raise ValueError("no hash")
        return self.folder / digest[:2] / digest

    def tidy(self, named: Callable[[], Collection[str]], *, now: datetime) -> int:
        """Delete files that no row names and leftovers of writers that died; returns how many.

        named: asked while nobody adds anything. What came within the last day stays in any case.
        """
        if not self.folder.is_dir():
            return 0
        before = (now - ORPHANS_KEPT).timestamp()
        with self._held(fcntl.LOCK_EX):
            wanted, gone = named(), 0
            for path in self.folder.glob("??/*"):
                if path.name not in wanted and path.is_file() and path.stat().st_mtime < before:
                    path.unlink()
                    gone += 1
        return gone

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as problem:
            raise StorageUnavailable from problem
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _sync(folder: Path) -> None:
    """The names in a folder are on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
