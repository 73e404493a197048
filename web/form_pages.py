"""Between the pages and the forms: what a page shows of a form, and what it reads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from engine.forms.form import Form
from engine.queries.case_file import CaseHead
from engine.services.task_forms import OpenForm


@dataclass(frozen=True)
class Sheet:
    """A form as a page shows it, with the sentences about what is wrong by field path."""

    html: Markup
    errors: Mapping[str, str]


def sheet(opened: OpenForm, typed: Mapping[str, Any] | None, errors: Mapping[str, str], *, case: CaseHead | None) -> Sheet:
    html = Markup("").join(
        Markup('<div class="field"><label for="f-{0}">{1}</label><input id="f-{0}" name="{0}" value="{2}"></div>').format(
            f.key, f.label, (typed if typed is not None else opened.prefilled.values).get(f.key, "")
        )
        for f in opened.form.fields
    )
    return Sheet(html, errors)


def read(form: Form, given: MultiDict[str, str]) -> dict[str, Any]:
    return {f.key: given[f.key] for f in form.fields if given.get(f.key)}


def changes_rows(given: MultiDict[str, str]) -> bool:
    return False


def with_changed_rows(form: Form, raw: dict[str, Any], given: MultiDict[str, str]) -> dict[str, Any]:
    return raw


def labels(form: Form) -> dict[str, str]:
    return {f.key: f.label for f in form.fields}


def as_text(given: MultiDict[str, str], names: Mapping[str, str]) -> str:
    return "\n".join(f"{names[n]}：{v}" for n, v in given.items(multi=True) if n in names and v.strip())
