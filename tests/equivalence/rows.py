"""The rows of the profile that the walk must have visited, one for each element and each way of using it."""

from __future__ import annotations

from enum import StrEnum

#: activities that can stand alone, repeat, and carry boundary events
HOSTS = (
    "user task",
    "manual task",
    "receive task",
    "sub-process",
    "call activity",
    "parallel multi-instance user task",
    "sequential multi-instance user task",
    "parallel multi-instance sub-process",
    "sequential multi-instance sub-process",
    "parallel multi-instance call activity",
    "sequential multi-instance call activity",
    "standard loop user task",
    "standard loop sub-process",
)
#: hosts out of which an error or escalation can come
SCOPES = tuple(host for host in HOSTS if "sub-process" in host or "call activity" in host)
#: what can wait at the edge of an activity, with the ways in which it may be drawn
EDGES = {
    "timer duration": ("interrupting", "non-interrupting"),
    "timer date": ("interrupting", "non-interrupting"),
    "timer cycle": ("non-interrupting",),
    "message": ("interrupting", "non-interrupting"),
    "signal": ("interrupting", "non-interrupting"),
    "escalation": ("interrupting", "non-interrupting"),
    "error": ("interrupting",),
}
#: rows whose elements never hold a token: it passes at once
PASSING = frozenset(
    {
        "script task", "service task", "business rule task", "send task", "exclusive gateway", "gateway loop",
        "none start", "none end", "message end", "terminate end at the top", "terminate end in a sub-process",
        "terminate end in a called process", "error end in a sub-process", "error end in a called process",
        "escalation end", "escalation throw", "message throw", "signal throw", "multi-instance over an empty list",
        "standard loop tested before, not once",
    }
)  # fmt: skip
#: rows of a branch behind an event gateway: the token waits at the gateway
BRANCHES = ("message", "receive task", "signal", "first timer", "second timer")
OTHERS = (
    "parallel gateway",
    "inclusive gateway",
    "message start",
    "message catch",
    "signal catch",
    "timer catch, duration",
    "timer catch, date",
    "call activity, three deep",
    "three levels deep",
    "multi-instance, cardinality",
    "multi-instance, output",
    "multi-instance, completion condition",
    "multi-instance in multi-instance with outputs",
    "standard loop, maximum",
    "standard loop, condition",
)


def _all() -> tuple[str, ...]:
    edges = [f"boundary {kind}, {way}" for kind, ways in EDGES.items() for way in ways]
    on = [f"boundary on {host}, {way}" for host in HOSTS for way in ("interrupting", "non-interrupting")]
    branches = [f"event gateway: {branch}" for branch in BRANCHES]
    return (*HOSTS, *sorted(PASSING), *branches, *OTHERS, *edges, *on)


PROFILE_ROWS = _all()


class LeftOut(StrEnum):
    """Why a walk is not compared with the library to its end: where the library is known to be wrong.

    From that step on ours walks alone, under the invariants and the model of variables.
    """

    PARALLEL_JOIN_IN_LOOP = "parallel join in a loop: the library joins too early"
    INCLUSIVE_JOIN_IN_LOOP = "inclusive join in a loop: the library joins too early"
    LOOP_IN_INCLUSIVE_BRANCH = "loop in a branch of an inclusive gateway: the library joins too early"
    WORK_BEFORE_INCLUSIVE_JOIN = "work two gateways before an inclusive join: the library joins too early"
    REARMED = "a non-interrupting event happens again: the library lets it happen once"
    INTERRUPTED_INSTANCES = "an interrupting event on a repeated sub-process or call: the library raises"
    GATEWAY_TIMERS = "two timers behind one event gateway: the library has one due instant for both"
    CYCLE_HANDLER = "the activity of a cycle ends: the library takes away what the cycle had started"
    ESCALATED_ITEM = "an escalation takes the item of its instance along: the library raises at the next entry"
    NEIGHBOUR = "an error or escalation beside a neighbour with the same code: the library gives it to both"


#: reasons that show as a token too many in the library
EARLY_JOINS = frozenset(
    {
        LeftOut.PARALLEL_JOIN_IN_LOOP,
        LeftOut.INCLUSIVE_JOIN_IN_LOOP,
        LeftOut.LOOP_IN_INCLUSIVE_BRANCH,
        LeftOut.WORK_BEFORE_INCLUSIVE_JOIN,
    }
)
