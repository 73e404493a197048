"""A change that an administrator made to the reference data; ``engine.reference.book`` lays it over the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any


class ChangeKind(Enum):
    """What an administrator can change."""

    ORGANISATION = "organisation"  #: name, kind, parent, answering division, way of running of one organisation
    DAY = "day"  #: a day of a calendar: closed, open, or as the rest of the calendar says
    HOURS = "hours"  #: opening hours of a calendar from a day on
    PARAMETER = "parameter"  #: a dated value from a day on
    LADDER = "ladder"  #: the distances of the levels of an escalation ladder from a day on


@dataclass(frozen=True)
class Change:
    """One change. ``subject``: organisation code (or ``city``), name of the parameter or of the ladder."""

    id: int
    kind: ChangeKind
    subject: str
    valid_from: date
    data: Mapping[str, Any]
    source: str
    made_by: str
    made_at: datetime
