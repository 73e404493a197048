"""One's own tokens: with one, a program acts for the person (docs/api.md). A new one is shown this one time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.services import api_tokens
from engine.services.api_tokens import LIFETIMES, LONGEST_NAME, Wish
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("own_tokens", __name__, url_prefix="/settings/tokens")
KEY_BYTES = 16


@blueprint.get("")
@policy("signed_in")
def show() -> str:
    """The tokens there are, and the form for another."""
    return _page()


@blueprint.post("")
@policy("signed_in")
def create() -> str | BaseResponse:
    """Make one and show it. The same form sent twice makes one, and the second time there is nothing left to show."""
    wish = Wish(
        name=request.form.get("name", "")[: LONGEST_NAME + 1],
        days=_days(request.form.get("days", "")),
        password=request.form.get("password", "")[:200],
        key=request.form.get("key", ""),
    )
    try:
        token = api_tokens.create(engine(), actor(), wish, now=now())
    except FormInvalid as refusal:
        return make_response(_page(problems=refusal.fields, typed=request.form), 422)
    if token is None:
        return redirect(url_for("own_tokens.show", again=1))
    return _page(made=token)


@blueprint.post("/<token_id>/revoke")
@policy("signed_in")
def revoke(token_id: str) -> BaseResponse:
    """End one for good."""
    api_tokens.revoke(engine(), actor(), token_id, now=now())
    return redirect(url_for("own_tokens.show", revoked=1))


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _page(*, made: str = "", problems: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None) -> str:
    return render_template(
        "own_tokens.html", tokens=api_tokens.own(engine(), actor(), now=now()), lifetimes=LIFETIMES, made=made,
        problems=problems or {}, typed=typed or {}, key=secrets.token_hex(KEY_BYTES), longest=LONGEST_NAME,
        done="again" if "again" in request.args else "revoked" if "revoked" in request.args else "",
    )  # fmt: skip
