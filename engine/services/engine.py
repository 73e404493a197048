"""The engine of one process of this installation: what every service is given first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from engine.config import Settings
from engine.domain.business_days import Calendar, add_months, tokyo_date
from engine.ports import Clock
from engine.reference.book import ReferenceBook
from engine.reference.model import Reference
from engine.services.deployed import DefinitionCache
from engine.storage.database import Database


@dataclass(frozen=True)
class Engine:
    """Database, reference data, parsed definitions and clock; made once by ``engine.bootstrap.build``."""

    database: Database
    book: ReferenceBook
    definitions: DefinitionCache
    settings: Settings
    clock: Clock

    @property
    def reference(self) -> Reference:
        """The reference data as they stand now."""
        return self.book.current

    def calendar_of(self, org_id: str, *, known_at: datetime | None = None) -> Calendar:
        """The opening days that count for an organisation.

        known_at: as they stood at that moment. A clock is reckoned with the days that were known when it began, so
        that a closed day entered later moves no promise.
        """
        reference = self.reference if known_at is None else self.book.known_at(known_at)
        return reference.calendar_for(org_id)


@dataclass(frozen=True)
class BoundDates:
    """Date functions of expressions, bound to an organisation's calendar and the moment of the step."""

    calendar: Calendar
    now: datetime

    def today(self) -> date:
        """The date in Tokyo."""
        return tokyo_date(self.now)

    def months_after(self, start: date, months: int) -> date:
        """End of a period of months, rolled forward to a business day."""
        return self.calendar.next_open(add_months(start, months))

    def business_days_after(self, start: date, days: int) -> date:
        """Last day of a period of business days."""
        return self.calendar.add_business_days(start, days)

    def business_days_before(self, start: date, days: int) -> date:
        """The day from which that many business days remain until ``start``."""
        return self.calendar.add_business_days(start, -days)
