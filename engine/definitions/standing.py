"""From the open tokens of a running instance to markings from which the search can start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.definitions.elements import BpmnModel, Kind
from engine.definitions.markings import Marking
from engine.definitions.net import ARRIVED, INTO


class Token(Protocol):
    """One open token, as ``engine.bpmn.places.Place`` says it."""

    @property
    def ref(self) -> str:
        """Its identity."""

    @property
    def element_id(self) -> str:
        """Where it stands."""

    @property
    def came_from(self) -> str | None:
        """The element from which it arrived at a join."""

    @property
    def owner(self) -> str | None:
        """Ref of the activity, or of the one instance of it, in which it stands."""

    @property
    def event(self) -> bool:
        """A waiting boundary event, which goes with its activity."""

    @property
    def instance(self) -> bool:
        """One instance of a multi-instance activity or loop, which stands there as well."""


@dataclass
class Standing:
    """markings: one for each instance of a multi-instance activity (they do not touch each other). doubled: elements
    with two tokens. unknown: elements and arrivals that the process does not have.
    """

    markings: list[Marking] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def standing(model: BpmnModel, tokens: Sequence[Token]) -> Standing:
    """The markings of an instance."""
    found = Standing()
    groups: dict[str | None, list[Token]] = {}
    for token in tokens:
        if not token.event:
            groups.setdefault(token.owner, []).append(token)
    reader = _Reader(model, groups, found)
    found.markings = [frozenset(places) for places in reader.within(None, "")]
    return found


@dataclass
class _Reader:
    model: BpmnModel
    groups: dict[str | None, list[Token]]
    found: Standing

    def within(self, owner: str | None, prefix: str) -> list[set[str]]:
        """The sets of places of what stands in an activity (None: the instance), at least one."""
        group = self.groups.get(owner, [])
        plain: set[str] = set()
        nested: list[list[set[str]]] = []
        for token in group:
            if token.instance:
                continue
            place = self.place(token, prefix)
            if place in plain:
                self.found.doubled.append(token.element_id)
            plain.add(place)
            inside = self.inside(token, group, prefix)
            if inside:
                nested.append(inside)
        many = max((len(one) for one in nested), default=1)
        return [plain.union(*(one[min(number, len(one) - 1)] for one in nested)) for number in range(many)]

    def place(self, token: Token, prefix: str) -> str:
        element = self.model.elements.get(token.element_id)
        if element is None:
            self.found.unknown.append(token.element_id)
            return prefix + token.element_id
        if token.came_from is None:
            return prefix + token.element_id
        flow = next((f for f in element.incoming if self.model.flows[f].source == token.came_from), None)
        if flow is None:
            self.found.unknown.append(token.came_from)
        return f"{prefix}{token.element_id}{ARRIVED}{flow}"

    def inside(self, token: Token, group: Iterable[Token], prefix: str) -> list[set[str]]:
        """What stands in a sub-process or call, one set per marking of each of its instances; empty for others."""
        element = self.model.elements.get(token.element_id)
        if element is None or element.kind not in (Kind.SUB_PROCESS, Kind.CALL_ACTIVITY):
            return []
        inner = f"{prefix}{element.id}{INTO}" if element.kind is Kind.CALL_ACTIVITY else prefix
        return [places for ref in _running(token, group) for places in self.within(ref, inner)]


def _running(token: Token, group: Iterable[Token]) -> Iterator[str]:
    """Refs of what runs as the activity of a token: its instances, or itself."""
    instances = [one.ref for one in group if one.instance and one.element_id == token.element_id]
    yield from instances or [token.ref]
