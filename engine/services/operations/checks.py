"""Checks of operations that need no form: they answer before a person is told of missing fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import ConsentMissing
from engine.storage import consents, plans
from engine.storage.database import Connection
from engine.storage.rows import CaseRow


def require_consent(connection: Connection, case: CaseRow, now: datetime) -> None:
    """Refuse unless the case has a valid consent: given (at least in part), not withdrawn, not run out.

    重層的支援会議 may only speak of cases whose subject agreed. Where a plan is drawn up, the consent must be to
    this version of it, since consent is asked again for each. Raises ConsentMissing.
    """
    valid = consents.valid(connection, case.id, tokyo_date(now))
    plan = plans.newest(connection, case.id)
    if not any(plan is None or consent.plan_version_id == plan.id for consent in valid):
        raise ConsentMissing("同意がないため、会議に付議できません。同意を記録してから、もう一度行ってください。")


def before_form(
    connection: Connection, operations: Sequence[str], case: CaseRow, variables: Mapping[str, Any], now: datetime
) -> None:
    """Refusals that come before those of the form (the order that every caller sees)."""
    if "consent.require" in operations:
        require_consent(connection, case, now)
