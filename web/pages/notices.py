"""お知らせ."""

from __future__ import annotations

from flask import Blueprint, render_template

from engine.queries import notices
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@policy("signed_in")
def show() -> str:
    """What the person was told, the newest first."""
    return render_template("notices.html", notices=notices.notices(engine(), actor(), now=now()))
