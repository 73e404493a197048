"""Advance one process instance until it waits.

A runner holds no state between calls: what an instance is lies in its snapshot. After any exception the object is
dropped and the snapshot that the caller has stays valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from SpiffWorkflow.task import Task

from engine.bpmn import reading
from engine.bpmn.api import Advance, ClosedTask, CloseKind, EventKey, Host, Marking, Subscription, TimerMoment
from engine.bpmn.events import Message, branches_of, fire, is_waiting_event
from engine.bpmn.failures import ElementFailed, HostRefusal
from engine.bpmn.invariants import problems
from engine.bpmn.parser import ProcessSpecs, parse_process
from engine.bpmn.snapshot import dump, load
from engine.bpmn.timers import DUE, DUES, HostTimer
from engine.bpmn.values import same
from engine.bpmn.variables import assign
from engine.bpmn.workflow import InstanceWorkflow
from engine.domain.errors import EngineError, ExpressionError, InstanceFailed, NotOpen

__all__ = ["ProcessSpecs", "Runner", "parse_process"]


class Runner:
    """Runs instances of one parsed process with what the services lend for one advance.

    Every method but ``inspect`` returns an Advance, or raises: NotOpen when what is asked does not wait any more;
    InstanceFailed (BudgetExceeded) when the instance cannot go on, with the element and the cause; a refusal of the
    host's operation unchanged; SnapshotUnreadable.
    """

    def __init__(self, specs: ProcessSpecs, host: Host) -> None:
        if host.now.tzinfo is None:
            raise ValueError("the host's instant has no time zone")
        self._specs, self._host = specs, host

    def start(self, variables: Mapping[str, object]) -> Advance:
        """Start an instance with its first variables and run until it waits.

        A process with a message start event waits at that event: deliver the message to its subscription.
        """
        return self._guarded(lambda: self._start(variables))

    def complete(self, snapshot: bytes, ref: str, values: Mapping[str, object]) -> Advance:
        """Complete the open task ``ref``; ``values`` become variables (or locals of its multi-instance)."""
        return self._guarded(lambda: self._complete(snapshot, ref, values))

    def fire(self, snapshot: bytes, ref: str, branch: str | None) -> Advance:
        """Let a timer happen, whatever its due instant: the host's timer row is the truth."""
        return self._guarded(lambda: self._happen(snapshot, (ref, branch), HostTimer, {}))

    def deliver(self, snapshot: bytes, ref: str, branch: str | None, payload: Mapping[str, object]) -> Advance:
        """Hand a message to what waits for it; the payload (already allow-listed) becomes variables."""
        return self._guarded(lambda: self._happen(snapshot, (ref, branch), Message, payload))

    def reschedule(self, snapshot: bytes, moments: Mapping[EventKey, datetime]) -> Advance:
        """Move due instants (aware) of waiting timers and nothing else: no step is run."""
        return self._guarded(lambda: self._reschedule(snapshot, moments))

    def change(self, snapshot: bytes, act: Callable[[InstanceWorkflow], None]) -> Advance:
        """Let ``act`` change the open tokens by hand, then run until the instance waits (``token_operations``)."""
        return self._guarded(lambda: self._change(snapshot, act))

    def inspect(self, snapshot: bytes) -> Marking:
        """Read a snapshot without running anything."""
        return reading.marking(load(self._specs, self._host, snapshot))

    # ------------------------------------------------------------ the steps

    def _start(self, variables: Mapping[str, object]) -> Advance:
        workflow = InstanceWorkflow(self._specs, self._host)
        step = _Step(workflow)
        for name, value in variables.items():
            _assign(workflow.task_tree, name, value)
        workflow.run()
        return step.result()

    def _complete(self, snapshot: bytes, ref: str, values: Mapping[str, object]) -> Advance:
        workflow = load(self._specs, self._host, snapshot)
        step = _Step(workflow, completing=ref)
        task = workflow.find(ref)
        if task is None or not reading.is_open_task(task):
            raise NotOpen(f"task {ref}")
        for name, value in values.items():
            _assign(task, name, value)
        workflow.run(task)
        return step.result()

    def _happen(self, snapshot: bytes, key: EventKey, kind: type, payload: Mapping[str, object]) -> Advance:
        workflow = load(self._specs, self._host, snapshot)
        step = _Step(workflow)
        task = _waiting(workflow, key, kind)
        for name, value in payload.items():
            _assign(task, name, value)
        fire(task, key[1])
        workflow.run()
        return step.result()

    def _reschedule(self, snapshot: bytes, moments: Mapping[EventKey, datetime]) -> Advance:
        workflow = load(self._specs, self._host, snapshot)
        step = _Step(workflow)
        for key, moment in moments.items():
            if moment.tzinfo is None:
                raise ValueError("a due instant has no time zone")
            task, due = _waiting(workflow, key, HostTimer), moment.astimezone(UTC).isoformat()
            if key[1] is None:
                task.internal_data[DUE] = due
            else:
                task.internal_data[DUES][key[1]] = due
        return step.result()

    def _change(self, snapshot: bytes, act: Callable[[InstanceWorkflow], None]) -> Advance:
        workflow = load(self._specs, self._host, snapshot)
        step = _Step(workflow)
        act(workflow)
        workflow.run()
        return step.result()

    def _guarded(self, step: Callable[[], Advance]) -> Advance:
        """Every way in which a step can fail, as an error of the engine."""
        try:
            return step()
        except ElementFailed as failure:
            cause = failure.cause
            if isinstance(cause, HostRefusal):
                raise cause.error from None
            if isinstance(cause, InstanceFailed):
                raise cause from None
            raise InstanceFailed(failure.element_id, _words(cause)) from cause
        except EngineError:
            raise
        except Exception as error:
            raise InstanceFailed("", _words(error)) from error


