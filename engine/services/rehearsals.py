"""The scenarios of a process tried on what somebody wants to publish, by a program beside this one.

Each result is kept as it comes, so the page can show progress and be left. Whoever holds the lease runs them all; when
that process dies, the next takes the scenarios that still wait.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import msgspec

from engine.config import ROOT
from engine.services import publications as service
from engine.services.engine import Engine
from engine.storage import definitions as store
from engine.storage import publications
from engine.storage.publications import PublicationRow

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
PATIENCE_S = 600.0  #: after that long the program is ended, and what it did not try counts as unusable
PROGRAM = "engine.scenarios.rehearsal"
ORDER = "order.msgpack"

#: runs the order in a folder and gives one answer for each scenario
Launch = Callable[[Path], Iterator[dict[str, Any]]]


class Interrupted(Exception):
    """The program was asked to end, as when the server stops; what it did not try is tried later."""


def launched(folder: Path) -> Iterator[dict[str, Any]]:
    """The answers of the program, as they come. Raises Interrupted when somebody asked it to end."""
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8"
    ) as program:
        guard = Timer(PATIENCE_S, program.kill)
        guard.start()
        try:
            assert program.stdout is not None
            for line in program.stdout:
                if line.startswith("{"):  # anything else is not an answer
                    yield json.loads(line)
            if program.wait() in (-signal.SIGTERM, -signal.SIGINT):
                raise Interrupted
        finally:
            guard.cancel()
            program.kill()


def work(engine: Engine, *, now: datetime, limit: int | None = None, launch: Launch = launched) -> int:
    """Try the scenarios of one wish (at most ``limit`` of them) on which nobody else works; how many were tried."""
    with engine.database.read() as connection:  # looking on takes no lock: most looks find nothing
        wish_id = publications.next_waiting(connection, now)
    if wish_id is None:
        return 0
    with engine.database.write() as connection:
        if not publications.lease(connection, wish_id, now, now + LEASE):
            return 0
    with engine.database.read() as connection:
        wish = publications.get(connection, wish_id)
        waiting = [s.file for s in publications.scenarios_of(connection, wish_id) if s.state == "waiting"][:limit]
    assert wish is not None
    try:
        done = _tried(engine, wish, waiting, launch)
        _close(engine, wish.id, [file for file in waiting if file not in done])
    except Interrupted:
        log.info("rehearsal %s was interrupted", wish.id)
    finally:
        with engine.database.write() as connection:
            publications.release(connection, wish_id)
    return len(waiting)


def _tried(engine: Engine, wish: PublicationRow, files: Sequence[str], launch: Launch) -> set[str]:
    done: set[str] = set()
    with _ordered(engine, wish, files) as folder:
        for answer in launch(folder):
            with engine.database.write() as connection:
                publications.set_scenario(connection, wish.id, answer["file"], answer["state"], answer["lines"])
            done.add(answer["file"])
    return done


@contextmanager
def _ordered(engine: Engine, wish: PublicationRow, files: Sequence[str]) -> Iterator[Path]:
    """A folder with the order: the processes that are live, this one in the place of its own."""
    paths = {path.name: path for path in service.scenario_files(engine, wish.process_key)}
    with engine.database.read() as connection:
        live = {key: store.get(connection, version) for key, version in store.live_versions(connection).items()}
        packages = {key: version.files for key, version in live.items() if version is not None}
        packages[wish.process_key] = publications.files_of(connection, wish.id)
    order = {
        "workflows": str(engine.settings.workflows), "packages": packages,
        "scenarios": [str(paths[file]) for file in files if file in paths],
    }  # fmt: skip
    with TemporaryDirectory(prefix="tsunagu-rehearsal-") as folder:
        (Path(folder) / ORDER).write_bytes(msgspec.msgpack.encode(order))
        yield Path(folder)


def _close(engine: Engine, wish_id: str, left: Sequence[str]) -> None:
    """What the program did not answer for cannot be used; the log has its own words."""
    if left:
        log.error("rehearsal %s gave no answer for %s", wish_id, ", ".join(left))
    with engine.database.write() as connection:
        for file in left:
            words = "試せませんでした。システムの担当者に伝えてください。"
            publications.set_scenario(connection, wish_id, file, "unusable", [words])
