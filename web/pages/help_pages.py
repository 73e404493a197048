"""Help for the pages that exist."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.policy import policy

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
@policy("signed_in")
def show() -> str:
    """What each page is for, the keys, the words."""
    return render_template("help.html")
