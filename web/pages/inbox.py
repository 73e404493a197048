"""受信箱: what to do now, in the order in which it becomes late."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.queries import inbox, upcoming
from engine.queries.inbox import DueFilter, InboxFilter, View
from engine.queries.paging import After
from web.access_notes import note_list
from web.arguments import choice, line
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("inbox", __name__)
BUCKETS = ("late", "today", "soon", "later", "none", "held")


@blueprint.get("/inbox")
@policy("case_work")
def show() -> str | BaseResponse:
    """One view with its filters; the numbers beside the views come from the same conditions."""
    view = choice(View, "view", View.MINE)
    narrow = _narrowing()
    if narrow.words:
        note_list("inbox")
    counts: dict[str, int] = {v.value: n for v, n in inbox.task_counts(engine(), actor(), now=now()).items()}
    counts[View.UPCOMING.value] = upcoming.count_upcoming(engine(), actor(), now=now())
    if "view" not in request.args and not counts[View.MINE.value] and counts[View.CLAIMABLE.value]:
        return redirect(url_for("inbox.show", view=View.CLAIMABLE.value))
    common = {"view": view.value, "narrow": narrow, "counts": counts, "kept": _kept(narrow)}
    if view is View.UPCOMING:
        page = upcoming.upcoming(engine(), actor(), narrow, now=now())
        return render_template("upcoming.html", page=page, **common)
    found = inbox.inbox(engine(), actor(), view, narrow, now=now())
    groups = [(bucket, [row for row in found.rows if row.due.bucket == bucket]) for bucket in BUCKETS]
    return render_template(
        "inbox.html",
        page=found,
        groups=[group for group in groups if group[1]] if view is not View.DONE_TODAY else [("", list(found.rows))],
        **common,
    )


def _narrowing() -> InboxFilter:
    return InboxFilter(
        due=choice(DueFilter, "due", None),
        process=line("process", 60),
        org=line("org", 20),
        words=line("q", 60),
        after=After.read(request.args.get("after")),
    )


def _kept(narrow: InboxFilter) -> dict[str, str]:
    """The filter as arguments of links, without empty ones."""
    values = {
        "due": narrow.due.value if narrow.due else "",
        "process": narrow.process,
        "org": narrow.org,
        "q": narrow.words,
    }
    return {name: value for name, value in values.items() if value}
