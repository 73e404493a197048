"""Fields and values to what a template draws: one Control per thing a person can fill in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from engine.domain.business_days import TOKYO
from engine.domain.wareki import DateNotUnderstood, format_gregorian, format_wareki, parse_date
from engine.forms.api import NOTHING, Choice, Field, Kind, Option, References, RefKind, Rule, Section
from web.i18n import gettext, mark

_INPUT = {Kind.TEL: "tel", Kind.EMAIL: "email"}
_MULTILINE = frozenset({Kind.TEXT, Kind.ADDRESS})
#: width of the answer, as a class: short for numbers and dates, long for the rest
_WIDTH = {Kind.INT: "w-short", Kind.DATE: "w-date", Kind.DATE_WAREKI: "w-date", Kind.DATETIME: "w-date",
          Kind.INTERVAL: "w-date", Kind.TEL: "w-date"}  # fmt: skip
_HINTS = {
    Kind.DATE: mark("例：R8.9.25、2026-09-25"),
    Kind.DATE_WAREKI: mark("例：S38.4.1、昭和38年4月1日、1963-04-01"),
    Kind.DATETIME: mark("例：2026-09-25 10:42、R8.9.25 10:42"),
    Kind.INTERVAL: mark("例：3か月、14日"),
}


@dataclass(frozen=True)
class Item:
    """One option of a choice."""

    id: str
    value: str
    label: str
    hint: str = ""
    checked: bool = False


@dataclass(frozen=True)
class Line:
    """One row of a matrix: its name and its options."""

    label: str
    name: str
    items: tuple[Item, ...]
    error: str = ""
    error_id: str = ""


@dataclass(frozen=True)
class Control:
    """What the template needs of one field. shape: the macro that draws it. described: ids for aria-describedby."""

    shape: str
    id: str
    name: str
    label: str
    required: bool = False
    conditional: bool = False
    report: bool = False
    hint: str = ""
    error: str = ""
    origin: str = ""
    value: str = ""
    echo: str = ""
    input_type: str = "text"
    mode: str = ""
    width: str = ""
    rows: int = 3
    list_id: str = ""
    listed: bool = False
    items: tuple[Item, ...] = ()
    lines: tuple[Line, ...] = ()
    headings: tuple[str, ...] = ()
    parts: tuple[Control, ...] = ()
    groups: tuple[tuple[Control, ...], ...] = ()
    other: Control | None = None
    new_row: Control | None = None
    rules: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """Ids of hint, origin, reading and error, in the order in which they are read out."""
        named = (("hint", self.hint), ("origin", self.origin), ("echo", self.echo), ("error", self.error))
        return " ".join(f"{self.id}-{name}" for name, text in named if text)


@dataclass(frozen=True)
class DrawnSection:
    """A section with its controls; rules that all of them share hide the heading too."""

    label: str
    hint: str
    controls: tuple[Control, ...]
    rules: tuple[str, ...] = ()


@dataclass
class Page:
    """The values, errors and references of one page; collects the lists of suggestions that it needs."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    references: References | None
    origins: Mapping[str, str]
    drawn: dict[str, str] = field(default_factory=dict)
    wanted_lists: dict[str, Sequence[str]] = field(default_factory=dict)

    def error(self, path: tuple[str, ...], control_id: str) -> str:
        """The sentence for a path; notes the control for the summary's link."""
        place = "/".join(path)
        if place in self.errors:
            self.drawn[place] = control_id
        return self.errors.get(place, "")

    def summary(self) -> list[tuple[str, str]]:
        """(id of the control or "", sentence) for every error."""
        return [(self.drawn.get(place, ""), message) for place, message in self.errors.items()]

    def choices(self, kind: RefKind) -> Sequence[Choice]:
        """What a reference may name."""
        return self.references.choices(kind) if self.references is not None else ()

    def label(self, kind: RefKind | None, value: str) -> str:
        """The name to show for an id."""
        found = (
            self.references.label(kind, value) if kind is not None and self.references is not None and value else None
        )
        return found or value

    def list_for(self, kind: RefKind) -> str:
        """The id of the list of suggestions for a kind; "" when there are none."""
        name = f"list-{kind.value}"
        if name not in self.wanted_lists:
            self.wanted_lists[name] = [choice.label for choice in self.choices(kind)]
        return name if self.wanted_lists[name] else ""

    def own_list(self, control_id: str, texts: Sequence[str]) -> str:
        """The id of a list of suggestions of one field."""
        self.wanted_lists[f"{control_id}-list"] = texts
        return f"{control_id}-list"

    def lists(self) -> list[tuple[str, Sequence[str]]]:
        """Lists that controls refer to."""
        return [(name, texts) for name, texts in self.wanted_lists.items() if texts]


