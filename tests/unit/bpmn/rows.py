"""One row per element kind and per trap: a process, what happens to it, and what must then be open.

Each row is run twice: with a new runner over freshly parsed specs after each step, and continued in another OS process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.unit.bpmn.process_xml import (
    SIGNAL,
    TERMINATE,
    after,
    boundary,
    definitions,
    end,
    error,
    escalation,
    file,
    flow,
    io,
    line,
    message,
    node,
    path,
    people,
    process,
    repeat,
    script,
    several,
    start,
    timer,
    user,
)

Act = tuple[Any, ...]


@dataclass(frozen=True)
class Row:
    """expected: the state after the start and after each act (see ``Instance.state``)."""

    name: str
    xml: bytes
    acts: list[Act]
    expected: list[str]
    variables: dict[str, object] = field(default_factory=dict)


def do(name: str, which: int = 0, **values: object) -> Act:
    return ("do", name, {**values, **({"__which": which} if which else {})})


def activity(xml: str, id: str, *events: str, more: str = "") -> bytes:
    """s -> activity -> z -> e, with boundary events whose handlers are h_<event> and end on their own."""
    handlers = "".join(
        user(f"h_{event}") + end(f"e_{event}") + path(event, f"h_{event}", f"e_{event}") for event in events
    )
    return definitions(process(start() + xml + handlers + user("z") + end() + path("s", id, "z", "e")), more)


def rows() -> Iterator[Row]:
    yield from _plain()
    yield from _gateways()
    yield from _loops()
    yield from _nested()
    yield from _events()
    yield from _boundaries()
    yield from _errors()


def _plain() -> Iterator[Row]:
    yield Row("user task", file(people("a", "b")), [do("a"), do("b")], ["a", "b", "done"])
    yield Row("manual task", file(line(("a", node("manualTask", "a")))), [do("a")], ["a", "done"])
    yield Row(
        "script task",
        file(line(("k", script("k", "x = n + 1\ny = x * 2")), ("a", user("a")))),
        [do("a")],
        ["a", "done"],
        {"n": 1},
    )
    yield Row(
        "terminate end while another branch waits",
        file(
            start() + node("parallelGateway", "g") + user("a") + user("b") + end("e1", TERMINATE) + end("e2"),
            path("s", "g", "a", "e1") + path("g", "b", "e2"),
        ),
        [do("a")],
        ["a b", "done"],
    )
    yield Row(
        "two ends, both needed",
        file(
            start() + node("parallelGateway", "g") + user("a") + user("b") + end("e1") + end("e2"),
            path("s", "g", "a", "e1") + path("g", "b", "e2"),
        ),
        [do("a"), do("b")],
        ["a b", "b", "done"],
    )
    yield Row(
        "message start waits for its message",
        file(start("s", message("m1")) + user("a") + end() + path("s", "a", "e")),
        [("message", "m1", {"x": 1}), do("a")],
        ["m:m1", "a", "done"],
    )


def _gateways() -> Iterator[Row]:
    choice = (
        start() + user("a") + node("exclusiveGateway", "g", default="fd") + user("b") + user("c") + user("d") + end()
        + path("s", "a", "g") + flow("g", "b", "n > 5") + flow("g", "c", "n > 1") + flow("g", "d", id="fd")
        + path("b", "e") + path("c", "e") + path("d", "e")
    )  # fmt: skip
    yield Row("exclusive gateway, first true in the file's order", file(choice), [do("a", n=9)], ["a", "b"])
    yield Row("exclusive gateway, second", file(choice), [do("a", n=2)], ["a", "c"])
    yield Row("exclusive gateway, default", file(choice), [do("a", n=0)], ["a", "d"])
    split = (
        start() + node("parallelGateway", "g") + user("a") + user("b") + node("parallelGateway", "j")
        + user("z") + end()
        + path("s", "g", "a", "j") + path("g", "b", "j", "z", "e")
    )  # fmt: skip
    yield Row("parallel gateway", file(split), [do("b"), do("a"), do("z")], ["a b", "a", "z", "done"])
    turn = (
        start() + node("exclusiveGateway", "m") + node("parallelGateway", "g") + user("a") + user("b")
        + node("parallelGateway", "j") + user("r") + node("exclusiveGateway", "x", default="fx") + end()
        + path("s", "m", "g", "a", "j") + path("g", "b", "j") + path("j", "r", "x") + flow("x", "m", "again")
        + flow("x", "e", id="fx")
    )  # fmt: skip
    yield Row(
        "parallel join in a loop: the second turn waits, whatever branch ended last before",
        file(turn),
        [do("a"), do("b"), do("r"), do("b"), do("a"), do("r", again=False)],
        ["a b", "b", "r", "a b", "a", "r", "done"],
        {"again": True},
    )
    meanwhile = (
        start() + node("parallelGateway", "g") + user("a") + user("b") + node("exclusiveGateway", "m")
        + node("exclusiveGateway", "q", default="fj") + user("b2") + node("parallelGateway", "j") + user("z") + end()
        + path("s", "g", "a", "j") + path("g", "m", "b", "q") + flow("q", "b2", "back") + path("b2", "m")
        + flow("q", "j", id="fj") + path("j", "z", "e")
    )  # fmt: skip
    yield Row(
        "parallel join, one branch loops meanwhile",
        file(meanwhile),
        [do("a"), do("b"), do("b2"), do("b", back=False)],
        ["a b", "b", "b2", "b", "z"],
        {"back": True},
    )
    inclusive = (
        start() + node("exclusiveGateway", "m") + node("inclusiveGateway", "g", default="fd") + user("a") + user("b")
        + user("c") + node("inclusiveGateway", "j") + user("r") + node("exclusiveGateway", "x", default="fx") + end()
        + path("s", "m", "g") + flow("g", "a", "ta") + flow("g", "b", "tb") + flow("g", "c", id="fd") + path("a", "j")
        + path("b", "j") + path("c", "j") + path("j", "r", "x") + flow("x", "m", "again") + flow("x", "e", id="fx")
    )  # fmt: skip
    yield Row(
        "inclusive gateway in a loop",
        file(inclusive),
        [do("a"), do("b"), do("r"), do("a"), do("b"), do("r", tb=False), do("a"), do("r", ta=False), do("c")],
        ["a b", "b", "r", "a b", "b", "r", "a", "r", "c", "r"],
        {"ta": True, "tb": True, "again": True},
    )
    inner_loop = (
        start() + node("inclusiveGateway", "g", default="f0") + user("a") + user("b") + user("b2")
        + node("exclusiveGateway", "m") + node("exclusiveGateway", "q", default="fj") + node("inclusiveGateway", "j")
        + user("z") + end() + path("s", "g") + flow("g", "a", "True") + flow("g", "m", "True")
        + flow("g", "j", id="f0") + path("a", "j") + path("m", "b", "q") + flow("q", "b2", "back") + path("b2", "m")
        + flow("q", "j", id="fj") + path("j", "z", "e")
    )  # fmt: skip
    yield Row(
        "inclusive join, one branch is inside its own loop",
        file(inner_loop),
        [do("a"), do("b"), do("b2"), do("b", back=False)],
        ["a b", "b", "b2", "b", "z"],
        {"back": True},
    )
    with_sub = (
        start() + node("inclusiveGateway", "g", default="f0") + user("a")
        + node("subProcess", "x", people("u", "v", prefix="x"))
        + node("exclusiveGateway", "y", default="fy") + end("e9") + node("inclusiveGateway", "j") + user("z") + end()
        + path("s", "g") + flow("g", "a", "True") + flow("g", "x", "True") + flow("g", "j", id="f0") + path("a", "j")
        + path("x", "y") + flow("y", "e9", "False") + flow("y", "j", id="fy") + path("j", "z", "e")
    )  # fmt: skip
    yield Row(
        "inclusive join waits for a running sub-process",
        file(with_sub),
        [do("a"), do("u"), do("v")],
        ["a u", "u", "v", "z"],
    )
    either_way = (
        start() + node("inclusiveGateway", "g", default="f0") + user("a") + user("u") + node("exclusiveGateway", "m1")
        + node("exclusiveGateway", "m2") + node("exclusiveGateway", "q", default="fq") + node("inclusiveGateway", "j")
        + user("z") + end() + path("s", "g") + flow("g", "a", "True") + flow("g", "u", "True")
        + flow("g", "m2", id="f0") + path("a", "m1", "j") + path("u", "q") + flow("q", "m1", "False")
        + flow("q", "m2", id="fq") + path("m2", "j") + path("j", "z", "e")
    )  # fmt: skip
    yield Row(
        "inclusive join does not wait for a token that can also come to a full input",
        file(either_way),
        [do("a"), do("u")],
        ["a u", "u z", "z z"],
    )
    gateway = (
        start() + node("eventBasedGateway", "g")
        + node("intermediateCatchEvent", "t1", after("PT1H")) + user("u1")
        + node("intermediateCatchEvent", "t2", after("PT10M")) + user("u2")
        + node("intermediateCatchEvent", "c", message("m1")) + user("um")
        + node("receiveTask", "r", messageRef="m_m2") + user("ur")
        + node("exclusiveGateway", "j") + end() + path("s", "g")
        + "".join(path("g", event, task, "j") for event, task in (("t1", "u1"), ("t2", "u2"), ("c", "um"), ("r", "ur")))
        + path("j", "e")
    )  # fmt: skip
    waiting = "t:t1 t:t2 m:m1 m:m2"
    yield Row(
        "event gateway, the second of two timers", file(gateway), [("timer", "t2"), do("u2")], [waiting, "u2", "done"]
    )
    yield Row("event gateway, message", file(gateway), [("message", "m1"), do("um")], [waiting, "um", "done"])
    yield Row("event gateway, receive task", file(gateway), [("message", "m2"), do("ur")], [waiting, "ur", "done"])


def _loops() -> Iterator[Row]:
    def one(inner: str, **rest: object) -> bytes:
        return file(line(("u", user("u", inner)), ("z", user("z"))))

    results = "l i r o"
    names = dict(zip(("items", "item", "out", "out_item"), results.split(), strict=True))
    yield Row(
        "parallel multi-instance, completed in another order",
        one(several(**names)),
        [do("u", which=2, o="c"), do("u", o="a"), do("u", o="b"), do("z")],
        ["u u u", "u u", "u", "z", "done"],
        {"l": [1, 2, 3]},
    )
    yield Row(
        "sequential multi-instance",
        one(several(one_by_one=True, **names)),
        [do("u", o="a"), do("u", o="b"), do("z")],
        ["u", "u", "z", "done"],
        {"l": [1, 2]},
    )
    yield Row(
        "sequential multi-instance with an item and no output",
        one(several("l", "i", one_by_one=True)),
        [do("u"), do("u"), do("z")],
        ["u", "u", "z", "done"],
        {"l": [1, 2]},
    )
    yield Row("multi-instance over an empty list", one(several("l", "i")), [do("z")], ["z", "done"], {"l": []})
    yield Row("multi-instance, cardinality", one(several(times=2)), [do("u"), do("u")], ["u u", "u", "z"])
    yield Row(
        "multi-instance, completion condition",
        one(several(times=3, until="stop")),
        [do("u", stop=False), do("u", stop=True)],
        ["u u u", "u u", "z"],
        {"stop": False},
    )
    yield Row("standard loop, maximum", one(repeat(2)), [do("u"), do("u")], ["u", "u", "z"])
    yield Row(
        "standard loop, condition",
        one(repeat(9, "again")),
        [do("u", again=True), do("u", again=False)],
        ["u", "u", "z"],
        {"again": True},
    )
    yield Row("standard loop, tested before", one(repeat(9, "again", True)), [], ["z"], {"again": False})
    nested = file(
        line(("x", node("subProcess", "x", several(times=3), people("u", "v", prefix="x"))), ("z", user("z")))
    )
    yield Row(
        "multi-instance sub-process",
        nested,
        [do("u"), do("v"), do("u"), do("u"), do("v"), do("v")],
        ["u u u", "u u v", "u u", "u v", "v v", "v", "z"],
    )


def _nested() -> Iterator[Row]:
    yield Row(
        "sub-process",
        file(line(("x", node("subProcess", "x", people("u", prefix="x"))), ("z", user("z")))),
        [do("u"), do("z")],
        ["u", "z", "done"],
    )
    yield Row(
        "terminate inside a sub-process ends only that",
        file(
            line(
                (
                    "x",
                    node(
                        "subProcess",
                        "x",
                        start("xs") + node("parallelGateway", "g") + user("a") + user("b") + end("e1", TERMINATE),
                        end("e2") + path("xs", "g", "a", "e1") + path("g", "b", "e2"),
                    ),
                ),
                ("z", user("z")),
            )
        ),
        [do("a"), do("z")],
        ["a b", "z", "done"],
    )
    call = line(("x", node("callActivity", "x", io("a=n", "m=a"), calledElement="k")), ("z", user("z")))
    inner = line(("c", node("callActivity", "c", io("b=a", "a=b"), calledElement="q")), prefix="k")
    yield Row(
        "call activity, two deep",
        definitions(process(call), process(inner, id="k"), process(people("u", prefix="q"), id="q")),
        [do("u", b=8), do("z")],
        ["u", "z", "done"],
        {"n": 7},
    )
    yield Row(
        "multi-instance call activity",
        definitions(
            process(
                line(
                    ("x", node("callActivity", "x", io("a=i"), several("l", "i"), calledElement="k")), ("z", user("z"))
                )
            ),
            process(people("u", prefix="k"), id="k"),
        ),
        [do("u"), do("u")],
        ["u u", "u", "z"],
        {"l": [1, 2]},
    )


def _events() -> Iterator[Row]:
    catch = lambda inner: file(line(("c", node("intermediateCatchEvent", "c", inner)), ("z", user("z"))))  # noqa: E731
    yield Row("timer, bare duration", catch(after("P3D")), [("timer", "c")], ["t:c", "z"])
    yield Row("timer, quoted duration", catch(after('"P3D"')), [("timer", "c")], ["t:c", "z"])
    yield Row("timer, instant", catch(timer("timeDate", "2030-01-01T09:00:00+09:00")), [("timer", "c")], ["t:c", "z"])
    yield Row(
        "timer, date variable", catch(timer("timeDate", "day")), [("timer", "c")], ["t:c", "z"], {"day": "2026-05-01"}
    )
    yield Row("message catch event", catch(message("m1")), [("message", "m1", {"x": 1})], ["m:m1", "z"])
    yield Row(
        "receive task",
        file(line(("c", node("receiveTask", "c", messageRef="m_m1")), ("z", user("z")))),
        [("message", "m1")],
        ["m:m1", "z"],
    )
    signals = (
        start() + node("parallelGateway", "g") + user("a") + node("intermediateThrowEvent", "t", SIGNAL) + end("e1")
        + node("intermediateCatchEvent", "c", SIGNAL) + user("b") + end("e2")
        + path("s", "g", "a", "t", "e1") + path("g", "c", "b", "e2")
    )  # fmt: skip
    yield Row("signal thrown and caught in one instance", file(signals), [do("a"), do("b")], ["a", "b", "done"])


def _boundaries() -> Iterator[Row]:
    hosts = {
        "user task": (user("u"), ["u"]),
        "sub-process": (node("subProcess", "u", people("w", prefix="u")), ["w"]),
        "call activity": (node("callActivity", "u", calledElement="k"), ["w"]),
        "multi-instance user task": (user("u", several(times=2)), ["u", "u"]),
        "multi-instance sub-process": (node("subProcess", "u", several(times=2), people("w", prefix="u")), ["w", "w"]),
        "sequential multi-instance call activity": (
            node("callActivity", "u", several(times=2, one_by_one=True), calledElement="k"),
            ["w"],
        ),
        "receive task": (node("receiveTask", "u", messageRef="m_m2"), []),
    }
    called = process(people("w", prefix="k"), id="k")
    for name, (xml, inside) in hosts.items():
        more = called if "call activity" in name else ""
        waits = ["m:m2"] if name == "receive task" else []
        for interrupting in (True, False):
            how = "interrupting" if interrupting else "non-interrupting"
            left = [] if interrupting else inside
            stays = [] if interrupting else waits
            for kind, definition, act, mark in (
                ("timer", after("P3D"), ("timer", "b"), "t:b"),
                ("message", message("m1"), ("message", "m1"), "m:m1"),
            ):
                before = [*inside, *sorted([mark, *waits], key=lambda word: (word[0] != "t", word))]
                again = [mark] if kind == "message" and not interrupting else []
                yield Row(
                    f"{how} {kind} boundary on {name}",
                    activity(xml + boundary("b", "u", definition, interrupting), "u", "b", more=more),
                    [act],
                    [" ".join(before), " ".join([*sorted(["h_b", *left]), *again, *stays])],
                )
    yield Row(
        "non-interrupting message boundary three times, and the handlers outlive the activity",
        activity(user("u") + boundary("b", "u", message("m1"), False), "u", "b"),
        [("message", "m1"), ("message", "m1"), ("message", "m1"), do("u"), do("z"), do("h_b"), do("h_b"), do("h_b")],
        [
            "u m:m1",
            "h_b u m:m1",
            "h_b h_b u m:m1",
            "h_b h_b h_b u m:m1",
            "h_b h_b h_b z",
            "h_b h_b h_b",
            "h_b h_b",
            "h_b",
            "done",
        ],
    )
    yield Row(
        "cycle R3 on a non-interrupting boundary: three rows one after the other",
        activity(user("u") + boundary("b", "u", timer("timeCycle", "R3/P7D"), False), "u", "b"),
        [("timer", "b"), ("timer", "b"), ("timer", "b")],
        ["u t:b", "h_b u t:b", "h_b h_b u t:b", "h_b h_b h_b u"],
    )
    yield Row(
        "the activity ends and its boundary events with it",
        activity(
            user("u") + boundary("b", "u", after("P3D")) + boundary("c", "u", message("m1"), False), "u", "b", "c"
        ),
        [do("u"), do("z")],
        ["u t:b m:m1", "z", "done"],
    )
    done_one = activity(
        node("subProcess", "u", several(times=3), people("w", prefix="u")) + boundary("b", "u", message("m1")), "u", "b"
    )
    yield Row(
        "interrupting boundary on multi-instance, one instance done",
        done_one,
        [do("w"), ("message", "m1")],
        ["w w w m:m1", "w w m:m1", "h_b"],
    )


def _errors() -> Iterator[Row]:
    def neighbours(throw: str, catch: str, leaves: bool) -> bytes:
        """Two sub-processes side by side, the same code caught at both."""
        parts = [start(), node("parallelGateway", "g")]
        for name in "AB":
            inside = start(f"{name}s") + user(f"u{name}")
            if leaves:
                inside += end(f"{name}e", throw) + path(f"{name}s", f"u{name}", f"{name}e")
            else:
                inside += node("intermediateThrowEvent", f"{name}t", throw) + user(f"v{name}") + end(f"{name}e")
                inside += path(f"{name}s", f"u{name}", f"{name}t", f"v{name}", f"{name}e")
            parts += [node("subProcess", name, inside), boundary(f"b{name}", name, catch), user(f"h{name}")]
            parts += [
                end(f"e{name}1"),
                end(f"e{name}2"),
                path("g", name, f"e{name}1"),
                path(f"b{name}", f"h{name}", f"e{name}2"),
            ]
        return file(*parts, path("s", "g"))

    yield Row(
        "error end: only its own sub-process, not the neighbour",
        neighbours(error("e1"), error("e1"), True),
        [do("uA")],
        ["uA uB", "hA uB"],
    )
    yield Row(
        "escalation throw: only its own sub-process",
        neighbours(escalation("x1"), escalation("x1"), False),
        [do("uA")],
        ["uA uB", "hA uB"],
    )
    deep = activity(
        node(
            "subProcess",
            "A",
            line(
                ("B", node("subProcess", "B", line(("C", node("callActivity", "C", calledElement="k")), prefix="b"))),
                prefix="a",
            ),
        )
        + boundary("bA", "A", error("e1")),
        "A",
        "bA",
        more=process(start("ks") + user("ku") + end("ke", error("e1")) + path("ks", "ku", "ke"), id="k"),
    )
    yield Row(
        "error through a call activity and two sub-processes", deep, [do("ku"), do("h_bA")], ["ku", "h_bA", "done"]
    )
    both = activity(
        node("subProcess", "A", start("as_") + user("u") + end("ae", error("e1")) + path("as_", "u", "ae"))
        + boundary("b1", "A", error("e1"))
        + boundary("b2", "A", "<errorEventDefinition/>"),
        "A",
        "b1",
        "b2",
    )
    yield Row("error: the boundary with its code before the catch-all", both, [do("u")], ["u", "h_b1"])
    called = process(
        start("ks") + node("parallelGateway", "kg") + user("ku") + user("kv") + end("ke", escalation("x1")) + end("kf")
        + path("ks", "kg", "ku", "ke") + path("kg", "kv", "kf"),
        id="k",
    )  # fmt: skip
    yield Row(
        "escalation end in a called process, non-interrupting",
        activity(
            node("callActivity", "x", calledElement="k") + boundary("b", "x", escalation("x1"), False),
            "x",
            "b",
            more=called,
        ),
        [do("ku"), do("kv"), do("h_b"), do("z")],
        ["ku kv", "h_b kv", "h_b z", "z", "done"],
    )
    instance = activity(
        node(
            "subProcess",
            "A",
            several("l", "i"),
            start("as_") + user("u") + end("ae", error("e1")) + path("as_", "u", "ae"),
        )
        + boundary("b", "A", error("e1")),
        "A",
        "b",
    )
    yield Row(
        "error in one instance of a multi-instance ends them all", instance, [do("u")], ["u u", "h_b"], {"l": [1, 2]}
    )


ROWS = list(rows())
