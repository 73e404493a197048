"""Forms to accessible HTML, and what a browser sends back to raw values.

``render_form`` and ``parse_form`` are inverse to each other: what a page shows for some values is what comes back
when it is sent unchanged. Names of controls are the field keys, inside tables ``household_members-0-name``, inside
groups ``next_plan-on``. Everything works without JavaScript: rows are added and removed by submit buttons, and
fields that a rule would hide are simply there (the server ignores them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.forms.api import NOTHING, Field, FormLike, Kind, References
from engine.forms.fields import MAX_ROWS
from web.form_controls import Builder, Page
from web.formatting import printable
from web.i18n import gettext

ADD, REMOVE = "_add", "_remove"
OTHER = "_other"  #: behind the key of an open choice: what is written beside the options
NEW_ROW, NEW_ANSWER = "_row", "_answer"  #: the row of a matrix that is being added
_INDEX = re.compile(r"(\d{1,3})-(.+)")
_TABLES = frozenset({Kind.SUBTABLE, Kind.MATRIX})


class Sent(Protocol):
    """What a browser sends: names with one or more texts (werkzeug's MultiDict)."""

    def getlist(self, key: str) -> list[str]:
        """All values under a name."""

    def __iter__(self) -> Iterator[str]:
        """All names."""


def _translated(text: str, **values: Any) -> str:
    return gettext(text) % values if values else gettext(text)


_ENVIRONMENT = Environment(
    loader=PackageLoader("web", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, finalize=printable,
)  # fmt: skip
_ENVIRONMENT.globals["_"] = _translated


def render_form(form: FormLike, values: Mapping[str, Any], errors: Mapping[str, str] | None = None, *,
                references: References | None = None, prefilled_sources: Mapping[str, str] | None = None,
                draft: str = "") -> Markup:  # fmt: skip
    """The fields of a form as HTML, without the ``form`` element and its buttons.

    values: kept values or what ``parse_form`` gave (wrong input is shown again as it was typed). errors: sentences
    by field path, as in FormInvalid. prefilled_sources: words for where a value came from. draft: a note above.
    """
    page = Page(values, errors or {}, references, prefilled_sources or {})
    builder = Builder(page)
    sections = [builder.section(section) for section in form.sections]
    template = _ENVIRONMENT.get_template("forms/form.html")
    return Markup(template.render(sections=sections, summary=page.summary(), lists=page.lists(), draft=draft))


# ---------------------------------------------------------------- what comes back


def parse_form(form: FormLike, sent: Sent) -> dict[str, Any]:
    """Raw values by field key, empty ones left out; blank rows stay as ``{}`` so that rows keep their places."""
    raw: dict[str, Any] = {}
    for field in form.fields:
        value = _Reader(sent).value(field, field.key)
        if value is not None:
            raw[field.key] = value
    return raw


def changes_rows(sent: Sent) -> bool:
    """Whether the button pressed adds or removes a row instead of sending the form."""
    return bool(sent.getlist(ADD) or sent.getlist(REMOVE))


def with_changed_rows(form: FormLike, raw: Mapping[str, Any], sent: Sent) -> dict[str, Any]:
    """The raw values with the row added or removed that the pressed button names; anything else changes nothing."""
    changed = dict(raw)
    tables = {field.key: field for field in form.fields if field.kind in _TABLES}
    for key in sent.getlist(ADD)[:1]:
        rows = list(changed.get(key) or [{}]) if key in tables and tables[key].columns else None
        if rows is not None and len(rows) < (tables[key].maximum_items or MAX_ROWS):
            changed[key] = [*rows, {}]
    for place in sent.getlist(REMOVE)[:1]:
        key, _, index = place.rpartition("-")
        rows = changed.get(key) if key in tables else None
        if isinstance(rows, list) and index.isdecimal() and index.isascii() and int(index[:4]) < len(rows):
            changed[key] = [row for number, row in enumerate(rows) if number != int(index)] or [{}]
    return changed


class _Reader:
    def __init__(self, sent: Sent) -> None:
        self.sent = sent

    def text(self, name: str) -> str:
        """The last value under a name; "" when there is none."""
        values = self.sent.getlist(name)
        return values[-1] if values else ""

    def value(self, field: Field, name: str) -> Any:
        """The raw value of a field, None when nothing was given."""
        if field.columns and field.kind in _TABLES:
            return self._rows(field, name)
        match field.kind:
            case Kind.MULTI:
                return self._multi(field, name)
            case Kind.MATRIX:
                return self._matrix(field, name)
            case Kind.GROUP | Kind.TEXT_DATE | Kind.DATERANGE:
                return self._parts(field, name) or None
            case Kind.BOOL_TEXT:
                return self._bool_text(name)
            case _:
                return self.text(name) if self.text(name).strip() else None

    def _multi(self, field: Field, name: str) -> list[str] | str | None:
        if field.columns or (field.ref is not None and field.open):
            return self.text(name) if self.text(name).strip() else None
        chosen = [value for value in self.sent.getlist(name) if value]
        others = self.text(name + OTHER).replace(",", "、").replace("，", "、").split("、") if field.open else []
        return [*chosen, *(item.strip() for item in others if item.strip())] or None

    def _parts(self, field: Field, name: str) -> dict[str, Any]:
        parts = {column.key: self.value(column, f"{name}-{column.key}") for column in field.columns}
        known = {f"{name}-{column.key}" for column in field.columns}
        if field.open:
            prefix = f"{name}-"
            further = [key for key in self.sent if key.startswith(prefix) and not self._known(key, known)]
            parts |= {key.removeprefix(prefix): self.text(key) or None for key in further[:60]}
        return {key: value for key, value in parts.items() if value is not None}

    def _known(self, name: str, known: set[str]) -> bool:
        return name in known or (name.endswith(OTHER) and name.removesuffix(OTHER) in known)

    def _rows(self, field: Field, name: str) -> list[dict[str, Any]] | None:
        prefix = f"{name}-"
        matches = (_INDEX.fullmatch(key.removeprefix(prefix)) for key in self.sent if key.startswith(prefix))
        indexes = sorted({int(match[1]) for match in matches if match is not None})[: MAX_ROWS + 1]
        rows = [self._parts(field, f"{name}-{index}") for index in indexes]
        return rows if any(rows) else None

    def _bool_text(self, name: str) -> Any:
        text, choice = self.text(f"{name}-text"), self.text(f"{name}-choice")
        if choice == "no":
            return NOTHING
        if choice == "yes" or text.strip():
            return {"text": text}
        return None

    def _matrix(self, field: Field, name: str) -> dict[str, str] | None:
        prefix = f"{name}-"
        new_row, new_answer = f"{prefix}{NEW_ROW}", f"{prefix}{NEW_ANSWER}"
        names = [key for key in self.sent if key.startswith(prefix) and key not in (new_row, new_answer)]
        answers = {key.removeprefix(prefix): self.text(key) for key in names[:60]}
        if self.text(new_row).strip():
            answers[self.text(new_row).strip()] = self.text(new_answer)
        return answers if any(answers.values()) or self.text(new_row).strip() else None


def labels(form: FormLike) -> dict[str, str]:
    """The label of each control name of the top level, for texts that repeat what was typed."""
    return {field.key: field.label for field in form.fields}
