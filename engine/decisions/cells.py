"""Input cells: S-FEEL unary tests, parsed once, tried on values with FEEL's three-valued logic.

``-``, a literal, ``< <= > >=`` with a literal, ``[a..b]`` with round or square brackets, lists of these separated by
commas, ``not(...)`` around such a list. An empty cell is ``-``, as the usual editors write it. Beyond S-FEEL, the
literal ``null`` of FEEL stands for "no value". Everything else is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.decisions.values import CellError, Kind, Value, literal, short

MAX_TESTS = 200  #: values in one cell
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Equals:
    """The value is the literal."""

    value: Value

    def holds(self, given: Value) -> bool | None:
        """True or False; never None, since FEEL compares null with anything."""
        return given is None if self.value is None else given == self.value

    @property
    def points(self) -> tuple[Value, ...]:
        """The literals of the test."""
        return (self.value,)


@dataclass(frozen=True)
class Compares:
    """The value is before or after the literal."""

    sign: str
    value: Value

    def holds(self, given: Value) -> bool | None:
        """None for no value: it is neither before nor after."""
        return None if given is None else _OPERATORS[self.sign](given, self.value)

    @property
    def points(self) -> tuple[Value, ...]:
        """The literals of the test."""
        return (self.value,)


@dataclass(frozen=True)
class Within:
    """The value lies between two literals; an open end does not count."""

    low: Value
    high: Value
    low_closed: bool
    high_closed: bool

    def holds(self, given: Value) -> bool | None:
        """None for no value."""
        if given is None:
            return None
        above = _OPERATORS[">=" if self.low_closed else ">"](given, self.low)
        return above and _OPERATORS["<=" if self.high_closed else "<"](given, self.high)

    @property
    def points(self) -> tuple[Value, ...]:
        """The literals of the test."""
        return (self.low, self.high)


Test = Equals | Compares | Within


@dataclass(frozen=True)
class Cell:
    """One input cell. tests: at least one must hold, or none with ``negated``; no tests at all: any value."""

    text: str
    tests: tuple[Test, ...] = ()
    negated: bool = False

    @property
    def is_any(self) -> bool:
        """Whether the input does not matter."""
        return not self.tests

    @property
    def points(self) -> tuple[Value, ...]:
        """Every literal of the cell: between two neighbours it gives the same answer everywhere."""
        return tuple(point for test in self.tests for point in test.points)

    def matches(self, given: Value) -> bool:
        """Whether the cell lets the rule apply; "unknown" (a comparison with no value) does not."""
        if self.is_any:
            return True
        answers = [test.holds(given) for test in self.tests]
        met: bool | None = True if True in answers else (None if None in answers else False)
        return met is False if self.negated else met is True


def parse_cell(text: str, kind: Kind) -> Cell:
    """The cell of a column of that kind. Raises CellError with a Japanese reason."""
    stripped = short(text)
    if stripped in ("", "-"):
        return Cell("-")
    inner = _NOT.fullmatch(stripped)
    if inner is not None and not _closes_early(inner[1]):
        return Cell(stripped, _tests(inner[1], kind), negated=True)
    return Cell(stripped, _tests(stripped, kind))


def parse_values(text: str, kind: Kind) -> Cell:
    """The allowed values of a column: as a cell, without ``not`` and ``-``. Raises CellError."""
    stripped = short(text)
    if stripped in ("", "-"):
        raise CellError("許す値がありません")
    return Cell(stripped, _tests(stripped, kind))


def _tests(text: str, kind: Kind) -> tuple[Test, ...]:
    parts = list(_parts(text))
    if len(parts) > MAX_TESTS:
        raise CellError(f"値が{len(parts)}個あります（{MAX_TESTS}個まで）")
    return tuple(_test(part, kind) for part in parts)


def _test(text: str, kind: Kind) -> Test:
    if not text:
        raise CellError(f"値がありません。{kind.word}（例: {kind.example}）を書いてください")
    if text == "-":
        raise CellError("「-」はほかの値と並べられません。「-」だけを書いてください")
    if text.startswith(("=", "!=")):
        raise CellError(f"「{text}」の等号は要りません。値だけを書くか、not(…) を使ってください")
    if _NOT.fullmatch(text):
        raise CellError("not(…) は一番外に一つだけ書けます")
    for sign in _OPERATORS:  # the longer signs come first
        if text.startswith(sign):
            return Compares(sign, _endpoint(text.removeprefix(sign), kind))
    if text[0] in "[](":
        return _range(text, kind)
    return Equals(literal(text, kind))


def _range(text: str, kind: Kind) -> Within:
    """``[a..b]``; ``]`` opens and ``[`` closes like a round bracket, as DMN allows."""
    inner = text[1:-1]
    if text[-1] not in "])[" or inner.count("..") != 1:
        raise CellError(f"「{text}」は範囲として読めません。[1..9] のように書いてください")
    low, high = (_endpoint(part, kind) for part in inner.split(".."))
    within = Within(low, high, text[0] == "[", text[-1] == "]")
    if _OPERATORS[">"](low, high) or (low == high and not (within.low_closed and within.high_closed)):
        raise CellError(f"範囲「{text}」に入る値がありません")
    return within


def _endpoint(text: str, kind: Kind) -> Value:
    value = literal(text, kind)
    if value is None:
        raise CellError("null とは大小を比べられません")
    if not kind.is_ordered:
        raise CellError(f"{kind.word}の列では、大小や範囲は使えません")
    return value


def _parts(text: str) -> Iterator[str]:
    """The tests of a list, split at commas outside quotation marks."""
    quoted, start, escaped = False, 0, False
    for position, sign in enumerate(text):
        if quoted and sign == "\\" and not escaped:
            escaped = True
            continue
        if sign == '"' and not escaped:
            quoted = not quoted
        elif sign == "," and not quoted:
            yield text[start:position].strip()
            start = position + 1
        escaped = False
    yield text[start:].strip()


def _closes_early(text: str) -> bool:
    """Whether a bracket outside quotation marks closes what ``not(`` opened before the end: ``not(1), (2)``.

    Ranges may open with ``]`` or ``(`` and close with ``)`` or ``[``, so only a surplus of ``)`` tells.
    """
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    bare = re.sub(r"[\[\](][^\[\](),]*\.\.[^\[\](),]*[\])\[]", "0", re.sub(r'date\(\s*""\s*\)', "0", bare))
    return "(" in bare or ")" in bare
