"""Values: arithmetic as in Python, comparisons, access, errors and caps."""

from __future__ import annotations

import time
from collections import ChainMap
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import CalendarNotLoaded, ExpressionError
from engine.expressions.functions import PURE
from engine.expressions.interpreter import MAX_ITEMS_RESULT, evaluate

SCOPE: dict[str, object] = {
    "n": 3,
    "price": Decimal("1.10"),
    "raw": 0.1,
    "text": "見守り",
    "empty": [],
    "items": ["a", "b"],
    "case": {"owner": {"code": "org-1"}, "closed": None},
    "day": date(2026, 4, 1),
    "at": datetime(2026, 4, 1, 9, tzinfo=UTC),
    "flag": True,
    "none": None,
}


def value(text: str, **more: object) -> object:
    return evaluate(text, {**SCOPE, **more}, PURE)


def refusal_of(text: str) -> str | None:
    """Reason why the text has no value; None when it has one. Any other exception is a failure of the test."""
    try:
        value(text)
    except ExpressionError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("7 // 2 * -1", -3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 / 2", Decimal("3.5")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("raw + 0.2", Decimal("0.3")),
        ("price * 3", Decimal("3.30")),
        ("'見' + '守'", "見守"),
        ("items + [text]", ["a", "b", "見守り"]),
        ("1 < n <= 3", True),
        ("n != 3 or flag", True),
        ("none or 'default'", "default"),
        ("flag and n", 3),
        ("not empty", True),
        ("'yes' if n > 2 else nowhere", "yes"),
        ("flag or nowhere", True),
        ("false_part if False else 2", 2),
        ("case.owner.code", "org-1"),
        ("case['owner']['code']", "org-1"),
        ("case.closed is None", True),
        ("items[-1]", "b"),
        ("text[0]", "見"),
        ("'a' in items", True),
        ("'守' in text", True),
        ("'owner' in case", True),
        ("'z' not in items", True),
        ("day == '2026-04-01'", True),
        ("day < '2026-04-02'", True),
        ("day == 'not a date'", False),
        ("at < '2026-04-01T19:00:00+09:00'", True),
        ("True == 1", False),
        ("1 == 1.0", True),
        ("n in [1, 2, 3]", True),
        ("True in [1]", False),
        ("[n, [text]]", [3, ["見守り"]]),
        ("(1, 2)", [1, 2]),
        ("-price", Decimal("-1.10")),
        ("max([1, n])", 3),
        ("+n", 3),
    ],
)
def test_values(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nowhere", "変数「nowhere」がありません。"),
        ("case.nothing", "項目「nothing」がありません。"),
        ("case['nothing']", "項目「nothing」がありません。"),
        ("text.length", "「.length」は項目を持つ値にだけ使えます。"),
        ("none.owner", "「.owner」は項目を持つ値にだけ使えます。"),
        ("items[2]", "一覧に2番の要素がありません。"),
        ("items[flag]", "[ ] は、一覧の番号か項目の名前にだけ使えます。"),
        ("n[0]", "[ ] は、一覧の番号か項目の名前にだけ使えます。"),
        ("n + text", "計算は数だけにできます（文字があります）。"),
        ("flag + 1", "計算は数だけにできます（はい・いいえがあります）。"),
        ("-text", "計算は数だけにできます（文字があります）。"),
        ("n / 0", "0で割ることはできません。"),
        ("n // 0", "0で割ることはできません。"),
        ("price % 0", "0で割ることはできません。"),
        ("n < text", "数と文字の大小は比べられません。"),
        ("none < 1", "空の値と数の大小は比べられません。"),
        ("flag < 2", "はい・いいえと数の大小は比べられません。"),
        ("day < at", "日付と日時の大小は比べられません。"),
        ("items < items", "一覧と一覧の大小は比べられません。"),
        ("1 in n", "in は、一覧・文字・項目を持つ値にだけ使えます。"),
        ("1 in text", "文字の中で探せるのは文字だけです。"),
        ("nothing(1)", "関数「nothing」はありません。"),
        ("n(1)", "関数「n」はありません。"),
        ("1e30 * 1e30 * 1e30", "計算の結果が扱える範囲を超えました。"),
    ],
)
def test_errors_say_why_in_japanese(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        value(text)
    assert (refusal.value.expression, refusal.value.reason) == (text, reason)


def test_data_cannot_take_the_place_of_a_function() -> None:
    assert evaluate("len(items)", {"items": [1], "len": lambda items: 99}, PURE) == 1
    with pytest.raises(ExpressionError, match="関数「run」はありません"):
        evaluate("run()", {"run": lambda: "executed"}, PURE)


def test_a_scope_may_be_any_mapping() -> None:
    assert evaluate("a + b", ChainMap({"a": 1}, {"a": 5, "b": 2}), {}) == 3


# ---------------------------------------------------------------- functions of the host


def test_the_failure_of_a_function_is_the_failure_of_the_expression() -> None:
    def broken() -> None:
        raise CalendarNotLoaded("2040")

    with pytest.raises(ExpressionError, match="関数「broken」が値を返せませんでした") as refusal:
        evaluate("broken() + 1", {}, {"broken": broken})
    assert isinstance(refusal.value.__cause__, CalendarNotLoaded)
    with pytest.raises(ExpressionError, match="len"):
        evaluate("len(1)", {}, PURE)


@pytest.mark.parametrize("result", [object(), len, b"x", {1, 2}, "x" * 10_001, [0] * 10_001, 1 << 200])
def test_a_function_may_only_return_values_of_the_language(result: object) -> None:
    with pytest.raises(ExpressionError):
        evaluate("f()", {}, {"f": lambda: result})


# ---------------------------------------------------------------- caps


def test_texts_and_lists_cannot_grow_without_end() -> None:
    with pytest.raises(ExpressionError, match="長すぎます"):
        value("big + big", big="x" * 6_000)
    with pytest.raises(ExpressionError, match="長すぎます"):
        value("big + big", big=[0] * (MAX_ITEMS_RESULT // 2 + 1))


def test_integers_cannot_grow_without_end() -> None:
    with pytest.raises(ExpressionError, match="大きすぎます"):
        value("big * big * big", big=2**60)
    with pytest.raises(ExpressionError, match=r"大きすぎます|複雑"):
        value("*".join(["9999999999"] * 90))


def test_the_largest_texts_are_answered_at_once() -> None:
    begin = time.thread_time()
    for text in ("1+" * 140 + "1", " or ".join(["empty"] * 150), "items" + "[0]" * 30):
        refusal_of(text)
    assert time.thread_time() - begin < 0.5


def test_a_full_stack_is_an_expression_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(walk: object, node: object) -> object:
        raise RecursionError

    monkeypatch.setattr("engine.expressions.interpreter._Walk.value", full)
    with pytest.raises(ExpressionError, match="複雑"):
        evaluate("n", {"n": 1}, {})


# ---------------------------------------------------------------- against Python

numbers = st.integers(-10_000, 10_000)


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 3) -> str:
    """A text that means the same in Python: integers, + - * // % with brackets and signs."""
    if depth == 0 or draw(st.booleans()):
        return f"({draw(numbers)})"
    left, right = draw(arithmetic(depth=depth - 1)), draw(arithmetic(depth=depth - 1))
    return (
        f"({draw(st.sampled_from(['', '-', '+']))}{left} {draw(st.sampled_from(['+', '-', '*', '//', '%']))} {right})"
    )


@given(arithmetic())
def test_integer_arithmetic_is_pythons(text: str) -> None:
    try:
        expected: object = eval(text)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="0で割る"):
            evaluate(text, {}, {})
    else:
        assert evaluate(text, {}, {}) == expected


decimals = st.decimals(-1000, 1000, places=2)


@given(decimals, decimals)
def test_decimals_divide_with_floor_and_remainder_like_integers(left: Decimal, right: Decimal) -> None:
    scope = {"x": left, "y": right}
    assert evaluate("x + y - y == x", scope, {}) is True
    if right != 0:
        hundredths = (int(left * 100), int(right * 100))
        assert evaluate("x // y", scope, {}) == hundredths[0] // hundredths[1]
        assert evaluate("x % y", scope, {}) * 100 == hundredths[0] % hundredths[1]  # type: ignore[operator]


@given(numbers, numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_comparisons_are_pythons(left: int, right: int, operator: str) -> None:
    expected = eval(f"{left} {operator} {right}")
    assert evaluate(f"x {operator} y", {"x": left, "y": right}, {}) is expected


@given(st.text(max_size=60))
def test_any_text_has_a_value_or_an_expression_error(text: str) -> None:
    assert (refusal_of(text) or "。").endswith("。")


tokens = st.sampled_from(
    [
        "a",
        "n",
        "items",
        "case",
        ".",
        "[",
        "]",
        "(",
        ")",
        "+",
        "*",
        "and",
        "not",
        "in",
        "if",
        "else",
        "1",
        "'x'",
        ",",
        "len",
        "==",
    ]
)


@given(st.lists(tokens, max_size=14))
def test_any_row_of_words_has_a_value_or_an_expression_error(words: list[str]) -> None:
    assert (refusal_of(" ".join(words)) or "。").endswith("。")
