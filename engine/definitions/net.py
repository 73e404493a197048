"""A process with everything it calls as one flat net: the elements with their flows, each place named once.

A called process is laid out once per call activity, so that two calls of it never share a token. Places are names: an
element's (behind the calls around it), ``…<flow`` for an arrival at a join, ``…?`` for an activity that may run no
time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from engine.definitions.elements import BpmnModel, Element, EventKind, Kind

INTO = "/"  #: between a call activity and what runs in it
ARRIVED = "<"  #: between a join and the flow of an arrival
MAYBE = "?"  #: after an activity that may have nothing to do
_NESTS = (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY)

T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """One element where it stands. out, into: (flow id, neighbour) pairs; owner: the activity that it runs in."""

    key: str
    element: Element
    out: tuple[tuple[str, str], ...]
    into: tuple[tuple[str, str], ...]
    owner: str | None

    @property
    def is_join(self) -> bool:
        """Whether it waits for several flows."""
        return self.element.kind in (Kind.PARALLEL, Kind.INCLUSIVE) and len(self.into) > 1

    @property
    def repeats(self) -> bool:
        """Whether it runs a number of times."""
        return self.element.multi_instance is not None or self.element.loop is not None

    @property
    def may_be_empty(self) -> bool:
        """Whether it may run no time at all."""
        loop = self.element.loop
        return self.element.multi_instance is not None or (loop is not None and loop.test_before)


@dataclass
class Net:
    """nodes by key; inside: the places within a nesting activity; starts: where a token begins in it (key None: the
    instance); attached: boundary events by activity; unclear: why a search could not decide, in Japanese.
    """

    model: BpmnModel
    nodes: dict[str, Node] = field(default_factory=dict)
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    starts: dict[str | None, list[str]] = field(default_factory=dict)
    attached: dict[str, list[Node]] = field(default_factory=dict)
    joins: list[Node] = field(default_factory=list)
    beside: frozenset[str] = frozenset()
    has_signals: bool = False
    unclear: list[str] = field(default_factory=list)

    def owners(self, key: str) -> Iterator[str]:
        """The activities around a node, innermost first."""
        owner = self.nodes[key].owner
        while owner is not None:
            yield owner
            owner = self.nodes[owner].owner

    def node_of(self, place: str) -> Node:
        """The node of a place: an element, a join with an arrival, an activity that may have nothing to do."""
        return self.nodes.get(place) or self.nodes[place.partition(ARRIVED)[0].removesuffix(MAYBE)]


def net_of(model: BpmnModel) -> Net:
    """Lay out a process."""
    net = Net(model)
    _lay_out(net, model.process_id, "", None, (model.process_id,))
    for node in net.nodes.values():
        if node.element.attached_to is not None:
            host = node.key[: len(node.key) - len(node.element.id)] + node.element.attached_to
            net.attached.setdefault(host, []).append(node)
        if node.is_join:
            net.joins.append(node)
    _fill_insides(net)
    net.has_signals = any(node.element.event is EventKind.SIGNAL for node in net.nodes.values())
    net.beside = _beside_the_main_flow(net)
    _note_unclear(net)
    return net


def _lay_out(net: Net, scope: str, prefix: str, owner: str | None, calls: tuple[str, ...]) -> None:
    flows = net.model.flows
    for element in net.model.in_scope(scope):
        key = prefix + element.id
        net.nodes[key] = Node(
            key=key,
            element=element,
            out=tuple((flow, prefix + flows[flow].target) for flow in element.outgoing),
            into=tuple((flow, prefix + flows[flow].source) for flow in element.incoming),
            owner=owner,
        )
        if element.kind is Kind.START:
            net.starts.setdefault(owner, []).append(key)
        if element.kind is Kind.SUB_PROCESS:
            _lay_out(net, element.id, prefix, key, calls)
        elif element.kind is Kind.CALL_ACTIVITY and element.called in net.model.called and element.called not in calls:
            _lay_out(net, element.called, key + INTO, key, (*calls, element.called))


def _fill_insides(net: Net) -> None:
    found: dict[str, set[str]] = {
        node.key: set() for node in net.nodes.values() if node.element.kind in _NESTS and node.key in net.starts
    }
    for node in net.nodes.values():
        places = {node.key, node.key + MAYBE, *(f"{node.key}{ARRIVED}{flow}" for flow, _ in node.into)}
        for owner in net.owners(node.key):
            if owner in found:
                found[owner] |= places
    net.inside = {owner: frozenset(places) for owner, places in found.items()}


def _beside_the_main_flow(net: Net) -> frozenset[str]:
    """Nodes that only non-interrupting boundary events lead to: there a second token is ordinary."""

    def steps(key: str) -> Iterator[str]:
        yield from (target for _, target in net.nodes[key].out)
        yield from (event.key for event in net.attached.get(key, ()) if event.element.interrupting)
        yield from net.starts.get(key, ())

    main: set[str] = closure(net.starts.get(None, []), steps)
    return frozenset(net.nodes) - main


def _note_unclear(net: Net) -> None:
    for node in net.nodes.values():
        element = node.element
        if element.kind is Kind.CALL_ACTIVITY and node.key not in net.starts and element.called:
            net.unclear.append(f"「{element.name or element.id}」が呼び出すプロセスの中は調べていません。")
        many = element.multi_instance is not None and not element.multi_instance.sequential
        within = net.inside.get(node.key, frozenset())
        if many and any(net.nodes[key].element.event is EventKind.SIGNAL for key in within if key in net.nodes):
            net.unclear.append(f"「{element.name or element.id}」では、並行する実施どうしがシグナルで影響し合います。")


def closure(start: Iterable[T], step: Callable[[T], Iterable[T]]) -> set[T]:
    """Everything that can be reached from ``start``, itself included."""
    found = set(start)
    todo = list(found)
    while todo:
        for following in step(todo.pop()):
            if following not in found:
                found.add(following)
                todo.append(following)
    return found
