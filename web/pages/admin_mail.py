"""Mail of this installation: the server, a test message, and what became of the mails."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.services import mail_settings, mailing
from web.admin_words import MAIL_PROBLEMS, MAIL_STATES, SECURITY
from web.pages.admin_staff import seen
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("admin_mail", __name__, url_prefix="/admin/mail")


@blueprint.get("")
@policy("admin")
def show() -> str:
    """The settings, and how mail fares."""
    return _page({}, {})


def _page(typed: Mapping[str, str], problems: Mapping[str, str], *, tested: str | None = None) -> str:
    return render_template(
        "admin/mail.html", settings=mail_settings.current(engine()), state=mailing.state(engine()), typed=typed,
        problems=problems, tested=tested, security=SECURITY, states=MAIL_STATES, reasons=MAIL_PROBLEMS,
        password_known=bool(engine().settings.smtp_password),
    )  # fmt: skip


@blueprint.post("")
@policy("admin")
def save() -> BaseResponse:
    """Keep the settings."""
    typed = request.form.to_dict()
    try:
        mail_settings.save(engine(), actor(), typed, seen=seen(), now=now())
    except FormInvalid as refusal:
        return make_response(_page(typed, refusal.fields), 422)
    return redirect(url_for("admin_mail.show", saved=1))


@blueprint.post("/test")
@policy("admin")
def test() -> BaseResponse:
    """Send a message through the mail server now and say what came of it."""
    address = request.form.get("to", "")
    try:
        problem = mailing.send_test(engine(), actor(), address, now=now())
    except FormInvalid as refusal:
        return make_response(_page({"to": address}, refusal.fields), 422)
    return make_response(_page({"to": address}, {}, tested=problem))
