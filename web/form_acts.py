"""What a button of the form editor asks for, as an edit of the form's file.

A button sends ``act`` as ``name`` or ``name:what``; the fields of its form come along. Each act knows the page on which
it is pressed, so that what is refused comes back there with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from engine.domain.errors import FormInvalid, NotFound
from engine.forms import editing, field_edits, option_edits
from engine.forms.api import Field, Kind
from engine.forms.editing import Document
from engine.forms.field_edits import NewField, NewKind, Settings, Spot
from engine.services import form_editing
from engine.services.form_editing import Edit, Forms
from web.i18n import gettext

_LONGEST = 4000
_UP, _DOWN = -1, 1


@dataclass(frozen=True)
class Ask:
    """The form that is edited as the person saw it, and what stands behind the name of the act."""

    forms: Forms
    key: str
    what: str

    @property
    def spot(self) -> Spot:
        """The field or column that the page is about."""
        return Spot(line("field"), line("column"))

    @property
    def number(self) -> int:
        """``what`` as a number from 0."""
        return whole(self.what)


@dataclass(frozen=True)
class Act:
    """One act. page: ``form``, ``field``, ``new`` or ``rule``; done: the key of what is said afterwards.

    back: the page that is shown afterwards; anchor: where on it, with the blanks ``what``, ``field`` and ``column``.
    """

    edit: Callable[[Ask], Edit]
    page: str
    done: str
    back: str = "form"
    anchor: str = "form"


def line(name: str) -> str:
    """A typed text, cut where nothing sensible is that long."""
    return request.form.get(name, "")[:_LONGEST].strip()


def lines(name: str) -> tuple[str, ...]:
    """A typed list, one in each line, empty ones left out."""
    return tuple(text for text in request.form.get(name, "")[: 10 * _LONGEST].splitlines() if text.strip())


def whole(text: str) -> int:
    """A number from 0. Raises NotFound for anything else: pages only offer what exists."""
    if text.isascii() and text.isdigit() and len(text) < 5:
        return int(text)
    raise NotFound("form")


def new_field(prefix: str = "") -> NewField:
    """The field of the sent form; a kind that does not exist is refused."""
    kind = line("kind")
    if kind not in list(NewKind):
        raise FormInvalid({f"{prefix}kind": gettext("種類を選んでください。")})
    return NewField(line("key"), line("label"), NewKind(kind), lines("lines"))


def rule_values(field: Field) -> tuple[Any, ...]:
    """The values that were ticked for a condition; those of a yes-or-no field as such."""
    chosen = request.form.getlist("values")
    if field.kind is Kind.BOOL:
        return tuple(value == "true" for value in chosen if value in ("true", "false"))
    known = [option.value for option in field.options]
    return tuple(value for value in known if value in chosen)


def target() -> str | int:
    """What a rule is about: a field by its key, or a section by its number."""
    field = line("field")
    return field if field else whole(line("section"))


# ---------------------------------------------------------------- the acts


def _title(ask: Ask) -> Edit:
    title = line("title")
    return lambda document: editing.retitled(document, title)


def _section_add(ask: Ask) -> Edit:
    label = line("new-section")
    return lambda document: editing.section_added(document, label)


def _section_change(ask: Ask) -> Edit:
    number = ask.number
    label, hint = line(f"section-{number}-label"), line(f"section-{number}-hint")
    return lambda document: editing.section_changed(document, number, label, hint)


def _section_move(by: int) -> Callable[[Ask], Edit]:
    def edit(ask: Ask) -> Edit:
        number = ask.number
        return form_editing.arranged(ask.forms, ask.key, lambda d: editing.section_moved(d, number, by))

    return edit


def _section_delete(ask: Ask) -> Edit:
    number = ask.number
    return form_editing.arranged(ask.forms, ask.key, lambda d: editing.section_removed(d, number))


def _field_move(by: int) -> Callable[[Ask], Edit]:
    def edit(ask: Ask) -> Edit:
        return form_editing.arranged(ask.forms, ask.key, lambda d: editing.field_moved(d, ask.what, by))

    return edit


def _requirement_delete(ask: Ask) -> Edit:
    return form_editing.without_requirement(ask.forms, ask.key, ask.number)


def _add(ask: Ask) -> Edit:
    section, new = whole(line("section")), new_field()
    return lambda document: field_edits.field_added(document, section, new)


def _settings(ask: Ask) -> Edit:
    settings = Settings(line("label"), line("hint"), line("required") == "yes", line("variable"))
    return form_editing.settings_changed(ask.forms, ask.key, ask.spot, settings)


def _options(change: Callable[[Document, Spot, int], Document] | None = None) -> Callable[[Ask], Edit]:
    """The names as typed first, so that no button loses them; then what the button asks."""

    def edit(ask: Ask) -> Edit:
        spot, number = ask.spot, ask.number if ask.what else 0
        names = tuple(request.form.getlist("option"))

        def both(document: Document) -> Document:
            renamed = option_edits.options_renamed(document, spot, names)
            return renamed if change is None else change(renamed, spot, number)

        return form_editing.with_options(ask.forms, ask.key, spot, both)

    return edit


def _option_add(document: Document, spot: Spot, number: int) -> Document:
    return option_edits.option_added(document, spot, line("new-option"))


def _option_up(document: Document, spot: Spot, number: int) -> Document:
    return option_edits.option_moved(document, spot, number, _UP)


def _option_down(document: Document, spot: Spot, number: int) -> Document:
    return option_edits.option_moved(document, spot, number, _DOWN)


def _column_add(ask: Ask) -> Edit:
    key, new = ask.spot.key, new_field()
    return lambda document: field_edits.column_added(document, key, new)


def _column_move(by: int) -> Callable[[Ask], Edit]:
    def edit(ask: Ask) -> Edit:
        spot = Spot(ask.spot.key, ask.what)
        return lambda document: field_edits.column_moved(document, spot, by)

    return edit


def _delete(ask: Ask) -> Edit:
    if ask.spot.column:
        return lambda document: field_edits.column_removed(document, ask.spot)
    return form_editing.without_field(ask.forms, ask.key, ask.spot.key)


def _rule(ask: Ask) -> Edit:
    form = ask.forms.form(ask.key)
    scope = next((one for one in form.fields if one.key == line("by")), None) if form is not None else None
    if scope is None:
        raise NotFound("field")
    values, about = rule_values(scope), target()
    if not values:
        raise FormInvalid({"values": gettext("この欄を出す値を、一つ以上選んでください。")})
    several = scope.kind is Kind.MULTI
    return lambda document: field_edits.rule_set(document, about, scope.key, values, several=several)


def _rule_none(ask: Ask) -> Edit:
    about = target()
    return lambda document: field_edits.rule_set(document, about, "", ())


ACTS: dict[str, Act] = {
    "title": Act(_title, "form", "titled"),
    "section-add": Act(_section_add, "form", "section-added", anchor="new-section"),
    "section-change": Act(_section_change, "form", "section-changed", anchor="section-{what}"),
    "section-up": Act(_section_move(_UP), "form", "moved", anchor="section-{before}"),
    "section-down": Act(_section_move(_DOWN), "form", "moved", anchor="section-{after}"),
    "section-delete": Act(_section_delete, "form", "section-removed"),
    "field-up": Act(_field_move(_UP), "form", "moved", anchor="up-{what}"),
    "field-down": Act(_field_move(_DOWN), "form", "moved", anchor="down-{what}"),
    "requirement-delete": Act(_requirement_delete, "form", "requirement-removed", anchor="requirements"),
    "add": Act(_add, "new", "added", anchor="field-{key}"),
    "settings": Act(_settings, "field", "changed", anchor="field-{field}"),
    "options": Act(_options(), "field", "options", back="field", anchor="options"),
    "option-up": Act(_options(_option_up), "field", "options", back="field", anchor="option-{before}"),
    "option-down": Act(_options(_option_down), "field", "options", back="field", anchor="option-{after}"),
    "option-delete": Act(_options(option_edits.option_removed), "field", "options", back="field", anchor="options"),
    "option-add": Act(_options(_option_add), "field", "options", back="field", anchor="new-option"),
    "column-up": Act(_column_move(_UP), "field", "columns", back="field", anchor="column-{what}"),
    "column-down": Act(_column_move(_DOWN), "field", "columns", back="field", anchor="column-{what}"),
    "column-add": Act(_column_add, "field", "columns", back="field", anchor="column-{key}"),
    "delete": Act(_delete, "field", "deleted"),
    "rule": Act(_rule, "rule", "rule", anchor="field-{field}"),
    "rule-none": Act(_rule_none, "rule", "rule", anchor="field-{field}"),
}


def anchor_of(act: Act, what: str) -> str:
    """Where the page opens after an act: at what was changed, so that the keyboard goes on from there."""
    number = int(what) if what.isascii() and what.isdigit() and len(what) < 5 else 0
    if act.page == "rule" and not line("field"):
        return f"section-{line('section')}"
    if act.page == "field" and act.back == "form" and line("column"):
        return "columns" if act.done == "deleted" else f"column-{line('column')}"
    return act.anchor.format(
        what=what, field=line("field"), key=line("key"), before=max(number - 1, 0), after=number + 1
    )
