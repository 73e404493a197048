"""What goes into and comes out of the runner: plain data, no class of the BPMN library.

All instants are aware UTC datetimes. A ``ref`` is the identity of one open token: it is unique
within its instance and keeps its value over every save and load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

#: what a process variable may hold; lists and objects hold the same again
Value = bool | int | Decimal | str | date | datetime | list[object] | dict[str, object] | None
#: identity of a waiting timer or event: the token, and the branch behind an event gateway (else None)
EventKey = tuple[str, str | None]


@dataclass(frozen=True)
class Problem:
    """One reason why a definition is refused; ``element_id`` is empty when the file as a whole is meant."""

    element_id: str
    message_ja: str


@dataclass(frozen=True)
class OperationCall:
    """A service task reached by a token, with its inputs already evaluated.

    iteration: unique per visit of the element in the instance, so (instance, element_id, iteration) is the
    key under which an operation is idempotent. variables: read-only view of everything visible there.
    """

    name: str
    element_id: str
    ref: str
    iteration: str
    inputs: Mapping[str, object]
    variables: Mapping[str, object]


class Host(Protocol):
    """What the services lend to the runner for one advance."""

    @property
    def now(self) -> datetime:
        """The instant of this advance, aware UTC."""

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]:
        """The functions that expressions may call, bound to calendar and clock."""

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        """Carry out a service task inside the running transaction; returns its results by name."""

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        """Evaluate the decision table ``ref``; returns its outputs by name, in the order of the table.

        Raises DecisionFailed when the table has no answer; the instance then stops with an incident.
        """


class CloseKind(StrEnum):
    """How an open task went away."""

    COMPLETED = "completed"  #: a person completed it in this step
    CANCELLED = "cancelled"  #: an event, a terminate end or a completion condition took it away


class HistoryKind(StrEnum):
    """What happened to an element."""

    STARTED = "started"  #: a token reached the element
    COMPLETED = "completed"  #: the element was finished
    CANCELLED = "cancelled"  #: the element was open and was taken away
    FIRED = "fired"  #: a waiting event happened
    THROWN = "thrown"  #: a message, signal, error or escalation was thrown


@dataclass(frozen=True)
class OpenTask:
    """A user or manual task that waits for a person.

    An instance of a multi-instance activity carries the activity's own ``element_id``, its ``index`` and its
    ``locals`` (item, output item, loop_index). iteration: unique per visit of the element. variables: those of the
    process that the task is drawn in, ``process_id``.
    """

    ref: str
    element_id: str
    iteration: str
    locals: dict[str, object]
    process_id: str
    index: int | None
    variables: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class ClosedTask:
    """A user or manual task of the last snapshot that is no longer open."""

    ref: str
    element_id: str
    how: CloseKind


@dataclass(frozen=True)
class TimerMoment:
    """A pending timer. attached_to: ref of the open task whose boundary event it is, if that is a user task."""

    ref: str
    branch: str | None
    element_id: str
    due: datetime
    attached_to: str | None
    cycle: bool


@dataclass(frozen=True)
class Subscription:
    """A pending message: catch event, receive task, boundary event, event gateway branch or message start.

    variables: everything that is visible where it waits.
    """

    ref: str
    branch: str | None
    element_id: str
    message: str
    variables: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Thrown:
    """A message thrown in this step; ``key`` is unique within the instance, for exactly-once delivery.

    variables: everything that is visible where it was thrown.
    """

    key: str
    element_id: str
    message: str
    payload: dict[str, object]
    variables: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class HistoryEntry:
    """One line of the instance's history."""

    element_id: str
    ref: str
    kind: HistoryKind
    at: datetime


@dataclass(frozen=True)
class Advance:
    """The result of one step: what to store, and what changed.

    variables: all of the instance's own variables. changed: those set to another value in this step.
    timers and subscriptions list everything pending after the step, not only what is new; waits_as_before: they are
    the same as before the step, with the same due instants.
    """

    snapshot: bytes
    variables: dict[str, object]
    changed: dict[str, object]
    opened: tuple[OpenTask, ...]
    closed: tuple[ClosedTask, ...]
    timers: tuple[TimerMoment, ...]
    subscriptions: tuple[Subscription, ...]
    thrown: tuple[Thrown, ...]
    history: tuple[HistoryEntry, ...]
    completed: bool
    ended: tuple[str, ...]
    waits_as_before: bool = False


@dataclass(frozen=True)
class Marking:
    """What a stored snapshot says, without running anything."""

    open_tasks: tuple[OpenTask, ...]
    timers: tuple[TimerMoment, ...]
    subscriptions: tuple[Subscription, ...]
    variables: dict[str, object]
    completed: bool
    ended: tuple[str, ...]
    waiting: tuple[tuple[str, str], ...] = field(default=())  #: every open token: (element_id, state name)
