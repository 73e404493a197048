"""What the reference data hold, as frozen values; ``engine.reference.loader`` reads them from files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from engine.domain.business_days import Calendar
from engine.domain.deadline import Period, Unit
from engine.domain.errors import ReferenceMissing
from engine.domain.escalation import Ladder
from engine.domain.roles import Role, RoleTraits

CITY_CALENDAR = "city"
DIVISION_KINDS = frozenset({"担当課", "担当係"})
DIRECT = "直営"

T = TypeVar("T")


@dataclass(frozen=True)
class Organisation:
    """One agency, unit, division, subsection, conference or partner of the city's plan.

    ``division_org_id`` is the division that answers for it (``DV-..``), None where the plan names none.
    ``is_city_staff``: its members are city staff, so statutory acts may be theirs. ``placeholder``: the plan
    gives no name; the city renames it. ``calendar`` is the name of its calendar.
    """

    id: str
    kind: str
    name: str
    parent_id: str | None
    field_code: str
    field_ja: str
    unit_count: str
    delivery_mode: str
    contractor: str
    division_name: str
    subsection_name: str
    law_item: str
    legal_basis: str
    scheme_role: str
    placeholder: bool
    plan_section: str
    note: str
    division_org_id: str | None
    calendar: str

    @property
    def is_city_staff(self) -> bool:
        """Directly run by the city, or itself a division or subsection."""
        return self.delivery_mode == DIRECT or self.kind in DIVISION_KINDS

    @property
    def is_division(self) -> bool:
        """A division or one of its subsections."""
        return self.kind in DIVISION_KINDS


@dataclass(frozen=True)
class Programme:
    """One programme row of the city's plan, with the wording of the plan."""

    id: str
    pillar_code: str
    section_ja: str
    law_item: str
    name: str
    is_new: bool
    field_ja: str
    summary_ja: str
    delivery_mode: str
    body_ja: str
    division_ja: str
    division_org_ids: tuple[str, ...]
    process_ids: tuple[str, ...]
    plan_table: str
    note: str


@dataclass(frozen=True)
class ParameterValue:
    """A value from a day on, with where it comes from."""

    valid_from: date
    value: int | str
    source: str


@dataclass(frozen=True)
class Parameter:
    """A dated legal or policy value; ``values`` are sorted by day. ``placeholder``: the city has to confirm it."""

    name: str
    label_ja: str
    unit: str
    values: tuple[ParameterValue, ...]
    placeholder: bool = False

    def on(self, day: date) -> ParameterValue:
        """The value in force on a day; raises ReferenceMissing before the first one."""
        for value in reversed(self.values):
            if value.valid_from <= day:
                return value
        raise ReferenceMissing(f"parameter {self.name} has no value on {day}")


@dataclass(frozen=True)
class DatedLadder:
    """The steps of an escalation ladder from a day on."""

    valid_from: date
    steps: Ladder
    source: str


@dataclass(frozen=True)
class SharingBasis:
    """A legal basis of sharing. ``option`` is the word on the form, ``label_ja`` the full one for records."""

    code: str
    option: str
    label_ja: str
    needs_reason: bool


@dataclass(frozen=True)
class OptionList:
    """A list of options that the city maintains."""

    key: str
    title: str
    options: tuple[str, ...]
    placeholder: bool


