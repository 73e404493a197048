"""One task: read it, take it, put it aside, hand it on, do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import (
    AlreadyClaimed,
    AlreadyCompleted,
    ConsentMissing,
    FormInvalid,
    HoldTooLong,
    NotOpen,
    StaleVersion,
    StorageUnavailable,
)
from engine.queries import casework as talking
from engine.queries import inbox, task_page
from engine.queries.task_page import TaskPage
from engine.services import task_forms, tasks
from web import form_pages, form_rendering, list_place
from web.access_notes import note_task
from web.arguments import day
from web.errors import detail_of, page_for, retried
from web.form_pages import Difference, Sheet
from web.i18n import gettext
from web.pages import casework
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")

#: refusals after which the page comes back with everything that was typed still in the form
KEPT_ON_PAGE = (AlreadyClaimed, AlreadyCompleted, ConsentMissing, NotOpen, StaleVersion, StorageUnavailable)


@blueprint.get("/<task_id>")
@policy("case_work")
def show(task_id: str) -> str:
    """The task with its form, deadline and what comes next."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    note_task(page.case.id, page.id)
    return _render(page, _sheet(page))


@blueprint.post("/<task_id>/claim")
@policy("case_work")
def claim(task_id: str) -> BaseResponse:
    """Take the task; from a list, stay in the list, which also says who was faster."""
    from_list = request.form.get("back") == "list"
    try:
        tasks.claim(engine(), actor(), task_id, now=now())
    except (AlreadyClaimed, AlreadyCompleted, NotOpen):
        if not from_list:
            raise
        return redirect(list_place.back(taken=task_id) or url_for("inbox.show", view="claimable", taken=task_id))
    if from_list:
        return redirect(list_place.back(claimed=task_id) or url_for("inbox.show", view="mine", claimed=task_id))
    return _to_task(task_id, "claimed")


@blueprint.post("/<task_id>/release")
@policy("case_work")
def release(task_id: str) -> BaseResponse:
    """Give the task back to its group."""
    tasks.release(engine(), actor(), task_id, now=now())
    if request.form.get("back") == "list":
        there = list_place.back(task_id, released=task_id)
        return redirect(there or url_for("inbox.show", view="claimable", released=task_id))
    return _to_task(task_id, "released")


@blueprint.post("/<task_id>/hold")
@policy("case_work")
def hold(task_id: str) -> BaseResponse:
    """Stop the clock until a day, with a reason."""

    def act() -> None:
        until, reason = day("until", "再開する日を入力してください。"), request.form.get("reason", "")
        tasks.hold(engine(), actor(), task_id, until=until, reason=reason[:2000], now=now())

    return _with_fields(task_id, "hold", act, "held")


@blueprint.post("/<task_id>/resume")
@policy("case_work")
def resume(task_id: str) -> BaseResponse:
    """End the hold now."""
    tasks.resume(engine(), actor(), task_id, reason=request.form.get("reason", "")[:2000], now=now())
    return _to_task(task_id, "resumed")


@blueprint.post("/<task_id>/hand-over")
@policy("case_work")
def hand_over(task_id: str) -> BaseResponse:
    """Give the task to a colleague who may do it."""

    def act() -> None:
        to = request.form.get("to", "")
        if not to:
            raise FormInvalid({"to": "引き継ぐ相手を選んでください。"})
        tasks.reassign(engine(), actor(), task_id, to, note=request.form.get("note", "")[:2000], now=now())

    return _with_fields(task_id, "hand-over", act, "handed-over")


@blueprint.post("/<task_id>/extend")
@policy("case_work")
def extend(task_id: str) -> BaseResponse:
    """Give a later due date, with reason and legal basis."""

    def act() -> None:
        due_on = day("due_on", "新しい期限を入力してください。")
        reason, basis = request.form.get("reason", ""), request.form.get("legal_basis", "")
        tasks.extend(
            engine(), actor(), task_id, due_on=due_on, reason=reason[:2000], legal_basis=basis[:500], now=now()
        )

    return _with_fields(task_id, "extend", act, "extended")


@blueprint.post("/<task_id>/draft")
@policy("case_work")
def draft(task_id: str) -> BaseResponse:
    """Keep what was typed: by the script while typing, or by the button without a script."""
    with task_forms.of_task(engine(), actor(), task_id, now=now()) as opened:
        raw = form_rendering.parse_form(opened.form, request.form)
    tasks.save_draft(engine(), actor(), task_id, raw, now=now())
    if request.accept_mimetypes.best == "application/json":
        return Response(status=204)
    return _to_task(task_id, "draft-saved")


@blueprint.post("/<task_id>/draft/discard")
@policy("case_work")
def discard_draft(task_id: str) -> BaseResponse:
    """Forget the draft and begin with what is known."""
    tasks.discard_draft(engine(), actor(), task_id, now=now())
    return _to_task(task_id, "draft-discarded")


