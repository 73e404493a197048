"""Settings of one person: language, calendar, keys."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.services import desks, mailing, sign_in
from web import csrf
from web.admin_words import RHYTHMS
from web.errors import BadRequest
from web.i18n import LANGUAGES
from web.policy import policy
from web.runtime import actor, engine
from web.session import LANGUAGE_COOKIE, require_csrf

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@policy("signed_in")
def show() -> str:
    """The choices as they stand."""
    return render_template(
        "settings.html", languages=LANGUAGES, saved="saved" in request.args, rhythms=RHYTHMS,
        rhythm=mailing.rhythm_of(engine(), actor().staff_id),
    )  # fmt: skip


@blueprint.post("/settings/mail")
@policy("signed_in")
def mail() -> BaseResponse:
    """How often notices come by mail."""
    try:
        mailing.prefer(engine(), actor(), request.form.get("rhythm", ""))
    except FormInvalid:
        raise BadRequest from None
    return redirect(url_for("settings.show", saved=1))


@blueprint.post("/settings")
@policy("signed_in")
def save() -> BaseResponse:
    """Keep the choices with the account."""
    chosen = request.form.get("language", "")
    chosen = chosen if chosen in LANGUAGES else "ja"
    sign_in.set_preferences(engine(), actor(), language=chosen, era_dates=request.form.get("dates") != "gregorian")
    if "keys" in request.form:
        desks.set_shortcuts(engine(), actor(), on=request.form["keys"] != "off")
    return redirect(url_for("settings.show", saved=1))


@blueprint.post("/language")
@policy("public")
def language() -> BaseResponse:
    """The language of the sign-in page, kept in this browser only."""
    secure = engine().settings.secure_cookies
    require_csrf(request.cookies.get(csrf.form_cookie_name(secure=secure)))
    chosen = request.form.get("language", "")
    response = make_response(redirect(url_for("sign_in.form")))
    if chosen in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, chosen, httponly=True, samesite="Lax", path="/")
    return response
