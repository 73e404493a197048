"""Several operating system processes that begin at the same moment, and what became of each."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 60


@dataclass(frozen=True)
class Outcome:
    """ok: what the act returned. refused: name of the error raised on purpose. Anything else is a failure."""

    ok: bool
    value: Any = None
    refused: str = ""
    detail: str = ""


def race(acts: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Outcome]:
    """Run each act in a process of its own, all let go together; results in the order of the acts.

    An act is a function of a module and its arguments; it returns a function that does the work, so that opening
    the database is over before the start.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(acts))
    queue = context.Queue()
    runners = [
        context.Process(target=_run, args=(number, act, arguments, barrier, queue), daemon=True)
        for number, (act, arguments) in enumerate(acts)
    ]
    for runner in runners:
        runner.start()
    found = dict(queue.get(timeout=TIMEOUT_S) for _ in runners)
    for runner in runners:
        runner.join(TIMEOUT_S)
    return [found[number] for number in range(len(acts))]


def _run(number: int, act: Callable[..., Any], arguments: tuple[Any, ...], barrier: Any, queue: Any) -> None:
    from engine.domain.errors import EngineError

    try:
        work = act(*arguments)
        barrier.wait(TIMEOUT_S)
        queue.put((number, Outcome(True, work())))
    except EngineError as error:
        queue.put((number, Outcome(False, refused=type(error).__name__, detail=str(error))))
    except BaseException:  # noqa: BLE001 - whatever it is, the waiting test must hear of it
        barrier.abort()
        queue.put((number, Outcome(False, detail=traceback.format_exc())))
