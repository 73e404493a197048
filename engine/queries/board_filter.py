"""What a board shows: whose work, how it stands, and by what it is narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, case, exists, false, literal_column, not_, or_, select

from engine.domain.business_days import tokyo_date, tokyo_midnight
from engine.domain.staff import Actor
from engine.queries.paging import After
from engine.queries.reviews import WATCHING_ROLES
from engine.queries.visibility import case_visible, taking_part
from engine.storage.sql import one_of
from engine.storage.tables import case_organisation, support_case, task_candidate, user_task

if TYPE_CHECKING:
    from engine.services.engine import Engine

NOBODY = "-"  #: in addresses: tasks without an assignee, without an organisation


class Bucket(StrEnum):
    """How a task stands; each open task is in exactly one."""

    LATE = "late"
    TODAY = "today"
    WEEK = "week"  #: until the end of this week's Sunday
    LATER = "later"
    NONE = "none"
    HELD = "held"


class Side(StrEnum):
    """What the rows of the table are."""

    PERSON = "person"
    ORG = "org"
    PROCESS = "process"
    ROLE = "role"


@dataclass(frozen=True)
class BoardFilter:
    """What narrows the board; empty texts narrow nothing. person and org: an id, or ``-`` for none."""

    bucket: Bucket | None = None
    org: str = ""
    process: str = ""
    role: str = ""
    person: str = ""
    element: str = ""
    after: After | None = None


def watched_orgs(engine: Engine, actor: Actor) -> list[str]:
    """The organisations whose work the actor watches, sorted."""
    mine = {m.org_id for m in actor.memberships if m.role in WATCHING_ROLES}
    return sorted(mine | {org for one in mine for org in engine.reference.covers(one)})


def watched(engine: Engine, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A condition on user_task alone: open work of the organisations watched, or on their cases.

    Sealed cases that the actor may not see are left out, as if they did not exist. They are few, and asked for as a
    whole, so that a count of all open work goes through one index (ix_user_task_board) and no other table.
    """
    orgs = watched_orgs(engine, actor)
    if not orgs:
        return false()
    part = case_organisation.c
    carried = select(part.case_id).where(
        part.org_id.in_(orgs), one_of(part.relation, "owner", "lead"), taking_part(now)
    )
    concerned = or_(user_task.c.org_id.in_(orgs), user_task.c.case_id.in_(carried))
    sealed = support_case.c.seal_level > literal_column("0")  # as the index says it that holds sealed cases only
    hidden = select(support_case.c.id).where(sealed, not_(case_visible(actor, now))).correlate(None)
    return and_(_OPEN, concerned, user_task.c.case_id.not_in(hidden))


_OPEN = one_of(user_task.c.state, "open", "claimed", "held")


def nights(now: datetime) -> tuple[datetime, datetime]:
    """The end of today, and of this week's Sunday."""
    today = tokyo_date(now)
    return tokyo_midnight(today + timedelta(days=1)), tokyo_midnight(today + timedelta(days=7 - today.weekday()))


def bucket_of(now: datetime) -> ColumnElement[str]:
    """The bucket of a row of user_task, as text."""
    tonight, sunday = nights(now)
    due = user_task.c.due_at
    return case(
        (user_task.c.state == "held", Bucket.HELD.value),
        (due.is_(None), Bucket.NONE.value),
        (due <= now, Bucket.LATE.value),
        (due <= tonight, Bucket.TODAY.value),
        (due <= sunday, Bucket.WEEK.value),
        else_=Bucket.LATER.value,
    )


def narrowing(narrow: BoardFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on user_task."""
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (user_task.c.org_id, narrow.org), (user_task.c.assignee_id, narrow.person),
        (user_task.c.process_key, narrow.process), (user_task.c.element_id, narrow.element),
    ):  # fmt: skip
        if wanted:
            found.append(column.is_(None) if wanted == NOBODY else column == wanted)
    if narrow.role:
        mine = and_(task_candidate.c.task_id == user_task.c.id, task_candidate.c.role == narrow.role)
        found.append(exists().where(mine))
    if narrow.bucket:
        found.append(bucket_of(now) == narrow.bucket.value)
    return found
