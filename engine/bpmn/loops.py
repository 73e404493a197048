"""Multi-instance activities and standard loops.

Items are frozen when the activity starts; results are kept by index and come out in the order of the items. Each
instance has locals: the item, the output item and ``loop_index``.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import HistoryKind
from engine.bpmn.context import note
from engine.bpmn.failures import ElementFailed, RunFailed
from engine.bpmn.script_engine import evaluate_at
from engine.bpmn.specs import OwnSpec
from engine.bpmn.values import checked_copy
from engine.bpmn.variables import assign

LOOP_INDEX = "loop_index"  #: local of every instance: 0, 1, 2 ...
MAX_INSTANCES = 1_000  #: instances of one multi-instance activity


class Loop(OwnSpec):
    """An activity that runs another spec, its instance, several times."""

    task_spec: str  #: name of the instance's spec
    bpmn_id: str

    def add_instance(self, task: Task, data: dict[str, object]) -> None:
        """Start one instance with its locals."""
        spec = task.workflow.spec.task_specs[self.task_spec]
        child = task._add_child(spec, TaskState.FUTURE)
        child.triggered = True
        child.data = data
        spec._update(child)

    def instance_ended(self, workflow: object, child: Task) -> None:
        """Called by the instance's spec when an instance is complete."""
        try:
            self.merge(child.parent, child)
        except ElementFailed:
            raise
        except Exception as error:
            raise ElementFailed(self.bpmn_id, error) from error

    def merge(self, task: Task, child: Task) -> None:
        """Take over the result of one instance; start the next, or finish."""
        raise NotImplementedError

    def _on_complete_hook(self, task: Task) -> None:
        if not task.internal_data.get("done"):  # the instances are the history of the activity, unless there were none
            note(task, HistoryKind.COMPLETED)
        TaskSpec._on_complete_hook(self, task)


class StandardLoop(Loop, defaults.StandardLoopTask):
    """Repeats while its condition holds, at most ``maximum`` times."""

    def _update_hook(self, task: Task) -> bool:
        task.internal_data["done"] = 0
        if self.test_before and self._is_over(task):
            return True
        task._set_state(TaskState.STARTED)
        self.add_instance(task, {LOOP_INDEX: 0})
        return False

    def _is_over(self, task: Task) -> bool:
        if self.maximum is not None and task.internal_data["done"] >= self.maximum:
            return True
        return self.condition is not None and not evaluate_at(task, self.condition)

    def merge(self, task: Task, child: Task) -> None:
        """Count the turn; the next one starts unless the loop is over."""
        task.internal_data["done"] += 1
        if self._is_over(task):
            task._set_state(TaskState.READY)
        else:
            self.add_instance(task, {LOOP_INDEX: task.internal_data["done"]})


class MultiInstance(Loop):
    """One instance per item of a list, or as many as a cardinality says."""

    is_sequential: bool
    cardinality: str | None
    data_input: Any  #: these five come from the library's parser; each has the name in ``bpmn_id``
    data_output: Any
    input_item: Any
    output_item: Any
    condition: str | None

    def _update_hook(self, task: Task) -> bool:
        items = self._items(task)
        task.internal_data.update(out=[], count=len(items), done=0)
        if not items:
            self.finish(task)
            return True
        task._set_state(TaskState.STARTED)
        if self.is_sequential:
            task.internal_data["rest"] = items[1:]
        for index, item in enumerate(items[:1] if self.is_sequential else items):
            self._start_item(task, index, item)
        return False

    def _items(self, task: Task) -> list[object]:
        if self.data_input is not None:
            items = evaluate_at(task, self.data_input.bpmn_id)
        else:
            count = evaluate_at(task, str(self.cardinality))
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise RunFailed("繰り返しの回数が0以上の整数ではありません")
            items = list(range(min(count, MAX_INSTANCES + 1)))
        if not isinstance(items, list):
            raise RunFailed("繰り返しの対象が一覧ではありません")
        if len(items) > MAX_INSTANCES:
            raise RunFailed(f"繰り返しは{MAX_INSTANCES}件までです")
        return [checked_copy(item) for item in items]

    def _start_item(self, task: Task, index: int, item: object) -> None:
        data: dict[str, object] = {LOOP_INDEX: index}
        if self.input_item is not None:
            data[self.input_item.bpmn_id] = item
        if self.output_item is not None:
            data[self.output_item.bpmn_id] = None
        self.add_instance(task, data)

    def merge(self, task: Task, child: Task) -> None:
        """Keep the instance's output; finish when all are done or the completion condition holds."""
        if task._state != TaskState.STARTED:
            return
        state = task.internal_data
        state["done"] += 1
        if self.output_item is not None:
            state["out"].append([child.data[LOOP_INDEX], child.data[self.output_item.bpmn_id]])
        if self.condition is not None and evaluate_at(child, self.condition):
            for other in task.children:
                if other._state & TaskState.NOT_FINISHED_MASK:
                    other.cancel()
        elif state["done"] < state["count"]:
            if self.is_sequential:
                self._start_item(task, state["done"], state["rest"].pop(0))
            return
        self.finish(task)
        task._set_state(TaskState.READY)

    def finish(self, task: Task) -> None:
        """Hand over the results so far, in the order of the items."""
        if self.data_output is not None:
            results = sorted(task.internal_data["out"], key=lambda result: int(result[0]))
            assign(task, self.data_output.bpmn_id, [value for _, value in results])


class ParallelMultiInstance(MultiInstance, defaults.ParallelMultiInstanceTask):
    """All instances at once."""

    is_sequential = False


class SequentialMultiInstance(MultiInstance, defaults.SequentialMultiInstanceTask):
    """One instance after the other."""

    is_sequential = True