class _Step:
    """What an instance was before a step, to say afterwards what changed."""

    def __init__(self, workflow: InstanceWorkflow, completing: str | None = None) -> None:
        self.workflow, self.completing = workflow, completing
        self.variables = dict(workflow.data)
        self.open = reading.open_refs(workflow)
        self.awaited = _awaited(reading.timers(workflow), reading.subscriptions(workflow))

    def result(self) -> Advance:
        """Check the invariants, write the snapshot, and report."""
        workflow = self.workflow
        snapshot = dump(workflow)
        broken = problems(workflow)
        if broken:
            raise InstanceFailed("", "。".join(broken))
        still_open = reading.open_refs(workflow)
        variables: dict[str, object] = workflow.data
        timers, subscriptions = reading.timers(workflow), reading.subscriptions(workflow)
        return Advance(
            snapshot=snapshot,
            variables=variables,
            changed={name: value for name, value in variables.items() if self._changed(name, value)},
            opened=reading.open_tasks(workflow, besides=self.open),
            closed=self._closed(still_open),
            timers=timers,
            subscriptions=subscriptions,
            thrown=tuple(workflow.thrown),
            history=tuple(workflow.history),
            completed=workflow.completed,
            ended=tuple(workflow.ended),
            waits_as_before=self.awaited == _awaited(timers, subscriptions),
        )

    def _changed(self, name: str, value: object) -> bool:
        return name not in self.variables or not same(self.variables[name], value)

    def _closed(self, still_open: Mapping[str, str]) -> tuple[ClosedTask, ...]:
        return tuple(
            ClosedTask(ref, name, CloseKind.COMPLETED if ref == self.completing else CloseKind.CANCELLED)
            for ref, name in self.open.items()
            if ref not in still_open
        )


def _awaited(timers: tuple[TimerMoment, ...], subscriptions: tuple[Subscription, ...]) -> tuple[object, object]:
    """What an instance waits for, to be compared: which tokens, and until when."""
    return {(t.ref, t.branch, t.due) for t in timers}, {(s.ref, s.branch) for s in subscriptions}


def _waiting(workflow: InstanceWorkflow, key: EventKey, kind: type) -> Task:
    """The task that waits for an event of this kind; NotOpen if none does."""
    task = workflow.find(key[0])
    if task is not None and is_waiting_event(task):
        for branch, definition in branches_of(task):
            if branch == key[1] and isinstance(definition, kind):
                return task
    raise NotOpen(f"event {key[0]}")


def _assign(task: Task, name: str, value: object) -> None:
    try:
        assign(task, name, value)
    except Exception as error:
        raise InstanceFailed("", f"変数「{name}」: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """The cause of an incident as a person can read it; other errors with their class, for the log."""
    if isinstance(error, ExpressionError):
        return f"式「{error.expression}」: {error.reason}"
    text = str(error)
    return text if type(error).__module__ == "engine.bpmn.failures" else f"{type(error).__name__}: {text}"
