"""What is put in the place of a part of the engine, to see whether a walk notices. Each takes the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import context, events, timers, workflow
from engine.bpmn import variables as scoping
from engine.bpmn.moments import after


def always(value: object) -> Callable[[Any], Any]:
    """A function that answers the same to everything."""
    return lambda _: lambda *args, **kwargs: value


def loaded_without(key: str) -> Callable[[Any], Any]:
    """Snapshots are read without one of the things that a waiting task remembers."""

    def broken(original: Any) -> Any:
        def load_tasks(process: Any, rows: list[Any]) -> list[Task]:
            return original(process, [_without(row, key) for row in rows])

        return load_tasks

    return broken


def _without(row: list[Any], key: str) -> list[Any]:
    kept = {name: value for name, value in (row[5] or {}).items() if name != key}
    return [*row[:5], kept, row[6]]


def leaves_boundary_events(_: Any) -> Any:
    def update(self: Any, task: Task) -> bool:
        task._set_state(TaskState.COMPLETED)
        return False

    return update


def offers_to_anybody(_: Any) -> Any:
    def throw_up(task: Task, definition: Any) -> bool:
        caught = [event for event in context.run_of(task).all_tasks() if events._catches(event, definition)]
        for event in caught:
            events.fire(event)
        return bool(caught)

    return throw_up


def terminates_around(original: Any) -> Any:
    """A terminate end also ends what is open beside its sub-process."""

    def on_complete(self: Any, task: Task) -> None:
        owner = context.owner_of(task)
        if owner is not None and isinstance(self.event_definition, events.simple.TerminateEventDefinition):
            for other in list(owner.workflow.tasks.values()):
                if other._state & TaskState.NOT_FINISHED_MASK and other is not owner:
                    other.cancel()
        original(self, task)

    return on_complete


def chain_through_calls(_: Any) -> Any:
    def chain(task: Task) -> list[dict[str, object]]:
        found = [owner.data for owner in _around(task) if owner.data]
        return [*found, task.workflow.top_workflow.data]

    return chain


def _around(task: Task) -> Iterator[Task]:
    around: Task | None = task
    while around is not None:
        yield around
        around = context.owner_of(around)


def runs_cancelled(_: Any) -> Any:
    def run(self: Any, task: Task | None = None) -> None:
        if task is not None:
            self._run_one(task)
        while ready := [one for one in self.all_tasks() if workflow._runs_by_itself(one)]:
            for one in ready:
                self._run_one(one)

    return run


def forgets_to_count(original: Any) -> Any:
    def merge(self: Any, task: Task, child: Task) -> None:
        task.internal_data["done"] = 0
        original(self, task, child)

    return merge


def noted_twice(original: Any) -> Any:
    def note(task: Task, kind: Any) -> None:
        original(task, kind)
        original(task, kind)

    return note


def wakes_cancelled(_: Any) -> Any:
    def completed(self: Any, nested: object, task: Task) -> None:
        task._set_state(TaskState.READY)

    return completed


def without_splits(original: Any) -> Any:
    def keep(tasks: dict[object, Any]) -> set[object]:
        return {key for key in original(tasks) if not isinstance(tasks[key].task_spec, BoundaryEventSplit)}

    return keep


def loses_the_last_item(original: Any) -> Any:
    def items(self: Any, task: Task) -> list[object]:
        found = original(self, task)
        return found[:-1] if len(found) > 1 else found

    return items


def in_order_of_completion(_: Any) -> Any:
    def finish(self: Any, task: Task) -> None:
        if self.data_output is not None:
            scoping.assign(task, self.data_output.bpmn_id, [value for _, value in task.internal_data["out"]])

    return finish


def takes_the_first_branch(original: Any) -> Any:
    def fire(task: Task, branch: str | None = None) -> None:
        original(task, None if branch is None else task.task_spec._outputs[0])

    return fire


def drifts(original: Any) -> Any:
    def next_turn(self: Any, task: Task) -> dict[str, Any] | None:
        found = original(self, task)
        if found is not None:
            found[timers.DUE] = after(context.run_of(task).host.now, found["every"]).isoformat()
        return found

    return next_turn


def never_ends(original: Any) -> Any:
    def next_turn(self: Any, task: Task) -> dict[str, Any] | None:
        task.internal_data["left"] = 9
        return original(self, task)

    return next_turn


def reckons_again(original: Any) -> Any:
    def load_tasks(process: Any, rows: list[Any]) -> list[Task]:
        found = original(process, rows)
        for task in found:
            if timers.DUE in task.internal_data:
                late = datetime.fromisoformat(task.internal_data[timers.DUE])
                task.internal_data[timers.DUE] = max(late, context.run_of(task).host.now).isoformat()
        return found

    return load_tasks


def starts_all(_: Any) -> Any:
    return False


def waits_for_all(_: Any) -> Any:
    return lambda self, task, arrived: len(arrived) == len(set(self._inputs))


def ends_unnamed(original: Any) -> Any:
    def on_complete(self: Any, task: Task) -> None:
        original(self, task)
        context.run_of(task).ended.clear()

    return on_complete


def keeps_arrivals(original: Any) -> Any:
    """A join lets the other arrivals lie."""

    def update(self: Any, task: Task) -> bool:
        cancel, Task.cancel = Task.cancel, lambda task: None
        try:
            return original(self, task)
        finally:
            Task.cancel = cancel

    return update


def moves_without_arrivals(_: Any) -> Any:
    def move_arrival(self: Any, task: Task, new: Any) -> None:
        """The name of the flow stays that of the old version."""

    return move_arrival


def nothing(_: Any) -> Any:
    return lambda *args, **kwargs: None
