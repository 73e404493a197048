"""Joins that would wait for ever, found by reachability: what decides when no search over markings can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.api import Problem
from engine.bpmn.context import element_id
from engine.bpmn.joins import CAME_FROM, ParallelGateway, reachable
from engine.bpmn.workflow import InstanceWorkflow


def hanging_joins(workflow: InstanceWorkflow) -> list[Problem]:
    """Parallel joins that have, or may get, a token on one input while none can ever come by another."""
    return [problem for process in workflow.processes() for problem in _of_process(process)]


def _of_process(process: Any) -> Iterator[Problem]:
    specs: Mapping[str, Any] = process.spec.task_specs
    live = [task for task in process.tasks.values() if task._state & TaskState.NOT_FINISHED_MASK]
    for join in specs.values():
        if isinstance(join, ParallelGateway) and len(join._inputs) > 1:
            lost = _inputs_without_hope(specs, join, live)
            if lost:
                words = "、".join(label(specs[name]) for name in lost)
                yield Problem(
                    element_id(join),
                    f"{label(join)}は、{words}からの流れを待ち続けます。そこに着くものがもうありません。",
                )


def _inputs_without_hope(specs: Mapping[str, Any], join: Any, live: Iterable[Task]) -> list[str]:
    elsewhere = {task.task_spec.name for task in live if task.task_spec is not join}
    ways = [reachable(specs, name, avoid=join.name) | {name} for name in elsewhere]
    arrived = {str(task.internal_data[CAME_FROM]) for task in live if task.task_spec is join}
    inputs = set(join._inputs)
    if not arrived and not any(inputs & way for way in ways):
        return []
    return sorted(name for name in inputs - arrived if not any(name in way for way in ways))


def label(spec: Any) -> str:
    """How a person knows the element: its name on the diagram, else its id."""
    return f"「{getattr(spec, 'bpmn_name', None) or element_id(spec)}」"
