"""What differs between the forms and the decision tables of two versions, in the words of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.decisions.model import Table
from engine.decisions.words import cell_words, value_words
from engine.forms.api import Field
from engine.forms.form import Form
from engine.forms.library import FormLibrary
from engine.forms.wording import kind_words, requirement_words, rule_words


@dataclass(frozen=True)
class Part:
    """One difference; before or after is empty where the thing is new or gone."""

    theme: str
    name: str
    before: str
    after: str


def form_parts(
    before: Iterable[tuple[str, FormLibrary, str]], after: Iterable[tuple[str, FormLibrary, str]]
) -> Iterator[Part]:
    """Differences of the forms that tasks name; each is (key, library, process key). Fields are the same by key."""
    old, new = _by_key(before), _by_key(after)
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if was is None or now is None:
            yield Part("form_file", _title(was or now), _fields(was), _fields(now))
        else:
            yield from _form(was, now)


def _by_key(forms: Iterable[tuple[str, FormLibrary, str]]) -> dict[str, Form]:
    return {key: library.form(key, process) for key, library, process in forms}


def _title(form: Form | None) -> str:
    return "" if form is None else form.title


def _fields(form: Form | None) -> str:
    return "" if form is None else "、".join(field.label for field in form.fields) or "欄なし"


def _form(was: Form, now: Form) -> Iterator[Part]:
    if was.title != now.title:
        yield Part("form_title", now.title, was.title, now.title)
    if _sections(was) != _sections(now):
        yield Part("form_section", now.title, _sections(was), _sections(now))
    old, new = {f.key: f for f in was.fields}, {f.key: f for f in now.fields}
    for key in dict.fromkeys((*new, *old)):
        a, b = old.get(key), new.get(key)
        if a is None or b is None:
            yield Part("form_field", now.title, _field(a), _field(b))
        elif a != b:
            yield from _field_parts(now.title, _Told(a, old), _Told(b, new))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield Part("form_order", now.title, _fields(was), _fields(now))
    yield from _requirements(was, now)


def _sections(form: Form) -> str:
    return "、".join(section.label for section in form.sections if section.label) or "見出しなし"


def _requirements(was: Form, now: Form) -> Iterator[Part]:
    before, after = ([requirement_words(item, {f.key: f for f in form.fields}) for item in form.schema.get("allOf", [])]
                     for form in (was, now))  # fmt: skip
    for text in dict.fromkeys(before):
        if text not in after:
            yield Part("form_requirement", now.title, text, "")
    for text in dict.fromkeys(after):
        if text not in before:
            yield Part("form_requirement", now.title, "", text)


def _field(field: Field | None) -> str:
    if field is None:
        return ""
    return f"{field.label}（{kind_words(field)}{'、必須' if field.required else ''}）"


@dataclass(frozen=True)
class _Told:
    """A field with the fields of its form by key."""

    field: Field
    beside: Mapping[str, Field]


def _field_parts(title: str, was: _Told, now: _Told) -> Iterator[Part]:
    told = False
    for attribute, words in _FIELD_WORDS.items():
        before, after = words(was), words(now)
        if before != after:
            told = True
            yield Part("form_field", f"{title}：{now.field.label}", f"{attribute} {before}", f"{attribute} {after}")
    if not told and replace(was.field, conditional=now.field.conditional) != now.field:
        yield Part("form_field", f"{title}：{now.field.label}", "細かい設定", "細かい設定（変更）")


def _rules(told: _Told) -> str:
    return "、".join(rule_words(rule, told.beside) for rule in told.field.rules) or "なし"


_FIELD_WORDS: Mapping[str, Callable[[_Told], str]] = {
    "見出し": lambda one: one.field.label,
    "種類": lambda one: kind_words(one.field),
    "入力": lambda one: "必須" if one.field.required else "任意",
    "選択肢": lambda one: "、".join(option.value for option in one.field.options) or "なし",
    "列": lambda one: "、".join(_field(column) for column in one.field.columns) or "なし",
    "説明": lambda one: one.field.hint or "なし",
    "変数": lambda one: one.field.variable or "なし",
    "初期値": lambda one: one.field.prefill or ("なし" if one.field.default is None else str(one.field.default)),
    "表示する条件": _rules,
    "国報告": lambda one: "対象" if one.field.report else "対象外",
    "秘匿": lambda one: one.field.sealing.value,
}


# ---------------------------------------------------------------- decision tables


def table_parts(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[Part]:
    """Differences of the decision tables by name: their policy, columns, and rules that are new or gone."""
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        label = (now or was).name  # type: ignore[union-attr]  # one of them is there
        if was is None or now is None:
            yield Part("table", label, _row_count(was), _row_count(now))
        elif was != now:
            yield from _table(label, was, now)


def _row_count(table: Table | None) -> str:
    return "" if table is None else f"{len(table.rules)}行"


def _table(label: str, was: Table, now: Table) -> Iterator[Part]:
    for before, after in ((was.sign, now.sign), (_columns(was), _columns(now))):
        if before != after:
            yield Part("table", label, before, after)
    old, new = list(_rows(was)), list(_rows(now))
    for row in old:
        if row not in new:
            yield Part("table_row", label, row, "")
    for row in new:
        if row not in old:
            yield Part("table_row", label, "", row)


def _columns(table: Table) -> str:
    return "、".join([*(one.words for one in table.inputs), *(one.words for one in table.outputs)])


def _rows(table: Table) -> Iterator[str]:
    for rule in table.rules:
        asked = "、".join(f"{i.words} {cell_words(cell)}" for i, cell in zip(table.inputs, rule.cells, strict=True))
        told = "、".join(f"{o.words} {value_words(v)}" for o, v in zip(table.outputs, rule.outputs, strict=True))
        yield f"{asked}→{told}"
