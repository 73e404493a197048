"""The soundness search again, in the plainest way: every element but a plain end is a place, tokens are counted.

For models of ``random_models`` without non-interrupting boundary events. Written from the BPMN standard's token rules
and not from the product's search, so that a shared mistake is unlikely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations

from engine.definitions.elements import BpmnModel, Element, EventKind, Kind

MAX_STATES = 2_500
MAX_TOKENS = 2  #: of one place where a token stays; a state with more is not followed further
MAX_PASSING = 4  #: of one place where a token only passes

State = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Found:
    """hopeless: a state from which no end can be reached exists. doubled: two tokens can wait in one place."""

    hopeless: bool
    doubled: bool
    decided: bool


def search(model: BpmnModel) -> Found:
    """All states from the start."""
    rules = _Rules(model)
    start = next(e.id for e in model.in_scope(model.process_id) if e.kind is Kind.START)
    first = _state(Counter({start: 1}))
    edges: dict[State, list[State]] = {}
    todo, doubled = [first], False
    while todo:
        state = todo.pop()
        if state in edges:
            continue
        if len(edges) >= MAX_STATES:
            return Found(False, doubled, False)
        doubled = doubled or rules.is_doubled(state)
        if any(count > MAX_PASSING for _, count in state):
            return Found(False, doubled, False)
        followed = all(count <= (MAX_TOKENS if rules.stays(place) else MAX_PASSING) for place, count in state)
        edges[state] = [_state(tokens) for tokens in rules.steps(Counter(dict(state)))] if followed else []
        todo += edges[state]
    return Found(_is_hopeless(edges), doubled, True)


def _state(tokens: Counter[str]) -> State:
    return tuple(sorted((place, count) for place, count in tokens.items() if count > 0))


def _is_hopeless(edges: dict[State, list[State]]) -> bool:
    """Some state cannot come to the empty one; found by going through all edges until nothing changes."""
    ending: set[State] = {()}
    changed = True
    while changed:
        changed = False
        for state, following in edges.items():
            if state not in ending and any(one in ending for one in following):
                ending.add(state)
                changed = True
    return any(state not in ending for state in edges)


class _Rules:
    def __init__(self, model: BpmnModel) -> None:
        self.model = model

    def is_doubled(self, state: State) -> bool:
        """Whether two tokens stand where a token stays: not at an end, and not where it has but one way to go."""
        return any(count > 1 and self.stays(place) for place, count in state)

    def stays(self, place: str) -> bool:
        element = self.model.elements.get(place.partition("@")[0])
        if element is None or element.kind is Kind.END:
            return element is not None and element.event not in (EventKind.NONE, EventKind.MESSAGE)
        return "@" in place or element.kind in (Kind.USER_TASK, Kind.SUB_PROCESS) or len(element.outgoing) > 1

    def steps(self, tokens: Counter[str]) -> Iterator[Counter[str]]:
        for place in [place for place, count in tokens.items() if count]:
            if "@" not in place:
                yield from self.element(tokens, self.model.elements[place])
        for element in self.model.elements.values():
            if self.is_join(element):
                yield from self.join(tokens, element)

    def is_join(self, element: Element) -> bool:
        return element.kind in (Kind.PARALLEL, Kind.INCLUSIVE) and len(element.incoming) > 1

    def put(self, tokens: Counter[str], flow: str) -> None:
        target = self.model.elements[self.model.flows[flow].target]
        if target.kind is Kind.END and target.event in (EventKind.NONE, EventKind.MESSAGE):
            return  # or tokens would pile up at the end of a circle
        tokens[f"{target.id}@{flow}" if self.is_join(target) else target.id] += 1

    def inner(self, owner: str) -> set[str]:
        return {e.id for e in self.model.elements.values() if any(o.id == owner for o in self.model.owners(e.id))}

    def clear(self, tokens: Counter[str], owner: str) -> None:
        inner = self.inner(owner)
        for place in list(tokens):
            if place.partition("@")[0] in inner:
                del tokens[place]

    # ------------------------------------------------------------ what a token at an element may do

    def element(self, tokens: Counter[str], element: Element) -> Iterator[Counter[str]]:
        for event in self.model.boundaries(element.id):
            if event.event is EventKind.TIMER:
                yield self.happen(tokens, event)
        if element.kind is Kind.END:
            yield from self.end(tokens, element)
        elif element.kind is Kind.SUB_PROCESS:
            yield from self.activity(tokens, element)
        else:
            yield from self.leave(tokens, element)

    def leave(self, tokens: Counter[str], element: Element) -> Iterator[Counter[str]]:
        for flows in self.ways(element):
            after = tokens.copy()
            after[element.id] -= 1
            for flow in flows:
                self.put(after, flow)
            yield self.entered(after, tokens)

    def ways(self, element: Element) -> list[tuple[str, ...]]:
        out = element.outgoing
        if element.kind is Kind.EXCLUSIVE:
            return [(flow,) for flow in out]
        if element.kind is Kind.INCLUSIVE:
            return list(chain.from_iterable(combinations(out, size) for size in range(1, len(out) + 1)))
        return [out]

    def entered(self, after: Counter[str], before: Counter[str]) -> Counter[str]:
        """A sub-process that was entered begins; one of several instances decides later whether it does."""
        for place in list(after):
            element = self.model.elements.get(place)
            if element is None or element.kind is not Kind.SUB_PROCESS or after[place] <= before.get(place, 0):
                continue
            if element.multi_instance is None:
                self.begin(after, element)
        return after

    def begin(self, tokens: Counter[str], element: Element) -> None:
        for inner in self.model.in_scope(element.id):
            if inner.kind is Kind.START:
                tokens[inner.id] += 1

    def activity(self, tokens: Counter[str], element: Element) -> Iterator[Counter[str]]:
        inner = self.inner(element.id)
        if any(count and place.partition("@")[0] in inner for place, count in tokens.items()):
            return
        if element.multi_instance is not None:
            again = tokens.copy()
            self.begin(again, element)
            yield again
        yield from self.leave(tokens, element)

    # ------------------------------------------------------------ ends and boundary events

    def end(self, tokens: Counter[str], element: Element) -> Iterator[Counter[str]]:
        after = tokens.copy()
        after[element.id] -= 1
        if element.event is EventKind.TERMINATE:
            if element.scope == self.model.process_id:
                after = Counter()
            else:
                self.clear(after, element.scope)
            yield after
        elif element.event in (EventKind.ERROR, EventKind.ESCALATION):
            catcher = self.catcher(element)
            if catcher is not None:
                yield self.happen(after, catcher)
            elif element.event is EventKind.ESCALATION:
                yield after
        else:
            yield after

    def catcher(self, thrown: Element) -> Element | None:
        for owner in self.model.owners(thrown.id):
            for event in self.model.boundaries(owner.id):
                if event.event is thrown.event and event.code in (None, thrown.code):
                    return event
        return None

    def happen(self, tokens: Counter[str], event: Element) -> Counter[str]:
        after, host = tokens.copy(), str(event.attached_to)
        after[host] -= 1
        self.clear(after, host)
        for flow in event.outgoing:
            self.put(after, flow)
        return self.entered(after, tokens)

    # ------------------------------------------------------------ joins

    def join(self, tokens: Counter[str], element: Element) -> Iterator[Counter[str]]:
        full = [flow for flow in element.incoming if tokens.get(f"{element.id}@{flow}")]
        empty = [flow for flow in element.incoming if flow not in full]
        if not full or (empty and (element.kind is Kind.PARALLEL or self.is_awaited(tokens, element, full, empty))):
            return
        for flows in self.ways(element):
            after = tokens.copy()
            for flow in full:
                after[f"{element.id}@{flow}"] -= 1
            for flow in flows:
                self.put(after, flow)
            yield self.entered(after, tokens)

    def is_awaited(self, tokens: Counter[str], join: Element, full: list[str], empty: list[str]) -> bool:
        """BPMN 2.0.2, 13.4.3: a token has a way to an empty flow and none to a full one, not through the join."""
        for place, count in tokens.items():
            name, _, arrived = place.partition("@")
            if not count or name == join.id or name not in self.model.elements:
                continue
            waiting = [name, *(event.id for event in self.model.boundaries(name) if not arrived)]
            for start in waiting:
                flows = self.flows_ahead(start, join.id)
                if flows & set(empty) and not flows & set(full):
                    return True
        return False

    def flows_ahead(self, start: str, join: str) -> set[str]:
        flows: set[str] = set()
        todo = [start]
        while todo:
            name = todo.pop()
            for flow in self.model.elements[name].outgoing:
                if flow not in flows:
                    flows.add(flow)
                    target = self.model.flows[flow].target
                    if target != join:
                        todo += [target, *(event.id for event in self.model.boundaries(target))]
        return flows
