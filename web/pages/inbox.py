"""受信箱: what to do now, in the order in which it becomes late or in another that the person chose."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid, HoldTooLong
from engine.queries import inbox, upcoming
from engine.queries.inbox import DueFilter, InboxFilter, InboxPage, InboxRow, View
from engine.queries.ordering import Order
from engine.queries.paging import After
from engine.services import desks, taking
from web import list_place
from web.access_notes import note_list
from web.arguments import choice, day, hidden_words, line, words
from web.errors import detail_of, page_for
from web.i18n import gettext
from web.policy import policy
from web.runtime import actor, engine, now, signed_in
from web.words import ORDERS

blueprint = Blueprint("inbox", __name__)
BUCKETS = ("late", "today", "soon", "later", "none", "held")


@blueprint.get("/inbox")
@policy("case_work")
def show() -> str | BaseResponse:
    """One view with its filters; the numbers beside the views come from the same conditions."""
    view = choice(View, "view", View.MINE)
    narrow = _narrowing(view)
    if narrow.words:
        note_list("inbox")
    counts: dict[str, int] = {v.value: n for v, n in inbox.task_counts(engine(), actor(), now=now()).items()}
    counts[View.UPCOMING.value] = upcoming.count_upcoming(engine(), actor(), now=now())
    if "view" not in request.args and not counts[View.MINE.value] and counts[View.CLAIMABLE.value]:
        return redirect(url_for("inbox.show", view=View.CLAIMABLE.value))
    common = {
        "view": view.value, "narrow": narrow, "counts": counts, "kept": _kept(narrow), "said": _said(),
        "orders": _orders(view), "place": list_place.here(view.value),
    }  # fmt: skip
    if view is View.UPCOMING:
        page = upcoming.upcoming(engine(), actor(), narrow, now=now())
        return render_template("upcoming.html", page=page, **common)
    found = inbox.inbox(engine(), actor(), view, narrow, now=now())
    elsewhere = inbox.count_elsewhere(engine(), actor(), view, now=now())
    groups = _groups(view, narrow, found)
    return render_template(
        "inbox.html", page=found, groups=groups, following=_following(groups), elsewhere=elsewhere,
        list_place=list_place, **common,
    )  # fmt: skip


def _following(groups: list[tuple[str, list[InboxRow]]]) -> dict[str, str]:
    """For each task that which stands after it, for the last one that before it: where to go on when it is gone."""
    ids = [row.task_id for _, rows in groups for row in rows]
    return {**dict(zip(ids[-1:], ids[-2:-1], strict=False)), **dict(pairwise(ids))}


def _groups(view: View, narrow: InboxFilter, found: InboxPage) -> list[tuple[str, list[InboxRow]]]:
    """The rows by how late they are; in one piece where that is not their order."""
    if view is View.DONE_TODAY or narrow.order is not Order.DUE:
        return [("", list(found.rows))]
    groups = [(bucket, [row for row in found.rows if row.due.bucket == bucket]) for bucket in BUCKETS]
    return [group for group in groups if group[1]]


def _orders(view: View) -> dict[str, str]:
    """The orders of a view; what is to come was not opened yet."""
    first = {View.UPCOMING: gettext("日の近い順"), View.DONE_TODAY: gettext("終えた順")}
    words_of = {code: gettext(text) for code, text in ORDERS.items()}
    words_of[Order.DUE] = first.get(view, words_of[Order.DUE])
    return {code: text for code, text in words_of.items() if view is not View.UPCOMING or code != Order.OPENED}


@blueprint.post("/inbox/filter")
@policy("case_work")
def narrow_down() -> BaseResponse:
    """Keep the filter, and lead to the filtered view; the words typed are hidden in its address and not kept."""
    names = ("view", "due", "process", "org", "sort")
    chosen, desk = {name: request.form.get(name, "")[:60] for name in names}, signed_in().desk
    if "clear" in request.form:
        desks.keep_filter(engine(), actor(), due="", process="", org="", sort=desk.sort)
        return redirect(url_for("inbox.show", view=chosen["view"] or None))
    due = chosen["due"] if "due" in request.form else desk.due  # views without deadlines leave this choice alone
    process = chosen["process"] if "process" in request.form else desk.process
    org = chosen["org"] if "org" in request.form else desk.org
    sort = chosen["sort"] if chosen["sort"] in set(Order) else desk.sort
    desks.keep_filter(engine(), actor(), due=due, process=process, org=org, sort=sort)
    arguments = {name: value for name, value in {**chosen, "w": hidden_words()}.items() if value}
    return redirect(url_for("inbox.show", **arguments))  # type: ignore[arg-type]


@blueprint.post("/inbox/claim")
@policy("case_work")
def claim_chosen() -> str:
    """Take the tasks ticked in the list; what became of each is said one by one."""
    return _results("claim", taking.claim_many(engine(), actor(), chosen_tasks(), now=now()))


@blueprint.post("/inbox/release")
@policy("case_work")
def release_chosen() -> str:
    """Give the tasks back to their groups, also to undo a claim; what became of each is said one by one."""
    return _results("release", taking.release_many(engine(), actor(), chosen_tasks(), now=now()))


@blueprint.post("/inbox/hold")
@policy("case_work")
def hold_chosen() -> tuple[str, int]:
    """Ask until when and why, then hold the tasks ticked in the list; what became of each is said one by one."""
    if "until" not in request.form:
        return _ask_hold({}), 200
    reason = request.form.get("reason", "")[:2000]
    try:
        until = day("until", "再開する日を入力してください。")
        results = taking.hold_many(engine(), actor(), chosen_tasks(), until=until, reason=reason, now=now())
    except FormInvalid as refusal:
        return _ask_hold(refusal.fields), 422
    except HoldTooLong as refusal:
        return _ask_hold({"until": gettext(page_for(refusal).advice)}), 422
    return _results("hold", results), 200


@blueprint.post("/inbox/resume")
@policy("case_work")
def resume_chosen() -> str:
    """Let the tasks go on, also to undo a hold; what became of each is said one by one."""
    return _results("resume", taking.resume_many(engine(), actor(), chosen_tasks(), now=now()))


def _ask_hold(errors: Mapping[str, str]) -> str:
    rows = inbox.tasks_by_id(engine(), actor(), chosen_tasks(), now=now())
    return render_template(
        "inbox_hold.html", rows=list(rows.values()), errors=errors, typed=request.form, back=list_place.back()
    )


@blueprint.post("/inbox/assign")
@policy("reviews")
def assign_chosen() -> BaseResponse:
    """Go with the ticked tasks to where it is chosen who gets them, with the numbers before and after."""
    return redirect(url_for("reassign.choose", task=chosen_tasks()))


def chosen_tasks() -> list[str]:
    """The ids of the tasks that a form names, as many as a page has."""
    return [task_id[:60] for task_id in request.form.getlist("task")[: taking.MOST]]


def _results(act: str, results: tuple[taking.Result, ...]) -> str:
    """The page with a line for each task; of one that may not be known of it tells nothing."""
    rows = inbox.tasks_by_id(engine(), actor(), [result.task_id for result in results], now=now())
    lines = [
        {"row": rows.get(result.task_id), "outcome": result.outcome.value, "why": _why(result)} for result in results
    ]
    done = [result.task_id for result in results if result.outcome is taking.Outcome.DONE]
    return render_template("inbox_results.html", act=act, lines=lines, done=done, back=list_place.back())


def _why(result: taking.Result) -> str:
    if result.error is None or result.outcome is taking.Outcome.UNKNOWN:
        return ""
    return detail_of(result.error) or gettext(page_for(result.error).title)


def _narrowing(view: View) -> InboxFilter:
    """What the address says; where it says nothing, what the person has kept."""
    if not request.args.keys() & {"due", "process", "org", "w", "after", "sort"}:
        return _kept_filter(view)
    return InboxFilter(
        due=choice(DueFilter, "due", None),
        process=line("process", 60),
        org=line("org", 20),
        words=words(),
        after=After.read(request.args.get("after")),
        order=choice(Order, "sort", Order.DUE),
    )


def _kept_filter(view: View) -> InboxFilter:
    """Filter and order of last time. What is to come, on hold or done has no deadline to filter by."""
    desk = signed_in().desk
    with_due = view in (View.MINE, View.CLAIMABLE) and desk.due in set(DueFilter)
    return InboxFilter(
        due=DueFilter(desk.due) if with_due else None,
        process=desk.process,
        org=desk.org,
        order=Order(desk.sort) if desk.sort in set(Order) else Order.DUE,
    )


def _said() -> tuple[str, InboxRow | None]:
    """What was just done, from the address that the act led to: the kind and the task it was done to."""
    for kind in ("claimed", "released", "taken", "done"):
        if task_id := line(kind, 60):
            return kind, inbox.tasks_by_id(engine(), actor(), [task_id], now=now()).get(task_id)
    return "", None


def _kept(narrow: InboxFilter) -> dict[str, str]:
    """The filter as arguments of links, without empty ones."""
    values = {
        "due": narrow.due.value if narrow.due else "",
        "process": narrow.process,
        "org": narrow.org,
        "w": request.args.get("w", "") if narrow.words else "",
        "sort": "" if narrow.order is Order.DUE else narrow.order.value,
    }
    return {name: value for name, value in values.items() if value}
