"""Deliberate faults of our engine. A walk that cannot find them would prove nothing about the engine without them.

Each mutant replaces one attribute. ``labels`` are the blocks in which a small run looks for it; a long run looks
everywhere. What only shows between two elements that are ready in one sweep is looked for in the fixed rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.bpmn import events, joins, loops, moving, pruning, snapshot, specs, subprocesses, timers, workflow
from engine.bpmn import variables as scoping
from engine.domain.errors import EngineError
from tests.equivalence.faults import (
    always,
    chain_through_calls,
    drifts,
    ends_unnamed,
    forgets_to_count,
    in_order_of_completion,
    keeps_arrivals,
    leaves_boundary_events,
    loaded_without,
    loses_the_last_item,
    moves_without_arrivals,
    never_ends,
    noted_twice,
    nothing,
    offers_to_anybody,
    reckons_again,
    runs_cancelled,
    starts_all,
    takes_the_first_branch,
    terminates_around,
    waits_for_all,
    wakes_cancelled,
    without_splits,
)
from tests.equivalence.walk import Failed, Walk
from tests.unit.bpmn.driving import Instance
from tests.unit.bpmn.interplay import INTERPLAY
from tests.unit.bpmn.rows import ROWS


@dataclass(frozen=True)
class Mutant:
    """owner.attribute is replaced by broken(the original). by: "beside", "alone" or "rows"."""

    name: str
    owner: Any
    attribute: str
    broken: Callable[[Any], Any]
    by: str
    labels: tuple[str, ...] = ()


@contextmanager
def engine_with(mutant: Mutant) -> Iterator[None]:
    """The engine with this fault."""
    original = mutant.owner.__dict__[mutant.attribute]
    setattr(mutant.owner, mutant.attribute, mutant.broken(original))
    try:
        yield
    finally:
        setattr(mutant.owner, mutant.attribute, original)


@dataclass(frozen=True)
class Caught:
    """Where a mutant showed, and after how many walks (or rows)."""

    where: str
    tries: int


def hunt(mutant: Mutant, limit: int, everywhere: bool = False) -> Caught | None:
    """Look for the mutant in at most ``limit`` walks (or in all fixed rows)."""
    with engine_with(mutant):
        return _in_rows() if mutant.by == "rows" else _in_walks(mutant, limit, () if everywhere else mutant.labels)


def _in_walks(mutant: Mutant, limit: int, labels: Sequence[str]) -> Caught | None:
    for seed in range(limit):
        try:
            Walk(seed, mutant.by == "beside", labels[seed % len(labels)] if labels else None).run()
        except (Failed, AssertionError, EngineError) as failure:
            return Caught(f"walk {mutant.by}: {failure.__cause__ or failure}"[:160], seed + 1)
    return None


def _in_rows() -> Caught | None:
    for number, row in enumerate([*INTERPLAY, *ROWS], start=1):
        try:
            instance = Instance(row.xml, **row.variables)
            states = [instance.state, *(instance.act(act).state for act in row.acts)]
        except (EngineError, LookupError, StopIteration) as failure:
            return Caught(f"row {row.name!r}: {failure}"[:160], number)
        if states != row.expected:
            return Caught(f"row {row.name!r}", number)
    return None


_PARALLEL = ("parallel gateway",)
_INCLUSIVE = ("inclusive gateway",)
_AGAIN = ("boundary message, non-interrupting",)
_CYCLE = ("boundary timer cycle, non-interrupting",)
_EDGES = ("boundary timer duration, interrupting", "boundary message, interrupting")
_CALLS = ("call activity", "call activity, three deep")
_EACH = ("parallel multi-instance user task", "parallel multi-instance sub-process")
_TIMERS = ("timer catch, duration", "boundary timer duration, non-interrupting")
_NESTED = ("boundary message, interrupting", "boundary on sub-process, interrupting", "terminate end in a sub-process")

MUTANTS = (
    Mutant(
        "a parallel join goes on with the first token",
        joins.ParallelGateway,
        "is_enough",
        always(True),
        "beside",
        _PARALLEL,
    ),
    Mutant(
        "a parallel join lets the other arrivals lie", joins.Join, "_update_hook", keeps_arrivals, "beside", _PARALLEL
    ),
    Mutant(
        "a join forgets by which flow a token came", snapshot, "_load_tasks", loaded_without("from"), "alone", _PARALLEL
    ),
    Mutant(
        "an inclusive join goes on while a token can come",
        joins.InclusiveGateway,
        "is_enough",
        always(True),
        "beside",
        _INCLUSIVE,
    ),
    Mutant(
        "an inclusive join waits for every flow",
        joins.InclusiveGateway,
        "is_enough",
        waits_for_all,
        "alone",
        _INCLUSIVE,
    ),
    Mutant("a process ends with its first token", joins.EndJoin, "_update_hook", always(True), "beside", _NESTED),
    Mutant(
        "a process is complete without an end event",
        events.EndEvent,
        "_on_complete_hook",
        ends_unnamed,
        "alone",
        ("user task",),
    ),
    Mutant(
        "an activity ends and leaves its boundary events",
        joins.BoundaryJoin,
        "_update_hook",
        leaves_boundary_events,
        "alone",
        _EDGES,
    ),
    Mutant("an interrupting event leaves its activity open", events, "_cancel_activity", nothing, "beside", _EDGES),
    Mutant("an event does not wait again", events, "_arm_again", nothing, "alone", _AGAIN),
    Mutant("a cycle counts from when it fired", timers.CycleTimer, "next_turn", drifts, "alone", _CYCLE),
    Mutant("a cycle never ends", timers.CycleTimer, "next_turn", never_ends, "alone", _CYCLE),
    Mutant("a due instant is lost in the snapshot", snapshot, "_load_tasks", loaded_without("due"), "alone", _TIMERS),
    Mutant("a due instant moves when the instance is loaded", snapshot, "_load_tasks", reckons_again, "alone", _TIMERS),
    Mutant("a multi-instance loses an item", loops.MultiInstance, "_items", loses_the_last_item, "beside", _EACH),
    Mutant(
        "results come in the order of completion", loops.MultiInstance, "finish", in_order_of_completion, "alone", _EACH
    ),
    Mutant(
        "sequential instances start at once",
        loops.SequentialMultiInstance,
        "is_sequential",
        starts_all,
        "beside",
        ("sequential multi-instance user task",),
    ),
    Mutant(
        "the turns of a loop are not counted",
        loops.StandardLoop,
        "merge",
        forgets_to_count,
        "beside",
        ("standard loop user task",),
    ),
    Mutant(
        "an event gateway takes its first branch",
        events,
        "fire",
        takes_the_first_branch,
        "beside",
        ("event gateway: receive task",),
    ),
    Mutant("an escalation reaches the neighbours", events, "_throw_up", offers_to_anybody, "rows"),
    Mutant(
        "terminate leaks out of its scope",
        events.EndEvent,
        "_on_complete_hook",
        terminates_around,
        "beside",
        ("terminate beside a branch",),
    ),
    Mutant("a called process sees its caller's variables", scoping, "chain", chain_through_calls, "alone", _CALLS),
    Mutant("a call brings nothing back", subprocesses.CallActivity, "take_outputs", nothing, "alone", _CALLS),
    Mutant("what was cancelled in a sweep still runs", workflow.InstanceWorkflow, "run", runs_cancelled, "rows"),
    Mutant(
        "a cancelled sub-process wakes its owner",
        subprocesses.NestedProcess,
        "_on_subworkflow_completed",
        wakes_cancelled,
        "alone",
        _CALLS,
    ),
    Mutant("pruning drops what boundary events hang on", pruning, "_worth_keeping", without_splits, "alone", _EDGES),
    Mutant("history has a line twice", specs, "note", noted_twice, "alone", ("user task",)),
    Mutant(
        "a move keeps the old name of an arrival's flow",
        moving._ProcessMover,
        "_move_arrival",
        moves_without_arrivals,
        "alone",
        (*_PARALLEL, *_INCLUSIVE),
    ),
)
