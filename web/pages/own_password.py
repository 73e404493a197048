"""The own password: changed when one likes, and before anything else after a password for one sign-in."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.services import sign_in
from web import session
from web.policy import policy
from web.runtime import engine, now, signed_in

blueprint = Blueprint("own_password", __name__)


@blueprint.get("/password")
@policy("signed_in")
def form() -> str:
    """The form for a new password."""
    return render_template("own_password.html", due=signed_in().password_due, problems={})


@blueprint.post("/password")
@policy("signed_in")
def change() -> BaseResponse:
    """Keep the new password; the person signs in with it."""
    old, new, again = (request.form.get(name, "") for name in ("old", "password", "again"))
    try:
        sign_in.change_password(engine(), signed_in(), old, new, again, now=now())
    except FormInvalid as refusal:
        page = render_template("own_password.html", due=signed_in().password_due, problems=refusal.fields)
        return make_response(page, 422)
    response = make_response(redirect(url_for("sign_in.form")))
    session.end(response)
    return response
