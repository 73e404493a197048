"""Comments and attached files: on a task, on a case, and the file itself as a download."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid
from engine.domain.file_kinds import MAX_BYTES, FileKind, FileRefused, Refusal
from engine.queries import casework as reading
from engine.queries import task_page
from engine.queries.case_file import CaseHead
from engine.queries.paging import After
from engine.queries.visibility import own_orgs
from engine.services import casework
from engine.services.casework import Place
from web.access_notes import note_attachment, note_case
from web.i18n import gettext, mark
from web.pages.cases import head_of_number
from web.policy import policy, takes_files
from web.runtime import actor, engine, now

blueprint = Blueprint("casework", __name__)

REQUEST_BYTES = MAX_BYTES + 64 * 1024  #: a file and the rest of its form
ACCEPTED = ",".join(f".{ending}" for kind in FileKind for ending in kind.endings)
REFUSALS = {
    Refusal.MISSING: mark("ファイルを選んでください。"),
    Refusal.EMPTY: mark("中身のないファイルです。ほかのファイルを選んでください。"),
    Refusal.TOO_BIG: mark("20MBまでのファイルを付けられます。小さくするか、分けて付けてください。"),
    Refusal.UNKNOWN: mark("PDF、PNG、JPEG、Word、Excel、PowerPoint、テキストのファイルを選んでください。"),
    Refusal.NAME: mark("ファイルの名前の末尾と中身が合いません。元のソフトウェアで保存し直してください。"),
    Refusal.ACTIVE: mark("マクロやほかのファイルを含むものは付けられません。PDFに書き出してから付けてください。"),
    Refusal.LOCKED: mark("パスワードのかかったファイルは付けられません。外してから付けてください。"),
    Refusal.DAMAGED: mark("ファイルが壊れています。元のソフトウェアで保存し直してください。"),
}


@blueprint.post("/tasks/<task_id>/comments")
@policy("case_work")
def comment_task(task_id: str) -> BaseResponse:
    """Write a comment on a task."""
    place = casework.at_task(engine(), actor(), task_id, now=now())
    return _added(place, url_for("tasks.show", task_id=task_id, done="commented"), _comment)


@blueprint.post("/tasks/<task_id>/attachments")
@policy("case_work")
@takes_files(REQUEST_BYTES)
def attach_task(task_id: str) -> BaseResponse:
    """Attach a file to a task."""
    place = casework.at_task(engine(), actor(), task_id, now=now())
    return _added(place, url_for("tasks.show", task_id=task_id, done="attached"), _attach)


@blueprint.get("/cases/<number>/documents")
@policy("case_work")
def documents(number: str) -> str:
    """All comments and files of a case and of its tasks."""
    head = head_of_number(number)
    note_case(head.id, "documents")
    after = (After.read(request.args.get("comments")), After.read(request.args.get("files")))
    talk = reading.of_case(engine(), actor(), head, after=after, now=now())
    return render_template(
        "case_documents.html", case=head, part="documents", talk=talk, may_add=_may_add(head), said=_said(), **fields()
    )


@blueprint.post("/cases/<number>/comments")
@policy("case_work")
def comment_case(number: str) -> BaseResponse:
    """Write a comment on a case."""
    place = casework.at_case(engine(), actor(), head_of_number(number).id, now=now())
    return _added(place, url_for("casework.documents", number=number, done="commented"), _comment)


@blueprint.post("/cases/<number>/attachments")
@policy("case_work")
@takes_files(REQUEST_BYTES)
def attach_case(number: str) -> BaseResponse:
    """Attach a file to a case."""
    place = casework.at_case(engine(), actor(), head_of_number(number).id, now=now())
    return _added(place, url_for("casework.documents", number=number, done="attached"), _attach)


@blueprint.get("/attachments/<attachment_id>")
@policy("case_work")
def download(attachment_id: str) -> Response:
    """The file, to be saved: never shown inside a page of ours, whatever is in it."""
    found = reading.attachment(engine(), actor(), attachment_id, now=now())
    path = casework.file_of(engine(), found)
    note_attachment(found.source.case_id, found.source.id)
    answer = send_file(path, mimetype=found.media_type, as_attachment=True, download_name=found.name, etag=False)
    answer.headers["Content-Type"] = found.media_type
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return answer


@blueprint.post("/comments/<comment_id>/withdraw")
@policy("case_work")
def withdraw_comment(comment_id: str) -> BaseResponse:
    """Take one's own comment back."""
    place = casework.withdraw_comment(engine(), actor(), comment_id, reason=request.form.get("reason", ""), now=now())
    return redirect(_address(place, "comment-withdrawn"))


@blueprint.post("/attachments/<attachment_id>/withdraw")
@policy("case_work")
def withdraw_attachment(attachment_id: str) -> BaseResponse:
    """Take one's own file back."""
    reason = request.form.get("reason", "")
    place = casework.withdraw_attachment(engine(), actor(), attachment_id, reason=reason, now=now())
    return redirect(_address(place, "file-withdrawn"))


def fields() -> dict[str, Any]:
    """What the forms for comments and files need: a key, so that a second submit adds nothing, and the endings."""
    return {"talk_key": secrets.token_hex(16), "accepted": ACCEPTED}


def said(code: str) -> str:
    """What was just done with a comment or a file; empty for anything else."""
    return {
        "commented": gettext("コメントを書きました。"),
        "attached": gettext("ファイルを付けました。"),
        "comment-withdrawn": gettext("コメントを取り消しました。取り消したことは記録に残ります。"),
        "file-withdrawn": gettext("ファイルを取り消しました。もう開けません。"),
    }.get(code, "")


# ---------------------------------------------------------------- pieces


def _said() -> str:
    return said(request.args.get("done", ""))


def _may_add(head: CaseHead) -> bool:
    return head.status != "closed" and bool(own_orgs(actor()))


def _comment(place: Place) -> None:
    casework.comment(engine(), actor(), place, _text("comment"), key=_text("key"), now=now())


def _attach(place: Place) -> None:
    given = request.files.get("file")
    if given is None or not given.filename:
        raise FileRefused(Refusal.MISSING)
    content = given.stream.read(MAX_BYTES + 1)
    casework.attach(engine(), actor(), place, given.filename, content, key=_text("key"), now=now())


def _text(name: str) -> str:
    return request.form.get(name, "")


def _added(place: Place, then: str, act: Callable[[Place], None]) -> BaseResponse:
    """Add, and lead back; what is refused comes back on a page with the typed text and what to do."""
    try:
        act(place)
    except FormInvalid as refusal:
        return _again(place, "comment", refusal.fields["comment"])
    except FileRefused as refusal:
        return _again(place, "file", gettext(REFUSALS[refusal.reason]))
    return redirect(then)


def _again(place: Place, field: str, problem: str) -> BaseResponse:
    back, name = _address(place), ""
    if place.task_id:
        name = task_page.task_page(engine(), actor(), place.task_id, now=now()).name
    page = render_template(
        "talk_again.html", field=field, problem=problem, typed=_text("comment"), action=request.path, back=back,
        name=name, **fields(),
    )  # fmt: skip
    return make_response(page, 422)


def _address(place: Place, done: str | None = None) -> str:
    number = request.form.get("number", "") or (request.view_args or {}).get("number", "")
    if number:
        return url_for("casework.documents", number=number[:20], done=done)
    if place.task_id:
        return url_for("tasks.show", task_id=place.task_id, done=done)
    return url_for("inbox.show")
