"""Several operating system processes that act at the same moment, and what became of each."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.domain.errors import EngineError
from engine.services.engine import Engine

TIMEOUT_S = 60
MODULE = __name__


@dataclass(frozen=True)
class Outcome:
    """ok: what the act returned. refused: name of the error raised on purpose. Anything else is a failure."""

    ok: bool
    value: Any = None
    refused: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Act:
    """A function of a module, called with the racer's own engine first; ``values`` must be picklable."""

    function: Callable[..., Any]
    values: dict[str, Any] = field(default_factory=dict)


class Racers:
    """Processes with the product open on one database; each race lets all of them go together."""

    def __init__(self, doors: Sequence[Connection]) -> None:
        self._doors = doors

    def __len__(self) -> int:
        return len(self._doors)

    def race(self, acts: Sequence[Act]) -> list[Outcome]:
        """One act for each racer; results in the order of the acts."""
        assert len(acts) == len(self._doors)
        for door, act in zip(self._doors, acts, strict=True):
            door.send(act)
        return [self._heard(door) for door in self._doors]

    def _heard(self, door: Connection) -> Outcome:
        if not door.poll(TIMEOUT_S):
            raise TimeoutError("a racer did not come in")
        outcome: Outcome = door.recv()
        return outcome


@contextmanager
def racers(url: str, count: int) -> Iterator[Racers]:
    """That many racers on a database; they end with the block."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([MODULE])
    barrier = context.Barrier(count)
    running, doors = [], []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            runner = context.Process(target=_racer, args=(url, barrier, theirs), daemon=True)
            runner.start()
            theirs.close()
            running.append(runner)
            doors.append(ours)
        yield Racers(doors)
    finally:
        for door in doors:
            door.close()
        for runner in running:
            runner.join(TIMEOUT_S)
            if runner.is_alive():
                runner.kill()


def _racer(url: str, barrier: Any, door: Connection) -> None:
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"))
    try:
        while True:
            act: Act = door.recv()
            door.send(_outcome(engine, barrier, act))
    except (EOFError, OSError):
        engine.database.dispose()
        os._exit(0)  # what the parent held open is not this process's to close


def _outcome(engine: Engine, barrier: Any, act: Act) -> Outcome:
    barrier.wait(TIMEOUT_S)
    try:
        return Outcome(True, act.function(engine, **act.values))
    except EngineError as error:
        return Outcome(False, refused=type(error).__name__, detail=str(error))
    except Exception:  # noqa: BLE001 - whatever it is, the test must hear of it
        return Outcome(False, detail=traceback.format_exc())
