"""Load all reference data of a city from its folder ``workflows/`` and check that they agree with each other."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.domain.business_days import Calendar
from engine.domain.deadline import Period
from engine.domain.escalation import LadderStep
from engine.domain.roles import Role, RoleTraits
from engine.reference.calendars import load_calendars
from engine.reference.files import ReferenceFileInvalid, as_date, only, read_csv, read_mapping, read_yaml
from engine.reference.model import (
    CITY_CALENDAR,
    DIVISION_KINDS,
    DatedLadder,
    OptionList,
    Organisation,
    Parameter,
    ParameterValue,
    Programme,
    Reference,
    SharingBasis,
)

_ORGANISATION_COLUMNS = (
    *("agency_id", "kind", "name_ja", "parent_id", "field_code", "field_ja", "unit_count", "delivery_mode_ja"),
    *("contractor_ja", "division_ja", "subsection_ja", "law_item_ja", "legal_basis_ja", "scheme_role_ja"),
    *("named_in_plan", "plan_section", "note"),
)
_PROGRAMME_COLUMNS = (
    *("programme_id", "pillar_code", "plan_section_ja", "law_item_ja", "programme_name_ja", "is_new", "field_ja"),
    *("summary_ja", "delivery_mode_ja", "implementing_body_ja", "division_ja", "process_ids", "plan_table", "note"),
)


def load(path: Path) -> Reference:
    """Read the reference data below ``path`` (the folder ``workflows``).

    Raises ReferenceFileInvalid with file and place when something is missing, unknown or contradictory.
    """
    folder = path / "reference"
    calendars = load_calendars(path / "calendars")
    if CITY_CALENDAR not in calendars:
        raise ReferenceFileInvalid(path / "calendars" / "city.yaml", "the city's calendar is missing")
    same, calendar_names, carriers = _settings(folder / "organisation_settings.yaml", calendars)
    organisations = _organisations(folder / "organisations.csv", calendar_names)
    reference = Reference(
        organisations=organisations,
        programmes=_programmes(folder / "programmes.csv", organisations),
        roles=_roles(folder / "roles.yaml"),
        parameters=_parameters(folder / "parameters.yaml"),
        ladders=_ladders(folder / "ladders.yaml"),
        sharing_bases=_sharing_bases(folder / "sharing_bases.yaml"),
        option_lists=_option_lists(folder / "options.yaml"),
        calendars=calendars,
        same=same,
        carriers=carriers,
        outside_messages=_outside_messages(folder / "messages.yaml"),
    )
    _check_codes(folder, reference, calendar_names)
    return reference


def _outside_messages(path: Path) -> dict[str, str]:
    """Messages whose sender or receiver is no diagram, with who it is."""
    entries = {name: only(path, name, entry, ("sent_by", "received_by")) for name, entry in read_mapping(path).items()}
    for name, entry in entries.items():
        if len(entry) != 1:
            raise ReferenceFileInvalid(path, f"{name}: either sent_by or received_by")
    return {name: str(next(iter(entry.values()))) for name, entry in entries.items()}


# ---------------------------------------------------------------- organisations and programmes


def _settings(
    path: Path, calendars: dict[str, Calendar]
) -> tuple[tuple[frozenset[str], ...], dict[str, str], dict[str, tuple[str, ...]]]:
    """Codes of the same organisation, calendar by organisation, words for who carries a process."""
    settings = only(path, "settings", read_mapping(path), ("same", "calendars", "carriers"))
    names: dict[str, str] = settings.get("calendars") or {}
    for org_id, name in names.items():
        if name not in calendars:
            raise ReferenceFileInvalid(path, f"calendars: {org_id} names the calendar {name}, which does not exist")
    carriers = {key: tuple(words) for key, words in (settings.get("carriers") or {}).items()}
    return tuple(frozenset(group) for group in settings.get("same") or ()), names, carriers


def _organisations(path: Path, calendar_names: dict[str, str]) -> dict[str, Organisation]:
    rows = {row["agency_id"]: row for row in _unique(path, read_csv(path, _ORGANISATION_COLUMNS), "agency_id")}
    divisions = {row["name_ja"]: code for code, row in rows.items() if row["kind"] == "担当課"}
    for code, row in rows.items():
        if row["parent_id"] and row["parent_id"] not in rows:
            raise ReferenceFileInvalid(path, f"{code}: its parent {row['parent_id']} is not in the list")
    return {code: _organisation(row, rows, divisions, calendar_names) for code, row in rows.items()}


def _organisation(
    row: dict[str, str], rows: dict[str, dict[str, str]], divisions: dict[str, str], calendar_names: dict[str, str]
) -> Organisation:
    return Organisation(
        id=row["agency_id"],
        kind=row["kind"],
        name=row["name_ja"],
        parent_id=row["parent_id"] or None,
        field_code=row["field_code"],
        field_ja=row["field_ja"],
        unit_count=row["unit_count"],
        delivery_mode=row["delivery_mode_ja"],
        contractor=row["contractor_ja"],
        division_name=row["division_ja"],
        subsection_name=row["subsection_ja"],
        law_item=row["law_item_ja"],
        legal_basis=row["legal_basis_ja"],
        scheme_role=row["scheme_role_ja"],
        placeholder=row["named_in_plan"] in ("placeholder", "role only"),
        plan_section=row["plan_section"],
        note=row["note"],
        division_org_id=_division(row, divisions),
        calendar=_calendar_name(row, rows, calendar_names),
    )


def _division(row: dict[str, str], divisions: dict[str, str]) -> str | None:
    if row["kind"] == "担当課":
        return row["agency_id"]
    if row["kind"] in DIVISION_KINDS and row["parent_id"]:
        return row["parent_id"]
    return divisions.get(row["division_ja"])


def _calendar_name(row: dict[str, str], rows: dict[str, dict[str, str]], names: dict[str, str]) -> str:
    """Its own calendar, or that of the nearest parent that has one."""
    seen: set[str] = set()
    while row["agency_id"] not in names and row["parent_id"] and row["agency_id"] not in seen:
        seen.add(row["agency_id"])
        row = rows[row["parent_id"]]
    return names.get(row["agency_id"], CITY_CALENDAR)


def _programmes(path: Path, organisations: dict[str, Organisation]) -> dict[str, Programme]:
    divisions = {org.name: org.id for org in organisations.values() if org.kind == "担当課"}
    rows = _unique(path, read_csv(path, _PROGRAMME_COLUMNS), "programme_id")
    return {row["programme_id"]: _programme(row, divisions) for row in rows}


def _programme(row: dict[str, str], divisions: dict[str, str]) -> Programme:
    named = [name.strip() for name in row["division_ja"].split("／")]
    return Programme(
        id=row["programme_id"],
        pillar_code=row["pillar_code"],
        section_ja=row["plan_section_ja"],
        law_item=row["law_item_ja"],
        name=row["programme_name_ja"],
        is_new=row["is_new"].startswith("yes"),
        field_ja=row["field_ja"],
        summary_ja=row["summary_ja"],
        delivery_mode=row["delivery_mode_ja"],
        body_ja=row["implementing_body_ja"],
        division_ja=row["division_ja"],
        division_org_ids=tuple(divisions[name] for name in named if name in divisions),
        process_ids=tuple(part.strip() for part in row["process_ids"].split(",") if part.strip()),
        plan_table=row["plan_table"],
        note=row["note"],
    )


def _unique(path: Path, rows: list[dict[str, str]], key: str) -> list[dict[str, str]]:
    seen: set[str] = set()
    for row in rows:
        if row[key] in seen or not row[key]:
            raise ReferenceFileInvalid(path, f"{key} is empty or given twice: {row[key]!r}")
        seen.add(row[key])
    return rows


# ---------------------------------------------------------------- roles, values, ladders, lists


def _roles(path: Path) -> dict[Role, RoleTraits]:
    entries = read_mapping(path)
    only(path, "roles", entries, (role.value for role in Role))
    flags = [field.name for field in fields(RoleTraits) if field.name != "role"]
    roles = {}
    for role in Role:
        if role.value not in entries:
            raise ReferenceFileInvalid(path, f"the role {role.value} is missing")
        traits = only(path, role.value, entries[role.value], flags)
        if not all(isinstance(value, bool) for value in traits.values()):
            raise ReferenceFileInvalid(path, f"{role.value}: write true or false")
        roles[role] = RoleTraits(role=role, **traits)
    return roles


def _parameters(path: Path) -> dict[str, Parameter]:
    return {name: _parameter(path, name, entry) for name, entry in read_mapping(path).items()}


def _parameter(path: Path, name: str, entry: Any) -> Parameter:
    entry = only(path, name, entry, ("label", "unit", "placeholder", "values"))
    rows = [only(path, name, row, ("from", "value", "source")) for row in entry.get("values") or ()]
    values = []
    for row in rows:
        if not row.get("source") or not isinstance(row.get("value"), int | str):
            raise ReferenceFileInvalid(path, f"{name}: every value needs a value and a source")
        values.append(ParameterValue(as_date(path, name, row.get("from")), row["value"], str(row["source"])))
    if not values or not entry.get("unit"):
        raise ReferenceFileInvalid(path, f"{name}: a unit and at least one value are needed")
    return Parameter(
        name=name,
        label_ja=str(entry.get("label", name)),
        unit=str(entry["unit"]),
        values=tuple(sorted(values, key=lambda value: value.valid_from)),
        placeholder=bool(entry.get("placeholder", False)),
    )


def _ladders(path: Path) -> dict[str, tuple[DatedLadder, ...]]:
    ladders = {}
    for name, versions in read_mapping(path).items():
        dated = [_dated_ladder(path, name, only(path, name, v, ("from", "source", "steps"))) for v in versions]
        ladders[name] = tuple(sorted(dated, key=lambda version: version.valid_from))
    return ladders


def _dated_ladder(path: Path, name: str, version: dict[str, Any]) -> DatedLadder:
    try:
        steps = tuple(_step(path, name, step) for step in version.get("steps") or ())
    except ValueError as error:
        raise ReferenceFileInvalid(path, f"{name}: {error}") from error
    return DatedLadder(as_date(path, name, version.get("from")), steps, str(version.get("source", "")))


def _step(path: Path, name: str, entry: Any) -> LadderStep:
    step = only(path, name, entry, ("level", "after", "tells", "before"))
    return LadderStep(
        level=str(step.get("level")),
        after=Period.parse(step["after"]) if step.get("after") else None,
        tells=Role(step["tells"]) if step.get("tells") else None,
        before=bool(step.get("before", False)),
    )


def _sharing_bases(path: Path) -> tuple[SharingBasis, ...]:
    bases = []
    for entry in read_yaml(path):
        row = only(path, "sharing basis", entry, ("code", "option", "label", "needs_reason"))
        if not (row.get("code") and row.get("option") and row.get("label")):
            raise ReferenceFileInvalid(path, f"code, option and label are needed: {row}")
        bases.append(SharingBasis(row["code"], str(row["option"]), str(row["label"]), bool(row.get("needs_reason"))))
    return tuple(bases)


def _option_lists(path: Path) -> dict[str, OptionList]:
    lists = {}
    for key, entry in read_mapping(path).items():
        row = only(path, key, entry, ("title", "placeholder", "options"))
        options = tuple(str(option) for option in row.get("options") or ())
        if not options or len(set(options)) < len(options):
            raise ReferenceFileInvalid(path, f"{key}: options are missing or given twice")
        lists[key] = OptionList(key, str(row.get("title", key)), options, bool(row.get("placeholder", False)))
    return lists


def _check_codes(folder: Path, reference: Reference, calendar_names: dict[str, str]) -> None:
    """Organisations named in settings and parameters must exist."""
    settings = folder / "organisation_settings.yaml"
    named = [(settings, code) for group in reference.same for code in group]
    named += [(settings, code) for code in calendar_names]
    for parameter in reference.parameters.values():
        if parameter.unit == "organisation":
            named += [(folder / "parameters.yaml", str(value.value)) for value in parameter.values]
    for path, code in named:
        if code not in reference.organisations:
            raise ReferenceFileInvalid(path, f"unknown organisation: {code}")
