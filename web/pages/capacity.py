"""For whom one works: a person with roles in several organisations chooses one of them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from engine.queries import staff_list
from engine.services import capacities
from web import session
from web.policy import policy
from web.runtime import actor, engine, now, signed_in

blueprint = Blueprint("capacity", __name__)


@blueprint.get("/capacity")
@policy("signed_in")
def show() -> str | BaseResponse:
    """One big row for each organisation, the one of last time first; straight on for who has only one."""
    then = session.local_path(request.args.get("next"))
    if len(capacities.offices(actor())) < 2:
        return redirect(then)
    last = signed_in().desk.capacity
    found = sorted(staff_list.offices(engine(), actor()), key=lambda office: office.org_id != last)
    return render_template("capacity.html", offices=found, last=last, next=then)


@blueprint.post("/capacity")
@policy("signed_in")
def choose() -> BaseResponse:
    """Work for one of them from now on."""
    capacities.choose(engine(), actor(), request.form.get("org", "")[:60], now=now())
    return redirect(session.local_path(request.form.get("next")))
