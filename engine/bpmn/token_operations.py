"""Repairs of a running instance by hand: move a token, skip what waits, cancel a branch, correct a variable.

Each is a function of a snapshot: it returns the Advance to store, or raises ChangeRefused with every reason and has
changed nothing. Refused is above all what would leave a join waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import Advance, HistoryKind, Host, Problem
from engine.bpmn.context import element_id, is_drawn
from engine.bpmn.events import Boundary, EventGateway, StartEvent, branches_of, fire, is_waiting_event
from engine.bpmn.hanging import hanging_joins, label
from engine.bpmn.joins import INSTANCE_SUFFIX, EndJoin, Join
from engine.bpmn.loops import MultiInstance
from engine.bpmn.moving import SPLIT_SUFFIX, Judge
from engine.bpmn.parser import ProcessSpecs
from engine.bpmn.places import Place, places
from engine.bpmn.reading import is_open_task
from engine.bpmn.runner import Runner
from engine.bpmn.snapshot import load
from engine.bpmn.specs import End, Start
from engine.bpmn.variables import assign
from engine.bpmn.workflow import InstanceWorkflow
from engine.domain.errors import ChangeRefused, InstanceFailed, NotOpen

Act = Callable[[InstanceWorkflow], None]


class TokenOperations:
    """Repairs of instances of one parsed process. Refs are those of open tokens (``places``); NotOpen for others.

    judge: decides whether the changed instance can still come to its end (see ``moving.Judge``).
    """

    def __init__(self, specs: ProcessSpecs, host: Host, judge: Judge | None = None) -> None:
        self._specs, self._host, self._judge = specs, host, judge

    def places(self, snapshot: bytes) -> tuple[Place, ...]:
        """The open tokens of an instance, with the refs that the operations take."""
        return places(load(self._specs, self._host, snapshot))

    def move_token(self, snapshot: bytes, ref: str, target: str) -> Advance:
        """Take the token away and put a new one before the element ``target`` of the same process."""

        def act(workflow: InstanceWorkflow) -> None:
            task = _open_token(workflow, ref)
            _place(task, target)  # first, or the scope might end in between
            _drop(task)

        return self._checked(snapshot, act)

    def skip(
        self, snapshot: bytes, ref: str, *, branch: str | None = None, values: Mapping[str, object] | None = None
    ) -> Advance:
        """Go on behind the element as if it were done; ``values`` become variables.

        branch: which event of an event gateway counts as happened. A sub-process or call is ended with all that is
        open in it (a call hands nothing back), a multi-instance activity keeps the results so far.
        """
        return self._checked(
            snapshot, lambda workflow: _skip(workflow, _open_token(workflow, ref), branch, values or {})
        )

    def cancel_branch(self, snapshot: bytes, ref: str) -> Advance:
        """Take the token away with everything inside it; the other branches go on."""
        return self._checked(snapshot, lambda workflow: _drop(_open_token(workflow, ref)))

    def correct(self, snapshot: bytes, values: Mapping[str, object]) -> Advance:
        """Set variables of the instance's own process and nothing else, before a failed step is tried again."""

        def act(workflow: InstanceWorkflow) -> None:
            for name, value in values.items():
                assign(workflow.task_tree, name, value)

        return self._checked(snapshot, act)

    def _checked(self, snapshot: bytes, act: Act) -> Advance:
        def settled(workflow: InstanceWorkflow) -> None:
            act(workflow)
            for process in workflow.processes():
                process.update_waiting_tasks()

        try:
            result = Runner(self._specs, self._host).change(snapshot, settled)
        except InstanceFailed as failure:
            raise ChangeRefused(
                [Problem(failure.element_id, f"この変更のあと、先に進めません（{failure.cause}）。")]
            ) from failure
        if not result.completed:
            self._refuse_hanging(result.snapshot)
        return result

    def _refuse_hanging(self, snapshot: bytes) -> None:
        workflow = load(self._specs, self._host, snapshot)
        verdict = None if self._judge is None else self._judge(places(workflow))
        reasons = hanging_joins(workflow) if verdict is None else list(verdict)
        if reasons:
            raise ChangeRefused(reasons)


def _refuse(spec: Any, text: str) -> ChangeRefused:
    return ChangeRefused([Problem(element_id(spec), text)])


def _open_token(workflow: InstanceWorkflow, ref: str) -> Task:
    task = workflow.find(ref)
    if task is None or not task._state & TaskState.NOT_FINISHED_MASK or not is_drawn(task.task_spec):
        raise NotOpen(f"token {ref}")
    return task


