"""Draws random processes out of every element of the profile, in blocks nested three deep."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.equivalence.drawing import PERIOD, TURNS, Block, Drawing, Several
from tests.equivalence.pen import Pen
from tests.equivalence.rows import BRANCHES, EDGES, HOSTS, SCOPES, LeftOut
from tests.unit.bpmn import process_xml as x
from tests.unit.bpmn.process_xml import end, flow, node, path, start, user

PASSERS = ("script task", "service task", "business rule task", "send task", "message throw")
CATCHES = ("message catch", "signal catch", "timer catch, duration", "timer catch, date")
GATEWAYS = ("exclusive gateway", "parallel gateway", "inclusive gateway", "gateway loop")
THROWS = tuple(
    f"{what} in a {where}" for what in ("terminate end", "error end") for where in ("sub-process", "called process")
)
SPECIALS = (
    "terminate end at the top", "escalation end", "escalation throw", "call activity, three deep", "empty list",
    "nested outputs", "tested before", "neighbours", "message start", "message end", *THROWS,
    "terminate beside a branch",
    "parallel gateway in a loop", "inclusive gateway in a loop", "loop in an inclusive gateway",
)  # fmt: skip
#: every block that can be asked for by name
LABELS = (
    *HOSTS, *PASSERS, *CATCHES, *GATEWAYS, *GATEWAYS, *SPECIALS,
    *(f"event gateway: {branch}" for branch in BRANCHES),
    *(f"boundary {kind}, {way}" for kind, ways in EDGES.items() for way in ways),
    *(f"boundary on {host}, {way}" for host in HOSTS for way in ("interrupting", "non-interrupting")),
    "sequence",
)  # fmt: skip
#: blocks that are drawn only when a test asks for them
RARE = ("work before an inclusive join", "escalation of an instance in a loop")
_SMALL = ("user task", "manual task", "receive task", "standard loop user task", *PASSERS, *CATCHES[:1], *CATCHES[2:])
_DURATION = f"'P{PERIOD.days}D'"  #: an expression: the library takes no bare text
_GATEWAY_TAGS = {"exclusive gateway": "exclusive", "parallel gateway": "parallel", "inclusive gateway": "inclusive"}


class Generator(Pen):
    """Draws one process. label: the block that it must hold; the rest is chance."""

    def __init__(self, random: Random, label: str, depth: int = 3) -> None:
        super().__init__(random, label)
        self.depth = depth
        self._next = ""  #: the block that the next free choice takes

    def draw(self) -> Drawing:
        """The whole process, with what it calls."""
        label = self.drawing.label
        opening = x.message(self._message()) if label == "message start" else ""
        body = self._body(self.depth, label, opening, final=label == "terminate end at the top")
        self.drawing.xml = x.definitions(x.process(body), *self._called, roots="".join(self._roots))
        return self.drawing

    # ------------------------------------------------------------ processes and sub-processes

    def _body(self, depth: int, label: str | None = None, opening: str = "", final: bool = False) -> str:
        """start, tasks and blocks in a line, a last task and an end."""
        first, last = self._id("s"), self._id("e")
        self.drawing.stands_for(first, "message start" if opening else "none start")
        xml, at = start(first, opening), first
        labels = [label] if label else []
        labels += [self._any(depth) for _ in range(self.random.randint(0 if label else 1, 2 if depth > 1 else 1))]
        for number, one in enumerate(labels):
            block = self._block(one, depth, focus=number == 0 and label is not None)
            task = self._user()
            xml, at = xml + task.xml + block.xml + path(at, task.first, block.first), block.last
        task = self._user()
        xml += task.xml + path(at, task.first, last)
        throws_message = label == "message end" or self.random.random() < 0.15
        self.drawing.stands_for(last, "message end" if throws_message else "none end")
        if final:
            return xml + end(last, x.TERMINATE) + self._beside_terminate(last, task.first)
        if throws_message:
            return xml + end(last, x.message(self._message()), tsunagu__payload="seen")
        return xml + end(last)

    def _beside_terminate(self, last: str, task: str) -> str:
        """Another branch, open while the last task of the line may reach the terminate end."""
        self.drawing.stands_for(last, "terminate end at the top")
        edge, other, finish = self._id("b"), self._user(), self._id("e")
        self.drawing.rearming.add(edge)
        self.drawing.stands_for(finish, "none end")
        return (
            x.boundary(edge, task, x.message(self._message()), False)
            + other.xml + end(finish) + path(edge, other.first, finish)
        )  # fmt: skip

    def _any(self, depth: int) -> str:
        if self._next:
            label, self._next = self._next, ""
            return label
        if depth <= 0:
            return self.random.choice(_SMALL)
        labels = [
            label for label in LABELS if label not in ("message start", "message end", "terminate end at the top")
        ]
        return self.random.choice(labels)

    def _block(self, label: str, depth: int, focus: bool = False) -> Block:
        before = set(self.drawing.rows)
        with self._within(label):
            made = self._made(label, depth)
        if focus:
            self.drawing.focus |= set(self.drawing.rows) - before
        return made

    def _made(self, label: str, depth: int) -> Block:
        if label in HOSTS:
            return self._alone(self._host(label, depth))
        if label.startswith("boundary on "):
            host, way = label.removeprefix("boundary on ").rsplit(", ", 1)
            return self._edged(self._kind_for(host, way), way, host, depth)
        if label.startswith("boundary "):
            kind, way = label.removeprefix("boundary ").split(", ")
            return self._edged(kind, way, self._host_for(kind, depth), depth)
        if label.startswith("event gateway: "):
            return self._event_gateway(label.removeprefix("event gateway: "))
        if label in PASSERS:
            return self._passer(label)
        if label in CATCHES:
            return self._signalled(self._signal()) if label == "signal catch" else self._catch(label)
        if label in _GATEWAY_TAGS:
            return self._split(label, depth)
        return self._special(label, depth)

    def _special(self, label: str, depth: int) -> Block:
        makers: dict[str, Callable[[int], Block]] = {
            "gateway loop": self._gateway_loop,
            "parallel gateway in a loop": lambda _: self._one_in_another("gateway loop", "parallel gateway"),
            "inclusive gateway in a loop": lambda _: self._one_in_another("gateway loop", "inclusive gateway"),
            "loop in an inclusive gateway": lambda _: self._one_in_another("inclusive gateway", "gateway loop"),
            "sequence": lambda depth: self._sequence(self._block(self._any(depth - 1), depth - 1),
                                                     self._block(self._any(depth - 1), depth - 1)),
            "call activity, three deep": lambda _: self._call_three_deep(),
            "empty list": lambda _: self._empty_list(),
            "nested outputs": lambda _: self._nested_outputs(),
            "tested before": lambda _: self._tested_before(),
            "work before an inclusive join": lambda _: self._work_before_inclusive_join(),
            "escalation of an instance in a loop": lambda _: self._escalation_in_a_loop(),
            "neighbours": lambda _: self._neighbours(),
            "terminate beside a branch": lambda _: self._two_branches(
                self._throwing("terminate end in a sub-process", 0), self._user()
            ),
            "escalation end": lambda depth: self._throwing("escalation end", depth),
            "escalation throw": lambda depth: self._throwing("escalation throw", depth),
            **{name: self._thrower(name) for name in THROWS},
        }  # fmt: skip
        return makers.get(label, lambda _: self._alone(self._user().first, self._last_xml))(depth)

    def _thrower(self, name: str) -> Callable[[int], Block]:
        return lambda depth: self._throwing(name, depth)

    # ------------------------------------------------------------ single elements

    def _passer(self, label: str) -> Block:
        name = self._id("p")
        self.drawing.stands_for(name, label)
        if label == "script task":
            self.drawing.results[name] = f"s_{name}"
            return Block(x.script(name, f"s_{name} = seen"), name, name)
        if label == "service task":
            self.drawing.results[name] = f"w_{name}"
            return Block(x.operation(name, "work", {"given": "seen"}, {f"w_{name}": "done"}), name, name)
        if label == "business rule task":
            self.drawing.results[name] = f"d_{name}"
            return Block(node("businessRuleTask", name, camunda__decisionRef=name), name, name)
        if label == "send task":
            xml = node("sendTask", name, messageRef=f"m_{self._message()}", tsunagu__payload="seen")
            return Block(xml, name, name)
        xml = node("intermediateThrowEvent", name, x.message(self._message()), tsunagu__payload="seen")
        return Block(xml, name, name)

    def _catch(self, label: str) -> Block:
        name = self._id("c")
        self.drawing.stands_for(name, label)
        inner = {
            "message catch": lambda: x.message(self._message()),
            "timer catch, duration": lambda: x.after(_DURATION),
        }
        event = inner.get(label, lambda: self._date_timer(name))()
        return Block(node("intermediateCatchEvent", name, event), name, name)

    # ------------------------------------------------------------ activities that stand alone or carry events

    def _host(self, label: str, depth: int) -> str:
        """Draws the activity into ``_last_xml`` and returns its id."""
        name = self._id("a")
        inside = "".join(self._characteristics(name, label))
        xml = self._activity(name, label, inside, depth)
        self.drawing.stands_for(name, label)
        self._last_xml = xml
        return name

    def _activity(self, name: str, label: str, inside: str, depth: int) -> str:
        if "sub-process" in label:
            with self._nested():
                return node("subProcess", name, inside, self._body(depth - 1))
        if "call activity" in label:
            with self._nested():
                return self._call(name, inside, self._body(depth - 1))
        if label == "receive task":
            return node("receiveTask", name, messageRef=f"m_{self._message()}")
        return node("manualTask" if label == "manual task" else "userTask", name, inside)

    # ------------------------------------------------------------ events at the edge of an activity

    def _kind_for(self, host: str, way: str) -> str:
        kinds = [kind for kind, ways in EDGES.items() if way in ways and kind not in ("error", "escalation")]
        return self.random.choice(kinds)

    def _host_for(self, kind: str, depth: int) -> str:
        if depth <= 0:
            return "user task"
        return self.random.choice(SCOPES if kind in ("error", "escalation") else HOSTS)

    def _edged(self, kind: str, way: str, host: str, depth: int) -> Block:
        if kind in ("error", "escalation"):
            return self._throwing(f"{kind} end", depth, way, host)
        signal = self._signal() if kind == "signal" else ""
        name = self._host(host, depth)
        block = self._with_edge(Block(self._last_xml, name, name), kind, way, host, signal)
        if self.random.random() < 0.3:
            block = self._with_edge(block, "timer duration", self.random.choice(EDGES["timer duration"]), host)
        return self._signalled(signal, block) if signal else block

    def _with_edge(self, activity: Block, kind: str, way: str, host: str, name: str = "") -> Block:
        """The activity with one boundary event whose handler is a user task. name: of the signal or code."""
        edge, handler, after = self._id("b"), self._user(), self._id("j")
        if "inclusive gateway" in self._around:  # two edges make two gateways before its join
            self.drawing.wrong.add(LeftOut.WORK_BEFORE_INCLUSIVE_JOIN)
        interrupting = way == "interrupting"
        self._know_edge(edge, kind, interrupting, host)
        if kind == "timer cycle":
            self.drawing.cycle_handlers.add(handler.first)
        xml = activity.xml + x.boundary(edge, activity.first, self._event(edge, kind, name), interrupting)
        xml += handler.xml + node("exclusiveGateway", after) + path(edge, handler.first) + path(activity.last, after)
        self.drawing.stands_for(after, "exclusive gateway")
        if interrupting:
            return Block(xml + path(handler.first, after), activity.first, after)
        finish = self._id("e")
        self.drawing.stands_for(finish, "none end")
        return Block(xml + end(finish) + path(handler.first, finish), activity.first, after)

    def _event(self, edge: str, kind: str, name: str) -> str:
        makers = {
            "timer duration": lambda: x.after(_DURATION),
            "timer date": lambda: self._date_timer(edge),
            "timer cycle": lambda: x.timer("timeCycle", f'"R{TURNS}/P{PERIOD.days}D"'),
            "message": lambda: x.message(self._message()),
            "signal": lambda: x.signal(name),
            "escalation": lambda: x.escalation(name),
            "error": lambda: x.error(name),
        }
        return makers[kind]()

    def _know_edge(self, edge: str, kind: str, interrupting: bool, host: str) -> None:
        way = "interrupting" if interrupting else "non-interrupting"
        self.drawing.stands_for(edge, f"boundary {kind}, {way}", f"boundary on {host}, {way}")
        if kind == "timer cycle":
            self.drawing.cycles.add(edge)
        elif not interrupting and not kind.startswith("timer"):
            self.drawing.rearming.add(edge)
        repeated = "multi-instance" in host or "standard loop" in host
        if interrupting and repeated and host in SCOPES:
            self.drawing.interrupts_instances.add(edge)

    def _signalled(self, signal: str, block: Block | None = None) -> Block:
        """A sub-process in which one branch throws the signal and the other may catch it."""
        throw = self._id("n")
        self.drawing.stands_for(throw, "signal throw")
        thrower = self._sequence(
            self._user(), Block(node("intermediateThrowEvent", throw, x.signal(signal)), throw, throw)
        )
        if block is None:
            catch = self._id("c")
            self.drawing.stands_for(catch, "signal catch")
            block = Block(node("intermediateCatchEvent", catch, x.signal(signal)), catch, catch)
        return self._two_branches(thrower, block)

    def _two_branches(self, one: Block, other: Block) -> Block:
        """A sub-process with both, each to an end of its own."""
        name = self._id("a")
        self.drawing.stands_for(name, "sub-process")
        return Block(node("subProcess", name, self._forked(one, other)), name, name)

    def _forked(self, one: Block, other: Block, ending: str = "", rows: tuple[str, ...] = ("none end",)) -> str:
        """start, parallel split, and two branches; the first ends with ``ending``."""
        first, split, last, second = self._id("s"), self._id("g"), self._id("e"), self._id("e")
        self.drawing.stands_for(first, "none start")
        self.drawing.stands_for(split, "parallel gateway")
        self.drawing.stands_for(last, *rows)
        self.drawing.stands_for(second, "none end")
        self._thrown_at = last
        task = self._user()
        return (
            start(first) + node("parallelGateway", split) + path(first, split)
            + one.xml + end(last, ending) + path(split, one.first) + path(one.last, last)
            + other.xml + task.xml + end(second) + path(split, other.first) + path(other.last, task.first, second)
        )  # fmt: skip

    # ------------------------------------------------------------ terminate, error, escalation

    def _throwing(self, label: str, depth: int, way: str | None = None, host: str | None = None) -> Block:
        """A scope of two branches of which one throws; errors and escalations are caught at its edge."""
        kind = label.split()[0]
        if host is None:
            host = "call activity" if "called" in label else "sub-process"
            host = self.random.choice(SCOPES) if kind == "escalation" and depth > 0 else host
        way = way or ("interrupting" if kind == "error" else self.random.choice(["interrupting", "non-interrupting"]))
        code = "" if kind == "terminate" else self._code(kind)
        with self._nested():
            inside = self._throwing_body(label, kind, code, host, depth)
        name, xml = self._scope(host, inside)
        block = Block(xml, name, name)
        return block if kind == "terminate" else self._with_edge(block, kind, way, host, code)

    def _throwing_body(self, label: str, kind: str, code: str, host: str, depth: int) -> str:
        other = self._block(self._any(depth - 1), depth - 1)
        where = "called process" if "call" in host else "sub-process"
        event = {"terminate": x.TERMINATE, "error": x.error(code), "escalation": x.escalation(code)}[kind]
        if label == "escalation throw":
            throw = self._id("n")
            self.drawing.stands_for(throw, "escalation throw")
            thrower = Block(node("intermediateThrowEvent", throw, event), throw, throw)
            return self._forked(self._sequence(self._user(), thrower, self._user()), other)
        row = "escalation end" if kind == "escalation" else f"{kind} end in a {where}"
        return self._forked(self._user(), other, event, (row,))

    def _scope(self, host: str, inside: str) -> tuple[str, str]:
        """A sub-process or call activity, once or several times, around a drawn body."""
        name = self._id("a")
        characteristics = "".join(self._characteristics(name, host))
        self.drawing.stands_for(name, host)
        if "call" in host:
            return name, self._call(name, characteristics, inside)
        return name, node("subProcess", name, characteristics, inside)

    def _neighbours(self) -> Block:
        """Two sub-processes side by side that catch the same code."""
        kind = self.random.choice(["error", "escalation"])
        code, sides = self._code(kind), []
        for _ in range(2):
            with self._nested():
                inside = self._throwing_body(f"{kind} end", kind, code, "sub-process", 0)
            self.drawing.neighbour_throws.add(self._thrown_at)
            name, xml = self._scope("sub-process", inside)
            sides.append(self._with_edge(Block(xml, name, name), kind, "interrupting", "sub-process", code))
        return self._two_branches(*sides)

    # ------------------------------------------------------------ gateways

    def _split(self, label: str, depth: int) -> Block:
        split, join, default = self._id("g"), self._id("j"), self._id("f")
        tag = f"{_GATEWAY_TAGS[label]}Gateway"
        parallel = label == "parallel gateway"
        self._know_join(label)
        xml = node(tag, split, **({} if parallel else {"default": default})) + node(tag, join)
        for number in range(self.random.randint(2, 3)):
            task, block = self._user(), self._block(self._any(depth - 1), depth - 1)
            condition = None if parallel or number == 0 else f'pick("{split}{number}", 3) > 0'
            xml += task.xml + block.xml + path(task.last, block.first) + path(block.last, join)
            xml += flow(split, task.first, condition, default if number == 0 else None)
        self.drawing.stands_for(split, label)
        self.drawing.stands_for(join, label)
        return Block(xml, split, join)

    def _know_join(self, label: str) -> None:
        if "gateway loop" not in self._around:
            return
        if label == "parallel gateway":
            self.drawing.wrong.add(LeftOut.PARALLEL_JOIN_IN_LOOP)
        if label == "inclusive gateway":
            self.drawing.wrong.add(LeftOut.INCLUSIVE_JOIN_IN_LOOP)

    def _one_in_another(self, outer: str, inner: str) -> Block:
        """The inner construct is the first block of the outer one."""
        self._next = inner
        return self._block(outer, 2)

    def _gateway_loop(self, depth: int) -> Block:
        if "inclusive gateway" in self._around:
            self.drawing.wrong.add(LeftOut.LOOP_IN_INCLUSIVE_BRANCH)
        merge, question, out = self._id("g"), self._id("g"), self._id("f")
        task, block, after = self._user(), self._block(self._any(depth - 1), depth - 1), self._user()
        self.drawing.stands_for(merge, "gateway loop", "exclusive gateway")
        self.drawing.stands_for(question, "gateway loop", "exclusive gateway")
        xml = node("exclusiveGateway", merge) + node("exclusiveGateway", question, default=out)
        xml += task.xml + block.xml + after.xml + path(merge, task.first, block.first) + path(block.last, question)
        xml += flow(question, merge, f'pick("{question}", 3) > 0') + flow(question, after.first, id=out)
        return Block(xml, merge, after.last)

    def _event_gateway(self, wanted: str) -> Block:
        branches = {wanted, *self.random.sample(BRANCHES, 2)}
        if "second timer" in branches:
            branches.add("first timer")
        gateway, join, signal = self._id("g"), self._id("j"), self._signal()
        xml = node("eventBasedGateway", gateway) + node("exclusiveGateway", join)
        for branch in (one for one in BRANCHES if one in branches):
            name, task = self._id("c"), self._user()
            self.drawing.stands_for(name, f"event gateway: {branch}")
            xml += self._branch(name, branch, signal) + task.xml + path(gateway, name, task.first, join)
        if "second timer" in branches:
            self.drawing.two_timers.add(gateway)
        self.drawing.stands_for(join, "exclusive gateway")
        block = Block(xml, gateway, join)
        return self._signalled(signal, block) if "signal" in branches else block

    def _branch(self, name: str, branch: str, signal: str) -> str:
        if branch == "receive task":
            return node("receiveTask", name, messageRef=f"m_{self._message()}")
        makers = {
            "message": lambda: x.message(self._message()),
            "signal": lambda: x.signal(signal),
            "first timer": lambda: x.after(_DURATION),
            "second timer": lambda: self._date_timer(name),
        }
        return node("intermediateCatchEvent", name, makers[branch]())

    # ------------------------------------------------------------ what is drawn in one way only

    def _call_three_deep(self) -> Block:
        with self._nested(), self._nested(), self._nested():
            inner = self._line(self._user())
        for _ in range(3):
            name = self._id("a")
            xml = self._call(name, "", inner)
            self.drawing.stands_for(name, "call activity", "call activity, three deep")
            inner = self._line(Block(xml, name, name), self._user())
        return Block(xml, name, name)

    def _work_before_inclusive_join(self) -> Block:
        """Two branches, in one of them a sub-process and two gateways."""
        self.drawing.wrong.add(LeftOut.WORK_BEFORE_INCLUSIVE_JOIN)
        split, join, default = self._id("g"), self._id("j"), self._id("f")
        name, gateways = self._id("a"), [self._id("g") for _ in range(2)]
        work = Block(node("subProcess", name, self._line(self._user())), name, name)
        merges = [Block(node("exclusiveGateway", one), one, one) for one in gateways]
        xml = node("inclusiveGateway", split, default=default) + node("inclusiveGateway", join)
        for branch in (self._user(), self._sequence(self._user(), work, *merges)):
            xml += branch.xml + flow(split, branch.first, "True") + path(branch.last, join)
        return Block(xml + flow(split, join, id=default), split, join)

    def _escalation_in_a_loop(self) -> Block:
        """A sub-process that is repeated, in it several instances whose escalation is handled beside them."""
        name = self._id("a")
        self.drawing.stands_for(name, "standard loop sub-process", "standard loop, maximum")
        with self._nested():
            body = self._line(self._user(), self._escalating_instance(), self._user())
        return Block(node("subProcess", name, x.repeat(3), body), name, name)

    def _escalating_instance(self) -> Block:
        """One instance alone: of two the second escalation would be that of an event which waits again."""
        name, code = self._id("a"), self._code("escalation")
        inside = self._throwing_body("escalation end", "escalation", code, "sub-process", 0)
        host = "parallel multi-instance sub-process"
        self.drawing.several[name] = Several("one", f"i_{name}", f"r_{name}", f"o_{name}")
        self.drawing.settable.add(f"o_{name}")
        self.drawing.stands_for(name, host, "multi-instance, output")
        xml = node("subProcess", name, x.several(*self.drawing.several[name]), inside)
        return self._with_edge(Block(xml, name, name), "escalation", "non-interrupting", host, code)

    def _empty_list(self) -> Block:
        name = self._id("a")
        several = Several("none", f"i_{name}", f"r_{name}", f"o_{name}")
        self.drawing.several[name] = several
        self.drawing.results[name] = several.out
        self.drawing.stands_for(name, "multi-instance over an empty list")
        return Block(user(name, x.several(*several, one_by_one=self.random.random() < 0.5)), name, name)

    def _nested_outputs(self) -> Block:
        """The list of an inner multi-instance is the output item of the outer one."""
        outer, inner = self._id("a"), self._id("a")
        above = Several("two", f"i_{outer}", f"r_{outer}", f"o_{outer}")
        below = Several("three", f"i_{inner}", above.out_item, f"o_{inner}")
        self.drawing.several.update({outer: above, inner: below})
        self.drawing.settable.add(below.out_item)
        row = "multi-instance in multi-instance with outputs"
        self.drawing.stands_for(outer, row)
        self.drawing.stands_for(inner, row)
        one_by_one = [self.random.random() < 0.5 for _ in range(2)]
        task = Block(user(inner, x.several(*below, one_by_one=one_by_one[0])), inner, inner)
        body = self._line(task, self._user())
        return Block(node("subProcess", outer, x.several(*above, one_by_one=one_by_one[1]), body), outer, outer)

    def _tested_before(self) -> Block:
        name = self._id("a")
        self.drawing.stands_for(name, "standard loop tested before, not once")
        return Block(user(name, x.repeat(3, "seen < 0", test_before=True)), name, name)
