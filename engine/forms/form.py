"""One form: what is asked, and the way from a raw submission to checked data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any

from engine.domain.errors import FormInvalid
from engine.forms.api import (
    NOTHING,
    Field,
    FormContext,
    Kind,
    Prefilled,
    PrefillSources,
    PresentedSection,
    References,
    Sealing,
    Section,
    Submission,
)
from engine.forms.conditions import hidden_fields
from engine.forms.messages import SchemaCheck, schema_messages
from engine.forms.normalise import Normaliser, names_of
from engine.forms.presentation import masked, presented, walk
from engine.forms.sources import is_path, origin_of, value_at
from engine.forms.values import instant_of

MAX_KEYS = 400  #: names in one raw submission


class Form:
    """A checked form definition. Immutable; kept for as long as its version lives.

    further: fields of the same 帳票 that this task does not ask. Somebody who knows them already may give them: they
    are read, checked and kept in the record, and move nothing.
    """

    def __init__(self, *, key: str, process_key: str, title: str, title_en: str, sections: tuple[Section, ...],
                 fields: tuple[Field, ...], schema: Mapping[str, Any], further: tuple[Field, ...] = (),
                 ) -> None:  # fmt: skip
        self.key, self.process_key, self.title, self.title_en = key, process_key, title, title_en
        self.sections, self.fields, self.schema, self.further = sections, fields, schema, further

    def allowing(self, further: tuple[Field, ...]) -> Form:
        """The same form that also takes fields which it does not ask."""
        return Form(key=self.key, process_key=self.process_key, title=self.title, title_en=self.title_en,
                    sections=self.sections, fields=self.fields, schema=self.schema, further=further)  # fmt: skip

    @cached_property
    def _known(self) -> tuple[Field, ...]:
        return (*self.fields, *self.further)

    @cached_property
    def _check(self) -> SchemaCheck:
        return SchemaCheck({**self.schema, "additionalProperties": False,
                            "properties": {**self.schema["properties"], **self._companions()}})  # fmt: skip

    def _companions(self) -> dict[str, Any]:
        texts: dict[str, Any] = {field.key: {"type": "string"} for field in self.fields if field.text_of is not None}
        return {**{field.key: {} for field in self.further}, **texts}

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        names = {name: field for field in reversed(self._known) for name in names_of(field)}
        return {**names, **{field.key: field for field in reversed(self._known)}}

    def field(self, key: str) -> Field:
        """The field with that key. Raises KeyError."""
        return next(field for field in self.fields if field.key == key)

    # ------------------------------------------------------------ submission

    def submit(self, raw: Mapping[str, Any], context: FormContext) -> Submission:
        """Read, default, hide and check a submission.

        raw: values by field key in the shapes of the scenario format (also with labels as names); what is empty
        counts as left out. Raises FormInvalid with one Japanese sentence per field path (``rows/0/issue``).
        """
        data, errors = self.review(raw, context)
        if errors:
            raise FormInvalid(errors)
        return self._submission(data)

    def review(self, raw: Mapping[str, Any], context: FormContext) -> tuple[dict[str, Any], dict[str, str]]:
        """The data as far as they can be read, and the sentences by field path, in the order of the form."""
        if len(raw) > MAX_KEYS:
            return {}, {"": f"欄が多すぎます（{MAX_KEYS}個まで）。"}
        normaliser = Normaliser(context)
        data: dict[str, Any] = {}
        for field, value in self._named(raw, normaliser.errors):
            kept = normaliser.read(field, value)
            if kept is not None:
                data[field.key] = kept
        self._fill_defaults(data, normaliser)
        hidden = hidden_fields(self.fields, data)
        data = {key: value for key, value in data.items() if key not in hidden}
        found = schema_messages(self._check, data, self.fields, hidden)
        unread = {path.split("/")[0] for path in normaliser.errors}
        found = {path: text for path, text in found.items() if path.split("/")[0] not in unread}
        errors = {**found, **normaliser.errors}
        return data, self._sorted({path: text for path, text in errors.items() if path.split("/")[0] not in hidden})

    def _named(self, raw: Mapping[str, Any], errors: dict[str, str]) -> list[tuple[Field, Any]]:
        """Fields with their raw values; a name that the form does not know is an error, so that no typo vanishes."""
        found: list[tuple[Field, Any]] = []
        for name, value in raw.items():
            field = self._by_name.get(str(name))
            if field is None:
                errors[str(name)[:80]] = f"この様式に「{str(name)[:40]}」という欄はありません。"
            else:
                found.append((field, value))
        return found

    def _fill_defaults(self, data: dict[str, Any], normaliser: Normaliser) -> None:
        for field in self.fields:
            if field.key in data or any(path.split("/")[0] == field.key for path in normaliser.errors):
                continue
            if field.default_if is not None and field.default_if not in data:
                continue
            value = normaliser.default(field, data) if field.default is not None else None
            if value is None and field.required and field.kind is Kind.GROUP:
                value = normaliser.with_part_defaults(field)
            if value is not None:
                data[field.key] = value

    def _sorted(self, errors: Mapping[str, str]) -> dict[str, str]:
        order = {field.key: index for index, field in enumerate(self.fields)}
        return dict(sorted(errors.items(), key=lambda item: order.get(item[0].split("/")[0], len(order))))

    def _submission(self, data: Mapping[str, Any]) -> Submission:
        paths = list(walk(self._known, data))
        return Submission(
            data=dict(data),
            variables={f.variable: _typed(f, data.get(f.key)) for f in self.fields if f.variable is not None},
            records=self.records(data),
            sealed=frozenset(path for field, path in paths if field.sealing is Sealing.ALWAYS),
            sealed_with_case=frozenset(path for field, path in paths if field.sealing is Sealing.WITH_CASE),
            restricted=frozenset(path for field, path in paths if field.restricted),
        )

    def records(self, data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The data by 帳票. A value that belongs to several goes to those that get another value, else to the first."""
        records: dict[str, dict[str, Any]] = {}
        for field in self._known:
            if field.key in data and not field.also:
                records.setdefault(field.form, {})[field.key] = data[field.key]
        for field in self._known:
            if field.key not in data or not field.also:
                continue
            homes = [form for form in (field.form, *field.also) if form in records] or [field.form]
            for form in homes:
                records.setdefault(form, {})[field.key] = data[field.key]
        return records

    # ------------------------------------------------------------ prefill

    def prefill(self, sources: PrefillSources) -> dict[str, Any]:
        """Values to begin with: ``x-prefill``, then those ``x-default`` that are known before anything is typed."""
        return dict(self.prefilled(sources).values)

    def prefilled(self, sources: PrefillSources) -> Prefilled:
        """As ``prefill``, with the words for the origin of each value (none for clock and person at work).

        Sealed and restricted fields begin empty: a page must not show them to whoever does the task. Their default
        still counts on submission.
        """
        context = FormContext(_NoReferences(), sources)
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        shown = (f for f in self.fields if f.sealing is Sealing.NEVER and not f.restricted)
        for field in shown:
            value, path = self._begin(field, Normaliser(context), sources)
            if value is None:
                continue
            values[field.key] = value
            if path is not None and (words := origin_of(path, sources)):
                origins[field.key] = words
        return Prefilled(values, origins)

    def _begin(self, field: Field, reader: Normaliser, sources: PrefillSources) -> tuple[Any, str | None]:
        if field.rows_from is not None and field.prefill is None:
            found = value_at(field.rows_from, sources)
            rows = [found] if isinstance(found, str) and found else found
            return ({str(row): "" for row in rows} or None, None) if isinstance(rows, list) else (None, None)
        if field.prefill is not None:
            raw = value_at(field.prefill, sources)
            value = reader.read(field, raw) if raw is not None else None
            if value is not None and not reader.errors:
                return value, field.prefill
        if field.default is None or field.default_if is not None:
            return None, None
        value = Normaliser(reader.context).default(field, {})
        paths = field.default if isinstance(field.default, list) else [field.default]
        return value, next((path for path in paths if is_path(path) and value_at(path, sources) is not None), None)

    # ------------------------------------------------------------ reading

    def mask(self, data: Mapping[str, Any], *, may_see_sealed: bool, may_see_restricted: bool = False,
             case_sealed: bool = False) -> dict[str, Any]:  # fmt: skip
        """A copy of the data in which what this reader may not see is replaced by the mask.

        Every page, list, print, export and notice takes record data through here.
        """
        return masked(self._known, data, may_see_sealed=may_see_sealed, may_see_restricted=may_see_restricted,
                      case_sealed=case_sealed)  # fmt: skip

    def present(self, data: Mapping[str, Any], *, may_see_sealed: bool, may_see_restricted: bool = False,
                case_sealed: bool = False, references: References | None = None, wareki: bool = False,
                ) -> tuple[PresentedSection, ...]:  # fmt: skip
        """The data for reading, masked, empty fields left out; keys the form does not know come last, masked too."""
        visible = self.mask(data, may_see_sealed=may_see_sealed, may_see_restricted=may_see_restricted,
                            case_sealed=case_sealed)  # fmt: skip
        return presented(self.sections, self._known, visible, references, wareki=wareki)


class _NoReferences:
    """Prefilled ids are trusted as they are; they come from our own rows."""

    def resolve(self, kind: object, text: str) -> str | None:
        return text

    def label(self, kind: object, id: str) -> str | None:
        return None

    def choices(self, kind: object) -> tuple[()]:
        return ()

    def options(self, name: str) -> tuple[()]:
        return ()


def _typed(field: Field, value: Any) -> Any:
    """The value as a process variable: typed, None when empty (so that a loop never reads the last round's)."""
    if value is None:
        return None
    if field.kind is Kind.BOOL_TEXT:
        return value != NOTHING
    if field.kind in (Kind.DATE, Kind.DATE_WAREKI):
        return date.fromisoformat(value)
    if field.kind is Kind.DATETIME:
        return instant_of(value)
    return value
