"""What holds for every step of ours, whatever the process: due instants, identities, re-armed events."""

from __future__ import annotations

from datetime import datetime

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import EventKey, HistoryKind, TimerMoment
from engine.bpmn.events import is_waiting_event
from tests.equivalence.drawing import DATE, PERIOD, TURNS, Drawing
from tests.equivalence.open_things import element
from tests.equivalence.ours import Broken, Ours


class Expectations:
    """Remembers what was, to say after each step what must be."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.rearmed: set[str] = set()  #: refs of events that wait for the second time and more
        self._due: dict[EventKey, datetime] = {}
        self._last_turn: dict[tuple[str, str], datetime] = {}  #: (split, cycle) -> due of the last turn
        self._turns: dict[tuple[str, str], int] = {}
        self._turn_of: dict[str, tuple[str, str]] = {}  #: ref of a waiting cycle -> (split, cycle)
        self._open: dict[str, str] = {}
        self._splits: dict[str, str] = {}  #: ref of a boundary event -> ref of what is above it and its activity
        self._noted: set[tuple[str, HistoryKind]] = set()
        self._keys: set[str] = set()
        self._calls = 0

    def moved(self, key: EventKey, due: datetime) -> None:
        """The walk rescheduled a timer; the turns of a cycle go on from there."""
        self._due[_drawn(key)] = due
        if key[0] in self._turn_of:
            self._last_turn[self._turn_of[key[0]]] = due

    def check(self, ours: Ours) -> None:
        """Everything of one step."""
        self._check_identities(ours)
        self._check_opened_and_closed(ours)
        self._check_rearming(ours)
        self._check_due(ours)

    # ------------------------------------------------------------ identities

    def _check_identities(self, ours: Ours) -> None:
        for entry in ours.last.history:
            line = (entry.ref, entry.kind)
            if line in self._noted:
                raise Broken(f"{entry.element_id}: {entry.kind} is in the history twice for one token")
            self._noted.add(line)
        keys = [thrown.key for thrown in ours.last.thrown] + [call.iteration for call in ours.host.calls[self._calls :]]
        self._calls = len(ours.host.calls)
        keys += [task.iteration for task in ours.last.opened]
        if len(set(keys)) != len(keys) or not self._keys.isdisjoint(keys):
            raise Broken("a key that must be unique in the instance came twice")
        self._keys.update(keys)

    def _check_opened_and_closed(self, ours: Ours) -> None:
        now_open = {str(one.task.id): element(one.key.name) for one in ours.open() if one.key.kind == "task"}
        for closed in ours.last.closed:
            if self._open.pop(closed.ref, None) is None:
                raise Broken(f"{closed.element_id}: closed, but was not open")
        self._open |= {task.ref: element(task.element_id) for task in ours.last.opened}
        if self._open != now_open:
            raise Broken(f"opened and closed give {self._open}, the snapshot holds {now_open}")

    # ------------------------------------------------------------ events

    def _check_rearming(self, ours: Ours) -> None:
        waiting = [task for task in ours.workflow.all_tasks() if is_waiting_event(task)]
        armed = {(str(task.parent.id), element(task.task_spec.name)) for task in waiting}
        for entry in ours.last.history:
            split = self._splits.get(entry.ref)
            if entry.kind != HistoryKind.FIRED or element(entry.element_id) not in self.drawing.rearming or not split:
                continue
            if _activity_is_open(ours, split) and (split, element(entry.element_id)) not in armed:
                raise Broken(f"{entry.element_id}: does not wait again although its activity is open")
        edges = [task for task in waiting if isinstance(task.task_spec, BoundaryEvent)]
        self.rearmed |= {str(task.id) for task in edges if task.triggered}
        for split in {str(task.parent.id) for task in edges}:
            if not _activity_is_open(ours, split):
                raise Broken("a boundary event waits although its activity has ended")
        self._splits |= {str(task.id): str(task.parent.id) for task in edges}

    # ------------------------------------------------------------ timers

    def _check_due(self, ours: Ours) -> None:
        found = {}
        for moment in ours.last.timers:
            key = _drawn((moment.ref, moment.branch))
            expected = self._due.get(key) or self._first_due(ours, moment)
            if moment.due != expected:
                raise Broken(f"{moment.element_id}: due {moment.due}, not {expected}")
            found[key] = moment.due
        self._due = found

    def _first_due(self, ours: Ours, moment: TimerMoment) -> datetime:
        name = element(moment.element_id)
        if name in self.drawing.dated:
            return DATE
        if name not in self.drawing.cycles:
            return ours.host.now + PERIOD
        turn = (self._splits[moment.ref], name)
        self._turns[turn], self._turn_of[moment.ref] = self._turns.get(turn, 0) + 1, turn
        if self._turns[turn] > TURNS:
            raise Broken(f"{name}: a cycle of {TURNS} came once more")
        self._last_turn[turn] = self._last_turn[turn] + PERIOD if turn in self._last_turn else ours.host.now + PERIOD
        return self._last_turn[turn]


def _drawn(key: EventKey) -> EventKey:
    """The key with the branch as it was drawn, whatever version runs."""
    return key[0], None if key[1] is None else element(key[1])


def _activity_is_open(ours: Ours, split: str) -> bool:
    """Is the activity beside these boundary events still there?"""
    above = ours.find(split)
    return above is not None and any(_is_open_activity(child) for child in above.children)


def _is_open_activity(task: Task) -> bool:
    return bool(task._state & TaskState.NOT_FINISHED_MASK) and not isinstance(task.task_spec, BoundaryEvent)