@dataclass(frozen=True, eq=False)
class Reference:
    """All reference data of one city. Unknown codes raise ReferenceMissing."""

    organisations: Mapping[str, Organisation]
    programmes: Mapping[str, Programme]
    roles: Mapping[Role, RoleTraits]
    parameters: Mapping[str, Parameter]
    ladders: Mapping[str, tuple[DatedLadder, ...]]
    sharing_bases: tuple[SharingBasis, ...]
    option_lists: Mapping[str, OptionList]
    calendars: Mapping[str, Calendar]
    same: tuple[frozenset[str], ...] = ()
    carriers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: process key -> words, first match counts
    outside_messages: Mapping[str, str] = field(default_factory=dict)  #: messages from or to no diagram

    # ------------------------------------------------------------ organisations and programmes

    def organisation(self, org_id: str) -> Organisation:
        """An organisation by its code."""
        return _known(self.organisations, org_id, "organisation")

    def names(self) -> dict[str, str]:
        """The name of each organisation by its code."""
        return {code: organisation.name for code, organisation in self.organisations.items()}

    def programme(self, programme_id: str) -> Programme:
        """A programme by its code."""
        return _known(self.programmes, programme_id, "programme")

    def same_organisation(self, org_id: str) -> frozenset[str]:
        """The codes under which one and the same organisation is listed, the given one included."""
        self.organisation(org_id)
        return next((group for group in self.same if org_id in group), frozenset({org_id}))

    def division_of(self, org_id: str) -> str | None:
        """The division that answers for an organisation, itself for a division.

        The multi-agency coordinator, for which the plan names none, belongs to the programme's division;
        None for partners outside (employment office, companies, the corporation as such).
        """
        organisation = self.organisation(org_id)
        if organisation.division_org_id is not None:
            return organisation.division_org_id
        if org_id == self._newest_text("multi_agency_coordinator"):
            return self._newest_text("programme_division")
        return None

    def covers(self, org_id: str) -> frozenset[str]:
        """The organisations whose cases an organisation answers for.

        A division or subsection (also one listed as an agency too): all organisations that the plan puts under
        its division; an assumed division gives no sight of cases. Every other organisation: itself.
        """
        same = self.same_organisation(org_id)
        if not any(self.organisations[code].is_division for code in same):
            return same
        division = self.organisation(org_id).division_org_id
        return same | {code for code, org in self.organisations.items() if org.division_org_id == division}

    def supervised_by(self, org_id: str) -> frozenset[str]:
        """The divisions and subsections that answer for an organisation (where its supervisors are members)."""
        division = self.division_of(org_id)
        if division is None:
            return frozenset()
        return frozenset(
            code
            for code in self.organisations
            if self.division_of(code) == division
            and any(self.organisations[same].is_division for same in self.same_organisation(code))
        )

    def is_city_staff(self, org_id: str) -> bool:
        """Whether members of the organisation are city staff."""
        return self.organisation(org_id).is_city_staff

    # ------------------------------------------------------------ dated values

    def parameter(self, name: str) -> Parameter:
        """A dated parameter with all its values."""
        return _known(self.parameters, name, "parameter")

    def text(self, name: str, on: date) -> str:
        """The value of a text or organisation parameter on a day."""
        return str(self.parameter(name).on(on).value)

    def number(self, name: str, on: date) -> int:
        """The value of a parameter that is a number, on a day, in the parameter's unit."""
        value = self.parameter(name).on(on).value
        if not isinstance(value, int):
            raise ReferenceMissing(f"parameter {name} is no number")
        return value

    def period(self, name: str, on: date) -> Period:
        """The value of a parameter that is a period, on a day."""
        try:
            unit = Unit(self.parameter(name).unit)
        except ValueError:
            raise ReferenceMissing(f"parameter {name} is no period") from None
        return Period(self.number(name, on), unit)

    def ladder(self, name: str, on: date) -> Ladder:
        """The steps of an escalation ladder on a day; ``none`` has no steps."""
        if name == "none":
            return ()
        for dated in reversed(_known(self.ladders, name, "ladder")):
            if dated.valid_from <= on:
                return dated.steps
        raise ReferenceMissing(f"ladder {name} has no steps on {on}")

    def _newest_text(self, name: str) -> str | None:
        parameter = self.parameters.get(name)
        return str(parameter.values[-1].value) if parameter is not None else None

    # ------------------------------------------------------------ calendars

    @property
    def calendar(self) -> Calendar:
        """The city's calendar."""
        return self.calendars[CITY_CALENDAR]

    def calendar_for(self, org_id: str) -> Calendar:
        """The calendar of an organisation: its own, its parent's, or the city's."""
        return _known(self.calendars, self.organisation(org_id).calendar, "calendar")

    # ------------------------------------------------------------ vocabulary

    def role(self, code: str) -> Role:
        """A role by its code."""
        try:
            return Role(code)
        except ValueError:
            raise ReferenceMissing(f"unknown role: {code}") from None

    def traits(self, role: Role) -> RoleTraits:
        """What a role may see by itself."""
        return self.roles[role]

    def sharing_basis(self, code_or_option: str) -> SharingBasis:
        """A legal basis of sharing, by its code or by the word on the form."""
        for basis in self.sharing_bases:
            if code_or_option in (basis.code, basis.option):
                return basis
        raise ReferenceMissing(f"unknown sharing basis: {code_or_option}")

    def options(self, key: str) -> tuple[str, ...]:
        """The options of a list that the city maintains, for example ``F13.changes``."""
        return _known(self.option_lists, key, "list of options").options


def _known(table: Mapping[str, T], key: str, what: str) -> T:
    try:
        return table[key]
    except KeyError:
        raise ReferenceMissing(f"unknown {what}: {key}") from None
