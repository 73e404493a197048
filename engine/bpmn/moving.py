"""Move a running instance to another version of its process: every open token gets the new version's element.

A snapshot holds open tokens and nothing else, so that is all there is to move. Kept: task ids (and with them rows,
drafts, claims and clocks), due instants, arrivals at joins, progress and results of multi-instance activities,
variables. Refused, with every reason at once: what would change what a token is, or leave a join waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import Host, Problem
from engine.bpmn.changes import Change, element_change, kind_ja, label, renamed_locals
from engine.bpmn.context import element_id
from engine.bpmn.events import Boundary, branches_of
from engine.bpmn.failures import ElementFailed
from engine.bpmn.hanging import hanging_joins
from engine.bpmn.invariants import problems
from engine.bpmn.joins import CAME_FROM, INSTANCE_SUFFIX, EndJoin, Join
from engine.bpmn.parser import ProcessSpecs
from engine.bpmn.places import Place, places
from engine.bpmn.snapshot import dump, load
from engine.bpmn.specs import Start
from engine.bpmn.subprocesses import NestedProcess
from engine.bpmn.timers import HostTimer
from engine.bpmn.variables import assign
from engine.bpmn.workflow import InstanceWorkflow
from engine.domain.errors import ChangeRefused

SPLIT_SUFFIX = ".BoundaryEventSplit"  #: the library's name for the spec above an activity with boundary events
_END_JOIN = ".EndJoin"

#: decides whether a marking can still come to its end: reasons against it, or None for "not decided"
Judge = Callable[[Sequence[Place]], Sequence[Problem] | None]


@dataclass(frozen=True)
class MovePlan:
    """What a move would do. snapshot: None when it is refused.

    elements: element id now -> element id then, for every open element. refusals, notes: element id and Japanese
    text; a note is something that a clerk should know. decided: whether a search over markings said that the instance
    can still end (else only the joins were looked at).
    """

    snapshot: bytes | None
    refusals: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    elements: Mapping[str, str]
    decided: bool


def move(
    old: ProcessSpecs, new: ProcessSpecs, snapshot: bytes, mapping: Mapping[str, str], host: Host,
    *, variables: Mapping[str, object] | None = None, judge: Judge | None = None,
) -> MovePlan:  # fmt: skip
    """As ``plan_move``; raises ChangeRefused with every reason when the instance cannot be moved."""
    plan = plan_move(old, new, snapshot, mapping, host, variables=variables, judge=judge)
    if plan.refusals:
        raise ChangeRefused(plan.refusals)
    return plan


def plan_move(
    old: ProcessSpecs, new: ProcessSpecs, snapshot: bytes, mapping: Mapping[str, str], host: Host,
    *, variables: Mapping[str, object] | None = None, judge: Judge | None = None,
) -> MovePlan:  # fmt: skip
    """What moving an instance of ``old`` to ``new`` would do; runs no step and changes nothing.

    mapping: old element id -> new element id, also for called processes; what is not named keeps its id. variables: set
    where the instance has none of that name. judge: decides whether the moved instance can still end; without one, or
    when it cannot decide, the joins are looked at. Raises SnapshotUnreadable.
    """
    workflow = load(old, host, snapshot)
    if workflow.completed:
        return _refused([Problem(old.process_id, "すでに終わっているので、移せません。")])
    found = [*_mapping_problems(old, new, mapping), *_doubled_problems(workflow, mapping)]
    mover = _Mover(new, mapping)
    mover.move(workflow)
    if found or mover.refusals:
        return _refused([*found, *mover.refusals], mover)
    try:
        mover.arm_added(workflow)
        for name, value in (variables or {}).items():
            if name not in workflow.data:
                assign(workflow.task_tree, name, value)
    except ElementFailed as failure:
        text = f"加わる境界イベントの期日を決められません（{failure.cause}）。"
        return _refused([Problem(failure.element_id, text)], mover)
    return _checked(dump(workflow), new, host, mover, judge)


def _checked(moved: bytes, new: ProcessSpecs, host: Host, mover: _Mover, judge: Judge | None) -> MovePlan:
    """The moved snapshot, loaded as the next step will load it, with what must hold for it."""
    workflow = load(new, host, moved)
    refusals = [Problem("", text + "。") for text in problems(workflow)]
    verdict = None if judge is None else judge(places(workflow))
    refusals += hanging_joins(workflow) if verdict is None else verdict
    if refusals:
        return _refused(refusals, mover)
    return MovePlan(moved, (), _unique(mover.notes), mover.elements, verdict is not None)


def _refused(refusals: Sequence[Problem], mover: _Mover | None = None) -> MovePlan:
    notes, elements = (mover.notes, mover.elements) if mover else ([], {})
    return MovePlan(None, _unique(refusals), _unique(notes), elements, decided=False)


def _unique(found: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(found))


def _mapping_problems(old: ProcessSpecs, new: ProcessSpecs, mapping: Mapping[str, str]) -> Iterator[Problem]:
    for source, target in mapping.items():
        if source not in old.element_ids:
            yield Problem(source, f"対応表の「{source}」は、いまの版にありません。")
        if target not in new.element_ids:
            yield Problem(target, f"対応表の「{target}」は、新しい版にありません。")


def _doubled_problems(workflow: InstanceWorkflow, mapping: Mapping[str, str]) -> Iterator[Problem]:
    """Two different elements on which tokens stand must not become one: people could not tell them apart."""
    for process in workflow.processes():
        sources: dict[str, set[str]] = {}
        for task in process.tasks.values():
            if task._state & TaskState.NOT_FINISHED_MASK:
                name = element_id(task.task_spec)
                sources.setdefault(mapping.get(name, name), set()).add(name)
        for target, names in sources.items():
            if len(names) > 1:
                words = "、".join(sorted(names))
                yield Problem(
                    target, f"開いている{words}が、1つの要素「{target}」に重なります。別の要素を選んでください。"
                )


# ---------------------------------------------------------------- the tokens


@dataclass
class _Mover:
    new: ProcessSpecs
    mapping: Mapping[str, str]
    refusals: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    elements: dict[str, str] = field(default_factory=dict)
    added: list[tuple[Task, Any]] = field(default_factory=list)  #: (open activity, spec of its new boundary event)

    def move(self, workflow: Any) -> None:
        """Give every token its new spec, the processes from the outermost inwards; refusals and notes are kept."""
        targets: dict[object, Any] = {None: self.new.process}
        old_specs = {None: workflow.spec} | {owner: nested.spec for owner, nested in workflow.subprocesses.items()}
        running = {None: workflow} | dict(workflow.subprocesses)
        for owner, process in running.items():
            target = targets.get(owner)
            if target is None:
                continue  # the owner itself was refused
            for task in _ProcessMover(self, process, old_specs[owner], target).move():
                if isinstance(task.task_spec, NestedProcess):
                    targets[task.id] = self.new.nested[task.task_spec.spec]
        workflow.ended = dict.fromkeys(self.mapping.get(name, name) for name in workflow.ended)
        workflow.subprocess_specs = self.new.nested

    def arm_added(self, workflow: InstanceWorkflow) -> None:
        """Boundary events that the new version adds to open activities start to wait now."""
        for activity, spec in self.added:
            event = activity.parent._add_child(spec, TaskState.WAITING)
            event.triggered = True
            spec._update(event)

    def refuse(self, spec: Any, text: str) -> None:
        self.refusals.append(Problem(element_id(spec), text))

    def note(self, spec: Any, text: str) -> None:
        self.notes.append(Problem(element_id(spec), text))


class _ProcessMover:
    """Moves the tokens of one process: the instance's own, or that of one running sub-process or call."""

    def __init__(self, mover: _Mover, process: Any, old: Any, new: Any) -> None:
        self.mover, self.process = mover, process
        self.old: Mapping[str, Any] = old.task_specs
        self.new: Mapping[str, Any] = new.task_specs
        self.old_name, self.new_spec = old.name, new
        self.split_added = False

    def to(self, name: str) -> str:
        """The new name of a spec; internal ones follow the element they belong to."""
        for suffix in (SPLIT_SUFFIX, INSTANCE_SUFFIX):
            if name.endswith(suffix):
                return self.to(name.removesuffix(suffix)) + suffix
        if name == self.old_name + _END_JOIN:
            return str(self.new_spec.name) + _END_JOIN
        return self.mover.mapping.get(name, name)

    def move(self) -> list[Task]:
        """Returns the tokens that have their new spec."""
        tasks = [task for task in self.process.tasks.values() if not isinstance(task.task_spec, BoundaryEventSplit)]
        moved = [task for task in tasks if self._move_task(task)]
        for task in moved:
            if _may_have_events(task):
                self._move_events(task)
        self.process.spec = self.new_spec
        if self.split_added:
            self._parents_first()
        return moved

    def _move_task(self, task: Task) -> bool:
        old = task.task_spec
        new = self.new.get(self.to(old.name))
        if isinstance(old, Boundary) and task._state == TaskState.WAITING and not self._still_attached(task, new):
            self._drop(task)
            self.mover.note(old, f"境界イベント{label(old)}は、新しい版のこの場所にないため、なくなります。")
            return False
        if new is None:
            self.mover.refuse(old, self._absence(old))
            return False
        if type(old) is not type(new):
            self.mover.refuse(old, f"{label(old)}の種類が、{kind_ja(old)}から{kind_ja(new)}に変わっています。")
            return False
        change = element_change(old, new, task, self.to)
        self.mover.refusals += change.refusals
        self.mover.notes += change.notes
        self._apply(task, new, change)
        return True

    def _absence(self, old: Any) -> str:
        if self.to(old.name) in self.mover.new.element_ids:
            return f"{label(old)}は、新しい版では別のサブプロセスの中にあります。同じ場所の要素を選んでください。"
        return f"{label(old)}は、新しい版にありません。移す先の要素を選んでください。"

    def _apply(self, task: Task, new: Any, change: Change) -> None:
        old = task.task_spec
        if task._state & TaskState.NOT_FINISHED_MASK and not isinstance(old, EndJoin):
            self.mover.elements[element_id(old)] = element_id(new)
            for branch, definition in branches_of(task) if hasattr(old, "event_definition") else ():
                if branch is not None and isinstance(definition, HostTimer):
                    self.mover.elements[branch] = self.to(branch)
        if isinstance(old, Join):
            self._move_arrival(task, new)
        task.internal_data.update(change.internal)
        if task.data and old.name.endswith(INSTANCE_SUFFIX):
            loop, new_loop = (
                one[name.removesuffix(INSTANCE_SUFFIX)] for one, name in ((self.old, old.name), (self.new, new.name))
            )
            task.data = renamed_locals(loop, new_loop, task.data)
        task.task_spec = new

    def _move_arrival(self, task: Task, new: Any) -> None:
        """A token that waits at a join came by a flow that the new version must have."""
        source = self.to(str(task.internal_data[CAME_FROM]))
        if source not in new._inputs:
            words = label(self.new[source]) if source in self.new else f"「{source}」"
            self.mover.refuse(
                task.task_spec,
                f"{label(task.task_spec)}に着いた流れの元{words}が、新しい版ではこの合流につながっていません。",
            )
        task.internal_data[CAME_FROM] = source

    # ------------------------------------------------------------ boundary events

    def _still_attached(self, event: Task, new: Any) -> bool:
        if not isinstance(new, Boundary):
            return False
        host = event.parent.task_spec.name.removesuffix(SPLIT_SUFFIX)
        split = self.new.get(self.to(host) + SPLIT_SUFFIX)
        return split is not None and new.name in split._outputs

    def _move_events(self, task: Task) -> None:
        """Put the split above an open activity, or take it away, as the new version has it; find new events."""
        activity = task.task_spec
        old_split = task.parent.task_spec if isinstance(task.parent.task_spec, BoundaryEventSplit) else None
        new_split = self.new.get(activity.name + SPLIT_SUFFIX)
        had = {self.to(name) for name in (old_split._outputs if old_split is not None else ())}
        if new_split is None:
            if old_split is not None:
                self._hang(task, self.process.task_tree)
            return
        if old_split is None:
            self._hang(task, self._new_split(task, new_split))
        else:
            task.parent.task_spec = new_split
        for name in new_split._outputs:
            if name not in had and name != activity.name:
                self.mover.added.append((task, self.new[name]))
                self.mover.note(self.new[name], _added_words(self.new[name]))

    def _new_split(self, task: Task, spec: Any) -> Task:
        split = self.process.task_tree._add_child(spec, TaskState.FUTURE)
        split.triggered, split._state = True, TaskState.COMPLETED
        self.split_added = True
        return split

    def _hang(self, task: Task, parent: Task) -> None:
        task.parent._children.remove(task.id)
        task._parent = parent.id
        parent._children.append(task.id)

    def _drop(self, task: Task) -> None:
        task.parent._children.remove(task.id)
        del self.process.tasks[task.id]

    def _parents_first(self) -> None:
        """A snapshot names a parent before its children; the order among the open tokens stays."""
        tasks = self.process.tasks
        splits = [task for task in tasks.values() if isinstance(task.task_spec, BoundaryEventSplit)]
        root = self.process.task_tree
        self.process.tasks = {root.id: root} | {task.id: task for task in splits} | tasks


def _may_have_events(task: Task) -> bool:
    """Whether a task is an activity of its own: not an event of one, an instance of one, or the internal start."""
    spec = task.task_spec
    is_open = bool(task._state & TaskState.NOT_FINISHED_MASK)
    return (
        is_open and not isinstance(spec, (Boundary, Start, EndJoin, Join)) and not spec.name.endswith(INSTANCE_SUFFIX)
    )


def _added_words(spec: Any) -> str:
    if isinstance(spec.event_definition, HostTimer):
        return f"境界タイマー{label(spec)}が加わります。期間は、移した時から数えます。"
    return f"境界イベント{label(spec)}が加わります。移した時から待ち始めます。"
