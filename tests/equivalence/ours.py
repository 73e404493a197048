"""Our side of the walk: an instance that is nothing but its snapshot between two acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn import reading
from engine.bpmn.api import Advance, EventKey, OperationCall
from engine.bpmn.events import branches_of
from engine.bpmn.invariants import problems
from engine.bpmn.runner import ProcessSpecs, Runner, parse_process
from engine.bpmn.snapshot import dump, load
from engine.bpmn.workflow import InstanceWorkflow
from tests.equivalence.open_things import Open, element, open_things
from tests.unit.bpmn.driving import START


class WalkHost:
    """The host of a walk: a clock that the walk moves, an oracle for conditions, and what it was asked to do."""

    def __init__(self, pick: Callable[[str, int], int]) -> None:
        self.now: datetime = START
        self.functions: Mapping[str, Callable[..., object]] = {"pick": pick}
        self.calls: list[OperationCall] = []
        self.decisions: list[str] = []

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        """Every operation says that it was done."""
        self.calls.append(call)
        return {"done": element(call.element_id)}

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        """Every table has one output, named after it."""
        self.decisions.append(ref)
        return {f"d_{ref}": ref}


class Broken(AssertionError):
    """Ours did something that it must not do."""


class Ours:
    """An instance of process ``p``. ``workflow`` is a reading of the last snapshot; no act ever runs on it."""

    def __init__(self, xml: bytes, host: WalkHost, variables: dict[str, object]) -> None:
        self.xml, self.host = xml, host
        self.specs = parse_process(xml, "p")
        self.reloads = self.parses = 0
        self.workflow: InstanceWorkflow
        self.last: Advance
        self._keep(Runner(self.specs, host).start(variables))

    def parse_again(self) -> None:
        """Go on with specs that never ran anything, as another process would."""
        self.parses += 1
        self.specs = parse_process(self.xml, "p")
        self.read()

    def continue_on(self, xml: bytes, specs: ProcessSpecs, snapshot: bytes) -> None:
        """Go on with another version of the process."""
        self.xml, self.specs = xml, specs
        self._keep(Runner(specs, self.host).reschedule(snapshot, {}))

    def open(self) -> list[Open]:
        """What waits."""
        return open_things(self.workflow.processes())

    def complete(self, ref: str, values: Mapping[str, object]) -> None:
        """A person completes a task."""
        self._keep(Runner(self.specs, self.host).complete(self.last.snapshot, ref, values))

    def fire(self, ref: str, branch: str | None) -> None:
        """A timer happens."""
        self._keep(Runner(self.specs, self.host).fire(self.last.snapshot, ref, branch))

    def deliver(self, ref: str, branch: str | None, payload: Mapping[str, object]) -> None:
        """A message arrives."""
        self._keep(Runner(self.specs, self.host).deliver(self.last.snapshot, ref, branch, payload))

    def reschedule(self, moments: Mapping[EventKey, datetime]) -> None:
        """Due instants are moved."""
        self._keep(Runner(self.specs, self.host).reschedule(self.last.snapshot, moments))

    def read(self) -> None:
        """Load the snapshot anew."""
        self.reloads += 1
        self.workflow = load(self.specs, self.host, self.last.snapshot)

    def _keep(self, advance: Advance) -> None:
        self.last = advance
        self.read()
        self._check_snapshot()

    def _check_snapshot(self) -> None:
        """What the step reported is what a reader of the snapshot finds, and reading changes nothing."""
        broken = problems(self.workflow)
        if broken:
            raise Broken(f"invariants: {broken}")
        if reading.timers(self.workflow) != self.last.timers:
            raise Broken("timers differ after the reload")
        if reading.subscriptions(self.workflow) != self.last.subscriptions:
            raise Broken("subscriptions differ after the reload")
        if (self.workflow.data, self.workflow.completed) != (self.last.variables, self.last.completed):
            raise Broken("variables or completion differ after the reload")
        if dump(load(self.specs, self.host, self.last.snapshot)) != self.last.snapshot:
            raise Broken("the snapshot changes when it is only read")

    def find(self, ref: str) -> Task | None:
        """A task of the last snapshot."""
        return self.workflow.find(ref)


def branch_of(task: Task, number: int) -> tuple[str | None, Any]:
    """The branch behind an event gateway with this number, and its event; of another event the event itself."""
    branches = branches_of(task)
    return branches[number % len(branches)]
