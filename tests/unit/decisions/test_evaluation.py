"""Hit policies as DMN 1.3 says, and refusals in words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions.evaluation import evaluate
from engine.decisions.model import Table
from engine.decisions.values import Kind
from engine.domain.errors import DecisionFailed
from tests.unit.decisions.tables import table

N, S, B, D = Kind.NUMBER, Kind.STRING, Kind.BOOLEAN, Kind.DATE
OVERLAPPING = ['< 5 => "a"', '[3..9] => "b"', '[3..4] => "a"']
NUMBERS = ["< 5 => 1.5", "[3..9] => 4", "[3..4] => 4"]


def outcome(sign: str, rows: list[str], a: object, out: Kind = S, default: str | None = None) -> object:
    return evaluate(table(sign, rows, out=(out,), defaults=(default,)), {"a": a}).outputs["x"]


def test_unique_gives_the_outputs_of_the_one_rule() -> None:
    result = evaluate(table("U", OVERLAPPING), {"a": 7, "unread": 1})
    assert (result.outputs, result.rules, result.inputs) == ({"x": "b"}, (2,), {"a": 7})


def test_unique_with_two_matching_rules_is_an_error_that_names_them() -> None:
    with pytest.raises(DecisionFailed, match="1・2・3の行が同時に") as failure:
        outcome("U", OVERLAPPING, 3)
    assert failure.value.table == "t"


def test_first_gives_the_first_in_the_order_of_the_table() -> None:
    assert outcome("F", OVERLAPPING, 3) == "a"
    assert outcome("F", OVERLAPPING[1:], 3) == "b"


def test_any_gives_equal_outputs_and_refuses_different_ones() -> None:
    assert outcome("A", [OVERLAPPING[0], OVERLAPPING[2]], 3) == "a"
    with pytest.raises(DecisionFailed, match="1・2・3の行が当てはまり、結果が違います"):
        outcome("A", OVERLAPPING, 3)


def test_collect_gives_all_outputs_in_the_order_of_the_rules() -> None:
    assert outcome("C", OVERLAPPING, 3) == ["a", "b", "a"]


@pytest.mark.parametrize(("sign", "expected"), [("C+", Decimal("9.5")), ("C<", Decimal("1.5")), ("C>", 4), ("C#", 3)])
def test_aggregations_count_every_rule_also_with_equal_outputs(sign: str, expected: object) -> None:
    assert outcome(sign, NUMBERS, 3, N) == expected


@pytest.mark.parametrize(
    ("sign", "expected"),
    [("U", None), ("F", None), ("A", None), ("C", []), ("C#", 0), ("C+", None), ("C<", None), ("C>", None)],
)  # fmt: skip
def test_no_rule_gives_null_or_nothing_collected(sign: str, expected: object) -> None:
    result = evaluate(table(sign, NUMBERS, out=(N,)), {"a": 50})
    assert (result.outputs["x"], result.rules) == (expected, ())


@pytest.mark.parametrize("sign", ["U", "F", "A", "C+", "C<", "C>"])
def test_no_rule_gives_the_declared_default(sign: str) -> None:
    assert outcome(sign, NUMBERS, 50, N, default="7") == 7


def test_a_default_of_one_output_leaves_the_others_null() -> None:
    two = table("U", ['1 => "a" | 1'], out=(S, N), defaults=('"既定"', None))
    assert evaluate(two, {"a": 2}).outputs == {"x": "既定", "y": None}


def test_a_sum_of_nothing_but_null_is_refused() -> None:
    with pytest.raises(DecisionFailed, match="null"):
        outcome("C+", ["1 => null"], 1, N)


def test_sums_are_exact() -> None:
    assert outcome("C+", ["1 => 0.1", "1 => 0.2", "1 => 9999999999999999999999999999"], 1, N) == Decimal(
        "9999999999999999999999999999.3"
    )


def test_whole_numbers_become_int_and_others_stay_exact() -> None:
    found = [outcome("U", [f"1 => {text}"], 1, N) for text in ("5", "5.0", "2.50")]
    assert [(type(value), value) for value in found] == [(int, 5), (int, 5), (Decimal, Decimal("2.50"))]


@pytest.mark.parametrize(
    ("kind", "value"),
    [(N, "5"), (N, True), (N, Decimal("NaN")), (N, 5.0), (S, 5), (B, "true"), (B, 1), (D, "2026-04-01"),
     (D, datetime(2026, 4, 1, tzinfo=UTC)), (S, ["a"])],
)  # fmt: skip
def test_an_input_of_another_type_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(DecisionFailed, match="ではありません"):
        evaluate(table("U", ['- => "x"'], kinds=(kind,)), {"a": value})


def test_an_input_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DecisionFailed, match="変数がありません"):
        evaluate(table("U", ['- => "x"']), {})


def test_an_input_outside_its_allowed_values_is_refused_also_no_value() -> None:
    limited = table("U", ['- => "x"'], kinds=(S,), allowed=('"なし", "緊急"',))
    assert evaluate(limited, {"a": "緊急"}).outputs == {"x": "x"}
    for value in ("その他", None):
        with pytest.raises(DecisionFailed, match="許された値"):
            evaluate(limited, {"a": value})


# ---------------------------------------------------------------- against a naive reference

_LITERALS = ("1", "2.5", "4")


@st.composite
def _cells(draw: st.DrawFn) -> str:
    low, high = sorted((draw(st.sampled_from(_LITERALS)), draw(st.sampled_from(_LITERALS))), key=Decimal)
    simple = st.sampled_from(
        ["null", low, f"< {low}", f"<= {low}", f"> {low}", f">= {low}", f"[{low}..{high}]"]
        + ([f"({low}..{high})", f"({low}..{high}]", f"[{low}..{high})"] if low != high else [])
    )
    tests = ", ".join(draw(st.lists(simple, min_size=1, max_size=3)))
    return draw(st.sampled_from(["-", tests, tests, f"not({tests})"]))


def _naive(cell: str, value: Decimal | None) -> bool:
    """A cell, read in the most obvious way: FEEL's three values by hand."""
    if cell == "-":
        return True
    if cell.startswith("not("):
        answers = [_naive_test(text, value) for text in cell[4:-1].split(", ")]
        return all(answer is False for answer in answers)
    return any(_naive_test(text, value) is True for text in cell.split(", "))