class Builder:
    """Makes controls for one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def section(self, section: Section) -> DrawnSection:
        """One section; a rule that governs all its fields stands on the section."""
        shared = section.fields[0].rules if section.fields else ()
        shared = tuple(rule for rule in shared if all(rule in field.rules for field in section.fields))
        controls = []
        for item in section.fields:
            control = self.control(item, self.page.values.get(item.key), (item.key,))
            rules = tuple(_rule(rule) for rule in item.rules if rule not in shared and rule.scope)
            controls.append(replace(control, rules=rules, origin=self._origin(item)))
        return DrawnSection(section.label, section.hint, tuple(controls), tuple(_rule(r) for r in shared if r.scope))

    def _origin(self, item: Field) -> str:
        return self.page.origins.get(item.key, "") if item.key in self.page.values else ""

    def control(self, item: Field, value: Any, path: tuple[str, ...]) -> Control:
        """The control of a field (or column) with its value."""
        name = "-".join(path)
        control_id = f"f-{name.replace(' ', '_')}"
        base = Control(
            shape="line", id=control_id, name=name, label=item.label, required=item.required,
            conditional=item.conditional and not item.required, report=item.report, hint=_hint(item),
            error=self.page.error(path, control_id),
        )  # fmt: skip
        nested = len(path) > 1
        if item.columns and (item.kind is Kind.SUBTABLE or item.kind is Kind.MATRIX):
            return self._table(base, item, value, path)
        match item.kind:
            case Kind.ENUM if nested and not item.open:
                items = tuple(Item(f"{control_id}-{n}", o.value, o.label, o.hint, o.value == _text(value))
                              for n, o in enumerate(item.options))  # fmt: skip
                return replace(base, shape="select", items=items)
            case Kind.ENUM if not item.open:
                return replace(base, shape="radios", items=self._items(base, item.options, [_text(value)]))
            case Kind.BOOL:
                return self._bool(base, item, value)
            case Kind.MULTI:
                return self._multi(base, item, value, nested=nested)
            case Kind.MATRIX:
                return self._matrix(base, item, value, path)
            case Kind.GROUP | Kind.TEXT_DATE | Kind.DATERANGE:
                parts = self._parts(item, value if isinstance(value, Mapping) else _split(item, value), path)
                return replace(base, shape="group", parts=parts)
            case Kind.BOOL_TEXT:
                return self._bool_text(base, value, path)
            case Kind.ORG | Kind.USER | Kind.REF | Kind.PERSON:
                return self._reference(base, item, value)
            case _:
                return self._line(base, item, value)

    # ------------------------------------------------------------ one value

    def _line(self, base: Control, item: Field, value: Any) -> Control:
        text = _moment(value) if item.kind is Kind.DATETIME else _text(value)
        if item.kind in _MULTILINE:
            rows = 2 if item.kind is Kind.ADDRESS or "-" in base.name else 4 if (item.maximum_length or 0) > 4000 else 3
            return replace(base, shape="area", value=text, rows=rows)
        list_id = ""
        if item.options:
            list_id = self.page.own_list(base.id, [option.value for option in item.options])
        return replace(
            base, value=text, list_id=list_id, echo=_echo(item, text), width=_WIDTH.get(item.kind, "w-long"),
            input_type=_INPUT.get(item.kind, "text"), mode="numeric" if item.kind is Kind.INT else "",
        )  # fmt: skip

    def _reference(self, base: Control, item: Field, value: Any) -> Control:
        text, kind = _text(value), item.ref or RefKind.RECORD
        choices = self.page.choices(kind)
        if item.choices:
            choices = [choice for choice in choices if choice.id in item.choices]
        if item.open or item.kind is Kind.PERSON or not choices:
            list_id = self.page.list_for(kind)
            return replace(base, value=self.page.label(kind, text), list_id=list_id, width="w-long")
        known = [Item(f"{base.id}-{n}", c.id, c.label, checked=text in (c.id, c.label)) for n, c in enumerate(choices)]
        if text and not any(option.checked for option in known):
            known.append(Item(f"{base.id}-x", text, self.page.label(kind, text), checked=True))
        return replace(base, shape="select", items=tuple(known))

    def _bool(self, base: Control, item: Field, value: Any) -> Control:
        said = {True: "true", False: "false"}.get(value, _text(value)) if isinstance(value, bool) else _text(value)
        options = (Option("true", item.true_label), Option("false", item.false_label))
        said = {item.true_label: "true", item.false_label: "false"}.get(said, said)
        return replace(base, shape="radios", items=self._items(base, options, [said]))

    def _bool_text(self, base: Control, value: Any, path: tuple[str, ...]) -> Control:
        has_text = isinstance(value, Mapping)
        text = _text(value.get("text")) if isinstance(value, Mapping) else ""
        chosen = "yes" if has_text else "no" if value == NOTHING else ""
        options = (Option("no", "なし"), Option("yes", "あり"))
        choice = replace(base, name=f"{base.name}-choice", items=self._items(base, options, [chosen]))
        inner = (*path, "text")
        text_id = f"{base.id}-text"
        written = Control(
            "area", text_id, f"{base.name}-text", gettext("内容"), value=text, error=self.page.error(inner, text_id)
        )
        return replace(choice, shape="bool_text", other=written)

    # ------------------------------------------------------------ several values

    def _items(self, base: Control, options: Sequence[Option], chosen: Sequence[str]) -> tuple[Item, ...]:
        """Options; the first has the id of the control, so that label and summary lead to it."""
        return tuple(
            Item(base.id if n == 0 else f"{base.id}-{n}", o.value, o.label, o.hint, o.value in chosen)
            for n, o in enumerate(options)
        )

    def _multi(self, base: Control, item: Field, value: Any, *, nested: bool) -> Control:
        chosen = [_text(entry) for entry in value] if isinstance(value, list) else [_text(value)] if value else []
        if item.ref is not None and item.open:
            text = "、".join(self.page.label(item.ref, entry) for entry in chosen)
            hint = base.hint or gettext("名前か番号を「、」で区切って書いてください。")
            return replace(
                base, value=text, hint=hint, width="w-long", list_id="" if nested else self.page.list_for(item.ref)
            )
        options = self._options(item)
        control = replace(base, shape="boxes", items=self._items(base, options, chosen), listed=True)
        if not item.open:
            strays = [entry for entry in chosen if entry not in {option.value for option in options}]
            more = tuple(
                Item(f"{base.id}-x{n}", e, self.page.label(item.ref, e), checked=True) for n, e in enumerate(strays)
            )
            return replace(control, items=(*control.items, *more))
        rest = [entry for entry in chosen if entry not in {option.value for option in options}]
        other_id = base.id if not options else f"{base.id}_other"
        hint = gettext("「、」で区切って書き足せます。")
        name, label = f"{base.name}_other", gettext("そのほか")
        other = Control("line", other_id, name, label, hint=hint, value="、".join(rest), width="w-long")
        return replace(control, other=other)

    def _options(self, item: Field) -> tuple[Option, ...]:
        if item.ref is not None:
            return tuple(Option(c.id, c.label) for c in self.page.choices(item.ref))
        if item.options_from is not None and self.page.references is not None:
            return tuple(Option(text, text) for text in self.page.references.options(item.options_from))
        return item.options

    def _parts(self, item: Field, value: Mapping[str, Any], path: tuple[str, ...]) -> tuple[Control, ...]:
        parts = [self.control(column, value.get(column.key), (*path, column.key)) for column in item.columns]
        known = {column.key for column in item.columns}
        for name in (name for name in value if name not in known):
            extra = Field(name, name, Kind.TEXT, item.form)
            parts.append(self.control(extra, value[name], (*path, name)))
        return tuple(parts)

    def _table(self, base: Control, item: Field, value: Any, path: tuple[str, ...]) -> Control:
        rows = [row if isinstance(row, Mapping) else {} for row in value] if isinstance(value, list) else []
        groups = tuple(self._parts(item, row, (*path, str(n))) for n, row in enumerate(rows or [{}]))
        for n in range(len(groups)):
            self.page.error((*path, str(n)), f"{base.id}-{n}")
        return replace(base, shape="table", groups=groups)

    def _matrix(self, base: Control, item: Field, value: Any, path: tuple[str, ...]) -> Control:
        answers = value if isinstance(value, Mapping) else {}
        rows = [row.value for row in item.rows] + [r for r in answers if r not in {row.value for row in item.rows}]
        lines = tuple(
            self._matrix_line(base, item, row, _text(answers.get(row)), n, path) for n, row in enumerate(rows)
        )
        control = replace(base, shape="matrix", lines=lines, headings=tuple(option.label for option in item.options))
        return replace(control, new_row=self._new_row(base, item)) if item.rows_ref is not None else control

    def _matrix_line(
        self, base: Control, item: Field, row: str, answer: str, number: int, path: tuple[str, ...]
    ) -> Line:
        line_id = base.id if number == 0 else f"{base.id}-{number}"
        items = tuple(
            Item(line_id if n == 0 else f"{line_id}_{n}", option.value, option.label, checked=option.value == answer)
            for n, option in enumerate(item.options)
        )
        label = self.page.label(item.rows_ref, row)
        return Line(label, f"{base.name}-{row}", items, self.page.error((*path, row), line_id), f"{line_id}-error")

    def _new_row(self, base: Control, item: Field) -> Control:
        """One row more, for something that the list of rows does not have yet."""
        choices = self.page.choices(item.rows_ref) if item.rows_ref is not None else ()
        row_id = f"{base.id}-new"
        items = tuple(Item(f"{row_id}-{n}", choice.id, choice.label) for n, choice in enumerate(choices))
        answer = Control("radios", f"{row_id}-answer", f"{base.name}-_answer", gettext("答え"), items=tuple(
            Item(f"{row_id}-answer-{n}", option.value, option.label) for n, option in enumerate(item.options)
        ))  # fmt: skip
        label = gettext("ほかの機関") if item.rows_ref is RefKind.ORGANISATION else gettext("ほかの項目")
        return Control("select", row_id, f"{base.name}-_row", label, items=items, other=answer)


def _rule(rule: Rule) -> str:
    """A rule as the page's script reads it."""
    condition = {"scope": f"#/properties/{rule.scope}", "schema": rule.schema}
    return json.dumps({"effect": "SHOW" if rule.shows else "HIDE", "condition": condition}, ensure_ascii=False)


def _hint(item: Field) -> str:
    return "　".join(text for text in (item.hint, gettext(_HINTS[item.kind]) if item.kind in _HINTS else "") if text)


def _text(value: Any) -> str:
    """A value as it stands in a text field."""
    if value is None or isinstance(value, (Mapping, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _moment(value: Any) -> str:
    """A kept moment as 2026-09-25 10:42 in Tokyo; what was typed stays as it is."""
    text = _text(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" if moment.tzinfo is not None else text


def _echo(item: Field, text: str) -> str:
    """How a date was read, in both calendars."""
    if item.kind not in (Kind.DATE, Kind.DATE_WAREKI) or not text or len(text) > 40:
        return ""
    try:
        day = parse_date(text)
    except DateNotUnderstood:
        return ""
    return f"{format_wareki(day)}、{format_gregorian(day, weekday=False)}"


def _split(item: Field, value: Any) -> Mapping[str, Any]:
    """A compound value that came as one text."""
    if isinstance(value, str) and value and item.kind is Kind.TEXT_DATE:
        return {"text": value}
    return {}
