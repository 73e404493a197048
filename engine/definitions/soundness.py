"""Can every element be reached, and can an instance always come to its end? A bounded search over all markings.

``explore`` starts where a new instance starts, or from any marking: of an instance that is moved to another version, or
whose tokens are put elsewhere. What is wrong comes with the shortest way there, as steps (``ways``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.definitions.elements import BpmnModel
from engine.definitions.markings import How, Marking, Move, Moves
from engine.definitions.net import ARRIVED, Net, closure, net_of

__all__ = ["MAX_MARKINGS", "Counterexample", "Marking", "Soundness", "Step", "Trouble", "closure", "explore"]

MAX_MARKINGS = 20_000  #: markings looked at before the search says "not decided"


class Trouble(StrEnum):
    """What is wrong with a marking."""

    STUCK = "stuck"  #: tokens are open and nothing can happen any more
    ENDLESS = "endless"  #: things happen, but no end can be reached
    DOUBLED = "doubled"  #: two tokens in one element


@dataclass(frozen=True)
class Step:
    """One step on the way: what happened to which element, the flows taken, and what was passed on the way."""

    how: How
    element_id: str
    flows: tuple[str, ...]
    passed: tuple[str, ...]


@dataclass(frozen=True)
class Counterexample:
    """elements: where the tokens stand then. steps: the shortest way there, in order."""

    trouble: Trouble
    elements: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Soundness:
    """stuck: elements of a marking from which no end can be reached, in one group per case. doubled: elements that
    two tokens can reach at once. never: elements no token can reach. decided: whether all markings were looked at and
    the rules of the search hold for this process; if not, unclear may say why. examples: one for each of the former.
    """

    stuck: tuple[tuple[str, ...], ...]
    doubled: tuple[str, ...]
    never: tuple[str, ...]
    decided: bool
    markings: int
    examples: tuple[Counterexample, ...] = ()
    unclear: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the search has decided that the end can always be reached, by one token per element."""
        return self.decided and not self.examples


def explore(model: BpmnModel, limit: int = MAX_MARKINGS, start: Marking | None = None) -> Soundness:
    """Search all markings from the start of the process, or from ``start`` (``standing.marking_of``)."""
    return _Search(net_of(model), limit, start).result()


class _Search:
    def __init__(self, net: Net, limit: int, start: Marking | None) -> None:
        self.net, self.moves, self.limit = net, Moves(net), limit
        self.from_start = start is None
        self.first = self.moves.initial() if start is None else start
        self.passed_first = tuple(self.moves.passed)
        self.after: dict[Marking, tuple[Marking, ...]] = {}
        self.came_from: dict[Marking, Marking] = {}
        self.doubled_by: dict[str, tuple[Marking, Marking]] = {}  #: node -> marking before, marking after

    def result(self) -> Soundness:
        finished = self._run()
        decided = finished and not self.net.unclear
        stuck = self._stuck(finished)
        doubled = [self._doubled(key) for key in sorted(self.moves.doubled)]
        return Soundness(
            stuck=tuple(sorted({one.elements for one in stuck})),
            doubled=tuple(sorted({one.elements[0] for one in doubled})),
            never=self._never() if decided and self.from_start else (),
            decided=decided,
            markings=len(self.after),
            examples=(*stuck, *doubled),
            unclear=tuple(dict.fromkeys(self.net.unclear)),
        )

    def _run(self) -> bool:
        """Look at markings, nearest first; whether all could be looked at."""
        todo = deque([self.first])
        known: set[str] = set(self.moves.doubled)
        while todo and len(self.after) < self.limit:
            marking = todo.popleft()
            if marking in self.after:
                continue
            found: list[Marking] = []
            for move in self.moves.after(marking):
                found.append(move.marking)
                for key in self.moves.doubled - known:
                    known.add(key)
                    self.doubled_by[key] = (marking, move.marking)
                if move.marking not in self.after:
                    self.came_from.setdefault(move.marking, marking)
                    todo.append(move.marking)
            self.moves.passed.clear()
            self.after[marking] = tuple(found)
        return not any(marking not in self.after for marking in todo)

    def _never(self) -> tuple[str, ...]:
        own = [node for node in self.net.nodes.values() if node.key == node.element.id]
        return tuple(node.key for node in own if node.key not in self.moves.visited)

    # ------------------------------------------------------------ what is wrong

    def _stuck(self, finished: bool) -> list[Counterexample]:
        hopeless = [marking for marking, following in self.after.items() if marking and not following]
        trouble = Trouble.STUCK
        if not hopeless and finished:
            hopeless, trouble = self._endless(), Trouble.ENDLESS
        groups: dict[tuple[str, ...], Marking] = {}
        for marking in hopeless:
            groups.setdefault(tuple(sorted(self._waiting(marking))), marking)
        return [Counterexample(trouble, names, self._way(marking)) for names, marking in sorted(groups.items())]

    def _endless(self) -> list[Marking]:
        """One marking of a circle that cannot be left, if there is one."""
        before: dict[Marking, list[Marking]] = {}
        for marking, following in self.after.items():
            for target in following:
                before.setdefault(target, []).append(marking)
        ending = closure([Marking()], lambda marking: before.get(marking, ()))
        chosen = next((marking for marking in self.after if marking not in ending), None)
        while chosen is not None:
            ahead = closure([chosen], lambda marking: self.after[marking])
            inside = {one: [other for other in before.get(one, ()) if other in ahead] for one in ahead}
            back = closure([chosen], inside.__getitem__)
            beyond = next((marking for marking in self.after if marking in ahead and marking not in back), None)
            if beyond is None:
                return [chosen]
            chosen = beyond
        return []

    def _doubled(self, key: str) -> Counterexample:
        element = self.net.nodes[key].element.id
        if key not in self.doubled_by:  # at the very first
            return Counterexample(Trouble.DOUBLED, (element,), ())
        before, after = self.doubled_by[key]
        return Counterexample(Trouble.DOUBLED, (element,), (*self._way(before), self._step(before, after)))

    def _waiting(self, marking: Marking) -> set[str]:
        """The elements at which the tokens of a marking stand: the joins if there are any."""
        joins = {self.net.node_of(place).element.id for place in marking if ARRIVED in place}
        return joins or {self.net.node_of(place).element.id for place in marking}

    # ------------------------------------------------------------ the way there

    def _way(self, marking: Marking) -> tuple[Step, ...]:
        steps: list[Step] = []
        while marking != self.first:
            before = self.came_from[marking]
            steps.append(self._step(before, marking))
            marking = before
        if self.from_start and self.passed_first:
            steps.append(
                Step(How.DONE, self.net.nodes[self.passed_first[0]].element.id, (), self._ids(self.passed_first[1:]))
            )
        return tuple(reversed(steps))

    def _step(self, before: Marking, after: Marking) -> Step:
        """The move between two markings, made again to see what it passed."""
        self.moves.passed.clear()
        for move in self.moves.after(before):
            if move.marking == after:
                return self._told(move)
            self.moves.passed.clear()
        raise AssertionError("a move that was made before")

    def _told(self, move: Move) -> Step:
        passed = self._ids(self.moves.passed)
        self.moves.passed.clear()
        return Step(move.how, self.net.nodes[move.key].element.id, move.flows, passed)

    def _ids(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.net.nodes[key].element.id for key in keys)
