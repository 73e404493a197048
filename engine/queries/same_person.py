"""Who may be the same person as somebody who is just being written down: for the page, while it is typed.

Only cases that the actor may know of, and never one with a seal: whatever is typed, a sealed household gives no sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from engine.domain.business_days import tokyo_date
from engine.domain.kana import fold
from engine.domain.staff import Actor
from engine.domain.wareki import age_on
from engine.queries.visibility import case_visible
from engine.storage.tables import organisation, person, support_case

if TYPE_CHECKING:
    from engine.services.engine import Engine

FEWEST = 2  #: folded characters of a name from which on it is looked for
MOST = 5  #: cases that are shown


@dataclass(frozen=True)
class LikelySame:
    """A case whose person has the name or the kana, with what tells namesakes apart."""

    number: str
    name: str
    kana: str
    birth: date | None
    age: int | None
    status: str
    owner_name: str


@dataclass(frozen=True)
class Typed:
    """What was typed so far of a person."""

    name: str = ""
    kana: str = ""
    birth: date | None = None

    @property
    def folded(self) -> tuple[str, ...]:
        """Name and kana as they are compared, without what is too short to look for."""
        return tuple(text for text in map(fold, (self.name, self.kana)) if len(text) >= FEWEST)


def likely_same(engine: Engine, actor: Actor, typed: Typed, *, now: datetime) -> tuple[LikelySame, ...]:
    """Cases, the newest first, that may be about the same person. A differing birth date rules a match out."""
    if not typed.folded:
        return ()
    with engine.database.read() as connection:
        query = (
            select(support_case.c.number, support_case.c.status, person.c.name, person.c.name_kana, person.c.birth,
                   organisation.c.name.label("owner_name"))
            .join(person, person.c.id == support_case.c.subject_id)
            .join(organisation, organisation.c.id == support_case.c.owner_org)
            .where(support_case.c.seal_level == 0, _has_name(connection, typed), case_visible(actor, now))
            .order_by(support_case.c.opened_at.desc(), support_case.c.id.desc())
            .limit(MOST)
        )  # fmt: skip
        if typed.birth is not None:
            query = query.where(or_(person.c.birth.is_(None), person.c.birth == typed.birth))
        today = tokyo_date(now)
        return tuple(
            LikelySame(
                number=row.number, name=row.name, kana=row.name_kana, birth=row.birth,
                age=age_on(row.birth, today) if row.birth and row.birth <= today else None,
                status=row.status, owner_name=row.owner_name,
            )
            for row in connection.execute(query)
        )  # fmt: skip


def _has_name(connection: Connection, typed: Typed) -> ColumnElement[bool]:
    find = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return or_(*(find(person.c.name_folded, text) > 0 for text in typed.folded))
