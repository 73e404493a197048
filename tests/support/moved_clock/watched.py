"""Lets a test see from outside when a process of the product is inside a writing transaction, and at which statement.

Each process keeps one byte for each of its threads in a file of its own, named by its process id, which lives on when
the process is killed: 0 outside a transaction, 1 after BEGIN, one more for each statement, COMMITTING while it commits.
"""

from __future__ import annotations

import itertools
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SLOTS = 64
COMMITTING = 255
MOST = COMMITTING - 1


class Marks:
    """The bytes of this process; a fork begins with a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._pid = folder, 0
        self._begin()

    def _begin(self) -> None:
        self._pid, self._slots, self._of_thread = os.getpid(), itertools.count(), threading.local()
        path = self._folder / str(self._pid)
        path.write_bytes(b"\0" * SLOTS)
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), SLOTS)

    def _slot(self) -> int:
        if self._pid != os.getpid():
            self._begin()
        if not hasattr(self._of_thread, "slot"):
            self._of_thread.slot = next(self._slots) % SLOTS
        return int(self._of_thread.slot)

    def set(self, value: int) -> None:
        """What this thread does now."""
        self._bytes[self._slot()] = value

    def count(self) -> None:
        """A statement more, inside a transaction."""
        slot = self._slot()
        if 0 < self._bytes[slot] < MOST:
            self._bytes[slot] += 1


def install(folder: Path) -> None:
    """Watch every writing transaction of this process."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from engine.storage.database import Database

    marks = Marks(folder)
    plain = Database.write

    @contextmanager
    def write(self: Database, **options: Any) -> Iterator[Any]:
        try:
            with plain(self, **options) as connection:
                marks.set(1)
                yield connection
                marks.set(COMMITTING)
        finally:
            marks.set(0)

    Database.write = write  # type: ignore[method-assign]
    event.listen(Engine, "after_cursor_execute", lambda *_: marks.count())
