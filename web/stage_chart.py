"""関係性の段階 over time as a picture: where its points lie. The page shows the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.queries.timeline import Entry

WIDTH, HEIGHT = 720, 210
LEFT, RIGHT, TOP, BOTTOM = 20, 12, 14, 176  #: the field of the steps; below it the contacts and the dates
STAGES = 6
MET = frozenset({"面会できた", "同行", "家族面接"})
THROUGH_THE_DOOR = frozenset({"インターホン越し", "家族のみ"})
REFUSED = frozenset({"拒否"})


@dataclass(frozen=True)
class Mark:
    """One contact on the base line: where, and how it went (met, door, refused, absent, letter)."""

    x: float
    kind: str


@dataclass(frozen=True)
class StageChart:
    """Lines for the stages (number and height), the steps as an SVG path, the contacts, first and last moment."""

    levels: tuple[tuple[int, float], ...]
    path: str
    marks: tuple[Mark, ...]
    began: datetime
    ended: datetime


def stage_chart(contacts: Sequence[Entry]) -> StageChart | None:
    """The picture of the contacts, the oldest first; None while none of them noted a stage."""
    noted = [(entry.at, entry.contact.stage) for entry in contacts if entry.contact and entry.contact.stage]
    if not noted:
        return None
    began, ended = contacts[0].at, contacts[-1].at
    return StageChart(
        levels=tuple((stage, _height(stage)) for stage in range(1, STAGES + 1)),
        path=_path(noted, began, ended),
        marks=tuple(Mark(_across(entry.at, began, ended), mark_kind(entry)) for entry in contacts),
        began=began,
        ended=ended,
    )


def mark_kind(entry: Entry) -> str:
    """How a contact went, as the shape that stands for it."""
    assert entry.contact is not None
    if entry.contact.means.startswith("手紙"):
        return "letter"
    if entry.contact.outcome in MET:
        return "met"
    if entry.contact.outcome in THROUGH_THE_DOOR:
        return "door"
    return "refused" if entry.contact.outcome in REFUSED else "absent"


def _path(noted: Sequence[tuple[datetime, int]], began: datetime, ended: datetime) -> str:
    """Level until the next contact that noted a stage, then up or down at once."""
    parts = [f"M{_across(noted[0][0], began, ended)} {_height(noted[0][1])}"]
    parts += [f"H{_across(at, began, ended)}V{_height(stage)}" for at, stage in noted[1:]]
    return "".join([*parts, f"H{WIDTH - RIGHT}"])


def _across(at: datetime, began: datetime, ended: datetime) -> float:
    span = (ended - began).total_seconds()
    share = (at - began).total_seconds() / span if span else 0.5
    return round(LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16), 1)


def _height(stage: int) -> float:
    return round(BOTTOM - 14 - (stage - 1) * (BOTTOM - 14 - TOP) / (STAGES - 1), 1)
