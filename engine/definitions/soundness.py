"""Can every element be reached, and can an instance always come to its end? A bounded search over all markings.

A marking is the set of open tokens: element ids, and arrivals at joins as ``flow:<id>``. Conditions are not looked at:
every way out of a gateway counts as possible. What a non-interrupting boundary event sets off runs beside the main
flow and may happen several times, so there a second token is ordinary. Tokens pass at once what never waits, plain
ends, and each step of a plain sequence (one way in, one way out, nothing attached): it can always be taken and stands
in nobody's way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from engine.definitions.elements import BpmnModel, Element, EventKind, Kind

MAX_MARKINGS = 20_000  #: markings looked at before the search says "not decided"
_MAX_WAYS = 6  #: ways out of an inclusive gateway of which all combinations are tried

#: where a token never stays: two of them are never there at once
_PASSING = frozenset({Kind.SERVICE_TASK, Kind.SEND_TASK, Kind.THROW, Kind.EXCLUSIVE})
_WAITING = frozenset({Kind.USER_TASK, Kind.RECEIVE_TASK, Kind.CATCH})

Marking = frozenset[str]
T = TypeVar("T")


@dataclass(frozen=True)
class Soundness:
    """stuck: elements of a marking from which no end can be reached, in one group per case. doubled: elements that
    two tokens can reach at once. never: elements no token can reach. decided: whether all markings were looked at.
    """

    stuck: tuple[tuple[str, ...], ...]
    doubled: tuple[str, ...]
    never: tuple[str, ...]
    decided: bool
    markings: int


def explore(model: BpmnModel, limit: int = MAX_MARKINGS) -> Soundness:
    """Search all markings from the start of the process."""
    net = _Net(model)
    first = net.initial()
    after: dict[Marking, tuple[Marking, ...]] = {}
    todo = deque([first])
    while todo and len(after) < limit:
        marking = todo.popleft()
        if marking in after:
            continue
        after[marking] = tuple(net.moves(marking))
        todo.extend(following for following in after[marking] if following not in after)
    decided = not any(marking not in after for marking in todo)
    return Soundness(
        stuck=_stuck(net, after, decided),
        doubled=tuple(sorted(net.doubled)),
        never=tuple(e for e in model.elements if e not in net.visited) if decided else (),
        decided=decided,
        markings=len(after),
    )


def _stuck(net: _Net, after: dict[Marking, tuple[Marking, ...]], decided: bool) -> tuple[tuple[str, ...], ...]:
    hopeless = [marking for marking, following in after.items() if marking and not following]
    if not hopeless and decided:
        ending = _can_end(after)
        hopeless = [marking for marking in after if marking not in ending][-1:]
    groups = {tuple(sorted(net.waiting(marking))) for marking in hopeless}
    return tuple(sorted(groups))


def _can_end(after: dict[Marking, tuple[Marking, ...]]) -> set[Marking]:
    before: dict[Marking, list[Marking]] = {}
    for marking, following in after.items():
        for target in following:
            before.setdefault(target, []).append(marking)
    return closure([frozenset()], lambda marking: before.get(marking, ()))


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


class _Net:
    def __init__(self, model: BpmnModel) -> None:
        self.model = model
        self.visited: set[str] = set()
        self.doubled: set[str] = set()
        self.beside = self.beside_the_main_flow()
        self.inside = {e.id: self.scope_of(e.id) for e in model.elements.values() if e.kind is Kind.SUB_PROCESS}
        self.attached = {e: model.boundaries(e) for e in model.elements}
        self.starts = {owner: [e for e in model.in_scope(owner) if e.kind is Kind.START] for owner in self.inside}
        self.joins = [e for e in model.elements.values() if _is_join(e)]

    def scope_of(self, owner: str) -> frozenset[str]:
        """Places of everything drawn inside a sub-process."""
        ids = [e.id for e in self.model.elements.values() if owner in (o.id for o in self.model.owners(e.id))]
        flows = [f"flow:{flow}" for e in ids for flow in self.model.elements[e].incoming]
        return frozenset([*ids, *flows])

    def beside_the_main_flow(self) -> frozenset[str]:
        """Elements that only non-interrupting boundary events lead to."""
        main = closure([e.id for e in self.model.elements.values() if e.kind is Kind.START], self.main_steps)
        return frozenset(self.model.elements) - main

    def main_steps(self, element_id: str) -> Iterator[str]:
        yield from (flow.target for flow in self.model.flows_out(element_id))
        yield from (boundary.id for boundary in self.model.boundaries(element_id) if boundary.interrupting)

    def initial(self) -> Marking:
        tokens: set[str] = set()
        if self.model.start is not None:
            self.enter(tokens, self.model.start, None)
        return frozenset(tokens)

    # ------------------------------------------------------------ tokens

    def enter(self, tokens: set[str], element: Element, via: str | None) -> None:
        """A token arrives at an element by a flow."""
        passed: set[str] = set()
        while self.is_passed(element) and element.id not in passed:
            passed.add(element.id)
            via = element.outgoing[0]
            element = self.target(via)
        self.visited |= passed
        self.visited.add(element.id)
        if element.kind is Kind.END and element.event is not EventKind.TERMINATE:
            return
        place = f"flow:{via}" if _is_join(element) else element.id
        if place in tokens and element.id not in self.beside:
            self.doubled.add(element.id)
        tokens.add(place)
        if element.kind is Kind.SUB_PROCESS:
            for start in self.starts[element.id]:
                self.enter(tokens, start, None)

    def is_passed(self, element: Element) -> bool:
        """Whether a token goes on at once."""
        if len(element.outgoing) != 1 or self.attached[element.id]:
            return False
        return element.kind in _PASSING or (element.kind in _WAITING and not self.is_behind_a_merge(element))

    def is_behind_a_merge(self, element: Element) -> bool:
        """Whether tokens of several ways come to the element, directly or through what passes them on."""
        seen: set[str] = set()
        while len(element.incoming) == 1 and element.id not in seen:
            seen.add(element.id)
            element = self.model.elements[self.model.flows[element.incoming[0]].source]
            if element.kind not in _PASSING or len(element.outgoing) != 1 or self.attached[element.id]:
                return False
        return len(element.incoming) > 1

    def target(self, flow: str) -> Element:
        return self.model.elements[self.model.flows[flow].target]

    def leave(self, tokens: set[str], element: Element, flows: Iterable[str]) -> None:
        """A token leaves an element by the flows named."""
        tokens.discard(element.id)
        for flow in flows:
            self.enter(tokens, self.target(flow), flow)

    # ------------------------------------------------------------ moves

    def moves(self, marking: Marking) -> Iterator[Marking]:
        """The markings that one event, or one step of the engine, leads to."""
        for place in sorted(marking):
            element = self.model.elements.get(place)
            if element is not None:
                yield from self.moves_of(marking, element)
        for join in self.joins:
            yield from self.joined(marking, join)

    def moves_of(self, marking: Marking, element: Element) -> Iterator[Marking]:
        yield from self.interruptions(marking, element)
        if element.kind is Kind.SUB_PROCESS and marking & self.inside[element.id]:
            return
        if element.kind is Kind.END:
            yield self.ended(marking, element)
            return
        for flows in _ways_out(element):
            tokens = set(marking)
            self.leave(tokens, element, flows)
            yield frozenset(tokens)

    def interruptions(self, marking: Marking, element: Element) -> Iterator[Marking]:
        for boundary in self.attached[element.id]:
            tokens = set(marking)
            if boundary.interrupting:
                tokens.difference_update(self.inside.get(element.id, ()))
                self.leave(tokens, element, ())
            self.visited.add(boundary.id)
            for flow in boundary.outgoing:
                self.enter(tokens, self.target(flow), flow)
            yield frozenset(tokens)

    def ended(self, marking: Marking, element: Element) -> Marking:
        """After a terminate end: its sub-process, or the whole instance, holds no token any more."""
        return marking - self.inside[element.scope] if element.scope in self.inside else frozenset()

    def joined(self, marking: Marking, join: Element) -> Iterator[Marking]:
        arrived = [flow for flow in join.incoming if f"flow:{flow}" in marking]
        missing = [flow for flow in join.incoming if flow not in arrived]
        if not arrived or (missing and (join.kind is Kind.PARALLEL or self.may_arrive(marking, join, missing))):
            return
        for flows in _ways_out(join):
            tokens = set(marking) - {f"flow:{flow}" for flow in arrived}
            self.leave(tokens, join, flows)
            yield frozenset(tokens)

    def may_arrive(self, marking: Marking, join: Element, missing: list[str]) -> bool:
        """Whether a token elsewhere can still come to the inclusive join by a missing flow."""
        sources = {self.model.flows[flow].source for flow in missing}
        here = {place for place in marking if place in self.model.elements and place != join.id}
        here |= {self.model.flows[p[5:]].target for p in marking if p.startswith("flow:")} - {join.id}
        return bool(closure(here, lambda e: self.steps_past(e, join)) & sources)

    def steps_past(self, element_id: str, join: Element) -> Iterator[str]:
        if element_id == join.id:
            return
        yield from (flow.target for flow in self.model.flows_out(element_id))
        yield from (boundary.id for boundary in self.model.boundaries(element_id))

    def waiting(self, marking: Marking) -> set[str]:
        """The elements at which the tokens of a marking stand."""
        joins = {self.model.flows[place[5:]].target for place in marking if place.startswith("flow:")}
        return joins or {place for place in marking if place in self.model.elements}


def _is_join(element: Element) -> bool:
    return element.kind in (Kind.PARALLEL, Kind.INCLUSIVE) and len(element.incoming) > 1


def _ways_out(element: Element) -> Iterator[tuple[str, ...]]:
    """The sets of flows by which a token can leave."""
    flows = element.outgoing
    if element.kind in (Kind.EXCLUSIVE, Kind.EVENT_BASED):
        yield from ((flow,) for flow in flows)
    elif element.kind is Kind.INCLUSIVE:
        sizes = range(1, len(flows) + 1) if len(flows) <= _MAX_WAYS else (1, 2, len(flows))
        yield from (chosen for size in sizes for chosen in combinations(flows, size))
    else:
        yield flows
