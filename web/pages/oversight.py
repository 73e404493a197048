"""Moments and what stopped, and the months: for those who watch."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, redirect, render_template, url_for
from flask import request as asked
from werkzeug.wrappers import Response as BaseResponse

from engine.queries import oversight
from engine.queries.oversight import Moments
from engine.queries.paging import After
from engine.services import incidents, scheduler_nodes
from web.arguments import choice
from web.i18n import gettext, mark
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("oversight", __name__)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  #: a cell that begins so would be worked out by a spreadsheet
NODES = 10


@blueprint.get("/timers")
@policy("reviews")
def timers() -> str:
    """Who lets things happen, what waits, what happened, what was given up."""
    kind = choice(Moments, "show", Moments.WAITING)
    rows, following = oversight.moments(
        engine(), actor(), kind, After.read(asked.args.get("after")), now=now()
    )  # fmt: skip
    nodes = scheduler_nodes.everyone(engine())[:NODES]
    return render_template(
        "timers.html", kind=kind.value, rows=rows, next=following,
        counts=oversight.moment_counts(engine(), actor(), now=now()),
        nodes=[(node, scheduler_nodes.is_alive(node, now=now())) for node in nodes],
        stopped=oversight.stopped(engine(), actor(), now=now()),
    )  # fmt: skip


@blueprint.get("/incidents/<incident_id>")
@policy("reviews")
def incident(incident_id: str) -> str:
    """Why something stopped, where, and the way to let it go on."""
    return render_template("incident.html", one=oversight.one_stopped(engine(), actor(), incident_id, now=now()))


@blueprint.post("/incidents/<incident_id>/retry")
@policy("reviews")
def retry(incident_id: str) -> BaseResponse:
    """Let it be tried again; done once, however often it is sent."""
    found = oversight.one_stopped(engine(), actor(), incident_id, now=now())
    incidents.retry(engine(), actor(), found.id, now=now())
    return redirect(url_for("oversight.incident", incident_id=incident_id))


@blueprint.get("/reports/months")
@policy("reviews")
def months() -> str:
    """The last twelve months as a picture and as a table of the same figures."""
    found = oversight.months(engine(), actor(), now=now())
    return render_template("months.html", months=found, highest=max((m.completed for m in found), default=0) or 1)


@blueprint.get("/reports/months.csv")
@policy("reviews")
def months_csv() -> Response:
    """The same figures for a spreadsheet."""
    head = (
        mark("月"), mark("新しいケース"), mark("完了した仕事"), mark("期限内"), mark("期限後"), mark("遅れた定期評価"),
    )  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_cell(gettext(word)) for word in head])
    for m in oversight.months(engine(), actor(), now=now()):
        writer.writerow([m.first.strftime("%Y-%m"), m.new_cases, m.completed, m.met, m.late, m.reviews_late])
    answer = Response(("\ufeff" + text.getvalue()).encode(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="months.csv"'
    return answer


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value
