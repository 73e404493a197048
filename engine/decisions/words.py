"""Cells and values of a decision table as people read them: 「5以上」, 「なし以外」, 「はい」."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from engine.decisions.cells import Cell, Compares, Equals, Test
from engine.decisions.values import feel

ANY = "－"  #: the input does not matter
NOTHING = "値なし"
NO_NAMES: Mapping[str, str] = MappingProxyType({})
_COMPARISONS = {"<": "未満", "<=": "以下", ">": "より大きい", ">=": "以上"}
_DATES = {"<": "より前", "<=": "まで", ">": "より後", ">=": "から"}


def cell_words(cell: Cell, names: Mapping[str, str] = NO_NAMES) -> str:
    """An input cell in words. names: shown in the place of texts that are codes."""
    if cell.is_any:
        return ANY
    tests = "、".join(_test(test, names) for test in cell.tests)
    return f"{tests} 以外" if cell.negated else tests


def value_words(value: object, names: Mapping[str, str] = NO_NAMES) -> str:
    """A value in words; texts as they are, or the name of which they are the code."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, list):
        return "、".join(value_words(item, names) for item in value) or "なし"
    if isinstance(value, date):
        return value.isoformat()
    return names.get(value, value) if isinstance(value, str) else feel(value)


def _test(test: Test, names: Mapping[str, str]) -> str:
    if isinstance(test, Equals):
        return value_words(test.value, names)
    if isinstance(test, Compares):
        return _compared(test.sign, test.value)
    low = _compared(">=" if test.low_closed else ">", test.low)
    return f"{low}・{_compared('<=' if test.high_closed else '<', test.high)}"


def _compared(sign: str, value: object) -> str:
    words = _DATES if isinstance(value, date) else _COMPARISONS
    return f"{value_words(value)}{words[sign]}"
