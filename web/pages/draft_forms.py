"""The form editor: the forms of a draft, one of them with its preview, a field, a condition; without any script."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid, NotFound
from engine.forms.api import Field
from engine.forms.editing import Document, control_of, hidden_keys, plan
from engine.forms.field_edits import NewKind, Spot, free_key, reference_of, schema_at, taken_names
from engine.forms.option_edits import options_of
from engine.forms.wording import requirement_words
from engine.queries import processes
from engine.services import drafting, form_editing
from engine.services.drafting import DraftTaken
from engine.services.form_editing import Forms
from engine.services.form_uses import uses_of
from web import form_pages, form_rendering
from web.form_acts import ACTS, Act, Ask, anchor_of, line, new_field, whole
from web.form_editor_words import DONE, FIELD_KINDS, NEW_KINDS, USES
from web.form_view import choosable, chosen_now, field_rows, rule_told, values_of
from web.i18n import gettext
from web.pages.drafts import presence, seen_revision, taken_page
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("draft_forms", __name__, url_prefix="/processes")


@blueprint.get("/<key>/draft/forms")
@policy("process_owner")
def listing(key: str) -> BaseResponse:
    """The forms of the draft: own ones, the shared ones it has, and the steps that have none."""
    if drafting.current(engine(), actor(), key) is None:
        return redirect(url_for("drafts.show", key=key))
    return make_response(_listing(key, form_editing.forms_of(engine(), actor(), key)))


@blueprint.get("/<key>/draft/form/<form>")
@policy("process_owner")
def show(key: str, form: str) -> BaseResponse:
    """One form: its sections and fields, and how it will look. For a step that has none: where to make it."""
    if drafting.current(engine(), actor(), key) is None:
        return redirect(url_for("drafts.show", key=key))
    forms = form_editing.forms_of(engine(), actor(), key)
    if form not in forms.keys and form in {one for _, _, one in form_editing.without_form(forms)}:
        return redirect(url_for("draft_forms.listing", key=key, _anchor="missing"))
    return make_response(_form_page(forms, form))


@blueprint.get("/<key>/draft/form/<form>/field")
@policy("process_owner")
def field(key: str, form: str) -> BaseResponse:
    """A field (``field``, of a table also ``column``); without one, how to add a field to ``section``."""
    if drafting.current(engine(), actor(), key) is None:
        return redirect(url_for("drafts.show", key=key))
    forms = form_editing.forms_of(engine(), actor(), key)
    spot = Spot(request.args.get("field", ""), request.args.get("column", ""))
    if spot.key:
        return make_response(_field_page(forms, form, spot))
    return make_response(_new_page(forms, form, request.args.get("section", "0")))


@blueprint.get("/<key>/draft/form/<form>/rule")
@policy("process_owner")
def rule(key: str, form: str) -> BaseResponse:
    """When a field (``field``) or section (``section``) is shown; ``by``: the field whose values decide."""
    if drafting.current(engine(), actor(), key) is None:
        return redirect(url_for("drafts.show", key=key))
    forms = form_editing.forms_of(engine(), actor(), key)
    asked = {name: request.args.get(name, "") for name in ("field", "section", "by")}
    return make_response(_rule_page(forms, form, asked))


@blueprint.post("/<key>/draft/forms/new")
@policy("process_owner")
def create(key: str) -> BaseResponse:
    """Make a form for a step that has none, with its first field."""
    forms = form_editing.forms_of(engine(), actor(), key, seen_revision())
    form = line("form")
    try:
        form_editing.create(engine(), actor(), forms, form, line("title"), new_field(f"{form}-"), now=now())
    except DraftTaken as taken:
        return taken_page(key, taken)
    except FormInvalid as refusal:
        errors = {f"{form}-{name}" if name in _NEW else name: text for name, text in refusal.fields.items()}
        return make_response(_listing(key, forms, errors), 422)
    return redirect(url_for("draft_forms.show", key=key, form=form, done="created"))


_NEW = ("title", "key", "label", "kind", "lines")


@blueprint.post("/<key>/draft/form/<form>/delete")
@policy("process_owner")
def delete(key: str, form: str) -> BaseResponse:
    """Take a form away that nothing uses."""
    forms = form_editing.forms_of(engine(), actor(), key, seen_revision())
    try:
        form_editing.remove(engine(), actor(), forms, form, now=now())
    except DraftTaken as taken:
        return taken_page(key, taken)
    except FormInvalid as refusal:
        return make_response(_form_page(forms, form, refusal.fields), 422)
    return redirect(url_for("draft_forms.listing", key=key, done="removed"))


@blueprint.post("/<key>/draft/form/<form>/preview")
@policy("process_owner")
def preview(key: str, form: str) -> BaseResponse:
    """What the form would say to what was typed into the preview; nothing is kept anywhere."""
    forms = form_editing.forms_of(engine(), actor(), key)
    return make_response(_form_page(forms, form, sent=True))


@blueprint.post("/<key>/draft/form/<form>/edit")
@policy("process_owner")
def edit(key: str, form: str) -> BaseResponse:
    """One edit, as the next revision of the draft; who saved on an older one is told, with both kept."""
    forms = form_editing.forms_of(engine(), actor(), key, seen_revision())
    forms.path(form)
    name, _, what = request.form.get("act", "").partition(":")
    try:
        if name == "take":
            return _taken(forms, form)
        if name not in ACTS:
            raise NotFound("act")
        form_editing.change(engine(), actor(), forms, form, ACTS[name].edit(Ask(forms, form, what)), now=now())
    except DraftTaken as taken:
        return taken_page(key, taken)
    except FormInvalid as refusal:
        return make_response(_again(forms, form, name, refusal.fields), 422)
    return redirect(_after(key, form, ACTS[name], what))


def _taken(forms: Forms, form: str) -> BaseResponse:
    sheet, _, taken = line("from").partition("/")
    form_editing.take(engine(), actor(), forms, form, whole(line("section")), (sheet, taken), now=now())
    return redirect(
        url_for("draft_forms.show", key=forms.process_key, form=form, done="taken", _anchor=f"field-{taken}")
    )


def _after(key: str, form: str, act: Act, what: str) -> str:
    spot, anchor = Spot(line("field"), line("column")), anchor_of(act, what)
    if act.back == "form" and not (act.page == "field" and spot.column):
        return url_for("draft_forms.show", key=key, form=form, done=act.done, _anchor=anchor)
    column = spot.column if act.back == "field" and spot.column else None
    done = "columns" if spot.column and act.back == "form" else act.done
    return url_for(
        "draft_forms.field", key=key, form=form, field=spot.key, column=column, done=done, _anchor=anchor
    )  # fmt: skip


def _again(forms: Forms, form: str, name: str, errors: dict[str, str]) -> str:
    """The page on which the act was pressed, with what was typed and why it was refused."""
    page = ACTS[name].page if name in ACTS else "new"
    if name == "column-add":
        errors = {f"column-{place}" if place in _NEW else place: text for place, text in errors.items()}
    if page == "field":
        return _field_page(forms, form, Spot(line("field"), line("column")), errors)
    if page == "new":
        return _new_page(forms, form, line("section"), errors)
    if page == "rule":
        return _rule_page(forms, form, {name: line(name) for name in ("field", "section", "by")}, errors)
    return _form_page(forms, form, errors)


# ---------------------------------------------------------------- pages


def _shared(forms: Forms, errors: dict[str, str] | None, **more: Any) -> dict[str, Any]:
    return {
        "process": processes.process_page(engine(), forms.process_key, begun=True), "forms": forms,
        "errors": errors or {}, "typed": request.form if errors else MultiDict(), "DONE": DONE, "NEW_KINDS": NEW_KINDS,
        "done": request.args.get("done", ""), **more,
    }  # fmt: skip


def _listing(key: str, forms: Forms, errors: dict[str, str] | None = None) -> str:
    return render_template("draft_forms.html", **_shared(
        forms, errors, lines=form_editing.lines(forms), missing=form_editing.without_form(forms), kinds=list(NewKind),
        presence=presence(key),
    ))  # fmt: skip


def _form_page(forms: Forms, key: str, errors: dict[str, str] | None = None, *, sent: bool = False) -> str:
    form, document = forms.form(key), forms.document(key)
    fields = {one.key: one for one in form.fields} if form is not None else {}
    found = _shared(
        forms, errors, key=key, title=document["title"], shared=forms.is_shared(key), sections=plan(document),
        rows=field_rows(forms, key), hidden_fields=hidden_keys(document), tasks=form_editing.tasks_of(forms, key),
        takers=forms.takers.get(key, ()), rule_told=lambda said: rule_told(said, fields), FIELD_KINDS=FIELD_KINDS,
        presence=presence(forms.process_key),
        requirements=[requirement_words(item, fields) for item in form.schema.get("allOf", [])] if form else [],
    )  # fmt: skip
    return render_template("draft_form.html", **found, **_preview(forms, key, sent=sent))


def _preview(forms: Forms, key: str, *, sent: bool) -> dict[str, Any]:
    """The form as a worker meets it; with what was typed into it and what would be said to that."""
    form = forms.form(key)
    if form is None:
        return {"sheet": None, "tried": None}
    with form_editing.preview(engine(), actor(), form, now=now()) as opened:
        if not sent:
            return {"sheet": form_pages.sheet(opened, None, {}), "tried": None}
        raw = form_rendering.parse_form(form, request.form)
        if form_rendering.changes_rows(request.form):
            raw = form_rendering.with_changed_rows(form, raw, request.form)
            return {"sheet": form_pages.sheet(opened, raw, {}), "tried": None}
        errors = form.review(raw, opened.context)[1]
        return {"sheet": form_pages.sheet(opened, raw, errors), "tried": not errors}


def _field_page(forms: Forms, key: str, spot: Spot, errors: dict[str, str] | None = None) -> str:
    document, form = forms.document(key), forms.form(key)
    schema = schema_at(document, spot)
    outer = next((one for one in form.fields if one.key == spot.key), None) if form is not None else None
    inner = next((one for one in outer.columns if one.key == spot.column), None) if outer is not None else None
    asked = inner if spot.column else outer
    if asked is None or outer is None or form is None:
        raise NotFound("field")
    columns = schema.get("items", {}).get("properties") if isinstance(schema.get("items"), dict) else None
    return render_template("draft_form_field.html", **_shared(
        forms, errors, key=key, title=document["title"], spot=spot, field=asked, outer=outer,
        taken=reference_of(schema), options=options_of(schema), columns=outer.columns if columns else None,
        unasked=spot.key in hidden_keys(document), FIELD_KINDS=FIELD_KINDS, USES=USES,
        variables=() if spot.column else form_editing.fitting_variables(forms, key, outer),
        rule=next((row.rule for row in field_rows(forms, key).values() if row.key == spot.key), ""),
        uses=() if spot.column else uses_of(engine(), forms, key, outer),
        new_key=free_key(columns or {}, "column"), kinds=[kind for kind in NewKind if kind is not NewKind.TABLE],
    ))  # fmt: skip


def _new_page(forms: Forms, key: str, section: str, errors: dict[str, str] | None = None) -> str:
    document = forms.document(key)
    sections, number = plan(document), whole(section)
    if number >= len(sections):
        raise NotFound("section")
    return render_template("draft_form_new.html", **_shared(
        forms, errors, key=key, title=document["title"], section=sections[number], number=number,
        sheets={k: v for k, v in form_editing.sheets(engine(), forms).items() if k != key},
        new_key=free_key(taken_names(document), "field"), kinds=list(NewKind),
    ))  # fmt: skip


def _rule_page(forms: Forms, key: str, asked: dict[str, str], errors: dict[str, str] | None = None) -> str:
    document, form = forms.document(key), forms.form(key)
    if form is None:
        raise NotFound("form")
    fields = {one.key: one for one in form.fields}
    name, inside, now_set = _governed(document, fields, asked)
    offered = [one for one in form.fields if choosable(one) and one.key not in inside]
    by = next((one for one in offered if one.key == asked["by"]), None)
    return render_template("draft_form_rule.html", **_shared(
        forms, errors, key=key, title=document["title"], asked=asked, name=name, rule=rule_told(now_set, fields),
        offered=offered, by=by, values=values_of(by) if by is not None else (),
        ticked=chosen_now(now_set, by.key if by is not None else ""),
    ))  # fmt: skip


def _governed(
    document: Document, fields: dict[str, Field], asked: dict[str, str]
) -> tuple[str, frozenset[str], Any]:  # fmt: skip
    """Name of the field or section that a rule is about, the keys of its fields, and the rule that it has."""
    control = control_of(document, asked["field"])
    if control is not None and asked["field"] in fields:
        return fields[asked["field"]].label, frozenset({asked["field"]}), control.get("rule")
    sections, number = plan(document), whole(asked["section"])
    if asked["field"] or number >= len(sections):
        raise NotFound("section")
    section = sections[number]
    return section.label or gettext("見出しのない区切り"), frozenset(section.keys), section.rule
