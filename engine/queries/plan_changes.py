"""What a version of a support plan changed against the one before it: field by field, measure by measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from engine.queries.case_plans import PlanItem, PlanVersion

#: fields of a version that are compared, in the order of the page; dates and texts
VERSION_FIELDS = ("lead_name", "period_from", "period_until", "first_monitor_on")
#: the same of a measure
ITEM_FIELDS = (
    "issue", "programme_name", "org_name", "staff_text", "person_does", "frequency", "starts_on", "ends_on", "note",
)  # fmt: skip


class ChangeKind(StrEnum):
    """What became of a measure."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class FieldChange:
    """One field: what stood there (empty text or None for nothing) and what stands there now."""

    field: str
    before: str | date | None
    after: str | date | None


@dataclass(frozen=True)
class ItemChange:
    """One measure, by what it is for and who does it. ``fields`` only where it changed."""

    kind: ChangeKind
    issue: str
    programme_name: str
    org_name: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class PlanChanges:
    """The differences of one version from the one with ``against`` as its number."""

    against: int
    fields: tuple[FieldChange, ...]
    items: tuple[ItemChange, ...]

    @property
    def nothing(self) -> bool:
        """The two versions say the same."""
        return not self.fields and not self.items


def changes_by_version(plans: Sequence[PlanVersion]) -> dict[str, PlanChanges]:
    """By version id, for each version that follows another; ``plans``: the newest first, as on the page."""
    return {
        later.id: changes(earlier, later)
        for later, earlier in pairwise(plans)
        if later.number > 1 and earlier.number < later.number
    }


def changes(before: PlanVersion, after: PlanVersion) -> PlanChanges:
    """How ``after`` differs from ``before``."""
    pairs, removed, added = _paired(before.items, after.items)
    changed = [(new, _fields(old, new, ITEM_FIELDS)) for old, new in pairs]
    return PlanChanges(
        against=before.number,
        fields=_fields(before, after, VERSION_FIELDS),
        items=(
            *(_item(ChangeKind.CHANGED, new, fields) for new, fields in changed if fields),
            *(_item(ChangeKind.ADDED, item) for item in added),
            *(_item(ChangeKind.REMOVED, item) for item in removed),
        ),
    )


#: how measures of two versions are recognised as the same: by ever less
_LIKENESS: tuple[Callable[[PlanItem], tuple[str, ...]], ...] = (
    lambda item: tuple(str(getattr(item, name)) for name in ITEM_FIELDS),
    lambda item: (item.issue, item.programme_name, item.org_name),
    lambda item: (item.issue, item.programme_name),
    lambda item: (item.issue, item.org_name),
)


def _paired(
    before: Sequence[PlanItem], after: Sequence[PlanItem]
) -> tuple[list[tuple[PlanItem, PlanItem]], list[PlanItem], list[PlanItem]]:
    """Measures of both versions two by two in the order of the later one; then what is left of each."""
    old, new = list(before), list(after)
    pairs: list[tuple[PlanItem, PlanItem]] = []
    for likeness in _LIKENESS:
        for item in list(new):
            same = next((other for other in old if likeness(other) == likeness(item) and any(likeness(item))), None)
            if same is not None:
                pairs.append((same, item))
                old.remove(same)
                new.remove(item)
    return sorted(pairs, key=lambda pair: pair[1].no), old, new


def _fields(before: object, after: object, names: Sequence[str]) -> tuple[FieldChange, ...]:
    found = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return tuple(FieldChange(name, old, new) for name, old, new in found if (old or None) != (new or None))


def _item(kind: ChangeKind, item: PlanItem, fields: tuple[FieldChange, ...] = ()) -> ItemChange:
    return ItemChange(kind, item.issue, item.programme_name or item.note, item.org_name, fields)
