"""An obvious model of the variables: dicts by hand, to hold against the engine's after every step.

A completed task writes ``v_<id>`` and ``seen`` in the process that it is in, and the output items around it. Calls are
given the lists and ``seen`` and bring one variable back. Elements that pass write a variable of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.task import Task

from engine.bpmn.api import HistoryEntry, HistoryKind
from tests.equivalence.drawing import LISTS, Drawing
from tests.equivalence.open_things import CHILD, element, owners
from tests.equivalence.ours import Broken, Ours

TOP = ""  #: the scope of the instance itself; a called process has the ref of its call


def _chain(task: Task) -> Iterator[str]:
    """Refs of the loop instances around a task within its process, innermost first; last the scope of the process."""
    for owner in owners(task):
        if owner is not task and isinstance(owner.task_spec, CallActivity):
            yield str(owner.id)
            return
        if owner.task_spec.name.endswith(CHILD):
            yield str(owner.id)
    yield TOP


class Variables:
    """What every scope and every loop instance must hold."""

    def __init__(self, drawing: Drawing, given: dict[str, object]) -> None:
        self.drawing = drawing
        self.scopes: dict[str, dict[str, Any]] = {TOP: dict(given)}
        self.locals: dict[str, dict[str, Any]] = {}
        self.results: dict[str, dict[int, Any]] = {}  #: multi-instance ref -> output by index
        self._chains: dict[str, list[str]] = {}
        self._activities: dict[str, tuple[str, str]] = {}  #: loop instance ref -> (its activity's ref, element id)
        self._just_ended: set[str] = set()  #: activities of which an instance ended in this step

    def completing(self, task: Task, number: int) -> dict[str, object]:
        """The values with which a task is completed, kept as expected."""
        values: dict[str, object] = {f"v_{element(task.task_spec.name)}": number, "seen": number}
        chain = list(_chain(task))
        visible = {name for ref in chain[:-1] for name in self.locals.get(ref, {})}
        values |= dict.fromkeys(sorted(visible & self.drawing.settable), number)
        for name, value in values.items():
            self._assign(chain, name, value)
        return values

    def delivered(self, task: Task, payload: dict[str, object]) -> None:
        """What a message brought."""
        for name, value in payload.items():
            self._assign(list(_chain(task)), name, value)

    def _assign(self, chain: list[str], name: str, value: object) -> None:
        for ref in chain[:-1]:
            if name in self.locals[ref]:
                self.locals[ref][name] = value
                return
        self.scopes[chain[-1]][name] = value

    # ------------------------------------------------------------ after a step

    def check(self, ours: Ours) -> None:
        """Follow the step's history, take in what is new, and compare everything."""
        self._just_ended.clear()
        for entry in ours.last.history:
            if entry.kind == HistoryKind.COMPLETED:
                self._completed(entry)
        self._take_in(ours)
        self._compare(ours)

    def _completed(self, entry: HistoryEntry) -> None:
        name, ref = element(entry.element_id), entry.ref
        if name in self.drawing.calls and ref in self.scopes:
            back = self.scopes.pop(ref)["seen"]
            self._assign(self._chains[ref], self.drawing.calls[name], back)
        several = self.drawing.several.get(name)
        if several is not None and several.out and ref in self.locals:
            owner = self._activities[ref][0]
            self.results.setdefault(owner, {})[self.locals[ref]["loop_index"]] = self.locals[ref][several.out_item]
            self._just_ended.add(owner)

    def _take_in(self, ours: Ours) -> None:
        tasks = {str(task.id): task for task in ours.workflow.all_tasks()}
        for ref, task in tasks.items():
            name = task.task_spec.name
            if name.endswith(CHILD) and ref not in self.locals:
                self._new_instance(ref, task)
            if isinstance(task.task_spec, CallActivity) and ref not in self.scopes:
                self._new_call(ref, task)
            self._chains.setdefault(ref, list(_chain(task)))
        self._finish_activities(set(tasks))
        self.scopes = {ref: scope for ref, scope in self.scopes.items() if ref == TOP or ref in tasks}
        self.locals = {ref: values for ref, values in self.locals.items() if ref in tasks}

    def _new_instance(self, ref: str, task: Task) -> None:
        name, values = element(task.task_spec.name), dict(task.data)
        several, index = self.drawing.several.get(name), values["loop_index"]
        expected: dict[str, object] = {"loop_index": index}
        if several is not None and several.item:
            expected[several.item] = LISTS[several.items][index]
        if several is not None and several.out_item:
            expected[several.out_item] = None
        if values != expected:
            raise Broken(f"{name}: an instance starts with {values}, not with {expected}")
        self.locals[ref], self._activities[ref] = values, (str(task.parent.id), name)
        self._chains[str(task.parent.id)] = list(_chain(task.parent))

    def _new_call(self, ref: str, task: Task) -> None:
        caller = self.scopes[list(_chain(task))[-1]]
        self.scopes[ref] = {**LISTS, "seen": caller["seen"]}

    def _finish_activities(self, still_there: set[str]) -> None:
        """The results of a multi-instance of which an instance ended and that is gone were brought out."""
        for activity in [ref for ref in self.results if ref not in still_there]:
            by_index = self.results.pop(activity)
            name = next(name for owner, name in self._activities.values() if owner == activity)
            chain = self._chains[activity]
            if activity in self._just_ended and chain[-1] in self.scopes:  # else it was cancelled
                values = [by_index[index] for index in sorted(by_index)]
                self._assign(chain, self.drawing.several[name].out, values)

    # ------------------------------------------------------------ the comparison

    def _compare(self, ours: Ours) -> None:
        passed = {element(entry.element_id) for entry in ours.last.history if entry.kind == HistoryKind.COMPLETED}
        actual = {TOP: ours.workflow.data}
        for ref, process in ours.workflow.subprocesses.items():
            owner = ours.find(str(ref))
            if owner is not None and isinstance(owner.task_spec, CallActivity):
                actual[str(ref)] = process.data
            elif process.data:
                raise Broken(f"an embedded sub-process has variables of its own: {process.data}")
        if set(actual) != set(self.scopes):
            raise Broken(f"scopes are {sorted(actual)}, not {sorted(self.scopes)}")
        for ref, values in actual.items():
            self._compare_scope(self.scopes[ref], values, passed)
        for task in ours.workflow.all_tasks():
            expected = self.locals.get(str(task.id))
            if expected is not None:
                self._compare_scope(expected, task.data, passed)

    def _compare_scope(self, expected: dict[str, Any], actual: dict[str, Any], passed: set[str]) -> None:
        for name in sorted(expected.keys() | actual.keys()):
            wanted, found = expected.get(name, _ABSENT), actual.get(name, _ABSENT)
            if wanted != found and not self._passer_wrote(name, found, expected, passed):
                raise Broken(f"variable {name} is {found!r}, not {wanted!r}")

    def _passer_wrote(self, name: str, found: object, expected: dict[str, Any], passed: set[str]) -> bool:
        """Did an element that the token passed in this step write the variable, with its right value?"""
        kind, _, writer = name.partition("_")
        if self.drawing.results.get(writer) != name or writer not in passed:
            return False
        right = {"s": expected.get("seen"), "r": []}.get(kind, writer)
        expected[name] = found
        return found == right


_ABSENT = "(absent)"
