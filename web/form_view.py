"""What the form editor shows of a form: one row for each field, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.forms.api import Field, Kind, Rule
from engine.forms.editing import control_of, scope_key
from engine.forms.field_edits import reference_of
from engine.forms.wording import chosen_values, rule_words
from engine.services.form_editing import Forms


@dataclass(frozen=True)
class FieldRow:
    """One field. taken: key of the form it is taken from. rule: when it is shown, in Japanese words; "" for always."""

    key: str
    label: str
    kind: str
    required: bool
    conditional: bool
    variable: str
    taken: str
    rule: str
    report: bool


def field_rows(forms: Forms, key: str) -> Mapping[str, FieldRow]:
    """A row for each field of the form's file, by key; with less to tell while the forms cannot be read."""
    document, form = forms.document(key), forms.form(key)
    fields = {one.key: one for one in form.fields} if form is not None else {}
    return {
        name: _row(name, schema, fields, (control_of(document, name) or {}).get("rule"))
        for name, schema in document["schema"]["properties"].items()
    }


def _row(key: str, schema: Mapping[str, Any], fields: Mapping[str, Field], rule: Any) -> FieldRow:
    field, reference = fields.get(key), reference_of(schema)
    if field is None:
        return FieldRow(key, str(schema.get("title", key)), "", False, False, "", reference[0] if reference else "", "",
                        False)  # fmt: skip
    return FieldRow(
        key, field.label, "programme" if field.kind is Kind.REF and field.ref == "programme" else field.kind.value,
        field.required, field.conditional, field.variable or "", reference[0] if reference else "",
        rule_told(rule, fields), field.report,
    )  # fmt: skip


def rule_told(rule: Any, fields: Mapping[str, Field]) -> str:
    """A rule of the layout in words; "" where there is none."""
    condition = rule.get("condition") if isinstance(rule, Mapping) else None
    if not isinstance(condition, Mapping) or not isinstance(condition.get("schema"), Mapping):
        return ""
    shows = rule.get("effect") in ("SHOW", "ENABLE")
    return rule_words(Rule(scope_key(condition), condition["schema"], shows), fields)


def choosable(field: Field) -> bool:
    """Whether a condition may be about the field here: one whose values are known."""
    if field.kind is Kind.BOOL:
        return True
    return field.kind in (Kind.ENUM, Kind.MULTI) and bool(field.options) and field.ref is None


def values_of(field: Field) -> tuple[tuple[str, str], ...]:
    """(value as the page sends it, words) of what a condition may be about."""
    if field.kind is Kind.BOOL:
        return (("true", field.true_label), ("false", field.false_label))
    return tuple((option.value, option.label) for option in field.options)


def chosen_now(rule: Any, key: str) -> frozenset[str]:
    """The values at which a rule about the field ``key`` shows, as the page sends them; none for any other rule."""
    condition = rule.get("condition") if isinstance(rule, Mapping) else None
    if not isinstance(condition, Mapping) or scope_key(condition) != key or rule.get("effect") != "SHOW":
        return frozenset()
    schema = condition.get("schema")
    values = chosen_values(schema) if isinstance(schema, Mapping) else None
    return frozenset(str(value).lower() if isinstance(value, bool) else str(value) for value in values or ())
