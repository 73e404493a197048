"""Where the open tokens of an instance stand, as a search over markings needs it."""

from __future__ import annotations

from dataclasses import dataclass

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.context import element_id, is_drawn
from engine.bpmn.joins import CAME_FROM, INSTANCE_SUFFIX
from engine.bpmn.workflow import InstanceWorkflow


@dataclass(frozen=True)
class Place:
    """One open token. came_from: for an arrival at a join, the element it came from. owner: ref of the sub-process or
    call activity (or of one instance of it) in which it stands; None at the top. event: a waiting boundary event, which
    goes with its activity. instance: one instance of a multi-instance activity or loop, which stands there as well.
    """

    ref: str
    element_id: str
    came_from: str | None
    owner: str | None
    event: bool
    instance: bool


def places(workflow: InstanceWorkflow) -> tuple[Place, ...]:
    """Every open token at an element of the diagram, in the order in which they came."""
    return tuple(
        Place(
            ref=str(task.id),
            element_id=element_id(task.task_spec),
            came_from=task.internal_data.get(CAME_FROM),
            owner=None if task.workflow.parent_task_id is None else str(task.workflow.parent_task_id),
            event=isinstance(task.task_spec, BoundaryEvent),
            instance=task.task_spec.name.endswith(INSTANCE_SUFFIX),
        )
        for task in workflow.all_tasks()
        if task._state & TaskState.NOT_FINISHED_MASK
        and is_drawn(task.task_spec)
        and not isinstance(task.task_spec, BoundaryEventSplit)
    )