def _naive_test(text: str, value: Decimal | None) -> bool | None:
    if text == "null":
        return value is None
    if text[0] not in "<>[(":
        return value is not None and value == Decimal(text)
    if value is None:
        return None
    if ".." in text:
        low, high = (Decimal(part) for part in text[1:-1].split(".."))
        return (low < value or (text[0] == "[" and low == value)) and (
            value < high or (text[-1] == "]" and high == value)
        )
    number = Decimal(text.lstrip("<>= "))
    equal = "=" in text and value == number
    return equal or (value < number if text[0] == "<" else value > number)


_INPUTS = st.sampled_from([None, *(Decimal(text) for text in ("0", "1", "2", "2.5", "3", "4", "9"))])
_ROWS = st.lists(st.tuples(_cells(), _cells(), st.integers(1, 3)), min_size=1, max_size=5)


def _made(sign: str, rows: list[tuple[str, str, int]]) -> Table:
    return table(sign, [f"{a} | {b} => {n}" for a, b, n in rows], kinds=(N, N), out=(N,))


@given(_ROWS, _INPUTS, _INPUTS)
def test_every_hit_policy_agrees_with_the_obvious_reading(
    rows: list[tuple[str, str, int]], a: Decimal | None, b: Decimal | None
) -> None:
    hits = [(number, n) for number, (one, two, n) in enumerate(rows, 1) if _naive(one, a) and _naive(two, b)]
    found = [n for _, n in hits]
    expected: dict[str, object] = {
        "F": found[0] if found else None,
        "C": found,
        "C#": len(found),
        "C+": sum(found) if found else None,
        "C<": min(found) if found else None,
        "C>": max(found) if found else None,
        "U": DecisionFailed if len(found) > 1 else (found or [None])[0],
        "A": DecisionFailed if len(set(found)) > 1 else (found or [None])[0],
    }
    for sign, wanted in expected.items():
        if wanted is DecisionFailed:
            with pytest.raises(DecisionFailed):
                evaluate(_made(sign, rows), {"a": a, "b": b})
            continue
        result = evaluate(_made(sign, rows), {"a": a, "b": b})
        assert result.outputs["x"] == wanted, sign
        assert set(result.rules) <= {number for number, _ in hits}


@given(_ROWS, _INPUTS, _INPUTS, st.randoms(use_true_random=False))
def test_the_order_of_rules_matters_to_first_and_collect_only(rows, a, b, random) -> None:  # type: ignore[no-untyped-def]
    mixed = list(rows)
    random.shuffle(mixed)
    scope = {"a": a, "b": b}
    for sign in ("U", "A", "C+", "C<", "C>", "C#"):
        assert _result(_made(sign, rows), scope) == _result(_made(sign, mixed), scope), sign
    assert sorted(evaluate(_made("C", rows), scope).outputs["x"]) == sorted(  # type: ignore[call-overload]
        evaluate(_made("C", mixed), scope).outputs["x"]
    )


@given(_ROWS, _INPUTS, _INPUTS)
def test_where_unique_has_an_answer_first_and_any_have_the_same(
    rows: list[tuple[str, str, int]], a: Decimal | None, b: Decimal | None
) -> None:
    scope = {"a": a, "b": b}
    unique = _result(_made("U", rows), scope)
    if unique != "error":
        assert unique == _result(_made("F", rows), scope) == _result(_made("A", rows), scope)


def _result(made: Table, scope: dict[str, Decimal | None]) -> object:
    try:
        return evaluate(made, scope).outputs["x"]
    except DecisionFailed:
        return "error"
