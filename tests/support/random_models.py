"""Small random processes for the soundness search: blocks put together at random, half of them with one fault."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.unit.bpmn.process_xml import TERMINATE, after, boundary, error, escalation, file, flow, node, several

THROWN = {"error": error("e1"), "escalation": escalation("x1"), "terminate": TERMINATE}
TWICE = several(times=2)
CHOICE = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")


@dataclass
class Scope:
    """What is drawn in one process or sub-process: nodes as (tag, id, xml inside), flows, finished boundary events."""

    nodes: list[tuple[str, str, str]] = field(default_factory=list)
    flows: list[tuple[str, str]] = field(default_factory=list)
    more: list[str] = field(default_factory=list)


class RandomModel:
    """One process ``p``. xml: the file. Conditions read the variable ``r``, a number that each completed task sets."""

    def __init__(self, seed: int, *, beside: bool = True, faults: bool = True) -> None:
        self.random, self.beside, self.count = random.Random(seed), beside, 0
        self.xml = file(self.process(depth=2, fault=faults and self.random.random() < 0.6))

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def process(self, depth: int, fault: bool = False, thrown: str = "") -> str:
        scope = Scope()
        start, end = self.add(scope, "startEvent", "s"), self.add(scope, "endEvent", "e")
        last = start
        if thrown:
            last = self.follow(scope, self.task(scope, start, 0), "exclusiveGateway", "x")
            scope.flows.append((last, self.add(scope, "endEvent", "e", THROWN[thrown])))
        last = self.block(scope, last, depth)
        scope.flows.append((last, end))
        if fault:
            self.spoil(scope)
        return self.drawn(scope)

    def add(self, scope: Scope, tag: str, prefix: str, inside: str = "") -> str:
        name = self.name(prefix)
        scope.nodes.append((tag, name, inside))
        return name

    def follow(self, scope: Scope, source: str, tag: str, prefix: str) -> str:
        name = self.add(scope, tag, prefix)
        scope.flows.append((source, name))
        return name

    # ------------------------------------------------------------ blocks: each returns its last node

    def block(self, scope: Scope, source: str, depth: int) -> str:
        for _ in range(self.random.randint(1, 2)):
            kinds = [self.task] if depth == 0 else [self.task, self.split, self.split, self.loop, self.nested]
            source = self.random.choice(kinds)(scope, source, depth)
        return source

    def task(self, scope: Scope, source: str, depth: int) -> str:
        task = self.follow(scope, source, "userTask", "u")
        if self.random.random() < 0.25:
            self.attach(scope, task, after('"P1D"'), self.beside and self.random.random() < 0.5)
        return task

    def attach(self, scope: Scope, host: str, definition: str, goes_on: bool) -> None:
        event = self.name("b")
        scope.more.append(boundary(event, host, definition, not goes_on))
        handler = self.follow(scope, event, "userTask", "h")
        scope.flows.append((handler, self.add(scope, "endEvent", "e")))

    def split(self, scope: Scope, source: str, depth: int) -> str:
        tag = self.random.choice(CHOICE)
        split = self.follow(scope, source, tag, "g")
        join = self.add(scope, tag, "j")
        for _ in range(self.random.randint(2, 3)):
            scope.flows.append((self.block(scope, split, depth - 1), join))
        return join

    def loop(self, scope: Scope, source: str, depth: int) -> str:
        merge = self.follow(scope, source, "exclusiveGateway", "m")
        last = self.task(scope, self.block(scope, merge, depth - 1), 0)
        again = self.follow(scope, last, "exclusiveGateway", "x")
        scope.flows.append((again, merge))
        return again

    def nested(self, scope: Scope, source: str, depth: int) -> str:
        activity = self.name("sp")
        scope.flows.append((source, activity))
        thrown = self.random.choice(["", "error", "escalation", "terminate"])
        inside = (TWICE if self.random.random() < 0.25 else "") + self.process(depth - 1, thrown=thrown)
        scope.nodes.append(("subProcess", activity, inside))
        if thrown in ("error", "escalation"):
            self.attach(scope, activity, THROWN[thrown], thrown == "escalation" and self.beside)
        return activity

    # ------------------------------------------------------------ faults and text

    def spoil(self, scope: Scope) -> None:
        """One gateway becomes another kind, or one flow leads elsewhere."""
        gateways = [number for number, (tag, _, _) in enumerate(scope.nodes) if tag in CHOICE]
        if gateways and self.random.random() < 0.7:
            number = self.random.choice(gateways)
            scope.nodes[number] = (self.random.choice(CHOICE), scope.nodes[number][1], "")
            return
        number = self.random.randrange(len(scope.flows))
        source, old = scope.flows[number]
        targets = [name for tag, name, _ in scope.nodes if tag != "startEvent" and name not in (source, old)]
        target = self.random.choice(targets or [old])
        if (source, target) not in scope.flows:
            scope.flows[number] = (source, target)

    def condition(self, gateway: str, target: str, number: int, ways: int) -> str:
        salt = sum(map(ord, gateway)) % 5 + 1
        return flow(gateway, target, f"(r // {salt}) % {ways} == {number}")

    def drawn(self, scope: Scope) -> str:
        tags = {name: tag for tag, name, _ in scope.nodes}
        out: dict[str, list[str]] = {}
        for source, target in scope.flows:
            out.setdefault(source, []).append(target)
        text = "".join(scope.more)
        for tag, name, inside in scope.nodes:
            chooses = tag in (CHOICE[0], CHOICE[2]) and len(out.get(name, [])) > 1
            text += node(tag, name, inside, **({"default": f"d_{name}"} if chooses else {}))
        for source, targets in out.items():
            chooses = tags.get(source) in (CHOICE[0], CHOICE[2]) and len(targets) > 1
            for number, target in enumerate(targets):
                if chooses and number == len(targets) - 1:
                    text += flow(source, target, id=f"d_{source}")
                elif chooses:
                    text += self.condition(source, target, number, len(targets))
                else:
                    text += flow(source, target)
        return text
