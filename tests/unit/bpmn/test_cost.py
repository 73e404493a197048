"""A case that lives for years costs the same at every turn: in bytes, and in the work of a step.

Work is counted in calls of Python functions, which a busy machine does not change.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from engine.bpmn.api import Advance
from engine.bpmn.runner import Runner, parse_process
from tests.unit.bpmn.driving import FakeHost
from tests.unit.bpmn.process_xml import end, file, flow, node, path, script, several, start, user

TURNS = 1_500
#: turns of which every step is counted; the counter itself grows from one to three bytes in between
EARLY, LATE = range(5, 9), range(TURNS - 6, TURNS - 2)
#: Python calls of one turn (three completed tasks: restore, advance, snapshot); a step may not become dearer unnoticed
CALLS_PER_TURN = 1_800

REVIEWS = file(
    start() + node("exclusiveGateway", "m") + node("parallelGateway", "g") + user("a") + user("b", several(times=2)),
    node("parallelGateway", "j") + script("k", "n = n + 1") + node("exclusiveGateway", "x", default="fx") + end(),
    path("s", "m", "g", "a", "j")
    + path("g", "b", "j", "k", "x")
    + flow("x", "m", f"n < {TURNS}")
    + flow("x", "e", id="fx"),
)


def calls_of(work: Callable[[], Advance]) -> tuple[Advance, int]:
    """The result, and how many Python functions were called for it."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        result = work()
    finally:
        sys.setprofile(before)
    return result, count


def test_a_review_loop_of_1500_turns_is_flat_in_work_and_bytes() -> None:
    runner = Runner(parse_process(REVIEWS, "p"), FakeHost())
    advance = runner.start({"n": 0})
    opened = list(advance.opened)
    calls: Counter[int] = Counter()
    sizes: dict[int, list[int]] = {}
    steps = 0
    while not advance.completed:
        turn, before, ref = int(str(advance.variables["n"])), advance.snapshot, opened.pop(0).ref
        if turn in EARLY or turn in LATE:
            advance, count = calls_of(lambda: runner.complete(before, ref, {}))  # noqa: B023  # called at once
            calls[turn] += count
        else:
            advance = runner.complete(before, ref, {})
        sizes.setdefault(turn, []).append(len(advance.snapshot))
        opened += advance.opened
        steps += 1
    assert (advance.variables, steps) == ({"n": TURNS}, TURNS * 3)
    assert max(max(sizes[turn]) for turn in range(5, TURNS - 1)) - max(sizes[5]) <= 2
    assert {calls[turn] for turn in EARLY} == {calls[turn] for turn in LATE}
    assert max(calls.values()) <= CALLS_PER_TURN
