"""What the machine does by itself, so that a ratio can be judged: a flush to the disk, a bare commit, its parts."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.databases import Scratch
from benchmarks.rounds import timed


def facts(scratch: Scratch, times: int) -> dict[str, str]:
    """Name to value, in the order in which they are printed."""
    found = {
        "disk": _disk(scratch.folder),
        "cores": f"{len(os.sched_getaffinity(0))} of {_processor()}, load {os.getloadavg()[0]:.1f}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "versions": f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, Linux {platform.release()}",
        "4 KB written and flushed": _milliseconds(_flush(scratch.folder), times),
    }
    if "sqlite" in scratch.kinds:
        found["bare commit of one row, SQLite (WAL, synchronous=FULL)"] = _milliseconds(_sqlite(scratch.folder), times)
    if "postgresql" in scratch.kinds:
        with psycopg.connect(scratch.postgres.conninfo, autocommit=True) as connection:
            shown = connection.execute("SHOW server_version").fetchone()
            found["versions"] += f", PostgreSQL {shown[0] if shown else '?'}"
            connection.execute("CREATE TABLE IF NOT EXISTS bare (n int)")
            commit = lambda: connection.execute("INSERT INTO bare VALUES (1)")  # noqa: E731
            found["bare commit of one row, PostgreSQL (fsync, synchronous_commit)"] = _milliseconds(commit, times)
            connection.execute("DROP TABLE bare")
    return found


def _milliseconds(act: Callable[[], object], times: int) -> str:
    spent = sorted(timed(time.perf_counter, act) * 1e3 for _ in range(times))
    return f"median {median(spent):.2f} ms, 9 of 10 below {spent[int(times * 0.9)]:.2f} ms"


def _flush(folder: Path) -> Callable[[], object]:
    handle = os.open(folder / "flush", os.O_CREAT | os.O_WRONLY)

    def once() -> None:
        os.pwrite(handle, b"x" * 4096, 0)
        os.fsync(handle)

    return once


def _sqlite(folder: Path) -> Callable[[], object]:
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (n int)")
    return lambda: connection.execute("INSERT INTO bare VALUES (1)")


def _disk(folder: Path) -> str:
    """Device, file system and whether it turns, of the scratch folder."""
    device, kind = "", ""
    best = ""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        source, place, system, *_ = line.split()
        if str(folder).startswith(place) and len(place) >= len(best):
            device, kind, best = source, system, place
    name = Path(device).name
    turning = next(
        (path for path in (Path(f"/sys/block/{name.rstrip('0123456789')}/queue/rotational"),
                           Path(f"/sys/block/{name}/queue/rotational")) if path.exists()), None,
    )  # fmt: skip
    words = {"0": "not rotating", "1": "said to be rotating"}
    spin = words.get(turning.read_text().strip(), "") if turning else "not told"
    return f"{name or device}, {kind}, {spin}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
