"""Staff: who may do what where, until when; passwords, sessions, locks. No case is named here."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.domain.roles import Role
from engine.queries import administration
from engine.queries.paging import After
from engine.services import staff_admin
from web import arguments
from web.admin_answers import answered
from web.policy import allows, policy, policy_of
from web.runtime import actor, engine, now

blueprint = Blueprint("admin_staff", __name__, url_prefix="/admin/staff")
STATES = ("active", "left", "all")
HANDING_OVER = "reassign.choose"  #: where the work of somebody who leaves is handed over


def seen() -> int:
    """The version on the page that the form was sent from; one that nothing has for anything else."""
    text = request.form.get("seen_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


@blueprint.get("")
@policy("admin")
def listing() -> str:
    """Accounts with their roles."""
    words = arguments.words()
    status = request.args.get("status", "active")
    status = status if status in STATES else "active"
    org_id = arguments.line("org", 40)
    people, following = administration.people(
        engine(), words=words, status=status, org_id=org_id, after=After.read(request.args.get("after")), now=now()
    )
    return render_template(
        "admin/staff.html", people=people, following=following, words_typed=words, status=status, org_id=org_id,
        organisations=organisations(), hidden=request.args.get("w", ""),
    )  # fmt: skip


@blueprint.post("/search")
@policy("admin")
def narrow_down() -> BaseResponse:
    """Names stay out of addresses: the words travel hidden."""
    status = request.form.get("status", "")
    status = status if status in STATES else "active"
    org_id = request.form.get("org", "")[:40]
    address = url_for("admin_staff.listing", w=arguments.hidden_words() or None, status=status, org=org_id or None)
    return redirect(address)


@blueprint.get("/new")
@policy("admin")
def new() -> str:
    """The form for a new account."""
    return _new_page({}, {})


@blueprint.post("/new")
@policy("admin")
def create() -> BaseResponse:
    """Make the account and show its first password once."""
    typed = request.form.to_dict()
    try:
        staff_id, password = staff_admin.create(engine(), actor(), typed, now=now())
    except FormInvalid as refusal:
        return make_response(_new_page(typed, refusal.fields), 422)
    return _sheet(staff_id, password)


def _new_page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return render_template(
        "admin/staff_new.html", typed=typed, problems=problems, organisations=organisations(), roles=list(Role)
    )


@blueprint.get("/<staff_id>")
@policy("admin")
def show(staff_id: str) -> str:
    """One account."""
    return _page(staff_id, {}, {})


def _page(staff_id: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    found = administration.person(engine(), staff_id, now=now())
    view = current_app.view_functions.get(HANDING_OVER)
    handing_over = url_for(HANDING_OVER, person=staff_id) if view is not None else ""
    declared = policy_of(view)
    return render_template(
        "admin/person.html", page=found, person=found.person, typed=typed, problems=problems, roles=list(Role),
        organisations=organisations(), myself=actor().staff_id == staff_id,
        handing_over=handing_over, may_hand_over=declared is not None and allows(declared, actor()),
    )  # fmt: skip


@blueprint.post("/<staff_id>/edit")
@policy("admin")
def edit(staff_id: str) -> BaseResponse:
    """Name, reading, mail address."""
    typed = {name: request.form.get(name, "") for name in ("name", "kana", "email")}
    return answered(
        lambda: staff_admin.edit(engine(), actor(), staff_id, typed, seen=seen(), now=now()),
        lambda problems: _page(staff_id, typed, problems),
        _address(staff_id),
    )


@blueprint.post("/<staff_id>/roles")
@policy("admin")
def give_role(staff_id: str) -> BaseResponse:
    """A role in an organisation."""
    typed = request.form.to_dict()
    return answered(
        lambda: staff_admin.add_membership(engine(), actor(), staff_id, typed, seen=seen(), now=now()),
        lambda problems: _page(staff_id, typed, problems),
        _address(staff_id),
    )


@blueprint.post("/<staff_id>/roles/end")
@policy("admin")
def end_role(staff_id: str) -> BaseResponse:
    """The last day of a role."""
    membership, until = request.form.get("membership", ""), request.form.get("until", "")
    return answered(
        lambda: staff_admin.end_membership(engine(), actor(), staff_id, membership, until, seen=seen(), now=now()),
        lambda problems: _page(staff_id, {}, problems),
        _address(staff_id),
    )


@blueprint.post("/<staff_id>/password")
@policy("admin")
def reset_password(staff_id: str) -> BaseResponse:
    """A password for one sign-in, shown once."""
    return _sheet(staff_id, staff_admin.reset_password(engine(), actor(), staff_id, seen=seen(), now=now()))


def _sheet(staff_id: str, password: str) -> BaseResponse:
    person = administration.person(engine(), staff_id, now=now()).person
    return make_response(render_template("admin/first_password.html", person=person, password=password))


@blueprint.post("/<staff_id>/sessions")
@policy("admin")
def end_sessions(staff_id: str) -> BaseResponse:
    """Sign the person out everywhere."""
    staff_admin.end_sessions(engine(), actor(), staff_id, now=now())
    return _back(staff_id)


@blueprint.post("/<staff_id>/sessions/end")
@policy("admin")
def end_session(staff_id: str) -> BaseResponse:
    """Sign the person out on one device; one that is signed out already stays so."""
    staff_admin.end_session(engine(), actor(), staff_id, request.form.get("session", ""), now=now())
    return _back(staff_id)


@blueprint.post("/<staff_id>/lock")
@policy("admin")
def lift_lock(staff_id: str) -> BaseResponse:
    """Let the person try to sign in again."""
    staff_admin.lift_lock(engine(), actor(), staff_id, now=now())
    return _back(staff_id)


@blueprint.post("/<staff_id>/deactivate")
@policy("admin")
def deactivate(staff_id: str) -> BaseResponse:
    """Close the account."""
    return answered(
        lambda: staff_admin.deactivate(engine(), actor(), staff_id, seen=seen(), now=now()),
        lambda problems: _page(staff_id, {}, problems),
        _address(staff_id),
    )


def organisations() -> list[tuple[str, str]]:
    """Code and name of every organisation, by code."""
    return sorted(engine().reference.names().items())


def _address(staff_id: str) -> str:
    return url_for("admin_staff.show", staff_id=staff_id, saved=1)


def _back(staff_id: str) -> BaseResponse:
    return redirect(_address(staff_id))
