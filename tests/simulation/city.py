"""One city at work: calls come in, people do what their inbox shows them, the scheduler ticks, days go by.

Everything goes through the services and queries that the pages use. All chance comes from one seeded generator, and
rows get numbered identities, so that one seed is one year, to the byte.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from SpiffWorkflow import task as spiff_task

from engine.domain.business_days import TOKYO, add_months, tokyo_date
from engine.domain.errors import EngineError
from engine.domain.staff import Actor
from engine.queries.inbox import InboxFilter, InboxRow, View, inbox
from engine.scenarios.moments import VirtualClock
from engine.services import access, timers
from engine.services.engine import Engine
from engine.storage import sql
from tests.simulation import people
from tests.simulation.answers import Desk, Writer
from tests.simulation.people import Employee

BEGINS_ON = date(2026, 4, 1)


@dataclass(frozen=True)
class Scale:
    """How large and how long. cases: that people call about, spread over the open days."""

    months: int = 1
    cases: int = 60
    staff: int = 12
    seed: int = 20260401

    @property
    def ends_on(self) -> date:
        """The last day."""
        return add_months(BEGINS_ON, self.months) - timedelta(days=1)


@dataclass
class Seen:
    """What was met on the way, for the report. refused: (element or act, code of the refusal)."""

    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unfilled: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


class ErrorLog(logging.Handler):
    """Keeps what the product logs as an error: in a sound city there is nothing."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(logging.ERROR)
        self.seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record with the error it carries."""
        error = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self.seen.errors.append(record.getMessage() + error)


@contextmanager
def numbered_rows() -> Iterator[None]:
    """Identities of rows and tokens are counted instead of drawn, so that two runs of a seed write the same rows."""
    rows, tokens = itertools.count(1), itertools.count(1)
    real = (sql.time_ns, sql.urandom, spiff_task.uuid4)
    sql.time_ns, sql.urandom = lambda: next(rows), bytes  # type: ignore[assignment]
    spiff_task.uuid4 = lambda: UUID(int=next(tokens))
    try:
        yield
    finally:
        sql.time_ns, sql.urandom, spiff_task.uuid4 = real


class City:
    """The city, its clock and its people."""

    def __init__(self, engine: Engine, clock: VirtualClock, scale: Scale) -> None:
        self.engine, self.clock, self.scale = engine, clock, scale
        self.chance = Random(scale.seed)
        self.writer = Writer(self.chance)
        self.seen = Seen()
        self.people = people.hire(engine, scale.staff)
        self.beyond: set[tuple[str, str]] = set()  #: (staff id, task id): told that it is for somebody else
        self.away: dict[str, date] = {}  #: staff id -> last day of the absence
        self.off_until: date | None = None  #: no scheduler runs up to this day
        self.last_tick: datetime = clock.now()
        self.cases: list[tuple[str, Employee]] = []  #: every case with the person who took the call
        self.element_of = {  #: (process, name of a task) -> which kind of work it is
            (deployed.process_key, one.name): one.id
            for deployed in engine.definitions.all_live()
            for one in deployed.model.elements.values()
        }
        self.open_days = sum(1 for _ in self._open_days())
        self.calls_a_day = scale.cases / self.open_days

    # ------------------------------------------------------------ time

    @property
    def now(self) -> datetime:
        """The present of the city."""
        return self.clock.moment

    @property
    def today(self) -> date:
        """The Tokyo date."""
        return tokyo_date(self.now)

    def go_to(self, day: date, at: time) -> None:
        """Move the clock, never back."""
        self.clock.moment = max(self.now, datetime.combine(day, at, TOKYO).astimezone(UTC))

    def spend(self, most: int = 240) -> None:
        """Some seconds pass."""
        self.clock.moment += timedelta(seconds=self.chance.randint(20, most))

    def days(self) -> Iterator[date]:
        """Every day of the run."""
        return (BEGINS_ON + timedelta(days=n) for n in range((self.scale.ends_on - BEGINS_ON).days + 1))

    def _open_days(self) -> Iterator[date]:
        return (day for day in self.days() if self.is_open(day))

    def is_open(self, day: date) -> bool:
        """Whether the city hall is open."""
        return self.engine.reference.calendar.is_open(day)

    # ------------------------------------------------------------ calls and ticks

    def calls_today(self) -> int:
        """How many people call today: the year's share of cases up to today, sometimes one earlier or later."""
        before = sum(1 for day in self._open_days() if day <= self.today)
        share = self.scale.cases * before // self.open_days - len(self.cases)
        spread = self.chance.choice((-1, 0, 0, 1)) if before < self.open_days else 0
        return max(0, min(self.scale.cases - len(self.cases), share + spread))

    def tick(self) -> None:
        """One beat of the scheduler, unless it is off."""
        if self.off_until is not None:
            return
        report = timers.tick(self.engine, now=self.now, node=f"scheduler-{self.chance.randint(1, 2)}")
        self.last_tick = self.now
        for name in ("fired", "raised", "resumed", "failed", "delivered"):
            self.seen.acts[f"tick {name}"] += getattr(report, name)
        self.seen.acts["ticks"] += 1

    def decide_about_scheduler(self, day: date) -> None:
        """Now and then nobody notices for a day or three that the scheduler does not run."""
        if self.off_until is not None and day > self.off_until:
            self.off_until = None
        if self.off_until is None and self.chance.random() < 0.04:
            self.off_until = day + timedelta(days=self.chance.choice((0, 0, 1, 2)))
            self.seen.acts["days without scheduler"] += (self.off_until - day).days + 1

    # ------------------------------------------------------------ people

    def present(self) -> list[Employee]:
        """Who is at work today, in today's order."""
        here = [person for person in self.people if person.id not in self.away]
        self.chance.shuffle(here)
        return here

    def actor(self, person: Employee) -> Actor:
        """The person with today's memberships."""
        return access.actor_by_id(self.engine, person.id, now=self.now)

    def inbox(self, actor: Actor, view: View) -> list[InboxRow]:
        """The first page of a view, as the page shows it; rows of equal deadline stay in its order."""
        return list(inbox(self.engine, actor, view, InboxFilter(), now=self.now).rows)

    def desk_of(self, person: Employee) -> Desk:
        """What the person can name in a form."""
        reference, count = self.engine.reference, self.scale.staff
        return Desk(
            now=self.now, calendar=reference.calendar, me=person.id,
            orgs=self._orgs, places=("AG-09", "AG-10", "AG-13", "AG-14"),
            outreach=people.staffed(count, "outreach_worker"),
            participation=people.staffed(count, "participation_coordinator"),
            coordinator="AG-07", programmes=sorted(reference.programmes),
            options={key: one.options for key, one in reference.option_lists.items()},
        )  # fmt: skip

    @property
    def _orgs(self) -> list[str]:
        return people.staffed(self.scale.staff, "intake_worker")

    def refuse(self, what: str, error: EngineError) -> None:
        """Note a refusal: it is a normal answer of the product to what somebody tried."""
        self.seen.refused[(what, error.code)] += 1
