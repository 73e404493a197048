"""The values of decision tables: text, exact numbers, yes/no, dates; and their literals in S-FEEL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

#: what a cell may hold; None is FEEL's null
Value = str | Decimal | bool | date | None
MAX_LENGTH = 2_000  #: characters of a cell
MAX_DIGITS = 28  #: digits of a number in a cell, so that sums of a table stay exact

_STRING = re.compile(r'"(?:[^"\\]|\\(?:["\\ntr]|u[0-9A-Fa-f]{4}))*"')
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_DATE = re.compile(r'(?:date\(\s*"([^"]*)"\s*\)|@"([^"]*)")')
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class Kind(StrEnum):
    """The type of a column; the value is its DMN ``typeRef``."""

    STRING = "string"  #: text
    NUMBER = "number"  #: exact, never a float
    BOOLEAN = "boolean"  #: true or false
    DATE = "date"  #: a day, without time

    @property
    def word(self) -> str:
        """The type in words."""
        return _WORDS[self]

    @property
    def is_ordered(self) -> bool:
        """Whether ``<`` and ranges make sense."""
        return self in (Kind.NUMBER, Kind.DATE)

    @property
    def example(self) -> str:
        """A literal of the type, for messages."""
        return _EXAMPLES[self]


_WORDS: Mapping[Kind, str] = {
    Kind.STRING: "文字",
    Kind.NUMBER: "数",
    Kind.BOOLEAN: "はい・いいえ",
    Kind.DATE: "日付",
}
_EXAMPLES: Mapping[Kind, str] = {
    Kind.STRING: '"緊急"',
    Kind.NUMBER: "5",
    Kind.BOOLEAN: "true",
    Kind.DATE: 'date("2026-04-01")',
}


class CellError(ValueError):
    """Why a cell is not in the language; the text is Japanese."""


def literal(text: str, kind: Kind) -> Value:
    """The value of a literal; CellError when it is none, or one of another kind than the column's."""
    text = short(text)
    if text == "null":
        return None
    found, value = _any_literal(text)
    if found is None:
        raise CellError(_not_a_literal(text, kind))
    if found is not kind:
        raise CellError(f"「{text}」は{found.word}です。この列は{kind.word}（例: {kind.example}）です")
    return value


def short(text: str) -> str:
    """A cell without the blanks around it; CellError when it is longer than anybody reads."""
    if len(text) > MAX_LENGTH:
        raise CellError(f"{len(text)}文字あります（{MAX_LENGTH}文字まで）")
    return text.strip()


def fitting(kind: Kind, value: object) -> bool:
    """Whether a process variable's value may be given to a column of this kind; None always may."""
    if value is None:
        return True
    if kind is Kind.BOOLEAN or isinstance(value, bool):
        return kind is Kind.BOOLEAN and isinstance(value, bool)
    if kind is Kind.NUMBER:
        return isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite())
    if kind is Kind.DATE:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, str)


def as_cell_value(value: object) -> Value:
    """A fitting value as cells compare it: whole numbers become Decimal."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    assert value is None or isinstance(value, (str, Decimal, bool, date))
    return value


def as_variable(value: Value) -> object:
    """A cell's value as process variables hold it: a number without fraction is an int."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def feel(value: object) -> str:
    """The literal that stands for a value, for messages and pages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _any_literal(text: str) -> tuple[Kind | None, Value]:
    if text in ("true", "false"):
        return Kind.BOOLEAN, text == "true"
    if _NUMBER.fullmatch(text):
        return Kind.NUMBER, _number(text)
    if _STRING.fullmatch(text):
        return Kind.STRING, _storable(_ESCAPE.sub(_unescaped, text[1:-1]))
    given = _DATE.fullmatch(text)
    if given is not None:
        return Kind.DATE, _date(given[1] if given[1] is not None else given[2])
    return None, None


def _number(text: str) -> Decimal:
    if sum(sign.isdigit() for sign in text) > MAX_DIGITS:
        raise CellError(f"数「{text}」の桁が多すぎます（{MAX_DIGITS}桁まで）")
    return Decimal(text)


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    return chr(int(sign[1:], 16)) if sign.startswith("u") else _ESCAPES[sign]


def _storable(text: str) -> str:
    """The text with pairs of surrogates joined; CellError for what no database keeps."""
    try:
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        joined = "\0"
    if "\0" in joined:
        raise CellError("文字として保存できない符号（\\u…）があります")
    return joined


def _date(text: str) -> date:
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise CellError(f'「{text}」という日付はありません。date("2026-04-01") の形で書いてください')


def _not_a_literal(text: str, kind: Kind) -> str:
    if not text:
        return f"値がありません。{kind.word}（例: {kind.example}）を書いてください"
    if kind is Kind.STRING and not text.startswith('"'):
        return f'文字「{text}」は、半角の引用符で "{text}" のように囲んでください'
    return f"「{text}」は値として読めません。{kind.word}は {kind.example} のように書きます"
