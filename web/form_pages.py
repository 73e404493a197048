"""Between the pages and the forms: what a page shows of an open form, and the typed text when it cannot be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine.forms.api import PresentedField
from engine.services.task_forms import OpenForm
from web.form_rendering import render_form


@dataclass(frozen=True)
class Sheet:
    """A form as a page shows it, with the sentences about what is wrong by field path."""

    html: Markup
    errors: Mapping[str, str]


def sheet(opened: OpenForm, typed: Mapping[str, Any] | None, errors: Mapping[str, str]) -> Sheet:
    """The form with what was typed; where nothing was, with what is known already and where it comes from."""
    values = opened.prefilled.values if typed is None else {**typed, **_rows_to_answer(opened, typed)}
    origins = opened.prefilled.origins if typed is None else {}
    html = render_form(opened.form, values, errors, references=opened.context.references, prefilled_sources=origins)
    return Sheet(html, errors)


def _rows_to_answer(opened: OpenForm, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The matrices whose rows come from the case, with every row: one that was left open was not sent."""
    begun = opened.prefilled.values
    asked = (field.key for field in opened.form.fields if field.rows_from is not None)
    return {key: {**begun[key], **_answers(typed.get(key))} for key in asked if isinstance(begun.get(key), Mapping)}


def _answers(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class Difference:
    """One field of a stale page: what was typed, and what is known now; empty for nothing."""

    key: str
    label: str
    mine: str
    now: str


def differences(opened: OpenForm, typed: Mapping[str, Any], draft: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Field by field, in the order of the form, where what was typed differs from what the task's page would show.

    That is the person's draft, else what the case already knows. Text that cannot be read is shown as it was typed.
    """
    mine = _texts(opened, typed)
    now = _texts(opened, opened.prefilled.values if draft is None else draft)
    labels = {field.key: field.label for section in opened.form.sections for field in section.fields}
    return tuple(
        Difference(key, label, mine.get(key, ""), now.get(key, ""))
        for key, label in labels.items()
        if mine.get(key, "") != now.get(key, "")
    )


def _texts(opened: OpenForm, raw: Mapping[str, Any]) -> dict[str, str]:
    """Each field as one text, by key. The reader is who types, so nothing is masked that the form itself shows."""
    data, _ = opened.form.review(raw, opened.context)
    references = opened.context.references
    sections = opened.form.present(data, may_see_sealed=True, may_see_restricted=True, references=references)
    read = {field.key: _one_text(field) for section in sections for field in section.fields}
    return {key: str(value) for key, value in raw.items() if value not in (None, "", [], {})} | read


def _one_text(field: PresentedField) -> str:
    return field.text or "\n".join("　".join(row) for row in field.table)


def as_text(given: MultiDict[str, str], labels: Mapping[str, str]) -> str:
    """What was typed into a form that is no longer there, as lines of label and text."""
    lines = []
    for name, value in given.items(multi=True):
        key = name.split("-")[0]
        if key in labels and value.strip():
            rest = name.removeprefix(key)
            lines.append(f"{labels[key]}{rest}：{value}")
    return "\n".join(lines)
