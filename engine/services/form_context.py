"""What forms may refer to and prefill from, for one person at one task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.staff import Actor
from engine.forms.api import Choice, FormContext, PrefillSources, RefKind
from engine.services.engine import Engine
from engine.storage import cases, plans, records, staff
from engine.storage.database import Connection
from engine.storage.rows import CaseRow
from engine.storage.sealing import unseal

SUBJECT = "本人"  #: how a form speaks of the person whom the case is about
PERSON_TEXTS = ("name", "name_kana", "sex")
PERSON_SEALED = ("address", "residence", "phone_home", "phone_mobile", "email")


@dataclass(frozen=True)
class CaseReferences:
    """Organisations, programmes, staff and the people of one case."""

    engine: Engine
    connection: Connection
    case: CaseRow | None
    org_id: str = ""  #: the organisation whose staff are offered
    today: date | None = None

    def resolve(self, kind: RefKind, text: str) -> str | None:
        """The id that a text means."""
        reference = self.engine.reference
        if kind is RefKind.ORGANISATION:
            return text if text in reference.organisations else _by_name(reference.organisations, text)
        if kind is RefKind.PROGRAMME:
            return text if text in reference.programmes else _by_name(reference.programmes, text)
        if kind is RefKind.STAFF:
            return staff.find(self.connection, text)
        if kind is RefKind.PERSON:
            found = next((c.id for c in self.choices(kind) if text in (c.id, c.label)), None)
            return found or (self.case.subject_id if self.case is not None and text == SUBJECT else None)
        return text

    def label(self, kind: RefKind, id: str) -> str | None:
        """The name to show for an id."""
        reference = self.engine.reference
        if kind is RefKind.ORGANISATION:
            return reference.organisations[id].name if id in reference.organisations else None
        if kind is RefKind.PROGRAMME:
            return reference.programmes[id].name if id in reference.programmes else None
        if kind is RefKind.STAFF:
            row = staff.by_id(self.connection, id)
            return None if row is None else str(row.name)
        if kind is RefKind.PERSON:
            return next((c.label for c in self.choices(kind) if c.id == id), None)
        return None

    def choices(self, kind: RefKind) -> Sequence[Choice]:
        """What a select offers."""
        reference = self.engine.reference
        if kind is RefKind.ORGANISATION:
            return [Choice(o.id, o.name) for o in reference.organisations.values()]
        if kind is RefKind.PROGRAMME:
            return [Choice(p.id, p.name) for p in reference.programmes.values()]
        if kind is RefKind.PERSON and self.case is not None:
            return self._people(self.case)
        if kind is RefKind.STAFF and self.org_id in reference.organisations and self.today is not None:
            orgs = reference.same_organisation(self.org_id)
            return [Choice(*pair) for pair in staff.working_in(self.connection, orgs, self.today)]
        return []

    def options(self, name: str) -> Sequence[str]:
        """A list of options that the city maintains."""
        return self.engine.reference.options(name)

    def _people(self, case: CaseRow) -> list[Choice]:
        facts = cases.person_facts(self.connection, case.subject_id)
        people = [Choice(case.subject_id, facts["name"])] if facts["name"] else []
        known = {choice.label for choice in people}
        for member in cases.members(self.connection, case.household_id):
            if member["name"] and member["name"] not in known:
                people.append(Choice(member["person_id"] or member["id"], member["name"]))
                known.add(member["name"])
        return people


def _by_name(table: Mapping[str, Any], name: str) -> str | None:
    found = [key for key, item in table.items() if item.name == name]
    return found[0] if len(found) == 1 else None


class Lazily(Mapping[str, Any]):
    """A mapping that is read when a form first asks for something in it."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        return self._read()

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def form_context(
    engine: Engine,
    connection: Connection,
    actor: Actor,
    *,
    case: CaseRow | None,
    org_id: str,
    variables: Mapping[str, Any],
    now: datetime,
) -> FormContext:
    """References and prefill sources for a form that ``actor`` fills in."""
    sources = PrefillSources(
        now=now,
        today=tokyo_date(now),
        actor={"org": org_id, "staff": actor.staff_id},
        person=Lazily(lambda: _person(connection, case)),
        case=Lazily(lambda: _case(connection, case)),
        records=records.NewestByForm(connection, case.id, with_sealed=True) if case else {},
        variables=variables,
        parameters=Lazily(lambda: _parameters(engine, now)),
    )
    return FormContext(CaseReferences(engine, connection, case, org_id, tokyo_date(now)), sources)


def _person(connection: Connection, case: CaseRow | None) -> dict[str, Any]:
    if case is None:
        return {}
    facts = cases.person_facts(connection, case.subject_id)
    person: dict[str, Any] = {"id": case.subject_id, **{key: facts[key] for key in PERSON_TEXTS}}
    person["birth"] = facts["birth"].isoformat() if facts["birth"] else ""
    return person | {key: unseal(facts[key]) or "" for key in PERSON_SEALED}


def _case(connection: Connection, case: CaseRow | None) -> dict[str, Any]:
    if case is None:
        return {}
    plan = plans.newest(connection, case.id)
    return {
        "id": case.id,
        "number": case.number,
        "owner_org": case.owner_org,
        "lead_org": case.lead_org or "",
        "field_codes": list(case.field_codes),
        "urgency": case.urgency,
        "plan_until": plan.period_until.isoformat() if plan and plan.period_until else "",
        "plan_version_id": plan.id if plan else "",
        "household_members": [
            {"name": m["name"], "kana": m["name_kana"], "relation": m["relation"], "age": m["age"]}
            for m in cases.members(connection, case.household_id)
        ],
        "issues_at_first": _issues_at_first(connection, case),
    }


def _issues_at_first(connection: Connection, case: CaseRow) -> list[dict[str, str]]:
    """Rows of 世帯員×分野の課題 as the first contact told them: the person, each field, what was asked for."""
    name = cases.person_facts(connection, case.subject_id)["name"]
    told = "、".join(records.newest_data(connection, case.id, "F01").get("issues") or [])
    return [{"member": name, "field": code, "issue": told} for code in case.field_codes] if name and told else []


def _parameters(engine: Engine, now: datetime) -> dict[str, Any]:
    """Every dated value in force, periods as text (``3 months``)."""
    today, values = tokyo_date(now), {}
    for name, parameter in engine.reference.parameters.items():
        value = parameter.on(today).value
        counted = parameter.unit in {"months", "business_days", "calendar_days", "hours", "business_hours"}
        values[name] = f"{value} {parameter.unit}" if counted else value
    return values
