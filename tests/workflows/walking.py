"""A drawn process walked with the real runner and made-up operations; saved and loaded at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from engine.bpmn.api import Advance, OpenTask, OperationCall
from engine.bpmn.runner import ProcessSpecs, Runner, parse_process
from engine.decisions.evaluation import evaluate
from engine.decisions.model import Table
from engine.definitions.elements import BpmnModel
from engine.definitions.model import read_model
from engine.definitions.tables import tables_of
from engine.expressions.functions import standard_functions

WORKFLOWS = Path(__file__).parents[2] / "workflows"
TOKYO = ZoneInfo("Asia/Tokyo")
Answers = Mapping[str, Mapping[str, object]]
NO_ANSWERS: Answers = MappingProxyType({})


@lru_cache
def drawn(key: str) -> tuple[BpmnModel, ProcessSpecs]:
    """A process file, read once."""
    xml = (WORKFLOWS / key / "process.bpmn").read_bytes()
    return read_model(xml), parse_process(xml, key)


@lru_cache
def drawn_tables(key: str) -> Mapping[str, Table]:
    """The decision tables of a process, read once."""
    paths = (WORKFLOWS / key / "decisions").glob("*.dmn")
    return tables_of({f"{key}/decisions/{path.name}": path.read_bytes() for path in paths})


class Weekdays:
    """Saturdays and Sundays are closed, nothing else."""

    def __init__(self, host: WalkingHost) -> None:
        self.host = host

    def today(self) -> date:
        return self.host.now.astimezone(TOKYO).date()

    def months_after(self, start: date, months: int) -> date:
        years, month = divmod(start.month - 1 + months, 12)
        return self._open(date(start.year + years, month + 1, min(start.day, 28)))

    def business_days_after(self, start: date, days: int) -> date:
        for _ in range(days):
            start = self._open(start + timedelta(days=1))
        return start

    def business_days_before(self, start: date, days: int) -> date:
        for _ in range(days):
            start -= timedelta(days=1)
            while start.weekday() > 4:
                start -= timedelta(days=1)
        return start

    def _open(self, day: date) -> date:
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day


class WalkingHost:
    """Answers each operation as told, each decision by its table, and remembers what was asked."""

    def __init__(self, now: datetime, answers: Answers, tables: Mapping[str, Table]) -> None:
        self.now, self.answers, self.tables = now, dict(answers), tables
        self.functions: Mapping[str, Callable[..., object]] = standard_functions(Weekdays(self))
        self.called: list[str] = []
        self.decided: list[tuple[str, tuple[int, ...]]] = []

    def operation(self, call: OperationCall) -> Mapping[str, object]:
        self.called.append(call.name)
        if call.name == "variables.set":
            return call.inputs
        return self.answers.get(call.name, {})

    def decision(self, ref: str, scope: Mapping[str, object]) -> Mapping[str, object]:
        outcome = evaluate(self.tables[ref], scope)
        self.decided.append((ref, outcome.rules))
        return outcome.outputs


class Walk:
    """One instance of a drawn process. What a person enters or an operation answers becomes variables."""

    def __init__(
        self, key: str, *, on: date = date(2026, 6, 15), answers: Answers = NO_ANSWERS, **variables: object
    ) -> None:
        self.model, self.specs = drawn(key)
        self.names = [variable.name for variable in self.model.variables]
        self.host = WalkingHost(datetime(on.year, on.month, on.day, 1, tzinfo=UTC), answers, drawn_tables(key))
        self.thrown: list[str] = []
        self.ended: tuple[str, ...] = ()
        given: dict[str, object] = dict.fromkeys(self.names)
        given |= {"entry": "message", "case_id": "c", "owner_org": "AG-01-3", "lead_org": "AG-01-3", "started_on": on}
        self._take(self._runner.start(given | variables))
        if self.model.start is not None and self.model.start.message:
            self.deliver(self.model.start.message, **variables)

    @property
    def _runner(self) -> Runner:
        return Runner(self.specs, self.host)

    def _take(self, advance: Advance) -> None:
        self.last = advance
        self.thrown += [one.message for one in advance.thrown]
        self.ended = advance.ended

    @property
    def tasks(self) -> list[OpenTask]:
        return list(self._runner.inspect(self.last.snapshot).open_tasks)

    @property
    def open(self) -> list[str]:
        """Ids of the open tasks, one per row."""
        return sorted(task.element_id for task in self.tasks)

    @property
    def due(self) -> dict[str, date]:
        """When each pending timer falls, Tokyo date."""
        return {moment.element_id: moment.due.astimezone(TOKYO).date() for moment in self.last.timers}

    @property
    def done(self) -> bool:
        return self.last.completed

    def do(self, element_id: str, **values: object) -> Walk:
        """Complete the first open task of that id."""
        ref = next(task.ref for task in self.tasks if task.element_id == element_id)
        answered: dict[str, object] = {}
        for name in self.model.elements[element_id].operations:
            self.host.called.append(name)
            answered |= self.host.answers.get(name, {})
        declared = {name: value for name, value in (values | answered).items() if name in self.names}
        assert set(values) <= set(self.names), f"not declared: {set(values) - set(self.names)}"
        self._take(self._runner.complete(self.last.snapshot, ref, declared))
        return self

    def fire(self, element_id: str) -> Walk:
        """Let the time come at which the timer is due."""
        moment = next(moment for moment in self.last.timers if moment.element_id == element_id)
        self.host.now = max(self.host.now, moment.due.astimezone(UTC))
        self._take(self._runner.fire(self.last.snapshot, moment.ref, moment.branch))
        return self

    def deliver(self, message: str, **payload: object) -> Walk:
        one = next(one for one in self.last.subscriptions if one.message == message)
        declared = {name: value for name, value in payload.items() if name in self.names}
        self._take(self._runner.deliver(self.last.snapshot, one.ref, one.branch, declared))
        return self
