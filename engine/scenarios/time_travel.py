"""How the clock moves: with the scheduler at every moment that is due, or without it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from engine.scenarios.errors import StepFailed
from engine.scenarios.moments import Amount, moment, shown
from engine.scenarios.world import World
from engine.services import timers
from engine.storage import timers as timer_store

RETRY = timedelta(minutes=1)  #: where a moment stays due (its attempt failed), the clock goes on in such steps
MOST_MOMENTS = 20_000  #: in one advance; more is a loop in a diagram


def target(world: World, data: Mapping[str, Any], key: str) -> datetime:
    """Where the clock shall stand. Raises StepFailed for a moment in the past."""
    now = world.clock.now()
    if "to" not in data:
        return Amount.parse(data[key]).after(now, world.engine.reference.calendar)
    to = moment(data["to"])
    if to < now:
        raise StepFailed(f"時刻は戻せません（いまは {shown(now)} です）。")
    return to


def advance(world: World, data: Mapping[str, Any]) -> None:
    """Move the clock and run the schedulers' tick at each moment that is due."""
    until = target(world, data, "by")
    catch_up(world)
    settle(world)
    for _ in range(MOST_MOMENTS):
        due = _next_moment(world)
        if due is None or due > until:
            break
        if due <= world.clock.moment:
            due = world.clock.moment + RETRY
            if due > until:
                break
        world.clock.moment = due
        tick(world)
    else:
        raise StepFailed(f"時刻を進める間に期日が{MOST_MOMENTS}回を超えました。図に繰り返しがないか確かめてください。")
    world.clock.moment = until
    tick(world)


def down(world: World, data: Mapping[str, Any]) -> None:
    """Move the clock while nothing runs."""
    world.clock.moment = target(world, data, "for")
    world.behind = True


def catch_up(world: World) -> None:
    """The service runs again: what was missed is done now, before anything else happens."""
    if world.behind:
        world.behind = False
        tick(world)


def settle(world: World) -> None:
    """The scheduler runs beside the people: what an act made due at this very moment is done."""
    due = _next_moment(world)
    if due is not None and due <= world.clock.moment and not world.behind:
        tick(world)


def _next_moment(world: World) -> datetime | None:
    with world.engine.database.read() as connection:
        return timer_store.next_moment(connection)


def tick(world: World) -> None:
    """One tick of every scheduler: all at the same moment, then once more one after the other."""
    nodes = [f"scheduler-{number}" for number in range(1, world.schedulers + 1)]
    now = world.clock.now()
    if len(nodes) > 1:
        barrier = Barrier(len(nodes))

        def at_the_same_moment(node: str) -> None:
            barrier.wait(timeout=30)
            timers.tick(world.engine, now=now, node=node)

        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(at_the_same_moment, nodes))
    for node in nodes:
        timers.tick(world.engine, now=now, node=node)
