"""Tables in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.decisions.cells import parse_cell
from engine.decisions.values import Kind
from engine.decisions.words import cell_words, value_words


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", Kind.STRING, "－"),
        ('"緊急"', Kind.STRING, "緊急"),
        ('not("なし", null)', Kind.STRING, "なし、値なし 以外"),
        ("true", Kind.BOOLEAN, "はい"),
        ("< 5, >= 65.5", Kind.NUMBER, "5未満、65.5以上"),
        ("(1..9]", Kind.NUMBER, "1より大きい・9以下"),
        ('[date("2026-04-01")..date("2027-03-31")]', Kind.DATE, "2026-04-01から・2027-03-31まで"),
    ],
)
def test_a_cell_reads_as_people_say_it(text: str, kind: Kind, words: str) -> None:
    assert cell_words(parse_cell(text, kind)) == words


def test_codes_are_shown_by_their_names() -> None:
    names = {"AG-04": "さぽーと"}
    assert cell_words(parse_cell('not("AG-04", "AG-09")', Kind.STRING), names) == "さぽーと、AG-09 以外"
    assert value_words(["AG-04"], names) == "さぽーと"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "値なし"),
        (False, "いいえ"),
        (Decimal("2.50"), "2.50"),
        (["a", 1], "a、1"),
        ([], "なし"),
        ("窓口", "窓口"),
    ],
)
def test_a_value_reads_as_people_say_it(value: object, words: str) -> None:
    assert value_words(value) == words
