"""Import of staff and transfers: a file, what it would do, and then all of it or nothing."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid, StaleVersion
from engine.services import staff_import
from engine.services.staff_import import COLUMNS, Outcome, Plan
from web.admin_words import OUTCOMES
from web.errors import BadRequest
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("admin_import", __name__, url_prefix="/admin/import")


@blueprint.get("")
@policy("admin")
def show() -> str:
    """Choose a file."""
    return _choice({})


def _choice(problems: dict[str, str]) -> str:
    return render_template("admin/import.html", columns=COLUMNS, problems=problems)


@blueprint.post("")
@policy("admin")
def preview() -> BaseResponse:
    """What the file would do, line by line."""
    sent = request.files.get("file")
    content = sent.read() if sent is not None else b""
    return _preview(_name(sent.filename if sent is not None else ""), content, changed=False)


def _preview(file: str, content: bytes, *, changed: bool) -> BaseResponse:
    try:
        plan = staff_import.preview(engine(), actor(), file, content, now=now())
    except FormInvalid as refusal:
        return make_response(_choice(refusal.fields), 422)
    page = _result(plan, base64.b64encode(content).decode(), changed=changed)
    return make_response(page, 409 if changed else 422 if plan.refused else 200)


def _result(plan: Plan, content: str, *, changed: bool = False, done: bool = False) -> str:
    return render_template(
        "admin/import_lines.html", plan=plan, content=content, changed=changed, done=done, outcomes=OUTCOMES,
        counts={outcome.value: plan.count(outcome) for outcome in Outcome}, names=engine().reference.names(),
    )  # fmt: skip


@blueprint.post("/take-over")
@policy("admin")
def take_over() -> BaseResponse:
    """All of what was shown, in one transaction; the preview again when it would do something else now."""
    file = _name(request.form.get("name", ""))
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest from None
    digest = request.form.get("digest", "")
    try:
        plan = staff_import.take_over(engine(), actor(), file, content, digest=digest, now=now())
    except StaleVersion:
        return _preview(file, content, changed=True)
    except FormInvalid as refusal:
        return make_response(_choice(refusal.fields), 422)
    return make_response(_result(plan, "", done=True))


def _name(text: str | None) -> str:
    """The file's name without folders and unprintable characters."""
    last = (text or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:100]
