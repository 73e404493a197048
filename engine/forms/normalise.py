"""Raw values of a submission to kept values, field by field, with one sentence for each that cannot be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from engine.forms.api import NOTHING, Field, FormContext, Kind, Option, RefKind
from engine.forms.sources import is_path, value_at
from engine.forms.values import (
    clean_text,
    folded,
    keep_email,
    keep_interval,
    keep_kana,
    keep_tel,
    limit_ja,
    parse_bool,
    parse_day,
    parse_int,
    parse_moment,
)

MAX_ITEMS = 100  #: values of one multiple choice
MAX_PARTS = 60  #: parts of one open group, answers of one matrix
_SEPARATORS = str.maketrans({"，": "、", ",": "、", "；": "、", ";": "、", "\n": "、"})
_LINES = frozenset({Kind.TEXT, Kind.ADDRESS})  #: kinds of several lines
_TEXTS = _LINES | {Kind.STRING}
Path = tuple[str, ...]


class Normaliser:
    """Reads the values of one submission; ``errors`` maps field paths to sentences."""

    def __init__(self, context: FormContext) -> None:
        self.context = context
        self.errors: dict[str, str] = {}
        self._readers: Mapping[Kind, Callable[[Field, Any, Path, str], Any]] = {
            Kind.ENUM: self._enum, Kind.MULTI: self._multi, Kind.MATRIX: self._matrix, Kind.SUBTABLE: self._table,
            Kind.GROUP: self._group, Kind.DATERANGE: self._range, Kind.TEXT_DATE: self._text_date,
            Kind.BOOL_TEXT: self._bool_text, Kind.PERSON: self._reference, Kind.ORG: self._reference,
            Kind.USER: self._reference, Kind.REF: self._reference,
        }  # fmt: skip

    def read(self, field: Field, raw: Any, path: Path = (), label: str = "") -> Any:
        """The kept value, or None when empty or (with an error noted) unreadable."""
        path, label = path or (field.key,), label or field.label
        if is_blank(raw) and not (field.kind is Kind.BOOL_TEXT and isinstance(raw, Mapping) and raw):
            return None
        reader = self._readers.get(field.kind)
        if reader is not None:
            return reader(field, raw, path, label)
        try:
            value = self._simple(field, raw)
            self._check_limits(field, value)
        except ValueError as error:
            self._refuse(path, label + str(error))
            return None
        return value

    def _refuse(self, path: Path, message: str) -> None:
        """Note an error; the value is then None."""
        self.errors.setdefault("/".join(path), message)

    # ------------------------------------------------------------ single values

    def _simple(self, field: Field, raw: Any) -> Any:
        if field.kind in _TEXTS:
            return clean_text(raw, lines=field.kind in _LINES)
        today = self.context.today
        match field.kind:
            case Kind.BOOL:
                return parse_bool(raw, field.true_label, field.false_label)
            case Kind.INT:
                return parse_int(raw)
            case Kind.DATE | Kind.DATE_WAREKI:
                return parse_day(raw, today)
            case Kind.DATETIME:
                return parse_moment(raw, today)
            case Kind.INTERVAL:
                return keep_interval(raw)
            case Kind.KANA:
                return keep_kana(raw)
            case Kind.TEL:
                return keep_tel(raw)
            case Kind.EMAIL:
                return keep_email(raw)
            case _:
                return clean_text(raw, lines=False)

    def _check_limits(self, field: Field, value: Any) -> None:
        if isinstance(value, str) and field.maximum_length is not None and len(value) > field.maximum_length:
            raise ValueError(f"は{field.maximum_length:,}文字までで入力してください（いまは{len(value):,}文字）。")
        if isinstance(value, int) and not isinstance(value, bool):
            _check_number(field, value)
        if field.kind not in _TEXTS and isinstance(value, str) and field.kind in (Kind.DATE, Kind.DATE_WAREKI):
            self._check_day(field, date.fromisoformat(value))

    def _check_day(self, field: Field, day: date) -> None:
        latest = self._limit(field.not_after)
        if latest is not None and day > latest:
            raise ValueError(f"は{limit_ja(latest)}までの日を入力してください（入力された日：{limit_ja(day)}）。")
        earliest = self._limit(field.not_before)
        if earliest is not None and day < earliest:
            raise ValueError(f"は{limit_ja(earliest)}以降の日を入力してください（入力された日：{limit_ja(day)}）。")

    def _limit(self, path: str | None) -> date | None:
        found = value_at(path, self.context.sources) if path is not None else None
        return found if isinstance(found, date) else None

    # ------------------------------------------------------------ choices and references

    def _enum(self, field: Field, raw: Any, path: Path, label: str) -> str | None:
        if isinstance(raw, (Mapping, list)):
            self._refuse(path, f"{label}を1つ選んでください。")
            return None
        text = self._line(raw, path, label)
        if text is None:
            return None
        found = matching_option(field.options, text)
        if found is not None or field.open:
            return found or text
        self._refuse(path, _not_an_option(label, field.options, text))
        return None

    def _multi(self, field: Field, raw: Any, path: Path, label: str) -> list[str] | None:
        items = raw if isinstance(raw, list) else self._split(field, raw)
        if len(items) > MAX_ITEMS:
            self._refuse(path, f"{label}は{MAX_ITEMS}個までです（いまは{len(items):,}個）。")
            return None
        kept: list[str] = []
        for item in items:
            text = self._line(item, path, label)
            value = self._item(field, text, path, label) if text is not None else None
            if value is not None and value not in kept:
                kept.append(value)
        return kept or None

    def _split(self, field: Field, raw: Any) -> list[Any]:
        """One text that may name several things: options never contain our separator, names do not either."""
        if not isinstance(raw, str) or (field.options and matching_option(field.options, raw) is not None):
            return [raw]
        return list(raw.translate(_SEPARATORS).split("、")) if field.ref is not None or field.open else [raw]

    def _item(self, field: Field, text: str, path: Path, label: str) -> str | None:
        if field.ref is not None:
            return self._resolved(field, text, path, label)
        if not field.options and field.options_from is None:
            return text
        found = matching_option(field.options, text)
        if found is not None or field.open:
            return found or text
        self._refuse(path, _not_an_option(label, field.options, text))
        return None

    def _reference(self, field: Field, raw: Any, path: Path, label: str) -> str | None:
        text = self._line(raw, path, label)
        return self._resolved(field, text, path, label) if text is not None else None

    def _resolved(self, field: Field, text: str, path: Path, label: str) -> str | None:
        if field.ref is None:
            return text
        found = self.context.references.resolve(field.ref, text)
        if found is not None and field.choices and found not in field.choices:
            self._refuse(path, f"{label}は選択肢から選んでください（入力された値：「{text[:40]}」）。")
            return None
        if found is not None or field.open or field.ref is RefKind.PERSON:
            return found or text
        self._refuse(path, f"{label}の「{text[:40]}」が見つかりません。一覧から選んでください。")
        return None

    def _line(self, raw: Any, path: Path, label: str) -> str | None:
        try:
            text = clean_text(raw, lines=False)
            if text is not None and len(text) > 500:
                raise ValueError(f"は500文字までで入力してください（いまは{len(text):,}文字）。")
        except ValueError as error:
            self._refuse(path, label + str(error))
            return None
        return text

    # ------------------------------------------------------------ compound values

    def _bool_text(self, field: Field, raw: Any, path: Path, label: str) -> Any:
        if isinstance(raw, Mapping):
            text = self.read(Field("text", "内容", Kind.TEXT, field.form, maximum_length=field.maximum_length),
                             raw.get("text", raw.get("内容")), (*path, "text"), f"{label}の内容")  # fmt: skip
            if not text:
                self._refuse((*path, "text"), f"{label}の内容を入力してください。")
                return None
            return {"text": text}
        if raw is False or folded_text(raw) in ("なし", "いいえ", "無", "false", "利用しない"):
            return NOTHING
        if raw is True or folded_text(raw) in ("あり", "はい", "有", "true", "利用する"):
            self._refuse((*path, "text"), f"{label}の内容を入力してください。")
            return None
        text = self._line(raw, path, label)
        return {"text": text} if text is not None else None

    def _text_date(self, field: Field, raw: Any, path: Path, label: str) -> dict[str, Any] | None:
        if not isinstance(raw, Mapping):
            raw = {"by": raw} if self._is_day(raw) else {"text": raw}
        names = {"内容": "text", "日付": "by", "期日": "by", "on": "by", "date": "by", "note": "text"}
        return self._parts(field, {names.get(str(key), str(key)): raw[key] for key in raw}, path, label)

    def _is_day(self, raw: Any) -> bool:
        try:
            return parse_day(raw, self.context.today) is not None
        except ValueError:
            return False

    def _range(self, field: Field, raw: Any, path: Path, label: str) -> dict[str, Any] | None:
        if isinstance(raw, str):
            first, _, last = unicodedata.normalize("NFKC", raw).replace("〜", "~").partition("~")
            raw = {"from": first, "to": last}
        if not isinstance(raw, Mapping):
            self._refuse(path, f"{label}の開始日と終了日を入力してください。")
            return None
        value = self._parts(field, {str(key): raw[key] for key in raw}, path, label)
        if value and "from" in value and "to" in value and value["to"] < value["from"]:
            start = limit_ja(date.fromisoformat(value["from"]))
            self._refuse((*path, "to"), f"{label}の終了日は開始日（{start}）より後の日を入力してください。")
        return value

    def _group(self, field: Field, raw: Any, path: Path, label: str) -> dict[str, Any] | None:
        if not isinstance(raw, Mapping):
            self._refuse(path, f"{label}は項目ごとに入力してください。")
            return None
        return self._parts(field, {str(key): raw[key] for key in raw}, path, label)

    def _parts(self, field: Field, raw: Mapping[str, Any], path: Path, label: str,
               row: int | None = None) -> dict[str, Any] | None:  # fmt: skip
        """A mapping read by the columns; None when all parts are empty."""
        if len(raw) > MAX_PARTS:
            self._refuse(path, f"{label}の項目は{MAX_PARTS}個までです（いまは{len(raw):,}個）。")
            return None
        value: dict[str, Any] = {}
        taken: set[str] = set()
        for column in field.columns:
            name = next((name for name in names_of(column) if name in raw), None)
            if name is None:
                continue
            taken.add(name)
            kept = self.read(column, raw[name], (*path, column.key), f"{label}の{column.label}")
            if kept is not None:
                value[column.key] = kept
        self._further(field, {name: raw[name] for name in raw if name not in taken}, value, path, label)
        if not value and not self._errors_below(path):
            return None
        self._complete(field, value, path, label, row)
        return value

    def _further(self, field: Field, rest: Mapping[str, Any], value: dict[str, Any], path: Path, label: str) -> None:
        """Parts that no column names: kept as text in an open table or group, else refused by name."""
        for name, item in rest.items():
            if item is None or item == "":
                continue
            if not field.open or not clean_text(name, lines=False) or len(name) > 60 or "/" in name:
                self._refuse((*path, name[:60]), f"{label}に「{name[:40]}」という項目はありません。")
                continue
            text = self.read(Field(name, name, Kind.TEXT, field.form, maximum_length=20_000),
                             "、".join(map(str, item)) if isinstance(item, list) else item,
                             (*path, name), f"{label}の{name}")  # fmt: skip
            if text is not None:
                value[name] = text

    def _complete(self, field: Field, value: dict[str, Any], path: Path, label: str, row: int | None) -> None:
        """Defaults of the parts, then the parts that must be there."""
        for column in field.columns:
            if column.key not in value and column.default is not None:
                kept = self.default(column, {**value, "row": row})
                if kept is not None:
                    value[column.key] = kept
        for column in field.columns:
            place = "/".join((*path, column.key))
            if column.required and column.key not in value and place not in self.errors:
                self.errors[place] = missing_message(column, f"{label}の{column.label}")

    def with_part_defaults(self, field: Field) -> dict[str, Any] | None:
        """A required group that was left empty, filled from the defaults of its parts; None when there are none."""
        value: dict[str, Any] = {}
        for column in field.columns:
            kept = self.default(column, value)
            if kept is not None:
                value[column.key] = kept
        return value if value and all(column.key in value for column in field.columns if column.required) else None

    def _table(self, field: Field, raw: Any, path: Path, label: str) -> list[dict[str, Any]] | None:
        if not isinstance(raw, list):
            self._refuse(path, f"{label}は行ごとに入力してください。")
            return None
        limit = field.maximum_items or MAX_ITEMS
        if len(raw) > limit:
            self._refuse(path, f"{label}は{limit:,}行までです（いまは{len(raw):,}行）。")
            return None
        rows: list[dict[str, Any]] = []
        for index, item in enumerate(raw):
            if item is None or item == "":
                continue
            place, name = (*path, str(index)), f"{label}の{index + 1}行目"
            if not isinstance(item, Mapping):
                self._refuse(place, f"{name}は項目ごとに入力してください。")
                continue
            row = self._parts(field, {str(key): item[key] for key in item}, place, name, len(rows) + 1)
            if row is not None:
                rows.append(row)
        return rows or None

    def _matrix(self, field: Field, raw: Any, path: Path, label: str) -> Any:
        if field.columns:
            return self._table(field, _matrix_rows(field, raw), path, label)
        if not isinstance(raw, Mapping):
            self._refuse(path, f"{label}は行ごとに選んでください。")
            return None
        if len(raw) > MAX_PARTS:
            self._refuse(path, f"{label}は{MAX_PARTS}行までです（いまは{len(raw):,}行）。")
            return None
        answers: dict[str, str] = {}
        for name, item in raw.items():
            if item is None or item == "":
                continue
            row = self._row(field, str(name), path, label)
            answer = self._enum(field, item, (*path, row), f"{label}の「{str(name)[:40]}」") if row else None
            if row and answer is not None:
                answers[row] = answer
        return answers or None

    def _row(self, field: Field, name: str, path: Path, label: str) -> str | None:
        text = clean_text(name, lines=False) or ""
        if field.rows_ref is not None:
            found = self.context.references.resolve(field.rows_ref, text)
        else:
            found = matching_option(field.rows, text)
        if found is not None:
            return found
        if field.open and 0 < len(text) <= 60 and "/" not in text:
            return text
        self._refuse((*path, text[:60]), f"{label}に「{text[:40]}」という行はありません。")
        return None

    def _errors_below(self, path: Path) -> bool:
        prefix = "/".join(path) + "/"
        return any(place.startswith(prefix) for place in self.errors)

    # ------------------------------------------------------------ defaults

    def default(self, field: Field, data: Mapping[str, Any]) -> Any:
        """The first default that has a value, read like a typed one; a default that does not fit is left out."""
        candidates = field.default if isinstance(field.default, list) and field.kind is not Kind.MULTI else None
        for candidate in candidates if candidates is not None else [field.default]:
            raw = value_at(candidate, self.context.sources, data) if is_path(candidate) else candidate
            if raw is None or raw == "":
                continue
            trial = Normaliser(self.context)
            kept = trial.read(field, raw)
            if kept is not None and not trial.errors:
                return kept
        return None


def is_blank(raw: Any, depth: int = 3) -> bool:
    """Whether nothing was given: no text, or a list or mapping of nothing."""
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, (list, Mapping)) and depth:
        items = raw.values() if isinstance(raw, Mapping) else raw
        return all(is_blank(item, depth - 1) for item in items)
    return raw is None


def names_of(field: Field) -> tuple[str, ...]:
    """The names under which a value may come: key, label, aliases."""
    return (field.key, field.label, *field.aliases)


def folded_text(raw: Any) -> str:
    """A text for comparison: widths folded, no spaces around; "" for anything else."""
    return (folded(raw) or "") if isinstance(raw, str) else ""


def matching_option(options: Sequence[Option], text: str) -> str | None:
    """The option that a text means: the same after folding widths, an alias, or the number an option begins with."""
    wanted = unicodedata.normalize("NFKC", text).strip()
    for option in options:
        if wanted in (unicodedata.normalize("NFKC", name) for name in (option.value, *option.aliases)):
            return option.value
    for option in options:
        number, space, words = option.value.partition(" ")
        if space and number.isdecimal() and wanted in (number, words):
            return option.value
    return None


def missing_message(field: Field, label: str) -> str:
    """The sentence for a value that is not there."""
    if field.message_required is not None:
        return field.message_required
    if field.chosen:
        return f"{label}を選んでください。"
    if field.kind is Kind.SUBTABLE or (field.columns and field.kind is Kind.MATRIX):
        return f"{label}を1行以上入力してください。"
    return f"{label}を入力してください。"


def _check_number(field: Field, value: int) -> None:
    low, high = field.minimum, field.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return
    if low is not None and high is not None:
        raise ValueError(f"は{low:,}から{high:,}までの数で入力してください（入力された値：{value:,}）。")
    limit = f"{low:,}以上" if high is None else f"{high:,}以下"
    raise ValueError(f"は{limit}の数で入力してください（入力された値：{value:,}）。")


def _not_an_option(label: str, options: Sequence[Option], text: str) -> str:
    said = f"入力された値：「{text[:40]}」"
    if len(options) > 6:
        return f"{label}は選択肢から選んでください（{said}）。"
    return f"{label}は{''.join(f'「{option.value}」' for option in options)}から選んでください（{said}）。"


def _matrix_rows(field: Field, raw: Any) -> Any:
    """A matrix kept as rows may also come as {row: answer}, {row: [answers]} or {row: {answer: text}}."""
    if not isinstance(raw, Mapping) or len(field.columns) < 2:
        return raw
    row_key, answer_key, *text_keys = (column.key for column in field.columns)
    rows: list[Any] = []
    for name, item in raw.items():
        answers = item if isinstance(item, (Mapping, list)) else [item]
        for answer in answers:
            row = {row_key: name, answer_key: answer}
            if isinstance(item, Mapping) and text_keys:
                row[text_keys[0]] = item[answer]
            rows.append(row)
    return rows
