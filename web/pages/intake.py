"""新しい相談: choose what to start, then the first form at once. Nothing is kept until it is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, NotFound
from engine.domain.wareki import DateNotUnderstood, parse_date
from engine.queries.same_person import Typed, likely_same
from engine.services import cases, task_forms
from engine.services.cases import Startable
from web import form_pages, form_rendering
from web.access_notes import note_list
from web.form_pages import Sheet
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("intake", __name__, url_prefix="/intake")


@blueprint.get("/new")
@policy("case_work")
def new() -> str | BaseResponse:
    """The first form of the process chosen; the choice itself where there are several."""
    choices = cases.startable(engine(), actor())
    chosen = _chosen(choices, request.args)
    if chosen is None:
        return render_template("intake_choice.html", choices=choices, orgs=_org_names(choices))
    return _render(*chosen, _sheet(*chosen, None, {}), several=len(choices) > 1)


@blueprint.post("/new")
@policy("case_work")
def start() -> BaseResponse:
    """Start the process with its first form. What is invalid comes back with the typed text; nothing is kept."""
    chosen = _chosen(cases.startable(engine(), actor()), request.form)
    if chosen is None:
        raise NotFound("process")
    choice, entry = chosen
    with task_forms.of_start(engine(), actor(), choice, entry, now=now()) as opened:
        g.typed_labels = form_rendering.labels(opened.form)
        raw = form_rendering.parse_form(opened.form, request.form)
        if form_rendering.changes_rows(request.form):
            raw = form_rendering.with_changed_rows(opened.form, raw, request.form)
            return make_response(_render(choice, entry, form_pages.sheet(opened, raw, {})))
    try:
        started = cases.start(
            engine(), actor(), choice.process_key, entry=entry, org_id=choice.org_id, data=raw, now=now()
        )
    except FormInvalid as refusal:
        page = _render(choice, entry, _sheet(choice, entry, raw, refusal.fields))
        return make_response(page, 422)
    if started.task_id:
        return redirect(url_for("tasks.show", task_id=started.task_id, started=started.case_number))
    return redirect(url_for("cases.show", number=started.case_number))


@blueprint.post("/same")
@policy("case_work")
def same() -> BaseResponse:
    """A part of the page: cases that may be about the person being written down; nothing (204) where there are none."""
    typed = Typed(request.form.get("name", "")[:60], request.form.get("name_kana", "")[:60], _birth())
    found = likely_same(engine(), actor(), typed, now=now())
    if not found:
        return Response(status=204)
    note_list("intake")  # the words typed are not kept
    return make_response(render_template("same_person.html", found=found))


def _birth() -> date | None:
    """The birth date typed so far, in either calendar; None while it is none."""
    try:
        return parse_date(request.form.get("birth", "").strip()[:40], today=tokyo_date(now()))
    except DateNotUnderstood:
        return None


def _chosen(choices: list[Startable], given: Any) -> tuple[Startable, str] | None:
    """The process, organisation and way in that the address or form names; the only one where there is no choice."""
    key, org, entry = given.get("process", ""), given.get("org", ""), given.get("entry", "")
    found = [c for c in choices if (not key or c.process_key == key) and (not org or c.org_id == org)]
    if len(found) != 1:
        return None
    entries = [name for name, _ in found[0].entries]
    if entry in entries:
        return found[0], entry
    return (found[0], entries[0]) if len(entries) == 1 and not entry else None


def _org_names(choices: list[Startable]) -> dict[str, str]:
    known = engine().reference.organisations
    return {c.org_id: known[c.org_id].name if c.org_id in known else c.org_id for c in choices}


def _sheet(choice: Startable, entry: str, raw: dict[str, Any] | None, errors: dict[str, str]) -> Sheet:
    with task_forms.of_start(engine(), actor(), choice, entry, now=now()) as opened:
        return form_pages.sheet(opened, raw, errors)


def _render(choice: Startable, entry: str, sheet: Sheet, *, several: bool = False) -> str:
    names = _org_names([choice])
    label = dict(choice.entries)[entry]
    return render_template(
        "intake.html", choice=choice, entry=entry, label=label, org=names[choice.org_id], sheet=sheet, several=several
    )
