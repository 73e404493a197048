"""お知らせ."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.queries import notices
from engine.services import notices as reading
from web.errors import BadRequest
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@policy("signed_in")
def show() -> str:
    """What the person was told, the newest first."""
    return render_template("notices.html", notices=notices.notices(engine(), actor(), now=now()))


@blueprint.post("/notices/read")
@policy("signed_in")
def read() -> BaseResponse:
    """Everything that the list showed was read; what came later stays new."""
    try:
        until = datetime.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise BadRequest from None
    if until.tzinfo is None:
        raise BadRequest
    reading.mark_all_read(engine(), actor(), until=until, now=now())
    return redirect(url_for("notices.show"))
