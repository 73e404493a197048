"""The table of moves between versions: what is accepted, what is refused, and what is kept.

Each row: a process, what happened to an instance of it, a new version of the process, and what must then be open (or
the reasons why not). An accepted row is run to its end on the new version, loaded anew at every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.unit.bpmn.process_xml import (
    after,
    boundary,
    definitions,
    end,
    file,
    flow,
    io,
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
from tests.unit.bpmn.rows import Act, do


@dataclass(frozen=True)
class MoveRow:
    """expected: the state after the move (``Instance.state``), or the refusals as ``element: text``. due: the pending
    timers as (whole days after the start, element); the move happens two days after the start. kept: variables at the
    end.
    """

    name: str
    old: bytes
    acts: list[Act]
    new: bytes
    expected: str | list[str]
    mapping: dict[str, str] = field(default_factory=dict)
    due: list[tuple[int, str]] | None = None
    notes: list[str] = field(default_factory=list)
    variables: dict[str, object] = field(default_factory=dict)
    kept: Mapping[str, object] = field(default_factory=dict)


def two() -> str:
    return people("u1", "u2")


def timed(duration: str = '"P30D"', id: str = "b", interrupting: bool = False, more: str = "") -> bytes:
    """s -> u -> e with a boundary timer whose handler is h."""
    handler = user("h") + end("e2") + path(id, "h", "e2")
    return file(
        start(), user("u"), boundary(id, "u", after(duration), interrupting), handler, end(), path("s", "u", "e"), more
    )


def parallel(*branches: str, join: str = "j", ahead: bool = False, before: str = "") -> bytes:
    """s [-> u0] -> g -> every branch -> join -> z -> e; ``before`` is a task between branch b and the join."""
    inner = "".join(user(name) for name in branches)
    flows = "".join(
        path("g", name, before, join) if before and name == "b" else path("g", name, join) for name in branches
    )
    first = user("u0") + path("s", "u0", "g") if ahead else path("s", "g")
    gateways = node("parallelGateway", "g") + node("parallelGateway", join)
    more = user(before) if before else ""
    return file(start(), gateways, inner, more, user("z"), end(), first, flows, path(join, "z", "e"))


def many(
    id: str = "x", item: str = "it", result: str = "r", out: str = "res", one_by_one: bool = False, n: bool = False
) -> bytes:
    """s -> several x [-> n] -> e over the list l."""
    characteristics = several("l", item, out, result, one_by_one=one_by_one)
    return file(
        start(), user(id, characteristics), user("n") if n else "", end(), path("s", id, *(["n"] if n else []), "e")
    )


def many_processes(*inner: str, id: str = "sp") -> bytes:
    return file(
        start(), node("subProcess", id, several("l", "it"), people(*inner, prefix="q")), end(), path("s", id, "e")
    )


def calling(called: str, *inner: str) -> bytes:
    """A call activity inside a sub-process."""
    call = node("callActivity", "c", io(), calledElement=called)
    outer = node("subProcess", "o", start("os"), call, end("oe"), path("os", "c", "oe"))
    return definitions(
        process(start(), outer, end(), path("s", "o", "e")), process(people(*inner, prefix="k"), id=called)
    )


def racing(*events: tuple[str, str]) -> bytes:
    """s -> event gateway -> each event -> x -> z -> e."""
    caught = "".join(node("intermediateCatchEvent", id, inner) for id, inner in events)
    flows = "".join(path("g", id, "x") for id, _ in events)
    gateways = node("eventBasedGateway", "g") + node("exclusiveGateway", "x")
    return file(start(), gateways, caught, user("z"), end(), path("s", "g"), flows, path("x", "z", "e"))


def inclusive(*branches: str, end_of_a: str = "j") -> bytes:
    """s -> inclusive split g -> branches -> inclusive join j -> z -> e; branch a may end elsewhere."""
    inner = "".join(user(name) for name in branches)
    flows = "".join(flow("g", name, "True") + flow(name, end_of_a if name == "a" else "j") for name in branches)
    split = node("inclusiveGateway", "g", default="f_d") + flow("g", "j", id="f_d")
    other = end("e9") if end_of_a == "e9" else ""
    return file(
        start(), split, node("inclusiveGateway", "j"), inner, other, user("z"), end(),
        path("s", "g"), flows, path("j", "z", "e"),
    )  # fmt: skip


GAINED = "x: 「x」の実施中に、{}が加わったり、なくなったりしています。"
THREE = {"l": [1, 2, 3]}
GONE = "「{}」は、新しい版にありません。移す先の要素を選んでください。"
WAITS = "「{}」は、{}からの流れを待ち続けます。そこに着くものがもうありません。"
ADDED = "境界タイマー「{}」が加わります。期間は、移した時から数えます。"
DROPPED = "境界イベント「{}」は、新しい版のこの場所にないため、なくなります。"
KEPT_DUE = "「{}」の期間が新しい版で変わりましたが、いまの期日のまま待ちます。"


def accepted() -> Iterator[MoveRow]:
    yield from _accepted_lines()
    yield from _accepted_timers()
    yield from _accepted_joins()
    yield from _accepted_loops()
    yield from _accepted_nested()
    yield from _accepted_events()


def _accepted_lines() -> Iterator[MoveRow]:
    yield MoveRow("the identical version", file(two()), [do("u1")], file(two()), "u2")
    yield MoveRow(
        "tasks added before and after the open one",
        file(two()), [do("u1")], file(people("n0", "u1", "n1", "u2", "n2")), "u2",
    )  # fmt: skip
    yield MoveRow("the open task renamed", file(two()), [do("u1")], file(people("u1", "w2")), "w2", {"u2": "w2"})
    yield MoveRow(
        "the open task replaced by an earlier one of its kind",
        file(two()), [do("u1")], file(people("u0", "u1")), "u0", {"u2": "u0"},
    )  # fmt: skip


def _accepted_timers() -> Iterator[MoveRow]:
    plain = file(people("u"))
    yield MoveRow(
        "a pending boundary timer with another duration keeps its due instant",
        timed(), [], timed('"P60D"'), "u t:b", due=[(30, "b")], notes=[KEPT_DUE.format("b")],
    )  # fmt: skip
    yield MoveRow("a pending boundary timer renamed", timed(), [], timed(id="bb"), "u t:bb", {"b": "bb"}, [(30, "bb")])
    yield MoveRow(
        "a boundary timer added to the open task runs from now",
        plain, [], timed(), "u t:b", due=[(32, "b")], notes=[ADDED.format("b")],
    )  # fmt: skip
    yield MoveRow("a boundary timer removed", timed(), [], plain, "u", due=[], notes=[DROPPED.format("b")])
    second = boundary("b2", "u", after('"P5D"')) + user("h2") + end("e4") + path("b2", "h2", "e4")
    yield MoveRow(
        "a second boundary event beside one that waits",
        timed(), [], timed(more=second), "u t:b t:b2", due=[(7, "b2"), (30, "b")], notes=[ADDED.format("b2")],
    )  # fmt: skip
    inner = node("subProcess", "u", people("w", prefix="q"))
    handler = user("h") + end("e2") + path("b", "h", "e2")
    host = file(start(), inner, boundary("b", "u", after('"P3D"')), handler, end(), path("s", "u", "e"))
    without = file(start(), inner, end(), path("s", "u", "e"))
    yield MoveRow(
        "a boundary timer on a running sub-process removed", host, [], without, "w", due=[], notes=[DROPPED.format("b")]
    )
    yield MoveRow(
        "a boundary timer added to a running sub-process",
        without, [], host, "w t:b", due=[(5, "b")], notes=[ADDED.format("b")],
    )  # fmt: skip
    dated, timeless = (
        file(start(), node("intermediateCatchEvent", "t", given), user("z"), end(), path("s", "t", "z", "e"))
        for given in (timer("timeDate", '"2026-05-01"'), after('"P9D"'))
    )
    yield MoveRow(
        "a date became a duration: the due instant is kept",
        timeless, [], dated, "t:t", due=[(9, "t")], notes=[KEPT_DUE.format("t")],
    )  # fmt: skip
    fired = [("timer", "b")]
    yield MoveRow(
        "a boundary event that has happened is not armed again",
        timed(), fired, timed(id="bb"), "h u", {"b": "bb"}, due=[],
    )  # fmt: skip


def _accepted_joins() -> Iterator[MoveRow]:
    yield MoveRow(
        "one branch arrived: a step inserted in the open branch",
        parallel("a", "b"), [do("a")], parallel("a", "b", before="n"), "b",
    )  # fmt: skip
    yield MoveRow(
        "one branch arrived: the join renamed", parallel("a", "b"), [do("a")], parallel("a", "b", join="jj"), "b",
        {"j": "jj"},
    )  # fmt: skip
    yield MoveRow(
        "one branch arrived: that branch renamed", parallel("a", "b"), [do("a")], parallel("a2", "b"), "b", {"a": "a2"}
    )
    yield MoveRow(
        "a branch added while the split lies ahead",
        parallel("a", "b", ahead=True), [], parallel("a", "b", "c", ahead=True), "u0",
    )  # fmt: skip
    yield MoveRow(
        "an inclusive join: a step added that no token can come from any more does not hold it up",
        inclusive("a", "b"), [do("a")], inclusive("a", "b", "c"), "b",
    )  # fmt: skip


def _accepted_loops() -> Iterator[MoveRow]:
    for one_by_one, left in ((False, "y y"), (True, "y")):
        yield MoveRow(
            f"{'in turn' if one_by_one else 'at once'}, one of three done, activity and variables renamed, step added",
            many(one_by_one=one_by_one), [do("x", r="first")],
            many("y", "jt", "rr", one_by_one=one_by_one, n=True), left, {"x": "y"},
            variables=dict(THREE), kept={"res": ["first", None, None]},
        )  # fmt: skip
    yield MoveRow(
        "instances in different places of their sub-processes; a step inserted",
        many_processes("a", "b"), [do("a")], many_processes("a", "n", "b"), "a b", variables={"l": [1, 2]},
    )  # fmt: skip
    yield MoveRow(
        "a sub-process of many instances renamed",
        many_processes("a", "b"), [do("a")], many_processes("a", "b", id="sp2"), "a b", {"sp": "sp2"},
        variables={"l": [1, 2]},
    )  # fmt: skip
    old, new = (file(start(), user("x", repeat(maximum)), end(), path("s", "x", "e")) for maximum in (5, 3))
    yield MoveRow("a standard loop with another maximum keeps its count", old, [do("x")], new, "x")


def _accepted_nested() -> Iterator[MoveRow]:
    yield MoveRow("a called process that changed and has another name", calling("k", "ku"), [],
                  calling("k2", "k0", "ku", "k1"), "ku")  # fmt: skip
    yield MoveRow("a task in a called process renamed", calling("k", "ku"), [], calling("k", "kw"), "kw", {"ku": "kw"})


def _accepted_events() -> Iterator[MoveRow]:
    yield MoveRow(
        "an event gateway: the timer renamed and a message added",
        racing(("t", after('"P9D"')), ("m", message("m1"))), [],
        racing(("m", message("m1")), ("t2", after('"P1D"')), ("n", message("m2"))), "t:t2 m:m1 m:m2",
        {"t": "t2"}, due=[(9, "t2")],
    )  # fmt: skip
    yield MoveRow(
        "an event gateway: a message removed",
        racing(("t", after('"P9D"')), ("m", message("m1")), ("n", message("m2"))), [],
        racing(("t", after('"P9D"')), ("m", message("m1"))), "t:t m:m1",
        notes=["「g」は、「m2」を待たなくなります。"],
    )  # fmt: skip
    old, new = (
        file(start(), node("receiveTask", "r", messageRef=f"m_{name}"), end(), path("s", "r", "e"))
        for name in ("m1", "m2")
    )
    yield MoveRow(
        "a receive task that waits for another message",
        old, [], new, "m:m2", notes=["「r」が待つものは、「m1」から「m2」に変わります。"],
    )  # fmt: skip


def refused() -> Iterator[MoveRow]:
    yield from _refused_elements()
    yield from _refused_joins()
    yield from _refused_loops()
    yield from _refused_events()


def _refused_elements() -> Iterator[MoveRow]:
    yield MoveRow(
        "removed and not mapped", file(two()), [do("u1")], file(people("u1", "w2")), ["u2: " + GONE.format("u2")]
    )
    became = file(start(), user("u1"), script("u2", "a = 1"), end(), path("s", "u1", "u2", "e"))
    yield MoveRow(
        "another kind", file(two()), [do("u1")], became,
        ["u2: 「u2」の種類が、ユーザータスクからスクリプトタスクに変わっています。"],
    )  # fmt: skip
    moved_in = file(
        start(), user("u1"), node("subProcess", "sp", people("u2", prefix="q")), end(), path("s", "u1", "sp", "e")
    )
    yield MoveRow(
        "moved into a sub-process", file(two()), [do("u1")], moved_in,
        ["u2: 「u2」は、新しい版では別のサブプロセスの中にあります。同じ場所の要素を選んでください。"],
    )  # fmt: skip
    yield MoveRow(
        "a mapping of things that are not there", file(two()), [], file(two()),
        ["x: 対応表の「x」は、いまの版にありません。", "y: 対応表の「y」は、新しい版にありません。"], {"x": "y"},
    )  # fmt: skip
    yield MoveRow(
        "two open tasks on one", parallel("a", "b"), [], parallel("a", "b"),
        ["b: 開いているa、bが、1つの要素「b」に重なります。別の要素を選んでください。"], {"a": "b"},
    )  # fmt: skip
    yield MoveRow(
        "every reason at once",
        parallel("a", "b"),
        [],
        file(people("u1")),
        ["a: " + GONE.format("a"), "b: " + GONE.format("b")],
    )


def _refused_joins() -> Iterator[MoveRow]:
    for acts in ([do("a")], []):
        yield MoveRow(
            f"a branch added behind the split, {len(acts)} arrived", parallel("a", "b"), acts, parallel("a", "b", "c"),
            ["j: " + WAITS.format("j", "「c」")],
        )  # fmt: skip
    yield MoveRow(
        "the branch of an arrived token is gone", parallel("a", "b", "c"), [do("a")], parallel("b", "c"),
        ["j: 「j」に着いた流れの元「a」が、新しい版ではこの合流につながっていません。"],
    )  # fmt: skip
    yield MoveRow(
        "the branch of a token that arrived at an inclusive join leads elsewhere",
        inclusive("a", "b"), [do("a")], inclusive("a", "b", end_of_a="e9"),
        ["j: 「j」に着いた流れの元「a」が、新しい版ではこの合流につながっていません。"],
    )  # fmt: skip


def _refused_loops() -> Iterator[MoveRow]:
    kind = "x: 「x」の種類が、並行する複数の実施から{}に変わっています。"
    yield MoveRow(
        "at once became one by one", many(), [do("x", r=1)], many(one_by_one=True), [kind.format("順番の複数の実施")],
        variables=dict(THREE),
    )  # fmt: skip
    yield MoveRow(
        "several became one", many(), [do("x", r=1)], file(people("x")),
        [kind.format("ユーザータスク"), "x: 「x」は、新しい版にありません。移す先の要素を選んでください。"],
        variables=dict(THREE),
    )  # fmt: skip
    yield MoveRow(
        "the results were given up", many(), [do("x", r=1)], many(result="", out=""),
        [GAINED.format(words) for words in ("結果の変数", "結果の一覧")],
        variables=dict(THREE),
    )  # fmt: skip
    yield MoveRow(
        "the item was added", many(item=""), [do("x", r=1)], many(),
        [GAINED.format("対象の変数")], variables=dict(THREE),
    )  # fmt: skip


def _refused_events() -> Iterator[MoveRow]:
    yield MoveRow(
        "the timers behind an event gateway changed",
        racing(("t", after('"P9D"')), ("m", message("m1"))), [], racing(("m", message("m1")), ("n", message("m2"))),
        ["g: 「g」の先のタイマーが変わっています。待っているタイマーと同じ数と対応にしてください。"],
    )  # fmt: skip
    caught = [
        file(start(), node("intermediateCatchEvent", "t", given), user("z"), end(), path("s", "t", "z", "e"))
        for given in (after('"P9D"'), message("m1"))
    ]
    yield MoveRow("another kind of event", caught[0], [], caught[1], ["t: 「t」のイベントの種類が変わっています。"])
    cycle = file(
        start(), user("u"), boundary("b", "u", timer("timeCycle", '"R3/P1D"'), False), user("h"), end("e2"),
        path("b", "h", "e2"), end(), path("s", "u", "e"),
    )  # fmt: skip
    yield MoveRow("a cycle became one moment", cycle, [], timed(), ["b: 「b」のイベントの種類が変わっています。"])
