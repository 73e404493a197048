"""Organisations, calendars and dated values: what is in force when; changes count for what opens afterwards."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.business_days import Calendar, add_months, tokyo_date
from engine.domain.errors import FormInvalid, NotFound
from engine.domain.reference_change import Change, ChangeKind
from engine.reference.model import CITY_CALENDAR, DIVISION_KINDS, Reference
from engine.services import reference_changes
from engine.services.reference_changes import DELIVERY_MODES, seen_of
from web import arguments
from web.admin_answers import answered
from web.admin_words import LADDERS, UNITS
from web.pages.admin_staff import organisations as all_organisations
from web.pages.admin_staff import seen
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("admin_reference", __name__, url_prefix="/admin")
HORIZON_MONTHS = 12
_WEEKS = Weeks(firstweekday=6)


@blueprint.context_processor
def _words() -> dict[str, Mapping[str, str]]:
    """Words of units and ladders for the templates of this area."""
    return {"units": UNITS, "ladder_names": LADDERS}


@dataclass(frozen=True)
class Day:
    """One day of the year's page; ``why`` is the reason for which it is closed."""

    day: date
    why: str | None


# ---------------------------------------------------------------- organisations


@blueprint.get("/organisations")
@policy("admin")
def organisations() -> str:
    """All organisations, those without a name of their own first."""
    found = sorted(engine().reference.organisations.values(), key=lambda org: (not org.placeholder, org.id))
    return render_template("admin/organisations.html", organisations=found, names=engine().reference.names())


@blueprint.get("/organisations/new")
@policy("admin")
def new_organisation() -> str:
    """The form for an organisation that the plan does not name."""
    return _new_organisation_page({}, {})


def _new_organisation_page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return render_template("admin/organisation_new.html", typed=typed, problems=problems, **_organisation_choices())


@blueprint.post("/organisations/new")
@policy("admin")
def add_organisation() -> BaseResponse:
    """Add it under the next code that is free, and show it."""
    typed = request.form.to_dict()
    try:
        org_id = reference_changes.add_organisation(engine(), actor(), typed, now=now())
    except FormInvalid as refusal:
        return make_response(_new_organisation_page(typed, refusal.fields), 422)
    return redirect(url_for("admin_reference.organisation", org_id=org_id, saved=1))


def _organisation_choices() -> dict[str, list[tuple[str, str]]]:
    """What kind, way of running, parent and division an organisation may have, as pairs of code and text."""
    known = engine().reference.organisations.values()
    return {
        "kinds": [(kind, kind) for kind in sorted({other.kind for other in known})],
        "modes": [(mode, mode or "－") for mode in DELIVERY_MODES],
        "organisations": all_organisations(),
        "divisions": [(other.id, other.name) for other in known if other.kind in DIVISION_KINDS],
    }


@blueprint.get("/organisations/<org_id>")
@policy("admin")
def organisation(org_id: str) -> str:
    """One organisation."""
    return _organisation_page(org_id, {}, {})


