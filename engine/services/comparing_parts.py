"""What differs between the forms and the decision tables of two versions, in the words of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.decisions.model import Table
from engine.decisions.words import cell_words, value_words
from engine.forms.api import Field
from engine.forms.form import Form
from engine.forms.library import FormLibrary


@dataclass(frozen=True)
class Part:
    """One difference; before or after is empty where the thing is new or gone."""

    theme: str
    name: str
    before: str
    after: str


_KINDS = {
    "string": "短い文", "kana": "かな", "text": "長い文", "int": "数", "bool": "はい・いいえ", "date": "日付",
    "date_wareki": "日付（和暦）", "datetime": "日時", "daterange": "期間（日付）", "interval": "期間の長さ",
    "enum": "一つ選ぶ", "multi": "いくつか選ぶ", "matrix": "表から選ぶ", "subtable": "行のある表", "group": "まとまり",
    "text_date": "文と期日", "bool_text": "有無と内容", "address": "住所", "tel": "電話番号", "email": "メール",
    "person": "人", "org": "機関", "user": "職員", "ref": "参照", "attachment": "添付", "signature": "署名",
}  # fmt: skip


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
    old, new = {f.key: f for f in was.fields}, {f.key: f for f in now.fields}
    for key in dict.fromkeys((*new, *old)):
        a, b = old.get(key), new.get(key)
        if a is None or b is None:
            yield Part("form_field", now.title, _field(a), _field(b))
        elif a != b:
            yield from _field_parts(now.title, a, b)


def _field(field: Field | None) -> str:
    if field is None:
        return ""
    return f"{field.label}（{_KINDS.get(field.kind.value, field.kind.value)}{'、必須' if field.required else ''}）"


def _field_parts(title: str, was: Field, now: Field) -> Iterator[Part]:
    told = False
    for attribute, words in _FIELD_WORDS.items():
        before, after = words(was), words(now)
        if before != after:
            told = True
            yield Part("form_field", f"{title}：{now.label}", f"{attribute} {before}", f"{attribute} {after}")
    if not told:
        yield Part("form_field", f"{title}：{now.label}", "細かい設定", "細かい設定（変更）")


_FIELD_WORDS: Mapping[str, Callable[[Field], str]] = {
    "見出し": lambda f: f.label,
    "種類": lambda f: _KINDS.get(f.kind.value, f.kind.value),
    "入力": lambda f: "必須" if f.required else "任意",
    "選択肢": lambda f: "、".join(option.value for option in f.options) or "なし",
    "列": lambda f: "、".join(column.label for column in f.columns) or "なし",
    "説明": lambda f: f.hint or "なし",
    "変数": lambda f: f.variable or "なし",
    "初期値": lambda f: f.prefill or ("なし" if f.default is None else str(f.default)),
    "表示する条件": lambda f: "、".join(f"{r.scope} {dict(r.schema)}" for r in f.rules) or "なし",
    "国報告": lambda f: "対象" if f.report else "対象外",
    "秘匿": lambda f: f.sealing.value,
}


# ---------------------------------------------------------------- decision tables


def table_parts(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[Part]:
    """Differences of the decision tables by name: their policy, columns, and rules that are new or gone."""
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        label = (now or was).name  # type: ignore[union-attr]  # one of them is there
        if was is None or now is None:
            yield Part("table", label, _rules(was), _rules(now))
        elif was != now:
            yield from _table(label, was, now)


def _rules(table: Table | None) -> str:
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
