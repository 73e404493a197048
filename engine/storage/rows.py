"""Rows as the services see them: frozen, without SQLAlchemy, made from one table each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class CaseRow:
    """One case, as far as the steps of its processes need it."""

    id: str
    number: str
    subject_id: str
    household_id: str
    owner_org: str
    lead_org: str | None
    status: str
    seal_level: int
    field_codes: tuple[str, ...]
    urgency: str
    relation_stage: int | None
    demo: bool
    version: int


@dataclass(frozen=True)
class InstanceRow:
    """One process instance with its snapshot."""

    id: str
    case_id: str
    process_key: str
    version_id: str
    org_id: str
    entry: str
    status: str
    version: int
    state: bytes
    history_seq: int
    started_at: datetime
    ended_by: str


@dataclass(frozen=True)
class TaskRow:
    """One user task."""

    id: str
    instance_id: str
    ref: str
    case_id: str
    process_key: str
    element_id: str
    name: str
    form_key: str
    state: str
    assignee_id: str | None
    city_staff_only: bool
    not_same_as: str
    hold_allowed: bool
    locals: dict[str, Any]
    opened_at: datetime
    due_at: datetime | None
    due_on: date | None
    held_until: date | None
    completed_at: datetime | None
    completed_by: str | None
    claimed_at: datetime | None
    version: int


@dataclass(frozen=True)
class ClockRow:
    """The facts of one clock, without its changes."""

    id: str
    task_id: str
    case_id: str
    calendar: str
    period: str | None
    due_on: date | None
    due_instant: datetime | None
    roll: bool
    warn: str | None
    ladder: str
    started_at: datetime
    state: str


@dataclass(frozen=True)
class ClockChange:
    """One hold, resume, extension or cancellation of a clock."""

    kind: str
    at: datetime
    until: date | None
    due_on: date | None
    reason: str
    legal_basis: str
    by_staff: str | None


@dataclass(frozen=True)
class TimerRow:
    """One pending or claimed moment."""

    id: str
    kind: str
    instance_id: str
    case_id: str
    element_id: str
    ref: str
    branch: str
    fires_at: datetime
    state: str
    attempts: int
    fence: int


@dataclass(frozen=True)
class OutboxRow:
    """One message on its way."""

    id: int
    kind: str
    name: str
    case_id: str
    from_instance: str | None
    delivery_key: str
    payload: dict[str, Any]
    keys: dict[str, Any]
    attempts: int


@dataclass(frozen=True)
class SubscriptionRow:
    """One token waiting for a message."""

    id: str
    instance_id: str
    case_id: str
    element_id: str
    ref: str
    branch: str
    message: str
    keys: dict[str, Any]
