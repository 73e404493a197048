"""Record data for reading: masking (the one place for it), and values as texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from engine.domain.wareki import format_gregorian, format_wareki, moment_ja
from engine.forms.api import (
    MASK,
    MASK_RESTRICTED,
    Field,
    Kind,
    PresentedField,
    PresentedSection,
    References,
    RefKind,
    Sealing,
    Section,
)
from engine.forms.values import interval_ja

_OTHER = "そのほかの項目"


def walk(fields: tuple[Field, ...], data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[Field, str]]:
    """Every field present in the data with its path, columns and parts included."""
    for field in fields:
        if field.key not in data:
            continue
        path, value = prefix + field.key, data[field.key]
        yield field, path
        if not field.columns:
            continue
        if isinstance(value, Mapping):
            yield from walk(field.columns, value, f"{path}/")
        elif isinstance(value, list):
            for index, row in enumerate(value):
                if isinstance(row, Mapping):
                    yield from walk(field.columns, row, f"{path}/{index}/")


def masked(fields: tuple[Field, ...], data: Mapping[str, Any], *, may_see_sealed: bool, may_see_restricted: bool,
           case_sealed: bool) -> dict[str, Any]:  # fmt: skip
    """A copy in which every value that this reader may not see is the mask, columns of tables included."""
    hidden = _Hidden(may_see_sealed, may_see_restricted, case_sealed)
    return _masked(fields, data, hidden)


class _Hidden:
    """What one reader may not see."""

    def __init__(self, may_see_sealed: bool, may_see_restricted: bool, case_sealed: bool) -> None:
        self.sealed, self.restricted, self.case_sealed = not may_see_sealed, not may_see_restricted, case_sealed

    def mask(self, field: Field) -> str | None:
        """The mask for a field, None when it may be seen."""
        if field.sealing is Sealing.ALWAYS or (field.sealing is Sealing.WITH_CASE and self.case_sealed):
            return MASK if self.sealed else None
        return MASK_RESTRICTED if field.restricted and self.restricted else None


def _masked(fields: tuple[Field, ...], data: Mapping[str, Any], hidden: _Hidden) -> dict[str, Any]:
    by_key = {field.key: field for field in fields}
    copy: dict[str, Any] = {}
    for key, value in data.items():
        field = by_key.get(key)
        mask = hidden.mask(field) if field is not None else None
        if mask is not None:
            copy[key] = mask
        elif field is None or not field.columns:
            copy[key] = value
        elif isinstance(value, Mapping):
            copy[key] = _masked(field.columns, value, hidden)
        elif isinstance(value, list):
            copy[key] = [_masked(field.columns, row, hidden) if isinstance(row, Mapping) else row for row in value]
        else:
            copy[key] = value
    return copy


def presented(sections: tuple[Section, ...], fields: tuple[Field, ...], data: Mapping[str, Any],
              references: References | None, *, wareki: bool) -> tuple[PresentedSection, ...]:  # fmt: skip
    """Sections with the fields that have a value; keys that no field names stand in a section of their own."""
    writer = _Writer(references, wareki)
    found = [
        PresentedSection(section.label, tuple(writer.field(f, data[f.key]) for f in section.fields if f.key in data))
        for section in sections
    ]
    placed = {field.key for section in sections for field in section.fields}
    by_key = {field.key: field for field in fields}
    rest = [key for key in data if key not in placed]
    others = tuple(
        writer.field(by_key[key], data[key]) if key in by_key else PresentedField(key, key, writer.plain(data[key]))
        for key in rest
    )
    return tuple(section for section in (*found, PresentedSection(_OTHER, others)) if section.fields)


class _Writer:
    def __init__(self, references: References | None, wareki: bool) -> None:
        self.references, self.wareki = references, wareki

    def field(self, field: Field, value: Any) -> PresentedField:
        if value in (MASK, MASK_RESTRICTED):
            return PresentedField(field.key, field.label, value, masked=True, report=field.report)
        if field.columns and isinstance(value, list):
            return self._table(field, [row for row in value if isinstance(row, Mapping)])
        if field.kind is Kind.MATRIX and isinstance(value, Mapping):
            rows = tuple((self._row(field, str(row)), str(answer)) for row, answer in value.items())
            text = "、".join(f"{row}：{answer}" for row, answer in rows)
            return PresentedField(field.key, field.label, text, ("項目", "答え"), rows, report=field.report)
        return PresentedField(field.key, field.label, self.text(field, value), report=field.report)

    def _table(self, field: Field, rows: list[Mapping[str, Any]]) -> PresentedField:
        known = {column.key: column for column in field.columns}
        keys = [key for key in known if any(key in row for row in rows)]
        keys += sorted({key for row in rows for key in row if key not in known})
        headings = tuple(known[key].label if key in known else key for key in keys)
        table = tuple(tuple(self._cell(known.get(key), row.get(key)) for key in keys) for row in rows)
        text = "\n".join("、".join(f"{h}：{c}" for h, c in zip(headings, row, strict=True) if c) for row in table)
        return PresentedField(field.key, field.label, text, headings, table, report=field.report)

    def _cell(self, column: Field | None, value: Any) -> str:
        if value is None:
            return ""
        return self.text(column, value) if column is not None else self.plain(value)

    def _row(self, field: Field, row: str) -> str:
        return self._label(field.rows_ref, row) if field.rows_ref is not None else row

    def text(self, field: Field, value: Any) -> str:
        """One value as a text; a value of an unexpected shape is shown as it is."""
        if value in (MASK, MASK_RESTRICTED):
            return str(value)
        if isinstance(value, bool):
            return field.true_label if value else field.false_label
        if isinstance(value, list):
            return "、".join(self._label(field.ref, str(item)) for item in value)
        if isinstance(value, Mapping):
            return self._mapping(field, value)
        if isinstance(value, str):
            return self._string(field, value)
        return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else self.plain(value)

    def _mapping(self, field: Field, value: Mapping[str, Any]) -> str:
        if field.kind is Kind.DATERANGE:
            return "〜".join(self._day(str(value[key])) for key in ("from", "to") if key in value)
        if field.kind is Kind.BOOL_TEXT:
            return self.plain(value.get("text", ""))
        if field.kind is Kind.TEXT_DATE:
            day = f"（{self._day(str(value['by']))}）" if "by" in value else ""
            return self.plain(value.get("text", "")) + day
        known = {column.key: column for column in field.columns}
        parts = [
            (known[key].label if key in known else key, self._cell(known.get(key), item)) for key, item in value.items()
        ]
        return "、".join(f"{label}：{text}" for label, text in parts)

    def _string(self, field: Field, value: str) -> str:
        if field.kind in (Kind.DATE, Kind.DATE_WAREKI):
            return self._day(value, wareki=self.wareki or field.kind is Kind.DATE_WAREKI)
        if field.kind is Kind.DATETIME:
            try:
                return moment_ja(datetime.fromisoformat(value))
            except ValueError:
                return value
        if field.kind is Kind.INTERVAL:
            return interval_ja(value)
        return self._label(field.ref, value)

    def _label(self, ref: RefKind | None, value: str) -> str:
        found = self.references.label(ref, value) if ref is not None and self.references is not None else None
        return found or value

    def _day(self, value: str, *, wareki: bool | None = None) -> str:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return format_wareki(day) if (self.wareki if wareki is None else wareki) else format_gregorian(day)

    def plain(self, value: Any) -> str:
        """Anything at all as a text."""
        if isinstance(value, list):
            return "、".join(self.plain(item) for item in value)
        if isinstance(value, Mapping):
            return "、".join(f"{key}：{self.plain(item)}" for key, item in value.items())
        return str(value)