@blueprint.post("/<task_id>/complete")
@policy("case_work")
def complete(task_id: str) -> BaseResponse:
    """Submit the form. Whatever is refused comes back with the typed text in place."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    with task_forms.of_task(engine(), actor(), task_id, now=now()) as opened:
        g.typed_labels = form_rendering.labels(opened.form)
        raw = form_rendering.parse_form(opened.form, request.form)
        if form_rendering.changes_rows(request.form):
            raw = form_rendering.with_changed_rows(opened.form, raw, request.form)
            return make_response(_render(page, form_pages.sheet(opened, raw, {})))
    try:
        done = tasks.complete(engine(), actor(), task_id, raw, now=now(), seen_version=_seen_version())
    except FormInvalid as refusal:
        return make_response(_render(page, _sheet(page, raw, refusal.fields)), 422)
    except KEPT_ON_PAGE as refusal:
        return _refused(task_id, raw, refusal)
    return redirect(_next_page(page, done))


def _next_page(page: TaskPage, done: tasks.Completed) -> str:
    """Back to the case file, which says what opened; to the inbox for who may not open it."""
    if page.case_open:
        return url_for("tasks.completed", task_id=page.id, at=list_place.given())
    return list_place.back(done=page.id) or url_for("inbox.show", done=page.id)


@blueprint.get("/<task_id>/completed")
@policy("case_work")
def completed(task_id: str) -> str:
    """What the completion brought: the tasks that are open on the case now."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    following = inbox.open_tasks_of_case(engine(), actor(), page.case.id, now=now())
    return render_template("task_completed.html", task=page, following=following, back=list_place.back())


# ---------------------------------------------------------------- pieces


def _to_task(task_id: str, said: str) -> BaseResponse:
    return redirect(url_for("tasks.show", task_id=task_id, done=said, at=list_place.given()))


def _seen_version() -> int | None:
    text = request.form.get("task_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _with_fields(task_id: str, part: str, act: Callable[[], None], said: str) -> BaseResponse:
    """Do an act that takes a few fields; what is wrong with them is said beside them, with the text kept."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    try:
        act()
    except FormInvalid as refusal:
        wrong = {"part": part, "fields": refusal.fields, "typed": request.form}
        return make_response(_render(page, _sheet(page), wrong=wrong), 422)
    except HoldTooLong as refusal:
        wrong = {"part": part, "fields": {"until": gettext(page_for(refusal).advice)}, "typed": request.form}
        return make_response(_render(page, _sheet(page), wrong=wrong), 422)
    return _to_task(task_id, said)


def _sheet(page: TaskPage, raw: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> Sheet | None:
    """The form to fill in, for who may do the task and while it is open; with the draft, unless text is given."""
    if not page.is_open or page.other_office or not (page.mine or (page.may_do and page.state == "open")):
        return None
    with task_forms.of_task(engine(), actor(), page.id, now=now()) as opened:
        typed = raw if raw is not None else (dict(page.draft.data) if page.draft else None)
        return form_pages.sheet(opened, typed, errors or {})


def _refused(task_id: str, raw: dict[str, Any], refusal: Exception) -> Response:
    """The task as it stands now, why it was refused, and the typed text: in the form while it can be sent again."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    row = page_for(refusal)
    sheet = _sheet(page, raw)
    kept = "" if sheet else form_pages.as_text(request.form, g.typed_labels)
    message = {"title": gettext(row.title), "detail": detail_of(refusal), "advice": gettext(row.advice)}
    differing = _differing(page, raw) if sheet and isinstance(refusal, StaleVersion) else None
    return retried(make_response(_render(page, sheet, refused=message, kept=kept, differing=differing), row.status))


def _differing(page: TaskPage, raw: dict[str, Any]) -> tuple[Difference, ...]:
    """What was typed on a stale page beside what the task holds now."""
    with task_forms.of_task(engine(), actor(), page.id, now=now()) as opened:
        return form_pages.differences(opened, raw, page.draft.data if page.draft else None)


def _render(page: TaskPage, sheet: Sheet | None, **more: Any) -> str:
    talk = talking.of_task(engine(), actor(), page.id, now=now())
    values = {"wrong": None, "refused": None, "kept": "", "differing": None, "talk": talk, **casework.fields(), **more}
    names = engine().reference.names()
    place = {
        "place": list_place.given(), "back": list_place.back(page.id),
        "other_office": names.get(page.other_office, page.other_office),
    }  # fmt: skip
    return render_template("task.html", task=page, sheet=sheet, said=_said(page), **place, **values)


def _said(page: TaskPage) -> str:
    """What was just done, from the address that the act led to."""
    if request.args.get("started") == page.case.number:
        return gettext("%(number)sを受け付けました。") % {"number": page.case.number}
    return {
        "claimed": gettext("引き受けました。自分の担当になりました。"),
        "released": gettext("手放しました。ほかの職員が引き受けられます。"),
        "held": gettext("保留しました。期限は止まっています。"),
        "resumed": gettext("再開しました。期限が進みます。"),
        "handed-over": gettext("引き継ぎました。期限は変わりません。相手に通知しました。"),
        "extended": gettext("期限を延ばしました。"),
        "draft-saved": gettext("下書きを保存しました。"),
        "draft-discarded": gettext("下書きを消しました。"),
    }.get(request.args.get("done", "")) or casework.said(request.args.get("done", ""))
