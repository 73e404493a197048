"""More rows: elements that pass at once, and what happens where two elements meet.

The answers are those of the standard (BPMN 2.0.2, chapter 13), worked out by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    operation,
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
from tests.unit.bpmn.rows import Row, activity, do

FORK = "parallelGateway"


def interplay() -> Iterator[Row]:
    """Every row of this file."""
    yield from _passing()
    yield from _one_sweep()
    yield from _tokens()
    yield from _repeated()
    yield from _calls()
    yield from _signals()
    yield from _edges()
    yield from _thrown()


def _passing() -> Iterator[Row]:
    def between(id: str, xml: str) -> bytes:
        return file(line(("a", user("a")), (id, xml), ("z", user("z"))))

    yield Row(
        "service task", between("t", operation("t", "work", {"x": "1"}, {})), [do("a"), do("z")], ["a", "z", "done"]
    )
    thrown = node("intermediateThrowEvent", "t", message("m1"))
    rule = node("businessRuleTask", "t", camunda__decisionRef="table")
    yield Row("business rule task", between("t", rule), [do("a"), do("z")], ["a", "z", "done"])
    yield Row("send task", between("t", node("sendTask", "t", messageRef="m_m1")), [do("a")], ["a", "z"])
    yield Row("message throw event", between("t", thrown), [do("a")], ["a", "z"])
    yield Row(
        "message end event",
        file(start() + user("a") + end("e", message("m1")) + path("s", "a", "e")),
        [do("a")],
        ["a", "done"],
    )
    yield Row("none intermediate event", between("t", node("intermediateThrowEvent", "t")), [do("a")], ["a", "z"])


def _one_sweep() -> Iterator[Row]:
    yield Row(
        "a script beside a terminate end of the same sweep does not run, and nothing follows it",
        file(
            start() + node(FORK, "g") + end("t", TERMINATE) + script("w", "ran = 1") + user("u") + end(),
            path("s", "g", "t") + path("g", "w", "u", "e"),
        ),
        [],
        ["done"],
    )
    inside = (
        start("xs") + node(FORK, "g") + end("xe", error("e1")) + script("w", "ran = 1") + user("u") + end("x2")
        + path("xs", "g", "xe") + path("g", "w", "u", "x2")
    )  # fmt: skip
    yield Row(
        "a script beside an error end of the same sweep does not run, and nothing follows it",
        activity(node("subProcess", "x", inside) + boundary("b", "x", error("e1")), "x", "b"),
        [],
        ["h_b"],
    )
    first = node("subProcess", "x", several(times=3, until="True"), line(("k", script("k", "n = n + 1")), prefix="x"))
    yield Row(
        "a completion condition in the first of three instances that are ready in one sweep",
        file(line(("x", first), ("z", user("z")))),
        [],
        ["z"],
        {"n": 0},
    )


def _tokens() -> Iterator[Row]:
    twice = (
        start() + node(FORK, "g") + "".join(user(name) for name in "abcd") + node("exclusiveGateway", "m")
        + node("exclusiveGateway", "n") + node(FORK, "j") + user("z") + end() + path("g", "a", "m", "j")
        + path("g", "b", "m") + path("g", "c", "n", "j") + path("g", "d", "n") + path("s", "g") + path("j", "z", "e")
    )  # fmt: skip
    yield Row(
        "two tokens on one input of a parallel join count for two turns",
        file(twice),
        [do("a"), do("b"), do("c"), do("d"), do("z"), do("z")],
        ["a b c d", "b c d", "c d", "d z", "z z", "z", "done"],
    )
    default = (
        start() + user("s1") + node("inclusiveGateway", "g", default="fd") + user("a") + user("b") + user("c")
        + node("inclusiveGateway", "j") + user("z") + end() + path("s", "s1", "g") + flow("g", "a", "ta")
        + flow("g", "b", "tb") + flow("g", "c", id="fd") + path("a", "j", "z", "e") + path("b", "j") + path("c", "j")
    )  # fmt: skip
    for chosen, opened in (({"ta": True, "tb": False}, "a"), ({"ta": False, "tb": False}, "c")):
        yield Row(
            f"inclusive split, {opened} alone, joins by itself",
            file(default),
            [do("s1", **chosen), do(opened)],
            ["s1", opened, "z"],
        )
    yield Row(
        "an inclusive join waits for work that is two gateways before it",
        file(
            start() + node("inclusiveGateway", "g", default="f0") + user("a") + user("b")
            + node("subProcess", "x", people("u", prefix="x")) + node("exclusiveGateway", "y1")
            + node("exclusiveGateway", "y2") + node("inclusiveGateway", "j") + user("z") + end() + path("s", "g")
            + flow("g", "a", "True") + flow("g", "b", "True") + flow("g", "j", id="f0") + path("a", "j")
            + path("b", "x", "y1", "y2", "j", "z", "e")
        ),
        [do("a"), do("b"), do("u")],
        ["a b", "b", "u", "z"],
    )  # fmt: skip
    yield Row(
        "a token that ends in a branch frees the inclusive join",
        file(
            start() + node("inclusiveGateway", "g", default="f0") + user("a") + user("b")
            + node("exclusiveGateway", "q", default="fq") + end("e9") + node("inclusiveGateway", "j")
            + user("z") + end() + path("s", "g") + flow("g", "a", "True") + flow("g", "b", "True")
            + flow("g", "j", id="f0") + path("a", "j")
            + path("b", "q") + flow("q", "j", "on") + flow("q", "e9", id="fq") + path("j", "z", "e")
        ),
        [do("a"), do("b", on=False), do("z")],
        ["a b", "b", "z", "done"],
        {"on": True},
    )  # fmt: skip


def _repeated() -> Iterator[Row]:
    called = process(people("w", prefix="k"), id="k")
    hosts = {
        "user task": user("u", repeat(2)),
        "sub-process": node("subProcess", "u", repeat(2), people("w", prefix="u")),
        "call activity": node("callActivity", "u", repeat(2), calledElement="k"),
    }
    for name, xml in hosts.items():
        task = "u" if name == "user task" else "w"
        more = called if name == "call activity" else ""
        yield Row(f"standard loop of a {name}", activity(xml, "u", more=more), [do(task), do(task)], [task, task, "z"])
        yield Row(
            f"interrupting boundary on a standard loop of a {name}, in its second turn",
            activity(xml + boundary("b", "u", message("m1")), "u", "b", more=more),
            [do(task), ("message", "m1")],
            [f"{task} m:m1", f"{task} m:m1", "h_b"],
        )
        yield Row(
            f"completion condition of a multi-instance {name} takes the others away",
            activity(xml.replace(repeat(2), several(times=3, until="stop")), "u", more=more),
            [do(task, stop=True)] if name != "call activity" else [do(task), do(task), do(task)],
            [" ".join([task] * 3), "z"] if name != "call activity" else ["w w w", "w w", "w", "z"],
            {"stop": False},
        )
    inner = user("u", several("m", "y"))
    for one_by_one in (False, True):
        outer = node("subProcess", "x", several("l", "x_", one_by_one=one_by_one), line(("u", inner), prefix="x"))
        how = "sequential" if one_by_one else "parallel"
        states = ["u u", "u", "u u", "u", "z"] if one_by_one else ["u u u u", "u u u", "u u", "u", "z"]
        yield Row(
            f"multi-instance in a {how} multi-instance",
            file(line(("x", outer), ("z", user("z")))),
            [do("u")] * 4,
            states,
            {"l": [1, 2], "m": [3, 4]},
        )
    yield Row(
        "message catch in two instances: each takes a message of its own",
        file(
            line(
                (
                    "x",
                    node(
                        "subProcess", "x", several(times=2),
                        line(("c", node("intermediateCatchEvent", "c", message("m1"))), ("u", user("u")), prefix="x"),
                    ),
                ),
                ("z", user("z")),
            )
        ),
        [("message", "m1"), do("u"), ("message", "m1"), do("u")],
        ["m:m1 m:m1", "u m:m1", "m:m1", "u", "z"],
    )  # fmt: skip


def _calls() -> Iterator[Row]:
    def calls(id: str, target: str) -> str:
        return node("callActivity", id, io(), calledElement=target)

    last = {
        "end": end("re"),
        "error end": end("re", error("e1")),
        "terminate end": end("re", TERMINATE),
    }
    for name, xml in last.items():
        deepest = process(start("rs") + user("u") + xml + path("rs", "u", "re"), id="r")
        middle = process(line(("c2", calls("c2", "r")), ("v", user("v")), prefix="q"), id="q")
        outer = process(line(("c1", calls("c1", "q")), ("w", user("w")), prefix="k"), id="k")
        top = start() + calls("c", "k") + boundary("b", "c", error("e1")) + user("h") + end("e2") + user("z") + end()
        three_deep = definitions(process(top + path("s", "c", "z", "e") + path("b", "h", "e2")), outer, middle, deepest)
        caught = name == "error end"
        yield Row(
            f"call activity, three deep, {name} in the innermost",
            three_deep,
            [do("u"), do("h")] if caught else [do("u"), do("v"), do("w"), do("z")],
            ["u", "h", "done"] if caught else ["u", "v", "w", "z", "done"],
        )
    inside = line(("x", node("subProcess", "x", several(times=2), people("u", prefix="x"))), prefix="k")
    yield Row(
        "interrupting boundary on a call takes the instances inside it along",
        activity(
            node("callActivity", "c", io(), calledElement="k") + boundary("b", "c", after("P3D")),
            "c",
            "b",
            more=process(inside, id="k"),
        ),
        [do("u"), ("timer", "b"), do("h_b")],
        ["u u t:b", "u t:b", "h_b", "done"],
    )
    yield Row(
        "terminate end at the top takes calls and instances along",
        definitions(
            process(
                start() + node(FORK, "g") + user("a") + end("t", TERMINATE) + calls("c", "k") + end()
                + path("s", "g", "a", "t") + path("g", "c", "e")
            ),
            process(inside, id="k"),
        ),
        [do("u"), do("a")],
        ["a u u", "a u", "done"],
    )  # fmt: skip


def _signals() -> Iterator[Row]:
    def thrown_beside(xml: str, *ids: str, throws: int = 1) -> bytes:
        """One branch throws the signal after each of its tasks; the other is given."""
        thrower, at = "", "g"
        for turn in range(throws):
            thrower += user(f"a{turn}") + node("intermediateThrowEvent", f"t{turn}", SIGNAL)
            thrower += path(at, f"a{turn}", f"t{turn}")
            at = f"t{turn}"
        return file(
            start() + node(FORK, "g") + thrower + end("e1") + path("s", "g") + path(at, "e1") + xml, path("g", *ids)
        )

    handler = user("h") + end("eh") + path("b", "h", "eh")
    for interrupting in (True, False):
        how = "interrupting" if interrupting else "non-interrupting"
        edge = user("u") + boundary("b", "u", SIGNAL, interrupting) + handler + end()
        yield Row(
            f"{how} signal boundary, thrown twice",
            thrown_beside(edge, "u", "e", throws=2),
            [do("a0"), do("a1")],
            ["a0 u", "a1 h", "h"] if interrupting else ["a0 u", "a1 h u", "h h u"],
        )
    catch = node("intermediateCatchEvent", "c", SIGNAL)
    each = node("subProcess", "x", several(times=2), line(("c", catch), ("u", user("u")), prefix="x"))
    yield Row(
        "a signal reaches every instance that waits for it",
        thrown_beside(each + user("z") + end(), "x", "z", "e"),
        [do("a0"), do("u"), do("u")],
        ["a0", "u u", "u", "z"],
    )
    gateway = node("eventBasedGateway", "q") + catch + node("intermediateCatchEvent", "d", after("P1D")) + user("u")
    gateway += user("v") + end() + end("e3") + path("q", "c", "u", "e") + path("q", "d", "v", "e3")
    yield Row(
        "a signal behind an event gateway", thrown_beside(gateway, "q"), [do("a0"), do("u")], ["a0 t:d", "u", "done"]
    )
    yield Row(
        "a signal into the sub-process beside it and into the process called there",
        definitions(
            process(
                start() + node(FORK, "g") + user("a") + node("intermediateThrowEvent", "t", SIGNAL) + end("e1")
                + node("callActivity", "k_", io(), calledElement="k") + user("z") + end()
                + path("s", "g", "a", "t", "e1") + path("g", "k_", "z", "e")
            ),
            process(line(("c", catch), prefix="k"), id="k"),
        ),
        [do("a"), do("z")],
        ["a", "z", "done"],
    )  # fmt: skip


def _edges() -> Iterator[Row]:
    yield Row(
        "a non-interrupting event, then an interrupting one on the same activity",
        activity(
            user("u") + boundary("b", "u", message("m1"), False) + boundary("c", "u", message("m2")), "u", "b", "c"
        ),
        [("message", "m1"), ("message", "m2"), do("h_b"), do("h_c")],
        ["u m:m1 m:m2", "h_b u m:m1 m:m2", "h_b h_c", "h_c", "done"],
    )
    yield Row(
        "what a cycle started outlives its activity",
        activity(user("u") + boundary("b", "u", timer("timeCycle", "R2/P7D"), False), "u", "b"),
        [("timer", "b"), do("u"), do("z"), do("h_b")],
        ["u t:b", "h_b u t:b", "h_b z", "h_b", "done"],
    )
    yield Row(
        "a date timer at the edge and one on the flow",
        activity(node("intermediateCatchEvent", "u", timer("timeDate", "'2031-01-01'")), "u"),
        [("timer", "u")],
        ["t:u", "z"],
    )
    yield Row(
        "the same activity again in a loop arms its events anew",
        file(
            start() + node("exclusiveGateway", "m") + user("u") + boundary("b", "u", after("P3D"), False) + user("h")
            + end("eh") + node("exclusiveGateway", "q", default="fq") + user("z") + end() + path("s", "m", "u", "q")
            + path("b", "h", "eh") + flow("q", "m", "again") + flow("q", "z", id="fq") + path("z", "e")
        ),
        [("timer", "b"), do("u"), do("u", again=False)],
        ["u t:b", "h u", "h u t:b", "h z"],
        {"again": True},
    )  # fmt: skip
    several_edges = node("subProcess", "u", several(times=2), people("w", prefix="u"))
    yield Row(
        "a non-interrupting message on a multi-instance sub-process waits again until the last instance ends",
        activity(several_edges + boundary("b", "u", message("m1"), False), "u", "b"),
        [("message", "m1"), do("w"), ("message", "m1"), do("w")],
        ["w w m:m1", "h_b w w m:m1", "h_b w m:m1", "h_b h_b w m:m1", "h_b h_b z"],
    )
    yield Row(
        "manual task with an interrupting timer",
        activity(node("manualTask", "u") + boundary("b", "u", after("P3D")), "u", "b"),
        [("timer", "b")],
        ["u t:b", "h_b"],
    )


def _thrown() -> Iterator[Row]:
    twice = (
        start("xs") + user("u") + node("intermediateThrowEvent", "t", escalation("x1")) + user("v")
        + node("intermediateThrowEvent", "t2", escalation("x1")) + user("w") + end("xe")
        + path("xs", "u", "t", "v", "t2", "w", "xe")
    )  # fmt: skip
    for interrupting in (True, False):
        how = "interrupting" if interrupting else "non-interrupting"
        yield Row(
            f"escalation thrown twice, {how} boundary",
            activity(node("subProcess", "x", twice) + boundary("b", "x", escalation("x1"), interrupting), "x", "b"),
            [do("u"), do("h_b")] if interrupting else [do("u"), do("v"), do("w")],
            ["u", "h_b", "done"] if interrupting else ["u", "h_b v", "h_b h_b w", "h_b h_b z"],
        )
    yield Row(
        "an escalation that nobody takes goes on",
        activity(node("subProcess", "x", twice), "x"),
        [do("u"), do("v"), do("w")],
        ["u", "v", "w", "z"],
    )
    called = process(start("ks") + user("u") + end("ke", error("e1")) + path("ks", "u", "ke"), id="k")
    yield Row(
        "error in one of several calls ends them all",
        activity(
            node("callActivity", "x", several(times=3), calledElement="k") + boundary("b", "x", error("e1")),
            "x",
            "b",
            more=called,
        ),
        [do("u"), do("h_b")],
        ["u u u", "h_b", "done"],
    )
    inner = node("subProcess", "y", start("ys") + user("u") + end("ye", error("e1")) + path("ys", "u", "ye"))
    nearest = start("xs") + inner + boundary("by", "y", error("e1")) + user("hy") + end("xe") + end("xf")
    nearest += path("xs", "y", "xe") + path("by", "hy", "xf")
    yield Row(
        "an error goes to the nearest activity that catches it",
        activity(node("subProcess", "x", nearest) + boundary("b", "x", error("e1")), "x", "b"),
        [do("u"), do("hy"), do("z")],
        ["u", "hy", "z", "done"],
    )


INTERPLAY = list(interplay())
