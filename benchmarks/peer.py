"""The loop of benchmarks/models.py with django-viewflow, in an environment and a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.databases import Scratch
from benchmarks.models import TURN, answers
from benchmarks.replay import row_counts
from benchmarks.rounds import Compared, measured, timed
from benchmarks.running import office, walk
from benchmarks.size import Size
from benchmarks.table import Goal, Line

HERE = Path(__file__).parent / "viewflow"
ENVIRONMENT = Path(__file__).parents[1] / "var" / "viewflow"


def environment() -> Path:
    """The Python of the environment, made from the pinned requirements when it is not there yet."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp, python = ENVIRONMENT / "made-from", ENVIRONMENT / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
        subprocess.run([*install, HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return python


def viewflow(scratch: Scratch, size: Size) -> Iterator[Line]:
    """A turn of the loop through our services against the same turn with viewflow, in rounds."""
    python = environment()
    for kind in scratch.kinds:
        url = scratch.database(kind, "ours")
        opened = office(url)
        case = walk(opened)
        with _worker(python, scratch, kind) as process:
            rows = [_rows(process), sum(row_counts(url).values())]
            for _ in range(3 * size.turns):
                case.turn()
                _asked(process, "turn")
            made = (sum(row_counts(url).values()) - rows[1]) / case.turns, (_rows(process) - rows[0]) / case.turns
            found = measured(
                lambda case=case: timed(time.perf_counter, case.turn), lambda: float(_asked(process, "turn")),
                rounds=size.viewflow_rounds, calls=size.turns,
            )  # fmt: skip
        opened.engine.database.dispose()
        each = Compared(found.ours / len(TURN), found.reference / len(TURN), found.ratios)
        note = f"a completion; rows added by a turn: ours {made[0]:g}, viewflow's {made[1]:g}"
        yield Line("completed step / django-viewflow 2.4.0", kind, each, Goal(at_least=3), note)
        scratch.drop(url)


def _worker(python: Path, scratch: Scratch, kind: str) -> subprocess.Popen[str]:
    env = {
        "PATH": os.environ["PATH"],
        "BENCH_DATABASE": json.dumps(_settings(scratch, kind)),
        "BENCH_ANSWERS": json.dumps({element: answers(element) for element in TURN}),
    }
    process = subprocess.Popen(
        [python, HERE / "worker.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        process.kill()
        raise RuntimeError("viewflow's side does not start")
    return process


def _settings(scratch: Scratch, kind: str) -> dict[str, object]:
    if kind == "sqlite":
        options = {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(scratch.folder / "viewflow.db"), "OPTIONS": options}
    parts = psycopg.conninfo.conninfo_to_dict(scratch.postgres.conninfo)
    name = scratch.postgres.create("viewflow").rsplit("/", 1)[1]
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": parts["user"],
        "PASSWORD": parts.get("password", ""), "HOST": parts["host"], "PORT": parts.get("port", 5432),
        "CONN_MAX_AGE": None,
    }  # fmt: skip


def _asked(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()
    answer = process.stdout.readline().strip()
    if not answer:
        raise RuntimeError("viewflow's side has ended")
    return answer


def _rows(process: subprocess.Popen[str]) -> int:
    return int(_asked(process, "rows"))
