"""Gaps, overlaps and rules that never count, against trying every value of small domains."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions import analysis
from engine.decisions.analysis import Situation, analyse, words
from engine.decisions.model import Table
from engine.decisions.values import Kind, Value
from tests.unit.decisions.tables import table

N, S, B, D = Kind.NUMBER, Kind.STRING, Kind.BOOLEAN, Kind.DATE


def gaps(made: Table, whole: frozenset[str] = frozenset()) -> list[str]:
    return [words(gap) for gap in analyse(made, whole).gaps]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (['< 5 => "a"', '>= 5 => "b"', 'null => "c"'], []),
        (['< 5 => "a"', '> 5 => "b"', 'null => "c"'], ["「a」が5"]),
        (['< 5 => "a"', '>= 6 => "b"', 'null => "c"'], ["「a」が5／5より大きい・6より小さい"]),
        (['< 5 => "a"', '>= 5 => "b"'], ["「a」が値なし"]),
        (['- => "a"'], []),
        (['not(5) => "a"', '5 => "b"'], []),
    ],
)
def test_gaps_of_numbers_are_named(rows: list[str], found: list[str]) -> None:
    assert gaps(table("U", rows)) == found


def test_whole_numbers_have_nothing_between_neighbours() -> None:
    rows = ['<= 5 => "a"', '>= 6 => "b"', 'null => "c"']
    assert gaps(table("U", rows)) == ["「a」が5より大きい・6より小さい"]
    assert gaps(table("U", rows), frozenset({"a"})) == []
    assert gaps(table("U", ['< 4.5 => "a"', '> 4.5 => "b"', 'null => "c"']), frozenset({"a"})) == []


def test_days_have_nothing_between_neighbours() -> None:
    rows = ['<= date("2026-03-31") => "a"', '>= date("2026-04-01") => "b"', 'null => "c"']
    assert gaps(table("U", rows, kinds=(D,))) == []
    late = ['<= date("2026-03-31") => "a"', '> date("2026-04-01") => "b"', 'null => "c"']
    assert gaps(table("U", late, kinds=(D,))) == ["「a」が2026-04-01"]


def test_text_has_always_other_texts_unless_the_values_are_listed() -> None:
    rows = ['"なし" => "a"', '"緊急" => "b"', 'null => "c"']
    assert gaps(table("U", rows, kinds=(S,))) == ["「a」がそのほかの文字"]
    assert gaps(table("U", rows, kinds=(S,), allowed=('"なし", "緊急", null',))) == []
    assert gaps(table("U", rows, kinds=(S,), allowed=('"なし", "要注意", "緊急"',))) == ['「a」が"要注意"']


def test_a_gap_names_only_the_columns_that_make_it() -> None:
    made = table("U", ['true | - => "a"', 'false | < 3 => "b"'], kinds=(B, N))
    assert gaps(made) == ["「a」がfalse、「b」が3／3より大きい／値なし", "「a」が値なし"]


def test_an_overlap_names_both_rules_and_when() -> None:
    found = analyse(table("U", ['< 5 => "a"', '[3..9] => "b"', '> 9 => "a"'])).overlaps
    assert [(one.first.number, one.second.number, words(one.situation)) for one in found] == [(1, 2, "「a」が3")]
    assert not found[0].same_outputs


def test_a_rule_behind_all_others_is_hidden_under_first() -> None:
    made = table("F", ['< 5 => "a"', '>= 5 => "b"', '[1..9] => "c"', '- => "d"'])
    assert [rule.number for rule in analyse(made).hidden] == [3]
    assert [rule.number for rule in analyse(table("F", ['- => "d"', '< 5 => "a"'])).hidden] == [2]


def test_a_rule_outside_the_allowed_values_never_applies() -> None:
    made = table("F", ['"a" => "1"', '"z" => "2"', '- => "3"'], kinds=(S,), allowed=('"a", "b"',))
    assert [rule.number for rule in analyse(made).never] == [2]
    assert analyse(made).hidden == ()


def test_a_table_too_big_to_search_is_not_decided_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "BUDGET", 3)
    found = analyse(table("F", ['1 | 2 => "a"', '2 | 1 => "b"'], kinds=(N, N)))
    assert (found.decided, found.hidden) == (False, ())


def test_a_large_table_is_searched_in_little_work() -> None:
    rows = [f'{n} | {n % 7} | "{n % 3}" => "x"' for n in range(250)]
    found = analyse(table("U", [*rows, '- | - | null => "y"'], kinds=(N, N, S)))
    assert found.decided
    assert len(found.gaps) == analysis.MAX_SHOWN


def test_there_is_always_a_number_between_two() -> None:
    low, high = "0.999999999999999999999999998", "0.999999999999999999999999999"
    assert len(gaps(table("U", [f'<= {low} => "a"', f'>= {high} => "b"', 'null => "c"']))) == 1


# ---------------------------------------------------------------- against brute force

_NUMBERS: tuple[Value, ...] = (None, *(Decimal(n) / 2 for n in range(-1, 8)))
_TEXTS: tuple[Value, ...] = (None, "p", "q", "さ")
_BOOLS: tuple[Value, ...] = (None, True, False)
_DAYS: tuple[Value, ...] = (None, *(date(2026, 3, day) for day in range(1, 7)))
_NUMBER_CELLS = (
    "-",
    "null",
    "1",
    "2",
    "< 1",
    "<= 2",
    "> 2",
    ">= 1",
    "[1..2]",
    "(1..2)",
    "not(1)",
    "not(< 2)",
    "1, > 2",
)
_TEXT_CELLS = ("-", "null", '"p"', '"q"', '"p", "q"', 'not("p")', 'not("p", null)')
_BOOL_CELLS = ("-", "null", "true", "false", "not(true)")
_DAY_CELLS = tuple(
    cell.replace("3", 'date("2026-03-03")').replace("4", 'date("2026-03-04")')
    for cell in ("-", "null", "3", "< 4", "<= 3", ">= 4", "> 3", "[3..4]", "not(3)")
)
_COLUMNS = {
    N: (_NUMBER_CELLS, _NUMBERS),
    S: (_TEXT_CELLS, _TEXTS),
    B: (_BOOL_CELLS, _BOOLS),
    D: (_DAY_CELLS, _DAYS),
}


@st.composite
def _tables(draw: st.DrawFn, sign: str) -> Table:
    kinds = draw(st.lists(st.sampled_from(list(_COLUMNS)), min_size=1, max_size=3))
    row = st.tuples(*(st.sampled_from(_COLUMNS[kind][0]) for kind in kinds))
    rows = draw(st.lists(row, min_size=1, max_size=6))
    return table(sign, [f'{" | ".join(cells)} => "{n % 2}"' for n, cells in enumerate(rows)], kinds=kinds)


def _everything(made: Table) -> list[tuple[Value, ...]]:
    return list(product(*(_COLUMNS[one.kind][1] for one in made.inputs)))


def _hits(made: Table, values: tuple[Value, ...]) -> set[int]:
    return {
        rule.number
        for rule in made.rules
        if all(cell.matches(value) for cell, value in zip(rule.cells, values, strict=True))
    }


def _example(made: Table, situation: Situation) -> tuple[Value, ...]:
    chosen = {one.name: piece.value for one, piece in situation}
    return tuple(chosen.get(one.name, _COLUMNS[one.kind][1][1]) for one in made.inputs)


@given(_tables("U"))
def test_gaps_are_found_exactly_where_no_rule_applies(made: Table) -> None:
    found = analyse(made).gaps
    assert bool(found) == any(not _hits(made, values) for values in _everything(made))
    for gap in found:
        assert _hits(made, _example(made, gap)) == set()


@given(_tables("A"))
def test_overlaps_are_exactly_the_pairs_that_apply_together(made: Table) -> None:
    together = {pair for values in _everything(made) for pair in combinations(sorted(_hits(made, values)), 2)}
    found = analyse(made).overlaps
    assert {(overlap.first.number, overlap.second.number) for overlap in found} == together
    for overlap in found:
        assert {overlap.first.number, overlap.second.number} <= _hits(made, _example(made, overlap.situation))
        assert overlap.same_outputs == (overlap.first.outputs == overlap.second.outputs)


@given(_tables("F"))
def test_hidden_rules_are_exactly_those_that_are_never_the_first(made: Table) -> None:
    hits = [_hits(made, values) for values in _everything(made)]
    first, any_place = {min(one) for one in hits if one}, {number for one in hits for number in one}
    found = analyse(made)
    assert {rule.number for rule in found.never} == {rule.number for rule in made.rules} - any_place
    assert {rule.number for rule in found.hidden} == any_place - first
