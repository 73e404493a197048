"""Joins that remember where their tokens came from, so that they need nothing of the past.

Every arrival is one waiting task with the name of its input. The library's joins read the finished tasks instead,
and go wrong in loops.
"""

from __future__ import annotations

from collections.abc import Mapping

from SpiffWorkflow.bpmn.specs import control, defaults
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.failures import RunFailed
from engine.bpmn.specs import OwnSpec

CAME_FROM = "from"  #: key of a waiting arrival: name of the spec it came from
INSTANCE_SUFFIX = " [child]"  #: the library's name for the spec of one loop instance


class Join(OwnSpec):
    """Waits for its inputs; the oldest arrival of each counts, further ones stay for the next time."""

    def _update_hook(self, task: Task) -> bool:
        if CAME_FROM not in task.internal_data:
            task.internal_data[CAME_FROM] = task.parent.task_spec.name
        task._set_state(TaskState.WAITING)
        arrived: dict[str, Task] = {}
        for other in task.workflow.tasks.values():
            if other.task_spec is self and other._state == TaskState.WAITING:
                arrived.setdefault(other.internal_data[CAME_FROM], other)
        if task not in arrived.values() or not self.is_enough(task, arrived):
            return False
        for other in arrived.values():
            if other is not task:
                other.cancel()
        return True

    def is_enough(self, task: Task, arrived: Mapping[str, Task]) -> bool:
        """May the join go on with what has arrived (input name -> waiting task)?"""
        raise NotImplementedError


class ParallelGateway(Join, defaults.ParallelGateway):
    """Waits for a token on every input, then starts every output."""

    def is_enough(self, task: Task, arrived: Mapping[str, Task]) -> bool:
        """A token on each input."""
        return len(arrived) == len(set(self._inputs))


class InclusiveGateway(Join, defaults.InclusiveGateway):
    """Joins when no token elsewhere can still come; splits to every flow whose condition holds, else the default."""

    def spread(self, task: Task) -> None:
        """Nothing ahead: the gateway makes the chosen children when it runs."""

    def is_enough(self, task: Task, arrived: Mapping[str, Task]) -> bool:
        """No open token can reach an empty input, unless it can also reach a full one (BPMN 2.0.2, 13.4.3)."""
        empty = {name for name in self._inputs if name not in arrived}
        return not empty or not any(
            self._may_come(other, empty, arrived)
            for other in task.workflow.tasks.values()
            if other._state & TaskState.NOT_FINISHED_MASK and other.task_spec is not self
        )

    def _may_come(self, other: Task, empty: set[str], arrived: Mapping[str, Task]) -> bool:
        name = other.task_spec.name
        if name.endswith(INSTANCE_SUFFIX):
            return False
        within = reachable(other.workflow.spec.task_specs, name, avoid=self.name) | {name}
        return not empty.isdisjoint(within) and within.isdisjoint(arrived)

    def _run_hook(self, task: Task) -> bool:
        matching, default = self._get_matching_outputs(task)
        if not (matching or default):
            raise RunFailed("どの条件にも当てはまらず、既定の流れもありません")
        for spec in matching or default:
            task._add_child(spec, TaskState.FUTURE)
        return True


def reachable(specs: Mapping[str, object], start: str, avoid: str) -> set[str]:
    """Names of the specs that a token at ``start`` can come to without passing ``avoid``."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        for output in specs[todo.pop()]._outputs:  # type: ignore[attr-defined]  # of the library's TaskSpec
            if output != avoid and output not in seen:
                seen.add(output)
                todo.append(output)
    return seen


class EndJoin(OwnSpec, control._EndJoin):
    """Waits until no other token of its process is open."""

    def _update_hook(self, task: Task) -> bool:
        task._set_state(TaskState.WAITING)
        rest = [
            other
            for other in task.workflow.tasks.values()
            if other._state & TaskState.NOT_FINISHED_MASK and other is not task
        ]
        if any(other.task_spec is not self for other in rest):
            return False
        for other in rest:
            other.cancel()
        return True


class BoundaryJoin(OwnSpec, control.BoundaryEventJoin):
    """The activity ended, so its waiting events go. A leaf: an interrupting event cancels in ``events.fire``."""

    def _update_hook(self, task: Task) -> bool:
        if not isinstance(task.parent.task_spec, BoundaryEvent):
            for sibling in task.parent.parent.children:
                if isinstance(sibling.task_spec, BoundaryEvent) and sibling._state == TaskState.WAITING:
                    sibling.cancel()
        task._set_state(TaskState.COMPLETED)
        return False
