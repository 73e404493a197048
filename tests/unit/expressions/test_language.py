"""What may be written: the subset, the caps, and hostile texts."""

from __future__ import annotations

import pytest

from engine.domain.errors import ExpressionError
from engine.expressions.functions import FUNCTION_NAMES, PURE
from engine.expressions.interpreter import evaluate
from engine.expressions.language import functions_in, names_in, parse, problems
from tests.support.hostile_expressions import BOMBS, ESCAPES, HOSTILE

SCOPE: dict[str, object] = {
    "a": 1,
    "text": "x",
    "items": [1, 2],
    "case": {"owner": "org", "__class__": "a key"},
    "len": lambda value: 99,
    "__builtins__": {},
}


def test_the_corpus_is_large_enough() -> None:
    assert len(set(ESCAPES)) >= 70
    assert len(set(BOMBS)) >= 40


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:40]))
def test_a_hostile_text_has_no_value(text: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        evaluate(text, SCOPE, PURE)
    assert refusal.value.reason.endswith("。")


@pytest.mark.parametrize(
    "text",
    ["a + 1", "case.owner", "items[0]", "len(items) > 1 and not a", "[a, 'x']", "(1, 2)", "a is not None", "-a", "+a"],
)
def test_the_subset_is_accepted(text: str) -> None:
    assert problems(text, SCOPE, FUNCTION_NAMES) == []


def test_names_and_functions_are_told_apart() -> None:
    text = "len(items) + case.owner + (x if flag else today())"
    assert names_in(text) == {"items", "case", "x", "flag"}
    assert functions_in(text) == {"len", "today"}


def test_problems_name_each_unknown_word_in_japanese() -> None:
    assert problems("later(x) + y", {"x"}, FUNCTION_NAMES) == [
        "変数「y」は宣言されていません。",
        "関数「later」はありません。",
    ]
    assert problems("x +", {"x"}, FUNCTION_NAMES) == ["式の書き方が正しくありません。"]
    assert problems("x ** 2", {"x"}, FUNCTION_NAMES) == ["べき乗（**）は使えません。"]


def test_a_text_is_parsed_once() -> None:
    assert parse("a + 12345") is parse("a + 12345")


def test_japanese_names_are_names() -> None:
    assert evaluate("対応方針 == '受付'", {"対応方針": "受付"}, {}) is True
