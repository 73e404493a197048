"""Every error the engine raises on purpose: one family, one sentence each, the data as attributes.

``code`` is the stable word that pages, scenarios and the API use. ``web/errors.py`` maps each class to a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar


class EngineError(Exception):
    """Something the engine refuses or cannot do; the subclass says what."""

    code: ClassVar[str] = "engine_error"


# ---------------------------------------------------------------- refusals a person meets


class NotFound(EngineError):
    """The thing does not exist, or the person may not know that it exists: the same answer."""

    code = "not_found"

    def __init__(self, what: str = "") -> None:
        super().__init__(what)
        self.what = what


class NotAuthorised(EngineError):
    """The person sees the thing, but the act is somebody else's."""

    code = "not_authorised"

    def __init__(self, act: str, reason: str = "") -> None:
        super().__init__(f"{act}: {reason}" if reason else act)
        self.act, self.reason = act, reason


class CityStaffOnly(EngineError):
    """The act belongs to city staff and cannot be done by a contracted organisation."""

    code = "city_staff_only"


class FourEyes(EngineError):
    """The same person did the step that this one confirms."""

    code = "four_eyes"


class AlreadyClaimed(EngineError):
    """Another staff member has claimed the task since the page was loaded."""

    code = "already_claimed"

    def __init__(self, assignee_name: str, at: datetime | None = None) -> None:
        super().__init__(f"claimed by {assignee_name}")
        self.assignee_name, self.at = assignee_name, at


class AlreadyCompleted(EngineError):
    """Somebody completed the task before this submission arrived."""

    code = "already_completed"

    def __init__(self, by_name: str, at: datetime | None = None) -> None:
        super().__init__(f"completed by {by_name}")
        self.by_name, self.at = by_name, at


class NotOpen(EngineError):
    """The task (or case, or instance) is not in a state in which this can be done."""

    code = "not_open"


class StaleVersion(EngineError):
    """The row changed since the person's page was loaded; nothing was written."""

    code = "stale"


class ConsentMissing(EngineError):
    """No valid consent covers what is asked."""

    code = "consent_missing"

    def __init__(
        self, message_ja: str = "有効な同意がありません。同意を記録してから、もう一度行ってください。"
    ) -> None:
        super().__init__(message_ja)
        self.message_ja = message_ja


class SecrecyMissing(EngineError):
    """A conference member's confirmation of secrecy is missing."""

    code = "secrecy_missing"


class OpenWork(EngineError):
    """The case has open work that must be finished first."""

    code = "open_work"


class PersonalData(EngineError):
    """A text that must be free of personal data contains a name of the household."""

    code = "personal_data"


class HoldTooLong(EngineError):
    """A hold may last at most the number of business days that the reference data allow."""

    code = "hold_too_long"


class FormInvalid(EngineError):
    """The submitted form has errors; ``fields`` maps a JSON pointer or field key to its Japanese message."""

    code = "form_invalid"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


class KeyReused(EngineError):
    """The key of a request was used before, for another request; nothing was done."""

    code = "key_reused"


class ChangeRefused(EngineError):
    """An instance cannot be moved or repaired like that; ``reasons`` hold an element id and a Japanese text each."""

    code = "change_refused"

    def __init__(self, reasons: Sequence[object]) -> None:
        super().__init__("; ".join(f"{getattr(r, 'element_id', '')}: {getattr(r, 'message_ja', r)}" for r in reasons))
        self.reasons = tuple(reasons)


# ---------------------------------------------------------------- the engine itself


class DefinitionRefused(EngineError):
    """A process definition, form or table has findings; nothing was published."""

    code = "definition_refused"

    def __init__(self, findings: Sequence[object]) -> None:
        super().__init__(f"{len(findings)} finding(s)")
        self.findings = tuple(findings)


class ExpressionError(EngineError):
    """An expression is not in the language, or could not be evaluated; ``reason`` is Japanese."""

    code = "expression_error"

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f"{expression!r}: {reason}")
        self.expression, self.reason = expression, reason


class DecisionFailed(EngineError):
    """A decision table has no answer for what it was given; ``reason`` is Japanese, ``table`` its key."""

    code = "decision_failed"

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(f"{table}: {reason}")
        self.table, self.reason = table, reason


class InstanceFailed(EngineError):
    """Running the instance failed; the last committed snapshot stands and an incident is opened."""

    code = "incident"

    def __init__(self, element_id: str, cause: str) -> None:
        super().__init__(f"{element_id}: {cause}")
        self.element_id, self.cause = element_id, cause


class BudgetExceeded(InstanceFailed):
    """One advance took more engine steps or more CPU time than an instance may."""


class StorageUnavailable(EngineError):
    """The database cannot be used now (locked, full, read-only, gone); trying again later may succeed.

    When it broke while committing, what was asked may have been done all the same.
    """

    code = "storage_unavailable"


class SnapshotUnreadable(EngineError):
    """A stored snapshot has a format or an element that this software does not know."""

    code = "snapshot_unreadable"


class CalendarNotLoaded(EngineError):
    """A date lies beyond the last year for which closed days are loaded."""

    code = "calendar_not_loaded"


class ReferenceMissing(EngineError):
    """A code (organisation, programme, role, dated value) is not in the reference data."""

    code = "reference_missing"


# ---------------------------------------------------------------- sign-in


class SignInFailed(EngineError):
    """Login ID or password is wrong, or the account is not usable; the answer never says which."""

    code = "sign_in_failed"


class TooManyAttempts(EngineError):
    """Sign-in is paused for this login after repeated failures."""

    code = "too_many_attempts"
