"""Running instances of a process moved to another version: mapping, trial, move, progress, taking back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.definitions.elements import BpmnModel, Variable
from engine.domain.business_days import tokyo_date
from engine.domain.errors import ChangeRefused, FormInvalid
from engine.queries import processes, publishing, standing
from engine.queries.outline import display_name
from engine.queries.publishing import BatchView
from engine.services import moving_together
from engine.services.move_variables import fresh
from web.arguments import number as number_in
from web.policy import policy
from web.runtime import actor, engine, now
from web.variable_values import KINDS, text_of, value_of

blueprint = Blueprint("moves", __name__, url_prefix="/processes")
HIGHEST = 1_000_000
LONGEST_REASON = 2000


@blueprint.get("/<key>/moves")
@policy("process_owner")
def listing(key: str) -> str:
    """What was moved, and the form that begins a move."""
    return _listing(key)


def _listing(key: str, errors: Mapping[str, str] | None = None) -> str:
    rows = publishing.batches(engine(), key, before=number_in("before", HIGHEST) or HIGHEST)
    page = processes.process_page(engine(), key)
    return render_template(
        "moves.html", process=page, batches=rows, errors=errors or {}, full=len(rows) == publishing.BATCHES,
        numbers={version.id: version.number for version in page.versions},
    )  # fmt: skip


@blueprint.post("/<key>/moves")
@policy("process_owner")
def propose(key: str) -> BaseResponse:
    """Begin a move from one version to another."""
    old, new = (_number(request.form.get(name, "")) for name in ("from", "to"))
    try:
        found = moving_together.propose(engine(), actor(), key, old, new, now=now())
    except FormInvalid as refusal:
        return make_response(_listing(key, refusal.fields), 422)
    return redirect(url_for("moves.show", key=key, batch=found))


@blueprint.get("/<key>/moves/<int(max=1000000):batch>")
@policy("process_owner")
def show(key: str, batch: int) -> str:
    """One move: what goes where, and what became of each instance."""
    return _page(key, batch)


def _page(key: str, batch: int, errors: Mapping[str, str] | None = None, typed: str = "") -> str:
    view = publishing.batch(engine(), key, batch, after=number_in("after", HIGHEST) or 0)
    old, new = (engine().definitions.get(v) for v in (view.row.from_version_id, view.row.to_version_id))
    here = {
        one.element_id: one.counts.here
        for one in standing.standings(engine(), key, now=now())
        if one.version == view.old
    }
    sent = any(name.startswith("to:") for name in request.form)
    mapping = _chosen() if sent else view.row.mapping
    return render_template(
        "move.html", key=key, name=new.name, batch=view, errors=errors or {}, typed=typed,
        rows=publishing.map_rows(old.model, new.model, mapping, here), variables=_variables(old.model, new.model, view),
        kinds=KINDS,
        names=_names(old.model, new.model, view),
        done=sum(count for state, count in view.counts.items() if state not in _LEFT.get(view.row.state, ())),
    )  # fmt: skip


#: state of a batch -> states of items that are still to be done
_LEFT = {"trying": ("waiting",), "moving": ("movable",), "stopped": ("movable",), "undoing": ("moved",)}


def _names(old: BpmnModel, new: BpmnModel, view: BatchView) -> dict[str, str]:
    """The names of the elements at which the shown instances stand or will stand."""
    wanted = {name for item in view.items for pair in item.elements.items() for name in pair}
    return {name: display_name(e) for name in wanted if (e := new.elements.get(name) or old.elements.get(name))}


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/try")
@policy("process_owner")
def try_out(key: str, batch: int) -> BaseResponse:
    """Keep the mapping and the values of new variables and try them on every instance; nothing is changed."""

    def act() -> None:
        moving_together.try_out(engine(), actor(), key, batch, _chosen(), _given(key, batch), now=now())

    return _acted(key, batch, act)


def _chosen() -> dict[str, str]:
    """The mapping of the sent form."""
    pairs = {name.removeprefix("to:"): value for name, value in request.form.items() if name.startswith("to:")}
    return {source: target for source, target in pairs.items() if target}


def _given(key: str, batch: int) -> dict[str, object]:
    """The values of the sent form for variables that only the new version has. Raises FormInvalid, all at once."""
    row = publishing.batch(engine(), key, batch).row
    found: dict[str, object] = {}
    errors: dict[str, str] = {}
    for variable in _fresh(*(engine().definitions.get(v).model for v in (row.from_version_id, row.to_version_id))):
        try:
            value = value_of(variable, request.form.get(f"value:{variable.name}", ""), today=tokyo_date(now()))
        except FormInvalid as refusal:
            errors |= refusal.fields
            continue
        found |= {} if value is None else {variable.name: value}
    if errors:
        raise FormInvalid(errors)
    return found


def _fresh(old: BpmnModel, new: BpmnModel) -> list[Variable]:
    return [variable for variable in fresh(old, new) if variable.type in KINDS]


def _variables(old: BpmnModel, new: BpmnModel, view: BatchView) -> list[tuple[Variable, str]]:
    """Each new variable with the text of its field: what was sent just now, else what is kept."""
    sent = {name: text for name, text in request.form.items() if name.startswith("value:")}
    return [
        (one, sent.get(f"value:{one.name}", text_of(one.type, view.row.given.get(one.name))))
        for one in _fresh(old, new)
    ]


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/start")
@policy("process_owner")
def start(key: str, batch: int) -> BaseResponse:
    """Move what can be moved."""
    reason = request.form.get("reason", "")[:LONGEST_REASON]
    return _acted(key, batch, lambda: moving_together.start(engine(), actor(), key, batch, reason=reason, now=now()))


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/stop")
@policy("process_owner")
def stop(key: str, batch: int) -> BaseResponse:
    """Stop after the one that is being moved."""
    return _acted(key, batch, lambda: moving_together.stop(engine(), actor(), key, batch, now=now()))


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/go-on")
@policy("process_owner")
def go_on(key: str, batch: int) -> BaseResponse:
    """Go on after a stop."""
    return _acted(key, batch, lambda: moving_together.go_on(engine(), actor(), key, batch, now=now()))


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/continue")
@policy("process_owner")
def work(key: str, batch: int) -> BaseResponse:
    """Do the next instances within this request, where no scheduler does it."""
    return _acted(key, batch, lambda: moving_together.work(engine(), now=now()))


@blueprint.post("/<key>/moves/<int(max=1000000):batch>/undo")
@policy("process_owner")
def undo(key: str, batch: int) -> BaseResponse:
    """Take back all moves, or with ``position`` one of them."""
    reason, position = request.form.get("undo_reason", "")[:LONGEST_REASON], request.form.get("position", "")

    def act() -> None:
        if position:
            moving_together.undo_one(
                engine(), actor(), key, batch, _number(position), reason=reason, now=now()
            )  # fmt: skip
        else:
            moving_together.undo_all(engine(), actor(), key, batch, reason=reason, now=now())

    return _acted(key, batch, act, "undo_reason")


def _acted(key: str, batch: int, act: Callable[[], object], reason_field: str = "reason") -> BaseResponse:
    try:
        act()
    except FormInvalid as refusal:
        errors = {reason_field if name == "reason" else name: text for name, text in refusal.fields.items()}
        return make_response(_page(key, batch, errors, request.form.get(reason_field, "")), 422)
    except ChangeRefused as refusal:
        texts = " ".join(str(getattr(reason, "message_ja", reason)) for reason in refusal.reasons)
        return make_response(_page(key, batch, {reason_field: texts}), 422)
    return redirect(url_for("moves.show", key=key, batch=batch))


def _number(text: Any) -> int:
    """A number that somebody chose; 0, which nothing has, for anything else."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 8 else 0
