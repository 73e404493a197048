"""The strokes with which random processes are drawn: names, tasks, lines, calls, repetitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from random import Random

from tests.equivalence.drawing import DATE, Block, Drawing, Several
from tests.unit.bpmn import process_xml as x
from tests.unit.bpmn.process_xml import end, node, path, start, user


class Pen:
    """Draws into one drawing; every id is used once. ``_last_xml`` is the element that was drawn last."""

    def __init__(self, random: Random, label: str) -> None:
        self.random, self.drawing = random, Drawing(label)
        self._count = 0
        self._roots: list[str] = []
        self._called: list[str] = []
        self._around: list[str] = []
        self._nesting = 0
        self._last_xml = ""

    # ------------------------------------------------------------ names

    def _id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _root(self, kind: str, prefix: str, **attributes: str) -> str:
        name = self._id(kind)
        self._roots.append(node(kind, f"{prefix}_{name}", name=name, **attributes))
        return name

    def _message(self) -> str:
        return self._root("message", "m")

    def _signal(self) -> str:
        return self._root("signal", "s")

    def _code(self, kind: str) -> str:
        name = self._id("code")
        prefix = "err" if kind == "error" else "esc"
        self._roots.append(node(kind, f"{prefix}_{name}", name=name, **{f"{kind}Code": name}))
        return name

    @contextmanager
    def _within(self, what: str) -> Iterator[None]:
        self._around.append(what)
        try:
            yield
        finally:
            self._around.pop()

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self._nesting += 1
        try:
            yield
        finally:
            self._nesting -= 1

    # ------------------------------------------------------------ tasks and lines

    def _user(self) -> Block:
        name = self._id("u")
        rows = ["user task", *(["three levels deep"] if self._nesting >= 3 else [])]
        self.drawing.stands_for(name, *rows)
        self._last_xml = user(name)
        return Block(self._last_xml, name, name)

    def _alone(self, name: str, xml: str | None = None) -> Block:
        return Block(self._last_xml if xml is None else xml, name, name)

    def _sequence(self, *blocks: Block) -> Block:
        links = "".join(path(one.last, other.first) for one, other in pairwise(blocks))
        return Block("".join(block.xml for block in blocks) + links, blocks[0].first, blocks[-1].last)

    def _line(self, *blocks: Block) -> str:
        first, last = self._id("s"), self._id("e")
        self.drawing.stands_for(first, "none start")
        self.drawing.stands_for(last, "none end")
        block = self._sequence(*blocks)
        return start(first) + block.xml + end(last) + path(first, block.first) + path(block.last, last)

    def _date_timer(self, name: str) -> str:
        self.drawing.dated.add(name)
        return x.timer("timeDate", f'"{DATE.isoformat()}"')

    # ------------------------------------------------------------ calls and repetitions

    def _call(self, name: str, inside: str, body: str, more_ins: str = "") -> str:
        """A call that gives the lists and ``seen``, and gets the ``seen`` of the called process back."""
        process_id = self._id("process")
        self._called.append(x.process(body, id=process_id))
        several = self.drawing.several.get(name)
        back = several.out_item if several and several.out_item else f"back_{name}"
        self.drawing.calls[name] = back
        ins = f"three=three two=two one=one none=none seen=seen {more_ins}"
        return node("callActivity", name, x.io(ins, f"{back}=seen"), inside, calledElement=process_id)

    def _characteristics(self, name: str, label: str) -> Iterator[str]:
        if "standard loop" in label:
            condition = f'pick("{name}", 3) > 0' if self.random.random() < 0.5 else ""
            self.drawing.stands_for(name, "standard loop, condition" if condition else "standard loop, maximum")
            yield x.repeat(self.random.randint(2, 3), condition)
        elif "multi-instance" in label:
            yield self._instances(name, "sequential" in label, "receive" not in label)

    def _instances(self, name: str, one_by_one: bool, with_output: bool) -> str:
        until = f'pick("{name}", 3) == 0' if self.random.random() < 0.35 else ""
        if until:
            self.drawing.stands_for(name, "multi-instance, completion condition")
        if self.random.random() < 0.25:
            self.drawing.stands_for(name, "multi-instance, cardinality")
            return x.several(times=self.random.randint(1, 3), one_by_one=one_by_one, until=until)
        several = Several(self.random.choice(["three", "two"]), f"i_{name}", "", "")
        if with_output and self.random.random() < 0.7:
            several = several._replace(out=f"r_{name}", out_item=f"o_{name}")
            self.drawing.settable.add(several.out_item)
            self.drawing.stands_for(name, "multi-instance, output")
        self.drawing.several[name] = several
        return x.several(*several, one_by_one=one_by_one, until=until)