# ---------------------------------------------------------------- placing and dropping


def _place(task: Task, target: str) -> None:
    """A new token before ``target`` in the process in which ``task`` lives; its boundary events start anew."""
    if task.task_spec.name.endswith(INSTANCE_SUFFIX):
        raise _refuse(task.task_spec, _ONE_INSTANCE.format(label(task.task_spec)))
    if isinstance(task.task_spec, Boundary):
        raise _refuse(task.task_spec, _EVENT.format(label(task.task_spec)))
    specs: Mapping[str, Any] = task.workflow.spec.task_specs
    spec = specs.get(target)
    if spec is None or not is_drawn(spec) or target.endswith(INSTANCE_SUFFIX):
        raise ChangeRefused(
            [Problem(target, f"「{target}」は、この流れの中にありません。同じ流れの要素を選んでください。")]
        )
    if isinstance(spec, (Boundary, StartEvent, Start, End, EndJoin)):
        raise _refuse(spec, f"{label(spec)}には移せません。その先の要素を選んでください。")
    if isinstance(spec, Join) and len(specs[target]._inputs) > 1:
        raise _refuse(spec, f"{label(spec)}は合流です。その前か後の要素を選んでください。")
    if any(isinstance(specs[name], EventGateway) for name in spec._inputs):
        raise _refuse(spec, f"{label(spec)}は、イベントゲートウェイの先にあります。ゲートウェイを選んでください。")
    spec = specs.get(target + SPLIT_SUFFIX, spec)
    token = task.workflow.task_tree._add_child(spec, TaskState.FUTURE)
    token.triggered = True
    spec._update(token)


def _drop(task: Task) -> None:
    """Take a token away with everything inside it; its boundary events go too."""
    if task.task_spec.name.endswith(INSTANCE_SUFFIX):
        raise _refuse(task.task_spec, _ONE_INSTANCE.format(label(task.task_spec)))
    if isinstance(task.task_spec, Boundary):
        raise _refuse(task.task_spec, _EVENT.format(label(task.task_spec)))
    together = task.parent.children if isinstance(task.parent.task_spec, BoundaryEventSplit) else [task]
    for one in together:
        if one._state & TaskState.NOT_FINISHED_MASK:
            one.cancel()


_ONE_INSTANCE = "{}は、複数の実施のうちの1件です。1件だけを移したり取りやめたりはできません。飛ばしてください。"
_EVENT = "{}は境界イベントです。もとの要素を選んでください。"


# ---------------------------------------------------------------- skipping


def _skip(workflow: InstanceWorkflow, task: Task, branch: str | None, values: Mapping[str, object]) -> None:
    spec = task.task_spec
    if isinstance(spec, Boundary):
        raise _refuse(spec, _EVENT.format(label(spec)))
    for name, value in values.items():
        assign(task, name, value)
    if is_waiting_event(task):
        fire(task, _chosen(task, branch))
    elif is_open_task(task):
        workflow.run(task)
    elif task._state == TaskState.STARTED:
        _end_inside(workflow, task)
        task._set_state(TaskState.READY)
        workflow.run(task)
    else:
        raise _refuse(spec, f"{label(spec)}は飛ばせません。待っている流れを移すか、取りやめてください。")
    workflow.history[:] = [
        replace(entry, kind=HistoryKind.CANCELLED)
        if entry.ref == str(task.id) and entry.kind in (HistoryKind.COMPLETED, HistoryKind.FIRED)
        else entry
        for entry in workflow.history
    ]


def _chosen(task: Task, branch: str | None) -> str | None:
    """The branch of an event gateway that counts as happened; None for a plain event."""
    branches = [name for name, _ in branches_of(task)]
    if branches == [None]:
        return None
    if branch not in branches:
        words = "、".join(f"「{name}」" for name in branches)
        raise _refuse(
            task.task_spec, f"{label(task.task_spec)}の先の、どのイベントで進めるかを選んでください（{words}）。"
        )
    return branch


def _end_inside(workflow: InstanceWorkflow, task: Task) -> None:
    """Cancel what runs inside an activity, without waking the activity itself."""
    for child in task.children:
        if child._state & TaskState.NOT_FINISHED_MASK:
            child.cancel()
    if isinstance(task.task_spec, MultiInstance):
        task.task_spec.finish(task)
    nested = workflow.subprocesses.pop(task.id, None)
    if nested is not None:
        nested.cancel()
