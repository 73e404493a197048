"""定期評価の遅れ, for those who watch the reviews of plans."""

from __future__ import annotations

from flask import Blueprint, render_template

from engine.queries import reviews
from web.access_notes import note_list
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("reviews", __name__)


@blueprint.get("/board/reviews")
@policy("reviews")
def show() -> str:
    """Late evaluations, the latest first, with the task that watches each."""
    note_list("reviews")
    return render_template("reviews.html", reviews=reviews.late_reviews(engine(), actor(), now=now()))
