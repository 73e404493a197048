"""Opening what a seal hides: with a reason, for one page, noted before it is shown."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template, request

from engine.domain.errors import FormInvalid
from engine.domain.roles import Role
from engine.queries.case_file import CaseHead
from engine.services import sealed
from web.pages.cases import head_of_number
from web.policy import policy
from web.runtime import actor, engine, now, signed_in

blueprint = Blueprint("sealed", __name__, url_prefix="/cases")


@blueprint.post("/<number>/household/open")
@policy("case_work")
def contact(number: str) -> Response:
    """Ask why, then show the household page once with the contact details."""
    head = head_of_number(number)

    def shown(reason: str) -> str:
        people = sealed.open_people(engine(), actor(), head, reason=reason, now=now())
        return render_template("case_household.html", case=head, part="household", people=people, **_opened(reason))

    return _asked(head, "cases.household", {}, shown)


@blueprint.post("/<number>/records/<record_id>/open")
@policy("case_work")
def record(number: str, record_id: str) -> Response:
    """Ask why, then show the record once with its sealed values."""
    head = head_of_number(number)

    def shown(reason: str) -> str:
        wareki = signed_in().era_dates
        view = sealed.open_record(engine(), actor(), head, record_id, reason=reason, wareki=wareki, now=now())
        return render_template("case_record.html", case=head, part="records", record=view, **_opened(reason))

    return _asked(head, "cases.record", {"record_id": record_id}, shown)


def _opened(reason: str) -> dict[str, object]:
    """Only an emergency officer takes it to paper; for all others print leaves the values out."""
    printable = any(m.role == Role.EMERGENCY_OFFICER.value for m in actor().memberships)
    return {"opened": {"reason": reason.strip(), "printable": printable}, "may_open": False}


def _asked(head: CaseHead, back: str, arguments: dict[str, str], shown: Callable[[str], str]) -> Response:
    reason = request.form.get("reason", "")[: sealed.LONGEST]
    errors: dict[str, str] = {}
    if "reason" in request.form:
        try:
            answer = make_response(shown(reason))
        except FormInvalid as refusal:
            errors = dict(refusal.fields)
        else:
            answer.headers["Cache-Control"] = "no-store"
            return answer
    told = sealed.told(engine(), actor(), head, now=now())
    page = render_template(
        "sealed_reason.html", case=head, told=told, back=back, arguments=arguments, errors=errors, typed=reason
    )
    return make_response(page, 422 if errors else 200)
