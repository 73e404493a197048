"""The whole run: days, the evening's checks, and what is kept for the report."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select

from engine.config import ROOT
from engine.domain.business_days import TOKYO
from engine.scenarios.moments import VirtualClock
from engine.scenarios.world import prepare
from engine.storage.tables import audit_chain, raised
from tests.simulation import days
from tests.simulation.checks import INVARIANTS, Evening, violations
from tests.simulation.city import BEGINS_ON, City, ErrorLog, Scale, numbered_rows

FINGERPRINTED = 31  #: days


@dataclass
class Year:
    """A city and what was found in it. found: promise -> what broke it -> the first day on which it was seen."""

    city: City
    found: dict[str, dict[str, date]] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)
    fingerprints: dict[date, str] = field(default_factory=dict)  #: of the first days, to compare a second run with
    _chains: dict[str, int] = field(default_factory=dict)

    def live(self, until: date | None = None, each_month: Callable[[Year], object] = id) -> None:
        """Every day of the scale, or those up to a day, each with its evening; at the ends of months, all is read."""
        for day in self.city.days():
            if until is not None and day > until:
                return
            days.live(self.city, day)
            touched = self._touched()
            last = day == self.city.scale.ends_on or _next(day).day == 1
            self.look(day, None if last else touched)
            if (day - BEGINS_ON).days < FINGERPRINTED:
                self.fingerprints[day] = self.fingerprint()
            if last:
                each_month(self)

    def look(self, day: date, touched: list[str] | None) -> None:
        """The checks of one evening."""
        city = self.city
        evening = Evening(city.engine, city.now, city.last_tick, [person.id for person in city.people], touched)
        for sentence, said in violations(evening).items():
            for text in said:
                self.found.setdefault(sentence, {}).setdefault(text, day)
        self.checks.update(INVARIANTS.keys())

    def _touched(self) -> list[str]:
        """Cases whose trail grew since the evening before."""
        with self.city.engine.database.read() as connection:
            now = {row.chain: row.seq for row in connection.execute(select(audit_chain.c.chain, audit_chain.c.seq))}
        touched = sorted(chain for chain, seq in now.items() if self._chains.get(chain) != seq)
        self._chains = now
        return touched

    def fingerprint(self) -> str:
        """One number for all that happened: the heads of the trails and every raise."""
        digest = hashlib.sha256()
        with self.city.engine.database.read() as connection:
            for row in connection.execute(select(audit_chain).order_by(audit_chain.c.chain)):
                digest.update(repr(tuple(row)).encode())
            for row in connection.execute(select(raised).order_by(raised.c.id)):
                digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


@contextmanager
def begun(url: str, scale: Scale) -> Iterator[Year]:
    """A year that has not begun yet, on an empty database; the product's error log is kept as long as it lives."""
    clock = VirtualClock(datetime.combine(BEGINS_ON, time(0), TOKYO).astimezone(UTC))
    with numbered_rows():
        engine = prepare(url, ROOT / "workflows", now=clock)
        city = City(engine, clock, scale)
        listener: Any = ErrorLog(city.seen)
        logging.getLogger().addHandler(listener)
        try:
            yield Year(city)
        finally:
            logging.getLogger().removeHandler(listener)
            engine.database.dispose()
