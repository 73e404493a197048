"""Where the tokens of an instance can go: the moves from one marking of a net to the next.

A marking is the set of its open tokens. Conditions are not looked at: every way out of a gateway counts as possible.
What a non-interrupting boundary event sets off runs beside the main flow and may happen several times. A
multi-instance activity or loop is one body that runs no time, once or again: its instances do not touch each other.

Tokens pass at once what never waits, plain ends, and each step of a plain sequence (one way in, one way out, nothing
attached): it can always be taken and stands in nobody's way. Not the last before an end behind a circle: the next token
may come before it is done. Where signals are sent the order of everything counts, so there nothing is passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from engine.definitions.elements import EventKind, Kind
from engine.definitions.net import ARRIVED, MAYBE, Net, Node, closure

_MAX_WAYS = 6  #: ways out of an inclusive gateway of which all combinations are tried

#: where a token never stays: two of them are never there at once
_PASSING = frozenset(
    {Kind.SERVICE_TASK, Kind.SCRIPT_TASK, Kind.RULE_TASK, Kind.SEND_TASK, Kind.THROW, Kind.EXCLUSIVE}
)  # fmt: skip
_WAITING = frozenset({Kind.USER_TASK, Kind.MANUAL_TASK, Kind.RECEIVE_TASK, Kind.CATCH})
_CODED = (EventKind.ERROR, EventKind.ESCALATION)
_THROWN = (*_CODED, EventKind.SIGNAL)  #: events that only happen when something in the instance throws them

Marking = frozenset[str]


class How(StrEnum):
    """What happened in a step."""

    DONE = "done"  #: the element was finished and left by ``flows``
    EVENT = "event"  #: the boundary event happened
    JOINED = "joined"  #: the join had what it needs
    THROWN = "thrown"  #: the element threw an error, an escalation or a signal
    ENDED = "ended"  #: a terminate end took the other tokens away
    SKIPPED = "skipped"  #: nothing to do: the activity ran no time
    BEGUN = "begun"  #: the activity begins, or begins again


@dataclass(frozen=True)
class Move:
    """One step: what happened to which node, by which flows, and the marking afterwards."""

    how: How
    key: str
    flows: tuple[str, ...]
    marking: Marking


class Moves:
    """The moves of one net. visited, doubled: nodes that a token, or two at once, came to so far."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.visited: set[str] = set()
        self.doubled: set[str] = set()
        self.passed: list[str] = []  #: nodes that tokens passed at once, in order; emptied by whoever reads it
        self._ahead: dict[tuple[str, str], frozenset[str]] = {}
        self._passes: dict[str, bool] = {}

    def initial(self) -> Marking:
        """The marking with which an instance starts."""
        tokens: set[str] = set()
        for start in self.net.starts.get(None, [])[:1]:
            self._enter(tokens, self.net.nodes[start], None)
        return frozenset(tokens)

    def after(self, marking: Marking) -> Iterator[Move]:
        """What one event, or one step of the engine, leads to."""
        for place in sorted(marking):
            node = self.net.nodes.get(place)
            if node is not None:
                yield from self._moves_of(marking, node)
            elif place.endswith(MAYBE):
                yield from self._maybe(marking, self.net.node_of(place))
        for join in self.net.joins:
            yield from self._joined(marking, join)

    # ------------------------------------------------------------ tokens

    def _enter(self, tokens: set[str], node: Node, via: str | None) -> None:
        """A token arrives at a node by a flow."""
        seen: set[str] = set()
        while self._is_passed(node) and node.key not in seen:
            seen.add(node.key)
            self.passed.append(node.key)
            via, target = node.out[0]
            node = self.net.nodes[target]
        self.visited |= seen
        self.visited.add(node.key)
        if node.element.kind is Kind.END and node.element.event in (EventKind.NONE, EventKind.MESSAGE):
            self.passed.append(node.key)
            return
        place = f"{node.key}{ARRIVED}{via}" if node.is_join else node.key
        nests = node.key in self.net.starts
        if nests and node.may_be_empty:
            place += MAYBE
        if place in tokens or (place.endswith(MAYBE) and node.key in tokens):
            self._double(node)
        tokens.add(place)
        if nests and not node.may_be_empty:
            self._begin(tokens, node)

    def _double(self, node: Node) -> None:
        if node.key not in self.net.beside and not any(owner in self.net.beside for owner in self.net.owners(node.key)):
            self.doubled.add(node.key)

    def _begin(self, tokens: set[str], node: Node) -> None:
        for start in self.net.starts.get(node.key, ()):
            self._enter(tokens, self.net.nodes[start], None)

    def _is_passed(self, node: Node) -> bool:
        """Whether a token goes on at once."""
        known = self._passes.get(node.key)
        if known is None:
            known = self._passes[node.key] = self._passes_by_its_place(node)
        return known

    def _passes_by_its_place(self, node: Node) -> bool:
        if self.net.has_signals or len(node.out) != 1 or node.key in self.net.attached:
            return False
        if node.element.event in _THROWN:
            return False
        if node.element.kind in _PASSING:
            return True
        return node.element.kind in _WAITING and not self._is_behind_a_merge(node) and not self._may_be_overtaken(node)

    def _may_be_overtaken(self, node: Node) -> bool:
        """The last before a plain end, behind a circle: a token vanishes there, so a second one must be seen here."""
        if node.key in self.net.beside or not self._ends_behind(node):
            return False
        origin, seen = node, {node.key}
        while len(origin.into) == 1 and (origin is node or self._is_passed(origin)):
            origin = self.net.nodes[origin.into[0][1]]
            if origin.key in seen:
                return True
            seen.add(origin.key)
        if origin.element.attached_to is not None:
            origin = self.net.nodes[_host(origin)]
        return origin.key in closure(self._steps(origin.key), self._steps)

    def _steps(self, key: str) -> Iterator[str]:
        yield from (target for _, target in self.net.nodes[key].out)
        yield from (event.key for event in self.net.attached.get(key, ()))

    def _ends_behind(self, node: Node) -> bool:
        """Whether the next thing that holds a token is none: a plain end."""
        seen: set[str] = set()
        while len(node.out) == 1 and node.key not in seen:
            seen.add(node.key)
            node = self.net.nodes[node.out[0][1]]
            if node.element.kind not in _PASSING:
                break
        return node.element.kind is Kind.END and node.element.event not in _THROWN

    def _is_behind_a_merge(self, node: Node) -> bool:
        """Whether tokens of several ways come to the node, directly or through what passes them on."""
        seen: set[str] = set()
        while len(node.into) == 1 and node.key not in seen:
            seen.add(node.key)
            node = self.net.nodes[node.into[0][1]]
            if node.element.kind not in _PASSING or len(node.out) != 1 or node.key in self.net.attached:
                return False
        return len(node.into) > 1

    def _leave(self, tokens: set[str], node: Node, flows: Iterable[str]) -> None:
        """A token leaves a node by the flows named."""
        tokens.discard(node.key)
        targets = dict(node.out)
        for flow in flows:
            self._enter(tokens, self.net.nodes[targets[flow]], flow)

    def _cut(self, tokens: set[str], key: str) -> None:
        """An activity is taken away with everything inside it."""
        tokens.difference_update(self.net.inside.get(key, ()))
        tokens.discard(key)

    # ------------------------------------------------------------ moves

    def _moves_of(self, marking: Marking, node: Node) -> Iterator[Move]:
        yield from self._interruptions(marking, node)
        element = node.element
        if node.key in self.net.inside and marking & self.net.inside[node.key]:
            return
        if element.kind in (Kind.THROW, Kind.END) and element.event in _THROWN:
            yield from self._throw(marking, node)
        elif element.kind is Kind.END:
            yield Move(How.ENDED, node.key, (), self._ended(marking, node))
        elif element.kind is Kind.EVENT_BASED:
            yield from self._chosen(marking, node)
        elif not (element.kind is Kind.CATCH and element.event is EventKind.SIGNAL):
            for flows in _ways_out(node):
                tokens = set(marking)
                self._leave(tokens, node, flows)
                yield Move(How.DONE, node.key, flows, frozenset(tokens))
            if node.repeats and node.key in self.net.starts:
                tokens = set(marking)
                self._begin(tokens, node)
                yield Move(How.BEGUN, node.key, (), frozenset(tokens))

    def _maybe(self, marking: Marking, node: Node) -> Iterator[Move]:
        begun = set(marking) - {node.key + MAYBE}
        gone = set(begun)
        begun.add(node.key)
        self._begin(begun, node)
        yield Move(How.BEGUN, node.key, (), frozenset(begun))
        for flows in _ways_out(node):
            tokens = set(gone)
            self._leave(tokens, node, flows)
            yield Move(How.SKIPPED, node.key, flows, frozenset(tokens))

    def _interruptions(self, marking: Marking, node: Node) -> Iterator[Move]:
        for event in self.net.attached.get(node.key, ()):
            if event.element.event not in _THROWN:
                tokens = set(marking)
                self._happen(tokens, event)
                yield Move(How.EVENT, event.key, (), frozenset(tokens))

    def _happen(self, tokens: set[str], event: Node) -> None:
        """A boundary event happens."""
        if event.element.interrupting:
            self._cut(tokens, _host(event))
        self.visited.add(event.key)
        for flow, target in event.out:
            self._enter(tokens, self.net.nodes[target], flow)

    def _ended(self, marking: Marking, node: Node) -> Marking:
        """After a terminate end: its process, or the whole instance, holds no token any more."""
        return frozenset() if node.owner is None else marking - self.net.inside[node.owner]

    def _chosen(self, marking: Marking, node: Node) -> Iterator[Move]:
        """Behind an event gateway: the event that happens first has happened."""
        for flow, target in node.out:
            if self.net.nodes[target].element.event is not EventKind.SIGNAL:
                tokens = set(marking)
                self._choose(tokens, node, target)
                yield Move(How.DONE, node.key, (flow,), frozenset(tokens))

    def _choose(self, tokens: set[str], node: Node, target: str) -> None:
        tokens.discard(node.key)
        caught = self.net.nodes[target]
        self.visited.add(target)
        self._leave(tokens, caught, [flow for flow, _ in caught.out])

    # ------------------------------------------------------------ throwing

    def _throw(self, marking: Marking, node: Node) -> Iterator[Move]:
        """An error or escalation goes to the nearest activity around that catches it, a signal to all that wait."""
        tokens = set(marking)
        if node.element.event is EventKind.SIGNAL:
            self._signal(tokens, node)
        else:
            catcher = self._catcher(node)
            if catcher is None and node.element.event is EventKind.ERROR:
                if self.net.model.callable:  # whoever calls this process catches it
                    yield Move(How.THROWN, node.key, (), frozenset())
                return
            if catcher is not None:
                self._happen(tokens, catcher)
        if node.key in tokens:
            self._leave(tokens, node, [flow for flow, _ in node.out])
        yield Move(How.THROWN, node.key, tuple(flow for flow, _ in node.out), frozenset(tokens))

    def _catcher(self, node: Node) -> Node | None:
        thrown = node.element
        for owner in self.net.owners(node.key):
            caught = [
                event
                for event in self.net.attached.get(owner, ())
                if event.element.event is thrown.event and event.element.code in (None, thrown.code)
            ]
            if caught:
                return max(caught, key=lambda event: event.element.code is not None)
        return None

    def _signal(self, tokens: set[str], node: Node) -> None:
        """Everything that waits for the signal goes on; what an interrupted activity held is gone first."""
        waiting = list(self._waiting_for(tokens, str(node.element.signal)))
        for place, target in sorted(waiting, key=lambda pair: self._order(pair[1])):
            event = self.net.nodes[target]
            if place not in tokens:
                continue
            if event.element.kind is Kind.BOUNDARY:
                self._happen(tokens, event)
            elif place == target:
                self._leave(tokens, event, [flow for flow, _ in event.out])
            else:
                self._choose(tokens, self.net.nodes[place], target)

    def _waiting_for(self, tokens: set[str], signal: str) -> Iterator[tuple[str, str]]:
        """(place of the token, event) of everything that waits for a signal."""
        for place in tokens:
            node = self.net.nodes.get(place)
            if node is None:
                continue
            events = list(self.net.attached.get(place, ()))
            if node.element.kind is Kind.CATCH:
                events.append(node)
            elif node.element.kind is Kind.EVENT_BASED:
                events += [self.net.nodes[target] for _, target in node.out]
            yield from ((place, event.key) for event in events if event.element.signal == signal)

    def _order(self, key: str) -> tuple[bool, int, str]:
        event = self.net.nodes[key].element
        cuts = event.kind is Kind.BOUNDARY and event.interrupting
        return (not cuts, len(list(self.net.owners(key))), key)

    # ------------------------------------------------------------ joins

    def _joined(self, marking: Marking, join: Node) -> Iterator[Move]:
        arrived = [flow for flow, _ in join.into if f"{join.key}{ARRIVED}{flow}" in marking]
        if not arrived:
            return
        missing = [source for flow, source in join.into if flow not in arrived]
        if missing and (join.element.kind is Kind.PARALLEL or self._may_arrive(marking, join, arrived, missing)):
            return
        for flows in _ways_out(join):
            tokens = set(marking) - {f"{join.key}{ARRIVED}{flow}" for flow in arrived}
            self._leave(tokens, join, flows)
            yield Move(How.JOINED, join.key, flows, frozenset(tokens))

    def _may_arrive(self, marking: Marking, join: Node, arrived: list[str], missing: list[str]) -> bool:
        """Whether a token elsewhere can still come by a missing flow and by none that is there (BPMN 2.0.2, 13.4.3)."""
        full = {source for flow, source in join.into if flow in arrived}
        for key in self._standing(marking, join):
            ahead = self._reachable(key, join.key)
            if not ahead.isdisjoint(missing) and ahead.isdisjoint(full):
                return True
        return False

    def _standing(self, marking: Marking, join: Node) -> Iterator[str]:
        """Each token that is not at the join, and each boundary event that waits with it."""
        for place in marking:
            node = self.net.node_of(place)
            if node.key != join.key:
                yield node.key
                yield from (event.key for event in self.net.attached.get(place, ()))

    def _reachable(self, key: str, join: str) -> frozenset[str]:
        """Where a token at ``key`` can come to in its process without passing the join, ``key`` itself included."""
        known = self._ahead.get((key, join))
        if known is None:
            first = [target for _, target in self.net.nodes[key].out if target != join]
            known = frozenset(closure(first, lambda one: self._steps_past(one, join))) | {key}
            self._ahead[key, join] = known
        return known

    def _steps_past(self, key: str, join: str) -> Iterator[str]:
        return (following for following in self._steps(key) if following != join)


def _host(event: Node) -> str:
    return event.key[: len(event.key) - len(event.element.id)] + str(event.element.attached_to)


def _ways_out(node: Node) -> Iterator[tuple[str, ...]]:
    """The sets of flows by which a token can leave."""
    flows = tuple(flow for flow, _ in node.out)
    if node.element.kind is Kind.EXCLUSIVE:
        yield from ((flow,) for flow in flows)
    elif node.element.kind is Kind.INCLUSIVE:
        sizes = range(1, len(flows) + 1) if len(flows) <= _MAX_WAYS else (1, 2, len(flows))
        yield from (chosen for size in sizes for chosen in combinations(flows, size))
    else:
        yield flows
