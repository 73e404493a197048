"""Values of any shape given to every form: it refuses them with a sentence, or understands them, and never breaks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from engine.config import ROOT
from engine.domain.errors import FormInvalid
from engine.forms.api import FormContext, PrefillSources, Submission
from engine.forms.form import Form
from engine.forms.library import FormLibrary
from tests.faults import hostile
from web import form_rendering

pytestmark = pytest.mark.slow


def all_forms() -> list[Form]:
    """Every form of every process."""
    files = {
        str(path.relative_to(ROOT / "workflows")): path.read_bytes()
        for path in (ROOT / "workflows").rglob("*.json")
        if path.parent.name == "forms"
    }
    library = FormLibrary.load(files)
    keys = ["", *sorted({path.split("/")[0] for path in files if not path.startswith("forms/")})]
    return [library.form(key, process) for process in keys for key in library.keys(process)]


class Nobody:
    """References in which nothing is found."""

    def resolve(self, kind: object, text: str) -> str | None:
        """Nothing."""
        return None

    def label(self, kind: object, id: str) -> str | None:
        """Nothing."""
        return None

    def choices(self, kind: object) -> tuple[()]:
        """Nothing."""
        return ()

    def options(self, name: str) -> tuple[()]:
        """Nothing."""
        return ()


@pytest.mark.parametrize("form", all_forms(), ids=lambda form: f"{form.process_key}/{form.key}".strip("/"))
def test_a_form_refuses_or_understands_and_never_breaks(form: Form) -> None:
    sources = PrefillSources(now=datetime(2026, 4, 1, tzinfo=UTC), today=date(2026, 4, 1))
    context = FormContext(Nobody(), sources)
    for what, sent in [*hostile.refused(form), *hostile.odd(form)]:
        raw = form_rendering.parse_form(form, MultiDict(sent))
        outcome = submitted(form, raw, context)
        if isinstance(outcome, Submission):
            kept = json.dumps([outcome.data, outcome.records], ensure_ascii=False, default=str)
            assert "\x00" not in kept, what
            assert len(kept) < 400_000, what
        form_rendering.render_form(form, raw, {} if isinstance(outcome, Submission) else outcome)


@pytest.mark.parametrize("form", all_forms(), ids=lambda form: f"{form.process_key}/{form.key}".strip("/"))
def test_values_of_any_shape_are_refused_or_understood(form: Form) -> None:
    """A programme that calls the service sends what no page would."""
    sources = PrefillSources(now=datetime(2026, 4, 1, tzinfo=UTC), today=date(2026, 4, 1))
    context = FormContext(Nobody(), sources)
    shapes: list[Any] = [
        None, True, 0, -1.5, float("inf"), 10**400, "", "\x00", [], {}, [[]], [{}], [None], {"a": {"b": [1]}}, {"": ""},
        [["x"] * 3] * 3, {"text": ["x"]}, {"from": 1, "to": []}, [{"x": {"y": "z"}}], "x" * 200_000, {"0": {"1": 2}},
    ]  # fmt: skip
    for shape in shapes:
        submitted(form, {field.key: shape for field in form.fields}, context)
        for field in form.fields:
            if field.columns:
                inner = {column.key: shape for column in field.columns}
                submitted(form, {field.key: [inner, shape]}, context)
                submitted(form, {field.key: inner}, context)


def submitted(form: Form, raw: dict[str, Any], context: FormContext) -> Submission | dict[str, str]:
    """What the form says: a submission, or a sentence per field. Anything else is a fault."""
    try:
        return form.submit(raw, context)
    except FormInvalid as refusal:
        said = dict(refusal.fields)
    assert said, "refused without a word"
    assert all(sentence.strip() for sentence in said.values())
    return said
