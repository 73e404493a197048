"""A process instance under test: after every step it is loaded by a new runner over freshly parsed specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.bpmn.api import Advance, OperationCall
from engine.bpmn.runner import Runner, parse_process
from engine.expressions.functions import standard_functions

START = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)


class PlainDates:
    """Calendar without closed days; what a calendar does is tested elsewhere."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def today(self) -> date:
        return self.host.now.date()

    def months_after(self, start: date, months: int) -> date:
        return start + timedelta(days=30 * months)

    def business_days_after(self, start: date, days: int) -> date:
        return start + timedelta(days=days)

    def business_days_before(self, start: date, days: int) -> date:
        return start - timedelta(days=days)


class FakeHost:
    """Records the operations that it is asked to do and answers from a table."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.functions: Mapping[str, Callable[..., object]] = standard_functions(PlainDates(self))
        self.calls: list[OperationCall] = []
        self.results: dict[str, Mapping[str, object] | Exception] = {}
        self.tables: dict[str, Callable[[Mapping[str, object]], Mapping[str, object]]] = {}

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        self.calls.append(call)
        result = self.results.get(call.name, {})
        if isinstance(result, Exception):
            raise result
        return result

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        """The answer of the test's table; of a table that it does not have, the table's name."""
        return self.tables.get(ref, lambda _: {ref: ref})(scope)


class Instance:
    """One instance of process ``p``; ``open`` and ``state`` say what waits."""

    def __init__(self, xml: bytes, host: FakeHost | None = None, **variables: object) -> None:
        self.xml, self.host = xml, host or FakeHost()
        self.last = self.runner.start(variables)
        self.steps = [self.last]

    @classmethod
    def restored(cls, xml: bytes, snapshot: bytes) -> Instance:
        """An instance that another process wrote."""
        instance = cls.__new__(cls)
        instance.xml, instance.host, instance.steps = xml, FakeHost(), []
        instance.last = instance.runner.reschedule(snapshot, {})
        return instance

    @property
    def runner(self) -> Runner:
        return Runner(parse_process(self.xml, "p"), self.host)

    def _after(self, advance: Advance) -> Instance:
        self.last = advance
        self.steps.append(advance)
        return self

    def do(self, element_id: str, which: int = 0, **values: object) -> Instance:
        """Complete an open task; ``which`` of those with the same element."""
        tasks = self.runner.inspect(self.last.snapshot).open_tasks
        ref = [task.ref for task in tasks if task.element_id == element_id][which]
        return self._after(self.runner.complete(self.last.snapshot, ref, values))

    def fire(self, element_id: str) -> Instance:
        moment = next(moment for moment in self.last.timers if moment.element_id == element_id)
        return self._after(self.runner.fire(self.last.snapshot, moment.ref, moment.branch))

    def deliver(self, name: str, **payload: object) -> Instance:
        one = next(one for one in self.last.subscriptions if one.message == name)
        return self._after(self.runner.deliver(self.last.snapshot, one.ref, one.branch, payload))

    def act(self, act: tuple[Any, ...]) -> Instance:
        """('do', element, values) | ('timer', element) | ('message', name, payload)"""
        kind, name, values = act[0], act[1], act[2] if len(act) > 2 else {}
        if kind == "do":
            return self.do(name, values.get("__which", 0), **{k: v for k, v in values.items() if k != "__which"})
        return self.fire(name) if kind == "timer" else self.deliver(name, **values)

    @property
    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.runner.inspect(self.last.snapshot).open_tasks)

    @property
    def due(self) -> list[tuple[str, str]]:
        """(due instant UTC to the minute, element) of each pending timer."""
        return sorted((moment.due.strftime("%Y-%m-%dT%H:%M"), moment.element_id) for moment in self.last.timers)

    @property
    def state(self) -> str:
        """Open tasks, ``t:`` pending timers and ``m:`` pending messages, in one line; ``done`` first when completed."""
        words = ["done"] if self.last.completed else []
        words += self.open
        words += sorted(f"t:{moment.element_id}" for moment in self.last.timers)
        words += sorted(f"m:{one.message}" for one in self.last.subscriptions)
        return " ".join(words)

    @property
    def variables(self) -> dict[str, object]:
        return self.last.variables
