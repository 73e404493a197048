"""Input cells: what they accept, what they mean, what they refuse and say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions.cells import parse_cell, parse_values
from engine.decisions.values import CellError, Kind, Value, feel, literal

N, S, B, D = Kind.NUMBER, Kind.STRING, Kind.BOOLEAN, Kind.DATE
DAY = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("text", "kind", "value", "holds"),
    [
        ("-", N, None, True),
        ("", N, Decimal(3), True),
        ("5", N, Decimal("5.0"), True),
        ("5", N, None, False),
        ("-5", N, Decimal(-5), True),
        (".5", N, Decimal("0.5"), True),
        ("< 5", N, Decimal(5), False),
        ("<= 5", N, Decimal(5), True),
        ("> -2", N, Decimal(-1), True),
        (">=65", N, Decimal("64.99"), False),
        ("[1..9]", N, Decimal(9), True),
        ("[1..9)", N, Decimal(9), False),
        ("(1..9]", N, Decimal(1), False),
        ("]1..9[", N, Decimal(9), False),
        ("]1..9[", N, Decimal(2), True),
        ("1, 3, > 7", N, Decimal(8), True),
        ("1, 3, > 7", N, Decimal(4), False),
        ("not(1, 3)", N, Decimal(3), False),
        ("not(1, 3)", N, Decimal(2), True),
        ("not([1..3), 9)", N, Decimal(3), True),
        ("not((1..3), (5..6))", N, Decimal("5.5"), False),
        ('"緊急"', S, "緊急", True),
        ('"a,b", "c"', S, "a,b", True),
        ('"a,b", "c"', S, "b", False),
        ('not("なし")', S, "緊急", True),
        ('"a\\"b\\\\"', S, 'a"b\\', True),
        ('"\\u7dca"', S, "緊", True),
        ('"\\ud83c\\udf38"', S, "\U0001f338", True),
        ('"not(x)"', S, "not(x)", True),
        ('not("a)", "b(")', S, "a)", False),
        ("true", B, True, True),
        ("not(true)", B, False, True),
        ("false", B, True, False),
        ('date("2026-04-01")', D, DAY, True),
        ('@"2026-04-01"', D, DAY, True),
        ('[date("2026-04-01")..date("2026-04-30")]', D, DAY, True),
        ('< date("2026-04-01")', D, DAY, False),
        ('not(date("2026-04-01"))', D, DAY, False),
    ],
)
def test_a_cell_means_what_the_standard_says(text: str, kind: Kind, value: Value, holds: bool) -> None:
    assert parse_cell(text, kind).matches(value) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [("null", True), ("null, 3", True), ("not(null)", False), ("not(3)", True), ("< 5", False), ("not(< 5)", False),
     ("[1..5]", False), ("not([1..5])", False), ("null, < 5", True), ("not(null, < 5)", False), ("not(3, < 5)", False)],
)  # fmt: skip
def test_no_value_follows_the_three_valued_logic_of_feel(text: str, holds: bool) -> None:
    assert parse_cell(text, N).matches(None) is holds


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("緊急", S, "引用符"),
        ('"緊急', S, "読めません"),
        ("'緊急'", S, "引用符"),
        ('"緊急"', N, "文字です"),
        ("5", S, "数です"),
        ("true", S, "はい・いいえです"),
        ("= 5", N, "等号は要りません"),
        ("!= 5", N, "not"),
        ("[9..1]", N, "入る値がありません"),
        ("(1..1]", N, "入る値がありません"),
        ("[1.. ]", N, "値がありません"),
        ("[1..2", N, "範囲として読めません"),
        ("< null", N, "大小を比べられません"),
        ('< "a"', S, "大小や範囲は使えません"),
        ("[true..false]", B, "大小や範囲は使えません"),
        ("1, -", N, "並べられません"),
        ("1,,2", N, "値がありません"),
        ("not(not(1))", N, "not"),
        ("not(1), 2", N, "一番外"),
        ("not()", N, "値がありません"),
        ('date("2026-02-30")', D, "日付はありません"),
        ("2026-04-01", D, "読めません"),
        ("5 + 1", N, "読めません"),
        ("a", N, "読めません"),
        ("__import__('os')", N, "読めません"),
        ("1e5", N, "読めません"),
        ("NaN", N, "読めません"),
        ("５", N, "読めません"),
        ("9" * 29, N, "桁が多すぎます"),
        (", ".join(["1"] * 201), N, "201個"),
        ("[" + ". " * 1200, N, "2401文字"),
        ("[1..2..3]", N, "範囲として読めません"),
        ("[..]", N, "値がありません"),
        ("[", N, "範囲として読めません"),
        ('"\\ud800"', S, "保存できない"),
        ('"\\u0000"', S, "保存できない"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_words(text: str, kind: Kind, says: str) -> None:
    with pytest.raises(CellError, match=says):
        parse_cell(text, kind)


def test_allowed_values_need_values() -> None:
    with pytest.raises(CellError, match="許す値がありません"):
        parse_values("-", S)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    assert all(_read_or_refused(text, kind) for kind in Kind)


def _read_or_refused(text: str, kind: Kind) -> bool:
    try:
        return parse_cell(text, kind).matches(None) in (True, False)
    except CellError as error:
        return len(str(error)) > 5


@given(
    st.one_of(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10),
        st.booleans(),
        st.dates(),
        st.decimals(-(10**9), 10**9, places=3),
    )
)
def test_the_literal_of_a_value_is_read_as_that_value(value: str | bool | date | Decimal) -> None:
    kinds = {str: S, bool: B, date: D, Decimal: N}
    assert literal(feel(value), kinds[type(value)]) == value
