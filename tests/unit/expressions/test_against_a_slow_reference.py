"""Random expressions against a slow, obvious reference: exact fractions for numbers, ordinals for dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import ExpressionError
from engine.expressions.functions import PURE
from engine.expressions.interpreter import evaluate

NUMBERS: dict[str, object] = {"n": 7, "m": -3, "zero": 0, "price": Decimal("1.25"), "debt": Decimal("-0.5")}
DATES: dict[str, object] = {"first": date(2016, 2, 29), "later": date(2026, 4, 1), "last": date(2035, 12, 31)}
SCOPE = {**NUMBERS, **DATES}


class NoValue(Exception):
    """The reference has no value either."""


@dataclass(frozen=True, repr=False)
class Tree:
    """op: an operator, ``name``, ``literal``, ``day`` or a function; parts: operands, or the word itself."""

    op: str
    parts: tuple[Tree | str, ...]

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """As it is written in a model, every operation in brackets."""
        written = [part if isinstance(part, str) else part.text() for part in self.parts]
        match self.op:
            case "name" | "literal":
                return written[0]
            case "day":
                return f"'{written[0]}'"
            case "neg" | "not":
                return f"({'-' if self.op == 'neg' else 'not '}{written[0]})"
            case "if":
                return f"({written[1]} if {written[0]} else {written[2]})"
            case "chain":
                return f"({written[0]} <= {written[1]} < {written[2]})"
            case "days_after" | "days_between":
                return f"{self.op}({', '.join(written)})"
        return f"({written[0]} {self.op} {written[1]})"


def number(tree: Tree | str) -> Fraction:
    """Value of a tree of numbers."""
    assert isinstance(tree, Tree)
    match tree.op:
        case "name":
            return Fraction(SCOPE[str(tree.parts[0])])  # type: ignore[arg-type]
        case "literal":
            return Fraction(str(tree.parts[0]))
        case "neg":
            return -number(tree.parts[0])
        case "if":
            return number(tree.parts[1] if truth(tree.parts[0]) else tree.parts[2])
        case "days_between":
            return Fraction(day(tree.parts[1]).toordinal() - day(tree.parts[0]).toordinal())
    left, right = number(tree.parts[0]), number(tree.parts[1])
    if tree.op in "/ // %" and right == 0:
        raise NoValue
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "//": lambda: Fraction(left // right),
        "%": lambda: left - right * (left // right),
    }[tree.op]()


def truth(tree: Tree | str) -> bool:
    """Value of a tree of comparisons."""
    assert isinstance(tree, Tree)
    match tree.op:
        case "not":
            return not truth(tree.parts[0])
        case "and":
            return truth(tree.parts[0]) and truth(tree.parts[1])
        case "or":
            return truth(tree.parts[0]) or truth(tree.parts[1])
    values = [number(part) if is_number(part) else day(part).toordinal() for part in tree.parts]
    if tree.op == "chain":
        return values[0] <= values[1] < values[2]
    return {
        "<": values[0] < values[1],
        "<=": values[0] <= values[1],
        ">": values[0] > values[1],
        ">=": values[0] >= values[1],
        "==": values[0] == values[1],
        "!=": values[0] != values[1],
    }[tree.op]


def is_number(tree: Tree | str) -> bool:
    """Whether a tree stands for a number rather than a day."""
    assert isinstance(tree, Tree)
    return not (tree.op in ("day", "days_after") or (tree.op == "name" and tree.parts[0] in DATES))


def day(tree: Tree | str) -> date:
    """Value of a tree of days."""
    assert isinstance(tree, Tree)
    if tree.op == "name":
        return SCOPE[str(tree.parts[0])]  # type: ignore[return-value]
    if tree.op == "day":
        return date.fromisoformat(str(tree.parts[0]))
    ordinal = day(tree.parts[0]).toordinal() + int(number(tree.parts[1]))
    if not date.min.toordinal() <= ordinal <= date.max.toordinal():
        raise NoValue
    return date.fromordinal(ordinal)


literals = st.one_of(
    st.integers(0, 10_000).map(str), st.decimals(0, 1000, places=2).map(lambda value: format(value, "f"))
).map(lambda text: Tree("literal", (text,)))
names = st.sampled_from(sorted(NUMBERS)).map(lambda name: Tree("name", (name,)))
whole_numbers = st.integers(-400, 400).map(
    lambda n: Tree("neg", (Tree("literal", (str(-n),)),)) if n < 0 else Tree("literal", (str(n),))
)
day_names = st.sampled_from(sorted(DATES)).map(lambda name: Tree("name", (name,)))
days = st.recursive(
    st.one_of(st.dates(date(2010, 1, 1), date(2040, 12, 31)).map(lambda d: Tree("day", (d.isoformat(),))), day_names),
    lambda inner: st.tuples(inner, whole_numbers).map(lambda parts: Tree("days_after", parts)),
    max_leaves=4,
)


def _grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    operators = st.sampled_from(["+", "-", "*", "//", "%"])
    return st.one_of(
        st.builds(lambda op, left, right: Tree(op, (left, right)), operators, inner, inner),
        inner.map(lambda one: Tree("neg", (one,))),
        st.builds(lambda test, yes, no: Tree("if", (test, yes, no)), comparisons(leaves), inner, inner),
    )


def comparisons(of: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    # a text beside a text compares as text, so at least one side of each comparison of days is a date
    dated = st.one_of(day_names, st.tuples(days, whole_numbers).map(lambda parts: Tree("days_after", parts)))
    plain = st.one_of(
        st.builds(lambda op, left, right: Tree(op, (left, right)), operators, of, of),
        st.builds(lambda op, left, right: Tree(op, (left, right)), operators, dated, days),
        st.builds(lambda low, mid, high: Tree("chain", (low, mid, high)), of, of, of),
        st.builds(lambda low, mid, high: Tree("chain", (low, mid, high)), days, dated, days),
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            inner.map(lambda one: Tree("not", (one,))),
            st.builds(lambda op, a, b: Tree(op, (a, b)), st.sampled_from(["and", "or"]), inner, inner),
        ),
        max_leaves=4,
    )


leaves = st.one_of(literals, names, st.tuples(days, days).map(lambda parts: Tree("days_between", parts)))
numbers = st.recursive(leaves, _grown, max_leaves=4)


def value(tree: Tree) -> object:
    return evaluate(tree.text(), SCOPE, PURE)


def agrees(tree: Tree, expected: Fraction, found: object) -> bool:
    assert isinstance(found, (int, Decimal))
    assert not isinstance(found, bool)
    return Fraction(found) == expected


@settings(max_examples=400, deadline=None)
@given(numbers)
def test_arithmetic_is_exact(tree: Tree) -> None:
    try:
        expected = number(tree)
    except NoValue:
        with pytest.raises(ExpressionError):
            value(tree)
        return
    if abs(expected) < 10**12:
        assert agrees(tree, expected, value(tree)), tree.text()


@settings(max_examples=400, deadline=None)
@given(comparisons(leaves))
def test_comparisons_of_numbers_and_days_hold_as_reckoned_exactly(tree: Tree) -> None:
    try:
        expected = truth(tree)
    except NoValue:
        return
    assert value(tree) is expected, tree.text()


@settings(max_examples=300, deadline=None)
@given(days, days)
def test_days_are_counted_as_ordinals(first: Tree, second: Tree) -> None:
    between = Tree("days_between", (first, second))
    assert value(between) == number(between)
    assert value(Tree("days_after", (first, between))) == day(second)


@settings(max_examples=300, deadline=None)
@given(literals, literals)
def test_division_is_right_to_forty_digits(left: Tree, right: Tree) -> None:
    tree = Tree("/", (left, right))
    try:
        expected = number(tree)
    except NoValue:
        with pytest.raises(ExpressionError, match="0で割る"):
            value(tree)
        return
    found = value(tree)
    assert isinstance(found, Decimal)
    assert abs(Fraction(found) - expected) <= abs(expected) / 10**39