def _organisation_page(org_id: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    reference = engine().reference
    if org_id not in reference.organisations:
        raise NotFound("organisation")
    org = reference.organisations[org_id]
    return render_template(
        "admin/organisation.html", org=org, typed=typed, problems=problems, **_organisation_choices(),
        covers=_covers(reference, org_id), hours=reference.calendar_for(org_id).hours_on(tokyo_date(now())),
        seen_version=seen_of(engine(), ChangeKind.ORGANISATION, org_id),
        changes=_changes(org_id, ChangeKind.ORGANISATION), names=reference.names(),
    )  # fmt: skip


def _covers(reference: Reference, org_id: str) -> list[str]:
    return [reference.organisations[code].name for code in sorted(reference.covers(org_id))]


@blueprint.post("/organisations/<org_id>")
@policy("admin")
def change_organisation(org_id: str) -> BaseResponse:
    """Name, kind, parent, answering division, way of running."""
    typed = request.form.to_dict()
    return answered(
        lambda: reference_changes.change_organisation(engine(), actor(), org_id, typed, seen=seen(), now=now()),
        lambda problems: _organisation_page(org_id, typed, problems),
        url_for("admin_reference.organisation", org_id=org_id, saved=1),
    )


# ---------------------------------------------------------------- calendars


@blueprint.get("/calendars")
@policy("admin")
def calendars() -> str:
    """A year of the city's calendar or of one organisation's."""
    return _calendar_page(_subject(request.args.get("of", "")), {}, {})


def _subject(code: str) -> str:
    return code if code in engine().reference.organisations else CITY_CALENDAR


def _calendar_page(subject: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    reference, today = engine().reference, tokyo_date(now())
    calendar = reference.calendar if subject == CITY_CALENDAR else reference.calendar_for(subject)
    year = arguments.number("year", 9999) or (today.year if today.month > 3 else today.year - 1)
    year = min(max(year, calendar.valid_from.year), calendar.valid_until.year)
    months = [add_months(date(year, 4, 1), number) for number in range(12)]
    named = [
        Day(d, calendar.why_closed(d)) for d in _days(calendar, months) if d.weekday() not in calendar.closed_weekdays
    ]
    return render_template(
        "admin/calendar.html", subject=subject, calendar=calendar, year=year, organisations=all_organisations(),
        months=[(month, _weeks(calendar, month)) for month in months], named=[d for d in named if d.why],
        hours=calendar.hours_on(today), today=today, typed=typed, problems=problems,
        short=calendar.valid_until < add_months(today, HORIZON_MONTHS),
        seen_day=seen_of(engine(), ChangeKind.DAY, subject), seen_hours=seen_of(engine(), ChangeKind.HOURS, subject),
        changes=_changes(subject, ChangeKind.DAY, ChangeKind.HOURS), own=subject != CITY_CALENDAR,
    )  # fmt: skip


def _days(calendar: Calendar, months: list[date]) -> list[date]:
    return [
        day
        for month in months
        for day in _WEEKS.itermonthdates(month.year, month.month)
        if day.month == month.month and calendar.valid_from <= day <= calendar.valid_until
    ]


def _weeks(calendar: Calendar, month: date) -> list[list[Day | None]]:
    """The weeks of a month; None for the days of others, and outside the calendar."""
    known = {day: Day(day, calendar.why_closed(day)) for day in _days(calendar, [month])}
    return [
        [known.get(day) if day.month == month.month else None for day in week]
        for week in _WEEKS.monthdatescalendar(month.year, month.month)
    ]


@blueprint.post("/calendars/day")
@policy("admin")
def set_day() -> BaseResponse:
    """Close or open one day."""
    typed, subject = request.form.to_dict(), _subject(request.form.get("of", ""))
    return answered(
        lambda: reference_changes.set_day(engine(), actor(), subject, typed, seen=seen(), now=now()),
        lambda problems: _calendar_page(subject, typed, problems),
        url_for("admin_reference.calendars", of=subject, saved=1),
    )


@blueprint.post("/calendars/hours")
@policy("admin")
def set_hours() -> BaseResponse:
    """Opening hours from a day on."""
    typed, subject = request.form.to_dict(), _subject(request.form.get("of", ""))
    return answered(
        lambda: reference_changes.set_hours(engine(), actor(), subject, typed, seen=seen(), now=now()),
        lambda problems: _calendar_page(subject, typed, problems),
        url_for("admin_reference.calendars", of=subject, saved=1),
    )


# ---------------------------------------------------------------- dated values


@blueprint.get("/policies")
@policy("admin")
def policies() -> str:
    """Dated values and ladders, with what is in force today and what comes."""
    reference, today = engine().reference, tokyo_date(now())
    return render_template(
        "admin/policies.html", parameters=reference.parameters.values(), today=today, names=reference.names(),
        ladders={name: reference.ladder(name, today) for name in reference.ladders},
    )  # fmt: skip


@blueprint.get("/policies/<parameter>")
@policy("admin")
def parameter(parameter: str) -> str:
    """One dated value with its history."""
    return _parameter_page(parameter, {}, {})


def _parameter_page(name: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    reference = engine().reference
    if name not in reference.parameters:
        raise NotFound("parameter")
    return render_template(
        "admin/parameter.html", parameter=reference.parameters[name], today=tokyo_date(now()), typed=typed,
        problems=problems, names=reference.names(), organisations=all_organisations(),
        seen_version=seen_of(engine(), ChangeKind.PARAMETER, name), changes=_changes(name, ChangeKind.PARAMETER),
    )  # fmt: skip


@blueprint.post("/policies/<parameter>")
@policy("admin")
def set_parameter(parameter: str) -> BaseResponse:
    """A new value from a day on."""
    typed = request.form.to_dict()
    return answered(
        lambda: reference_changes.set_parameter(engine(), actor(), parameter, typed, seen=seen(), now=now()),
        lambda problems: _parameter_page(parameter, typed, problems),
        url_for("admin_reference.parameter", parameter=parameter, saved=1),
    )


@blueprint.get("/ladders/<ladder>")
@policy("admin")
def ladder(ladder: str) -> str:
    """One escalation ladder with its history."""
    return _ladder_page(ladder, {}, {})


def _ladder_page(name: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    reference, today = engine().reference, tokyo_date(now())
    if name not in reference.ladders:
        raise NotFound("ladder")
    return render_template(
        "admin/ladder.html", name=name, versions=reference.ladders[name], steps=reference.ladder(name, today),
        today=today, typed=typed, problems=problems, seen_version=seen_of(engine(), ChangeKind.LADDER, name),
        changes=_changes(name, ChangeKind.LADDER),
    )  # fmt: skip


@blueprint.post("/ladders/<ladder>")
@policy("admin")
def set_ladder(ladder: str) -> BaseResponse:
    """New distances of the levels from a day on."""
    typed = request.form.to_dict()
    return answered(
        lambda: reference_changes.set_ladder(engine(), actor(), ladder, typed, seen=seen(), now=now()),
        lambda problems: _ladder_page(ladder, typed, problems),
        url_for("admin_reference.ladder", ladder=ladder, saved=1),
    )


def _changes(subject: str, *kinds: ChangeKind) -> list[Change]:
    """What was changed of one thing here, the newest first."""
    return [c for c in reversed(engine().book.changes) if c.subject == subject and c.kind in kinds]
