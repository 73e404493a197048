"""A process from nothing: who is to do what at first, and a draft to draw the rest in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.definitions.skeleton import Beginning
from engine.domain.errors import FormInvalid
from engine.services import new_process
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("new_process", __name__, url_prefix="/processes")
_FIELDS = ("key", "name", "purpose", "task", "role")


@blueprint.get("/new")
@policy("process_owner")
def show() -> str:
    """The few things that a process begins with."""
    return _page({})


@blueprint.post("/new")
@policy("process_owner")
def begin() -> BaseResponse:
    """Begin the process and open its draft."""
    typed = {name: request.form.get(name, "")[:1000].strip() for name in _FIELDS}
    names = {role.value: role.name_ja for role in engine().reference.roles}
    try:
        draft = new_process.begin(
            engine(), actor(), Beginning(**typed, lane=names.get(typed["role"], "")), now=now()
        )  # fmt: skip
    except FormInvalid as refusal:
        return make_response(_page(refusal.fields), 422)
    return redirect(url_for("draft_outline.show", key=draft.process_key))


def _page(errors: Mapping[str, str]) -> str:
    roles = [role.value for role in engine().reference.roles]
    return render_template("process_new.html", errors=errors, typed=request.form, roles=roles)
