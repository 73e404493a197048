"""A case that lives for years costs the same at every turn, in bytes and in CPU time."""

from __future__ import annotations

import time
from statistics import median

import pytest

from engine.bpmn.runner import Runner, parse_process
from tests.unit.bpmn.driving import FakeHost
from tests.unit.bpmn.process_xml import end, file, flow, node, path, script, several, start, user

TURNS = 1_500

REVIEWS = file(
    start() + node("exclusiveGateway", "m") + node("parallelGateway", "g") + user("a") + user("b", several(times=2)),
    node("parallelGateway", "j") + script("k", "n = n + 1") + node("exclusiveGateway", "x", default="fx") + end(),
    path("s", "m", "g", "a", "j")
    + path("g", "b", "j", "k", "x")
    + flow("x", "m", f"n < {TURNS}")
    + flow("x", "e", id="fx"),
)


@pytest.mark.fault  # it measures: nothing else may run beside it
def test_a_review_loop_of_1500_turns_is_flat_in_time_and_bytes() -> None:
    runner = Runner(parse_process(REVIEWS, "p"), FakeHost())
    advance = runner.start({"n": 0})
    opened = list(advance.opened)
    seconds: list[float] = []
    sizes: dict[int, list[int]] = {}
    while not advance.completed:
        turn = advance.variables["n"]
        begin = time.thread_time()
        advance = runner.complete(advance.snapshot, opened.pop(0).ref, {})
        seconds.append(time.thread_time() - begin)
        sizes.setdefault(int(str(turn)), []).append(len(advance.snapshot))
        opened += advance.opened
    assert advance.variables == {"n": TURNS}
    assert len(seconds) == TURNS * 3
    # the counter itself grows from one to three bytes
    assert max(max(sizes[turn]) for turn in range(5, TURNS - 1)) - max(sizes[5]) <= 2
    early, late = seconds[150:1_650], seconds[-1_500:]
    assert median(late) / median(early) <= 1.2
