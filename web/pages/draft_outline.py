"""The outline of a draft as an editor: properties of a step, a step after a step, a step taken out; without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.definitions.editing import NewStep, with_properties, with_step_after, without_step
from engine.definitions.elements import BpmnModel, Element, TaskSettings
from engine.definitions.package import PROCESS_FILE
from engine.domain.errors import FormInvalid, NotFound
from engine.queries import processes
from engine.queries.outline import outline
from engine.services import drafting, editing
from engine.services.drafting import Draft, DraftTaken
from web.draft_words import OUTLINE_DONE, SCOPES, UNITS
from web.i18n import gettext
from web.pages.drafts import presence, seen_revision, taken_page
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("draft_outline", __name__, url_prefix="/processes")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_VARIABLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_OPERATION = re.compile(r"[a-z][a-z0-9_.]{0,62}")
_LINES = ("name", "form", "due", "ladder", "stage", "not_same_as")  #: properties that are one field of the form
_LONGEST = 4000


@blueprint.get("/<key>/draft/outline")
@policy("process_owner")
def show(key: str) -> BaseResponse:
    """Every step of the draft in the order of the work, each leading to its form."""
    draft = drafting.current(engine(), actor(), key)
    if draft is None:
        return redirect(url_for("drafts.show", key=key))
    files = drafting.files(engine(), actor(), key)
    model = editing.model_of(files)
    return make_response(
        render_template(
            "draft_outline.html", process=processes.process_page(engine(), key, begun=True), draft=draft,
            steps=outline(model) if model else None, own=set(model.elements) if model else set(),
            findings=editing.findings(engine(), actor(), key, files[PROCESS_FILE]), done=request.args.get("done", ""),
            OUTLINE_DONE=OUTLINE_DONE, before=drafting.before(engine(), actor(), key),
            presence=presence(key),
        )
    )  # fmt: skip


@blueprint.get("/<key>/draft/step")
@policy("process_owner")
def step(key: str) -> BaseResponse:
    """The form of the step that ``element`` names."""
    draft, element_id = drafting.current(engine(), actor(), key), request.args.get("element", "")
    if draft is None or not element_id:
        return redirect(url_for("draft_outline.show", key=key))
    return make_response(_page(key, draft, element_id))


@blueprint.post("/<key>/draft/step")
@policy("process_owner")
def change(key: str) -> BaseResponse:
    """Keep the properties of a step."""

    def changed(diagram: bytes, element: Element) -> bytes:
        properties = _typed("", element.task) if element.kind.is_work else {"name": _line("name")}
        return with_properties(diagram, element.id, properties, _line("documentation"))

    return _saved(key, changed, "changed")


@blueprint.post("/<key>/draft/step/add")
@policy("process_owner")
def add(key: str) -> BaseResponse:
    """Put a user task after a step."""

    def changed(diagram: bytes, element: Element) -> bytes:
        if not _line("name"):
            raise FormInvalid({"new-name": gettext("手順の名前を入力してください。")})
        if not _ID.fullmatch(_line("new_id")):
            raise FormInvalid({"new_id": gettext("識別子は、英字で始まる英数字と下線にしてください。")})
        given = {name: value for name, value in _typed("new-", None).items() if value}
        return with_step_after(diagram, element.id, NewStep(_line("new_id"), given, _line("documentation")))

    return _saved(key, changed, "added")


@blueprint.post("/<key>/draft/step/delete")
@policy("process_owner")
def delete(key: str) -> BaseResponse:
    """Take a step out; what led to it leads to what followed."""
    return _saved(key, lambda diagram, element: without_step(diagram, element.id), "deleted")


@blueprint.post("/<key>/draft/undo")
@policy("process_owner")
def undo(key: str) -> BaseResponse:
    """Go back one revision; what lies between stays among those saved."""
    drafting.undo(engine(), actor(), key, seen=seen_revision(), now=now())
    return redirect(url_for("draft_outline.show", key=key, done="undone"))


# ---------------------------------------------------------------- inside


def _saved(key: str, changed: Any, done: str) -> BaseResponse:
    """Change the draft as it was seen; whoever was faster is told, and what was sent is put aside."""
    element_id = request.form.get("element", "")
    seen = seen_revision()
    diagram = drafting.files(engine(), actor(), key, seen or None)[PROCESS_FILE]
    model = editing.model_of({PROCESS_FILE: diagram})
    if model is None or element_id not in model.elements:
        raise NotFound("element")
    try:
        drafting.save(engine(), actor(), key, changed(diagram, model.elements[element_id]), seen=seen, now=now())
    except DraftTaken as taken:
        return taken_page(key, taken)
    except FormInvalid as refusal:
        draft = drafting.current(engine(), actor(), key)
        if draft is None:
            raise
        return make_response(_page(key, draft, element_id, refusal.fields), 422)
    return redirect(url_for("draft_outline.show", key=key, done=done))


def _page(key: str, draft: Draft, element_id: str, errors: Mapping[str, str] | None = None) -> str:
    files = drafting.files(engine(), actor(), key)
    model = editing.model_of(files)
    if model is None or element_id not in model.elements:
        raise NotFound("element")
    element = model.elements[element_id]
    flows = model.flows_out(element_id)
    follows = model.elements[flows[0].target].label if len(flows) == 1 else ""
    adding = bool(errors) and "new_id" in request.form
    given = _typed_again() if errors and "name" in request.form and not adding else _given(element)
    fresh = _typed_again() if adding else {**_FRESH, "roles": given["roles"], "new_id": _free_id(model, element_id)}
    return render_template(
        "draft_step.html", process=processes.process_page(engine(), key, begun=True), draft=draft, element=element,
        facts=editing.facts(engine(), actor(), key), follows=follows, errors=errors or {}, units=UNITS, scopes=SCOPES,
        given=given, fresh=fresh, workers=model.user_tasks,
        may_delete=element.kind.is_task and bool(follows) and not list(model.boundaries(element_id)),
    )  # fmt: skip


#: what the form of a new step begins with
_FRESH: Mapping[str, Any] = {
    **dict.fromkeys((*_LINES, "documentation", "amount", "scope_other"), ""), "unit": "business_days",
    "scopes": ("owner",), "operations": (),
}  # fmt: skip


def _given(element: Element) -> dict[str, Any]:
    """The properties of a step as its form shows them."""
    told = {"name": element.name, "documentation": element.documentation}
    task = element.task
    if task is None:
        return told | {"roles": ()}
    amount, _, unit = (task.sla or "").strip().partition(" ")
    return told | {
        "roles": task.roles, "form": task.form_key if "camunda:formKey" in element.attributes else "",
        "amount": amount, "unit": f"{unit.strip().removesuffix('s')}s" if unit else "business_days",
        "due": task.due or "", "ladder": task.ladder, "stage": task.stage or "", "operations": task.operations,
        "scopes": task.org_scopes, "not_same_as": task.not_same_as or "",
        "scope_other": " ".join(scope for scope in task.org_scopes if scope not in SCOPES),
    }  # fmt: skip


def _typed_again() -> dict[str, Any]:
    """What was typed into the form of a step, as it was."""
    lines = {name: _line(name) for name in (*_LINES, "documentation", "amount", "unit", "scope_other", "new_id")}
    return {**lines, **{name: request.form.getlist(name) for name in ("roles", "scopes", "operations")}}


def _free_id(model: BpmnModel, element_id: str) -> str:
    prefix = element_id.partition("_")[0]
    return next(name for n in range(1, 1000) if (name := f"{prefix}_step{n}") not in model.elements)


def _typed(prefix: str, known: TaskSettings | None) -> dict[str, str]:
    """The properties of the sent form; a period of a number and a unit.

    prefix: of the fields' places on the page. known: the step as it is, whose order of roles and operations is kept.
    """
    amount, unit = _line("amount"), request.form.get("unit", "")
    if amount and not (amount.isascii() and amount.isdigit() and 0 < int(amount[:6]) < 100_000 and unit in UNITS):
        raise FormInvalid({f"{prefix}amount": gettext("期間は1以上の数にしてください。")})
    others = _line("scope_other").split()
    if not all(_VARIABLE.fullmatch(name) for name in others):
        raise FormInvalid({f"{prefix}scope_other": gettext("変数の名前を、空白で区切って入力してください。")})
    scopes = [scope for scope in SCOPES if scope in request.form.getlist("scopes")] + others
    return {
        **{name: _line(name) for name in _LINES},
        "roles": ",".join(_chosen("roles", _VARIABLE, known.roles if known else ())),
        "operations": " ".join(_chosen("operations", _OPERATION, known.operations if known else ())),
        "scopes": "" if scopes == ["owner"] else " ".join(scopes),
        "sla": f"{int(amount)} {unit}" if amount else "",
    }


def _chosen(name: str, pattern: re.Pattern[str], known: tuple[str, ...]) -> list[str]:
    """The boxes that were ticked: those that were before in their order, then the others."""
    ticked = [value for value in request.form.getlist(name) if pattern.fullmatch(value)]
    return [*(value for value in known if value in ticked), *(value for value in ticked if value not in known)]


def _line(name: str) -> str:
    """A typed text; control characters, which no diagram may hold, are left out."""
    text = request.form.get(name, "")[:_LONGEST].replace("\r\n", "\n")
    return "".join(character for character in text if character.isprintable() or character == "\n").strip()
