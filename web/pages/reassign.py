"""担当替え: whose tasks, to whom, what changes for both, what became of each; and who is away and who stands in."""

from __future__ import annotations

import secrets

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.queries import absences as away
from engine.queries import board, reassigning
from engine.queries.board_filter import BoardFilter
from engine.services import absences
from engine.services import reassigning as service
from web.access_notes import note_list
from web.arguments import day, line
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("reassign", __name__)
HIGHEST = 1_000_000_000


@blueprint.get("/reassign")
@policy("reviews")
def choose() -> str:
    """From whom (a person, or tasks chosen on the board), which tasks, to whom."""
    return _choosing(request.args.getlist("task"), line("person", 40), {})


def _choosing(chosen: list[str], person: str, errors: dict[str, str]) -> str:
    ids = chosen
    if not ids and person:
        ids = board.all_ids(engine(), actor(), BoardFilter(person=person), most=service.MOST, now=now())
    rows = board.chosen_tasks(engine(), actor(), ids, now=now())
    people = reassigning.colleagues(engine(), actor(), now=now())
    note_list("reassign")
    return render_template(
        "reassign.html", rows=rows, person=person, people=people, errors=errors, typed=request.form,
        receivers=[one for one in reassigning.receivers(engine(), rows, now=now()) if one.staff_id != person],
        left=reassigning.left_behind(engine(), actor(), person, now=now()) if person in dict(people) else (),
        form_key=request.form.get("form_key", "")[:64] or secrets.token_urlsafe(16),
        chosen=set(request.form.getlist("task")) if errors else {row.task_id for row in rows},
    )  # fmt: skip


@blueprint.post("/reassign")
@policy("reviews")
def propose() -> BaseResponse:
    """Hand the ticked tasks over; a form sent twice does it once."""
    notes = {name.removeprefix("note:"): text[:2000] for name, text in request.form.items() if name.startswith("note:")}
    key = request.form.get("form_key", "")[:64] or secrets.token_urlsafe(16)
    wanted = request.form.getlist("task")
    shown = {row.task_id for row in board.chosen_tasks(engine(), actor(), wanted, now=now())}
    known = [task_id for task_id in wanted if task_id in shown]
    try:
        batch = service.propose(
            engine(), actor(), known, request.form.get("to", ""), note=request.form.get("note", "")[:2000],
            notes=notes, form_key=f"{actor().staff_id}:{key}", now=now(),
        )  # fmt: skip
    except FormInvalid as refusal:
        page = _choosing(
            request.form.getlist("offered")[:500], request.form.get("person", "")[:40], dict(refusal.fields)
        )
        return make_response(page, 422)
    return redirect(url_for("reassign.show", batch=batch))


@blueprint.get("/reassign/<int(max=1000000000):batch>")
@policy("reviews")
def show(batch: int) -> str:
    """What became of each task, and the way back."""
    return render_template("reassign_batch.html", batch=reassigning.batch(engine(), actor(), batch, now=now()))


@blueprint.post("/reassign/<int(max=1000000000):batch>/continue")
@policy("reviews")
def work(batch: int) -> BaseResponse:
    """Move the next tasks."""
    service.work(engine(), actor(), batch, now=now())
    return redirect(url_for("reassign.show", batch=batch))


@blueprint.post("/reassign/<int(max=1000000000):batch>/undo")
@policy("reviews")
def undo(batch: int) -> BaseResponse:
    """Give back what nobody has touched since."""
    service.undo(engine(), actor(), batch, now=now())
    return redirect(url_for("reassign.show", batch=batch))


# ---------------------------------------------------------------- absences


@blueprint.get("/absences")
@policy("reviews")
def absences_page() -> str:
    """Who is away, who stands in, and the form that notes it."""
    return _absences({})


def _absences(errors: dict[str, str]) -> str:
    return render_template(
        "absences.html", absences=away.absences(engine(), actor(), now=now()), errors=errors, typed=request.form,
        people=reassigning.colleagues(engine(), actor(), now=now()),
    )  # fmt: skip


@blueprint.post("/absences")
@policy("reviews")
def register() -> BaseResponse:
    """Note an absence."""
    form = request.form
    try:
        absences.register(
            engine(), actor(), form.get("staff", ""), form.get("deputy", ""), day("from"), day("until"), now=now()
        )
    except FormInvalid as refusal:
        return make_response(_absences(dict(refusal.fields)), 422)
    return redirect(url_for("reassign.absences_page"))


@blueprint.post("/absences/end")
@policy("reviews")
def end() -> BaseResponse:
    """Take an absence back."""
    absences.end(engine(), actor(), request.form.get("absence", "")[:40], now=now())
    return redirect(url_for("reassign.absences_page"))


@blueprint.get("/deputy")
@policy("case_work")
def deputy() -> str:
    """What waits for the person as a deputy."""
    rows = away.waiting_for_deputy(engine(), actor(), now=now())
    return render_template("deputy.html", rows=rows)


@blueprint.post("/deputy")
@policy("case_work")
def take_over() -> BaseResponse:
    """Take a task on behalf of somebody who is away."""
    task_id = request.form.get("task", "")[:40]
    absences.take_over(engine(), actor(), task_id, now=now())
    return redirect(url_for("tasks.show", task_id=task_id))
