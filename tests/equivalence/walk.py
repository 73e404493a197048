"""Random walks: ours, saved and loaded at every step, beside the library in memory, or alone.

What happens is drawn by the walk's seed and nothing else, so a seed walks the same way whatever was walked before.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from SpiffWorkflow.bpmn.exceptions import WorkflowDataException
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryKind
from engine.bpmn.events import EventGateway, branches_of
from engine.bpmn.timers import CycleTimer, HostTimer
from engine.domain.errors import EngineError
from tests.equivalence.drawing import LISTS, Drawing
from tests.equivalence.expectations import Expectations
from tests.equivalence.generator import LABELS, Generator
from tests.equivalence.moves import move_to_renamed
from tests.equivalence.open_things import Key, Open, element
from tests.equivalence.ours import Broken, Ours, WalkHost, branch_of
from tests.equivalence.rows import EARLY_JOINS, PASSING, LeftOut
from tests.equivalence.stock import Stock, comes_from_outside
from tests.equivalence.variables import Variables

#: what a broken engine may raise inside a walk, beside its own errors and those of the checks
_FINDINGS = (AssertionError, EngineError, SpiffWorkflowException, LookupError, TypeError, ValueError, AttributeError)
MAX_STEPS = {"beside": 40, "alone": 60}
GIVEN: dict[str, object] = {**LISTS, "seen": 0}


class Differs(AssertionError):
    """Ours and the library are not at the same place, and no known fault of the library explains it."""


@dataclass
class Walked:
    """What a walk did. visits and reloads are counted by profile row."""

    seed: int
    label: str
    steps: int = 0
    reloads: int = 0
    parses: int = 0
    moved: bool = False
    completed: bool = False
    compared: int = 0  #: steps after which ours was at the same place as the library
    left_out: LeftOut | None = None
    visits: Counter[str] = field(default_factory=Counter)
    row_reloads: Counter[str] = field(default_factory=Counter)
    biggest: int = 0


class Failed(AssertionError):
    """A walk found something; says how to walk it again."""

    def __init__(self, walk: Walk, cause: Exception) -> None:
        super().__init__(
            f"seed {walk.walked.seed} ({walk.kind}, {walk.walked.label}), after {walk.walked.steps} steps "
            f"{walk.log[-8:]}: {type(cause).__name__}: {cause}"
        )
        self.xml, self.log = walk.drawing.xml, walk.log


class Walk:
    """One walk. beside: with the library for company, until a known fault of the library ends that."""

    def __init__(self, seed: int, beside: bool, label: str | None = None) -> None:
        self.random = Random(f"{seed}/{'beside' if beside else 'alone'}")
        self.kind = "beside" if beside else "alone"
        self.walked = Walked(seed, label or LABELS[seed % len(LABELS)])
        self.drawing: Drawing = Generator(self.random, self.walked.label).draw()
        self.log: list[str] = []
        self.number = 0
        self.host = WalkHost(self._pick)
        self.ours = Ours(self.drawing.xml, self.host, GIVEN)
        self.variables = Variables(self.drawing, GIVEN)
        self.expectations = Expectations(self.drawing)
        self.stock = Stock(self.drawing.xml, dict(GIVEN), self._pick) if beside else None
        self._visited: set[str] = set()
        self._moves_at = self.random.randint(1, 15) if not beside and self.random.random() < 0.6 else None

    def _pick(self, name: str, choices: int) -> int:
        """The oracle: the same answer to both at the same step."""
        return zlib.crc32(f"{self.walked.seed}/{name}/{self.number}".encode()) // 7 % choices

    def run(self) -> Walked:
        """Walk until the instance ends or enough was seen; raises Failed."""
        try:
            self._check_ours()
            self._compare()
            while not self.ours.last.completed and self.walked.steps < MAX_STEPS[self.kind] and self._step():
                pass
        except _FINDINGS as cause:
            raise Failed(self, cause) from cause
        self.walked.completed = self.ours.last.completed
        self.walked.reloads, self.walked.parses = self.ours.reloads, self.ours.parses
        return self.walked

    # ------------------------------------------------------------ one step

    def _step(self) -> bool:
        """One act of a person, a timer or a message; False when only what is inside the process could go on."""
        self._between()
        choice = self._choose()
        if choice is None:
            return False
        one, branch = choice
        self.walked.steps += 1
        self.number += 1
        self.host.now += timedelta(hours=self.random.randint(1, 60))
        self.log.append(one.key.name)
        theirs = self._theirs(one)
        if one.key.kind == "task":
            values = self.variables.completing(one.task, self.number)
            self.ours.complete(str(one.task.id), values)
            self._check_ours()
        else:
            values = {}
            self._happen(one, branch)
        if self.stock is not None and theirs is not None:
            self._stock_follows(theirs, branch, values)
            self._compare()
        return True

    def _between(self) -> None:
        """Now and then the specs are parsed anew, a due instant is moved, or the instance goes to another version."""
        if self.random.random() < 0.04:
            self.ours.parse_again()
        if self.ours.last.timers and self.random.random() < 0.05:
            moment = self.random.choice(self.ours.last.timers)
            key, due = (moment.ref, moment.branch), self.host.now + timedelta(days=self.random.randint(0, 40))
            self.expectations.moved(key, due)
            self.ours.reschedule({key: due})
            self._check_ours()

        if self._moves_at == self.walked.steps:
            self._moves_at = None
            self.walked.moved = True
            move_to_renamed(self.ours)
            self._check_ours()

    def _choose(self) -> tuple[Open, int] | None:
        """A task or event of ours; rather what was not visited yet, and what belongs to the block asked for."""
        possible = [
            (one, branch)
            for one in (self._both_have() if self.stock else self.ours.open())
            for branch in (range(len(branches_of(one.task))) if one.key.kind == "event" else [0])
            if one.key.kind == "task" or comes_from_outside(one.task, branch)
        ]
        if self.random.random() < 0.7:
            fresh = [choice for choice in possible if element(choice[0].key.name) not in self._visited]
            focused = [choice for choice in fresh if element(choice[0].key.name) in self.drawing.focus]
            possible = _events(focused) or focused or fresh or possible
        elif self.random.random() < 0.4:
            possible = _events(possible) or possible
        return self.random.choice(possible) if possible else None

    def _happen(self, one: Open, branch: int) -> None:
        name, definition = branch_of(one.task, branch)
        if isinstance(definition, HostTimer):
            self.ours.fire(str(one.task.id), name)
            self._check_ours()
            return
        # the library tells everybody who waits for a message, so ours is told as often; alone, only one of them is
        waiting = [each for each in self.ours.last.subscriptions if each.message == definition.name]
        for each in waiting if self.stock else waiting[:1]:
            if each in self.ours.last.subscriptions:
                payload: dict[str, object] = {f"got_{definition.name}": self.number}
                self.variables.delivered(self.ours.find(each.ref), payload)
                self.ours.deliver(each.ref, each.branch, payload)
                self._check_ours()

    # ------------------------------------------------------------ ours alone

    def _check_ours(self) -> None:
        """After each save: what holds whatever the library does; then count."""
        ours = self.ours
        self.expectations.check(ours)
        self.variables.check(ours)
        if ours.last.completed and not ours.last.ended:
            raise Broken("completed without an end event")
        for thrown in ours.last.thrown:
            seen = [scope["seen"] for scope in self.variables.scopes.values()]
            if thrown.payload and thrown.payload["seen"] not in [*seen, self.number]:
                raise Broken(f"{thrown.element_id}: payload {thrown.payload}")
        self._why_alone()
        self._count()

    def _count(self) -> None:
        rows, walked = self.drawing.rows, self.walked
        walked.biggest = max(walked.biggest, len(self.ours.last.snapshot))
        for entry in self.ours.last.history:
            name = element(entry.element_id)
            if entry.kind in (HistoryKind.COMPLETED, HistoryKind.FIRED):
                self._visited.add(name)
                walked.visits.update(rows.get(name, ()))
        there = {name for task in self.ours.workflow.all_tasks() if _is_open(task) for name in _places(task)}
        held = {row for name in there for row in rows.get(name, ())}
        passed = {row for name in self._visited for row in rows.get(name, ()) if row in PASSING}
        walked.row_reloads.update(held | passed)

    # ------------------------------------------------------------ beside the library

    def _why_alone(self) -> None:
        """Did this step come to a known fault of the library? Then the comparison ends, and it is said why."""
        if self.stock is None:
            return
        fired = {element(entry.element_id) for entry in self.ours.last.history if entry.kind == HistoryKind.FIRED}
        thrown = {element(entry.element_id) for entry in self.ours.last.history if entry.kind == HistoryKind.THROWN}
        refs = {entry.ref for entry in self.ours.last.history if entry.kind == HistoryKind.FIRED}
        if fired & self.drawing.interrupts_instances:
            self._go_alone(LeftOut.INTERRUPTED_INSTANCES)
        elif thrown & self.drawing.neighbour_throws:
            self._go_alone(LeftOut.NEIGHBOUR)
        elif fired & self.drawing.two_timers:
            self._go_alone(LeftOut.GATEWAY_TIMERS)
        elif refs & self.expectations.rearmed:
            self._go_alone(LeftOut.REARMED)

    def _go_alone(self, why: LeftOut) -> None:
        self.stock, self.walked.left_out = None, why

    def _stock_follows(self, theirs: Open, branch: int, values: dict[str, object]) -> None:
        if self.stock is None:
            return
        try:
            if theirs.key.kind == "task":
                self.stock.complete(theirs.task, values)
            else:
                self.stock.happen(theirs.task, branch)
        except WorkflowDataException as raised:
            if not self._is_escalated_item(raised):
                raise
            self._go_alone(LeftOut.ESCALATED_ITEM)

    def _is_escalated_item(self, raised: WorkflowDataException) -> bool:
        """Does the library find an item that an escalation brought out of a multi-instance before?"""
        items = {several.item for several in self.drawing.several.values() if several.item}
        named = any(f"input item {item} already exists" in str(raised) for item in items)
        rows = {row for name in self._visited for row in self.drawing.rows.get(name, ())}
        return named and not rows.isdisjoint({"escalation end", "escalation throw"})

    def _theirs(self, one: Open) -> Open | None:
        """The same thing in the library's instance."""
        return next((other for other in self.stock.open() if other.key == one.key), None) if self.stock else None

    def _both_have(self) -> list[Open]:
        """What is open in ours and in the library alike: all but the events that wait again."""
        theirs = {one.key for one in self.stock.open()} if self.stock else set()
        return [one for one in self.ours.open() if one.key in theirs]

    def _compare(self) -> None:
        """Are both at the same place? An event that waits again is left out: in the library it does not."""
        if self.stock is None:
            return
        theirs = Counter(one.key for one in self.stock.open())
        ours: Counter[Key] = Counter()
        for one in self.ours.open():
            if str(one.task.id) not in self.expectations.rearmed or _is_cycle(one.task):
                ours[one.key] += 1
        for one in self.ours.open():
            if str(one.task.id) in self.expectations.rearmed and theirs[one.key] > ours[one.key]:
                ours[one.key] += 1
        if ours == theirs and self.stock.completed == self.ours.last.completed:
            self.walked.compared += 1
            return
        why = self._known_fault(ours - theirs, theirs - ours)
        if why is not None:
            self._go_alone(why)
            return
        raise Differs(
            f"only ours: {sorted(ours - theirs)}, only the library: {sorted(theirs - ours)}, "
            f"completed: ours {self.ours.last.completed}, the library {self.stock.completed}"
        )

    def _known_fault(self, only_ours: Counter[Key], only_theirs: Counter[Key]) -> LeftOut | None:
        """The fault of the library that explains a difference: a token too many, or a handler taken away."""
        early = sorted(self.drawing.wrong & EARLY_JOINS)
        if early and not only_ours:
            return early[0]
        if not only_theirs and only_ours and {element(key.name) for key in only_ours} <= self.drawing.cycle_handlers:
            return LeftOut.CYCLE_HANDLER
        return None


def _events(choices: list[tuple[Open, int]]) -> list[tuple[Open, int]]:
    return [choice for choice in choices if choice[0].key.kind == "event"]


def _is_open(task: Task) -> bool:
    return bool(task._state & TaskState.NOT_FINISHED_MASK)


def _places(task: Task) -> list[str]:
    """The elements at which an open token is; at an event gateway also those behind it that it listens for."""
    behind = task.task_spec._outputs if isinstance(task.task_spec, EventGateway) else []
    return [element(name) for name in (task.task_spec.name, *behind)]


def _is_cycle(task: Task) -> bool:
    return isinstance(task.task_spec.event_definition, CycleTimer)
