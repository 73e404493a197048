"""The reference data as they stand: the files, and over them what administrators changed since.

A change is a row that is only ever added (``reference_change``). Organisations, calendars and dated values are the
files' with all changes laid over them in order. ``ReferenceBook.known_at`` gives them as they stood at a moment, so
that a deadline which was promised earlier is never reckoned with a closed day entered afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, time
from typing import Any

from engine.domain.business_days import Calendar
from engine.domain.deadline import Period
from engine.domain.reference_change import Change, ChangeKind
from engine.reference.model import CITY_CALENDAR, DatedLadder, Organisation, Parameter, ParameterValue, Reference


class ReferenceBook:
    """The reference data of one process. ``current`` is replaced as a whole, so readers never see half a change."""

    def __init__(self, files: Reference) -> None:
        self.files = files
        self.current = files
        self.changes: tuple[Change, ...] = ()
        self._earlier: dict[int, Reference] = {0: files}

    @property
    def revision(self) -> int:
        """The number of the newest change that is known here; 0 for none."""
        return self.changes[-1].id if self.changes else 0

    def put(self, changes: Iterable[Change]) -> None:
        """Take these as all changes there are."""
        self.changes = tuple(sorted(changes, key=lambda change: change.id))
        self._earlier = {0: self.files}
        self.current = overlaid(self.files, self.changes)

    def known_at(self, moment: datetime) -> Reference:
        """The reference data as they stood at a moment."""
        changes = self.changes
        known = sum(1 for change in changes if change.made_at <= moment)
        if known == len(changes):
            return self.current
        found = self._earlier.get(known)
        if found is None:
            found = self._earlier[known] = overlaid(self.files, changes[:known])
        return found


def overlaid(reference: Reference, changes: Sequence[Change]) -> Reference:
    """The reference data with the changes laid over them in order; the same changes twice give the same."""
    if not changes:
        return reference
    by_kind: dict[ChangeKind, list[Change]] = {kind: [] for kind in ChangeKind}
    for change in changes:
        by_kind[change.kind].append(change)
    organisations = _organisations(reference, by_kind[ChangeKind.ORGANISATION])
    calendars, organisations = _calendars(reference, organisations, by_kind[ChangeKind.DAY] + by_kind[ChangeKind.HOURS])
    return replace(
        reference,
        organisations=organisations,
        calendars=calendars,
        parameters=_parameters(reference, by_kind[ChangeKind.PARAMETER]),
        ladders=_ladders(reference, by_kind[ChangeKind.LADDER]),
    )


def _organisations(reference: Reference, changes: Sequence[Change]) -> dict[str, Organisation]:
    found = dict(reference.organisations)
    for change in changes:
        if change.data.get("added") and change.subject not in found:
            found[change.subject] = _added(change, found.get(change.data["parent_id"]))
        if change.subject in found:
            found[change.subject] = replace(found[change.subject], **_organisation_fields(change.data))
    return found


def _added(change: Change, parent: Organisation | None) -> Organisation:
    """An organisation that no file knows; field and calendar are its parent's."""
    nothing = {f.name: "" for f in fields(Organisation)}
    nothing |= {"id": change.subject, "field_code": parent.field_code if parent else ""}
    nothing |= {"field_ja": parent.field_ja if parent else "", "calendar": parent.calendar if parent else CITY_CALENDAR}
    return Organisation(**{**nothing, **_organisation_fields(change.data)})


def _organisation_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(data["name"]),
        "kind": str(data["kind"]),
        "parent_id": data["parent_id"] or None,
        "division_org_id": data["division_id"] or None,
        "delivery_mode": str(data["delivery_mode"]),
        "placeholder": bool(data["placeholder"]),
    }


# ---------------------------------------------------------------- calendars


def _calendars(
    reference: Reference, organisations: Mapping[str, Organisation], changes: Sequence[Change]
) -> tuple[dict[str, Calendar], dict[str, Organisation]]:
    """The calendars with their changes, and the organisations with the calendar that now counts for each.

    An organisation with changes of its own has a calendar of its own, under its code; those below it share it.
    """
    calendars, placed = dict(reference.calendars), dict(organisations)
    own: dict[str, list[Change]] = {}
    for change in changes:
        own.setdefault(change.subject, []).append(change)
    city = own.pop(CITY_CALENDAR, [])
    calendars = {name: _changed(calendar, city) for name, calendar in calendars.items()}
    for org_id, organisation in organisations.items():
        line = _line(organisation, organisations)
        nearest = next((code for code in line if code in own), None)
        if nearest is None:
            continue
        placed[org_id] = replace(organisation, calendar=nearest)
        if nearest == org_id:
            inherited = [change for code in reversed(line) for change in own.get(code, ())]
            base = reference.calendars[organisation.calendar]
            calendars[org_id] = _changed(base, [*city, *inherited])
    return calendars, placed


def _line(organisation: Organisation, organisations: Mapping[str, Organisation]) -> list[str]:
    """The organisation, its parent, the parent's parent, …"""
    line: list[str] = []
    following: Organisation | None = organisation
    while following is not None and following.id not in line:
        line.append(following.id)
        following = organisations.get(following.parent_id or "")
    return line


def _changed(calendar: Calendar, changes: Sequence[Change]) -> Calendar:
    """The calendar with days closed and opened and with later opening hours."""
    if not changes:
        return calendar
    closed, opened = dict(calendar.closed), set(calendar.opened)
    hours = {since: (opening, closing) for since, opening, closing in calendar.hours}
    for change in changes:
        if change.kind is ChangeKind.HOURS:
            hours[change.valid_from] = (
                time.fromisoformat(change.data["opening"]),
                time.fromisoformat(change.data["closing"]),
            )
            continue
        opened.discard(change.valid_from)
        closed.pop(change.valid_from, None)
        if change.data["state"] == "closed":
            closed[change.valid_from] = str(change.data["reason"])
        elif change.data["state"] == "open":
            opened.add(change.valid_from)
        elif change.valid_from in calendar.closed:
            closed[change.valid_from] = calendar.closed[change.valid_from]
    return replace(
        calendar,
        closed=closed,
        opened=frozenset(opened),
        hours=tuple((since, *pair) for since, pair in sorted(hours.items())),
    )


# ---------------------------------------------------------------- dated values


def _parameters(reference: Reference, changes: Sequence[Change]) -> dict[str, Parameter]:
    found = dict(reference.parameters)
    for change in changes:
        parameter = found.get(change.subject)
        if parameter is not None:
            added = ParameterValue(change.valid_from, change.data["value"], change.source)
            kept = [value for value in parameter.values if value.valid_from != change.valid_from]
            values = tuple(sorted([*kept, added], key=lambda value: value.valid_from))
            found[change.subject] = replace(parameter, values=values, placeholder=False)
    return found


def _ladders(reference: Reference, changes: Sequence[Change]) -> dict[str, tuple[DatedLadder, ...]]:
    """Ladders whose levels stand at other distances from a day on; who is told stays as it is in the files."""
    found = dict(reference.ladders)
    for change in changes:
        versions = found.get(change.subject)
        if versions:
            before = [version for version in versions if version.valid_from <= change.valid_from] or list(versions)
            distances: Mapping[str, str] = change.data["after"]
            steps = tuple(
                replace(step, after=Period.parse(distances[step.level])) if step.level in distances else step
                for step in before[-1].steps
            )
            kept = [version for version in versions if version.valid_from != change.valid_from]
            added = DatedLadder(change.valid_from, steps, change.source)
            found[change.subject] = tuple(sorted([*kept, added], key=lambda version: version.valid_from))
    return found
