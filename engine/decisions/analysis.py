"""Gaps, overlaps and rules that never count, found before a table is used.

Each column is cut at its literals into pieces on which every cell gives one answer: the literals themselves, what lies
between and beyond them, "no value", and for text "any other". So the infinite table becomes a finite one, and one value
of each piece speaks for all of it. Rules are bit sets over the pieces; columns are cut away one by one, and pieces with
the same rules left are looked at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import islice

from engine.decisions.cells import Cell
from engine.decisions.model import HitPolicy, Input, Rule, Table
from engine.decisions.values import Kind, Value, feel

BUDGET = 200_000  #: pieces looked at in all searches of a table; beyond it the answer is "not decided"
_DIGITS = 80  #: enough for a number between any two of a table
MAX_SHOWN = 5  #: gaps named of one table


@dataclass(frozen=True)
class Piece:
    """Values of one column between which it makes no difference. value: one of them. text: all of them, in words."""

    value: Value
    text: str


#: one value for each column that matters, as (column, piece); columns left out may have any value
Situation = tuple[tuple[Input, Piece], ...]


@dataclass(frozen=True)
class Overlap:
    """Two rules that apply together, and a situation in which they do."""

    first: Rule
    second: Rule
    situation: Situation
    same_outputs: bool


@dataclass(frozen=True)
class Analysis:
    """gaps: situations without a rule, at most MAX_SHOWN. never: rules that apply to no allowed input at all.

    hidden: rules that never count under F, because earlier ones always apply. decided: False when the table was too
    big to search for gaps or hidden rules; what was found by then still holds.
    """

    gaps: tuple[Situation, ...]
    overlaps: tuple[Overlap, ...]
    never: tuple[Rule, ...]
    hidden: tuple[Rule, ...]
    decided: bool


def analyse(table: Table, whole: frozenset[str] = frozenset()) -> Analysis:
    """The analysis of a table. whole: names of number inputs whose variable holds whole numbers only."""
    with localcontext() as context:
        context.prec = _DIGITS
        grid = _Grid(table, whole)
    search = _Search(grid)
    gaps = tuple(search.uncovered(grid.everything(), len(table.rules), MAX_SHOWN))
    never = tuple(rule for rule in table.rules if not all(grid.masks[rule.number - 1]))
    hidden: tuple[Rule, ...] = ()
    if table.policy is HitPolicy.FIRST:
        hidden = tuple(rule for rule in table.rules if rule not in never and search.is_hidden(rule))
    return Analysis(gaps, tuple(grid.overlaps()), never, hidden, search.decided)


def pieces(one: Input, cells: Sequence[Cell], whole: bool = False) -> tuple[Piece, ...]:
    """The pieces of a column with these cells, of its allowed values only."""
    points = [point for cell in (*cells, *([one.allowed] if one.allowed else [])) for point in cell.points]
    found = [*_between(one.kind, points, whole), Piece(None, "値なし")]
    return tuple(piece for piece in found if one.allowed is None or one.allowed.matches(piece.value))


def words(situation: Situation) -> str:
    """A situation in words: 「緊急性」が値なし、「年齢」が65より大きい."""
    return "、".join(f"「{one.words}」が{piece.text}" for one, piece in situation) or "どの入力でも"


class _Grid:
    """The table cut into pieces; ``masks[rule][column]`` has a bit for each piece on which the cell holds."""

    def __init__(self, table: Table, whole: frozenset[str]) -> None:
        self.table = table
        columns = list(zip(*(rule.cells for rule in table.rules), strict=True)) or [()] * len(table.inputs)
        self.pieces = [pieces(one, cells, one.name in whole) for one, cells in zip(table.inputs, columns, strict=True)]
        self.masks = [
            [_mask(cell, column) for cell, column in zip(rule.cells, self.pieces, strict=True)] for rule in table.rules
        ]
        self.rules_at = [
            [_mask_of(row[place] >> bit & 1 for row in self.masks) for bit in range(len(column))]
            for place, column in enumerate(self.pieces)
        ]

    def everything(self) -> list[int]:
        """The bits of all pieces of each column."""
        return [(1 << len(column)) - 1 for column in self.pieces]

    def overlaps(self) -> Iterator[Overlap]:
        """Each pair of rules that can apply together."""
        for number, first in enumerate(self.masks):
            for other in range(number + 1, len(self.masks)):
                common = [left & right for left, right in zip(first, self.masks[other], strict=True)]
                if all(common):
                    one, two = self.table.rules[number], self.table.rules[other]
                    yield Overlap(one, two, self.situation(common, one, two), one.outputs == two.outputs)

    def situation(self, common: list[int], one: Rule, two: Rule) -> Situation:
        """The first piece of each column that one of the two rules asks for."""
        return tuple(
            (self.table.inputs[place], self.pieces[place][_lowest(bits)])
            for place, bits in enumerate(common)
            if not (one.cells[place].is_any and two.cells[place].is_any)
        )


class _Search:
    """Looks for situations that a set of rules leaves uncovered; counts its work against BUDGET."""

    def __init__(self, grid: _Grid) -> None:
        self.grid, self.left = grid, BUDGET
        self.decided = True

    def is_hidden(self, rule: Rule) -> bool:
        """Whether the rules before it cover everything to which it applies; False when not decided."""
        region = self.grid.masks[rule.number - 1]
        return next(self.uncovered(region, rule.number - 1, 1), None) is None and self.decided

    def uncovered(self, region: list[int], first: int, limit: int) -> Iterator[Situation]:
        """Up to ``limit`` situations in the region to which none of the ``first`` rules of the table applies."""
        yield from islice(self._walk(region, 0, (1 << first) - 1, (), set()), limit)

    def _walk(
        self, region: list[int], place: int, rules: int, chosen: Situation, covered: set[tuple[int, int]]
    ) -> Iterator[Situation]:
        """rules: bits of those that apply to what was chosen. covered: (column, rules) without a gap behind."""
        if not rules:
            yield chosen
            return
        if place == len(region) or (place, rules) in covered or not self.decided:
            return
        complete = True
        for piece, left in self._groups(region[place], place, rules):
            one = self.grid.table.inputs[place]
            for situation in self._walk(region, place + 1, left, (*chosen, (one, piece)), covered):
                complete = False
                yield situation
        if complete and self.decided:
            covered.add((place, rules))

    def _groups(self, region: int, place: int, rules: int) -> list[tuple[Piece, int]]:
        """The pieces of a column, those together that leave the same rules."""
        found: dict[int, list[Piece]] = {}
        for bit, piece in enumerate(self.grid.pieces[place]):
            if region >> bit & 1:
                self.left -= 1
                found.setdefault(rules & self.grid.rules_at[place][bit], []).append(piece)
        self.decided = self.decided and self.left >= 0
        return [(_together(group), left) for left, group in found.items()]


def _together(group: Sequence[Piece]) -> Piece:
    shown = "／".join(piece.text for piece in group[:3])
    return group[0] if len(group) == 1 else Piece(group[0].value, shown + ("／ほか" if len(group) > 3 else ""))


def _mask(cell: Cell, column: Sequence[Piece]) -> int:
    return _mask_of(cell.matches(piece.value) for piece in column)


def _mask_of(answers: Iterable[object]) -> int:
    return sum(1 << bit for bit, answer in enumerate(answers) if answer)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


# ---------------------------------------------------------------- pieces of a column


def _between(kind: Kind, points: Sequence[Value], whole: bool) -> Iterator[Piece]:
    if kind is Kind.BOOLEAN:
        yield from (Piece(value, feel(value)) for value in (True, False))
    elif kind is Kind.STRING:
        named = list(dict.fromkeys(point for point in points if isinstance(point, str)))
        yield from (Piece(point, feel(point)) for point in named)
        yield Piece(_other(named), "そのほかの文字" if named else "どの文字でも")
    elif kind is Kind.DATE:
        yield from _dates(sorted({point for point in points if isinstance(point, date)}))
    else:
        yield from _numbers(sorted({point for point in points if isinstance(point, Decimal)}), whole)


def _other(named: Sequence[str]) -> str:
    """A text that none of the cells names."""
    text = "そのほか"
    while text in named:
        text += "*"
    return text


def _numbers(points: list[Decimal], whole: bool) -> Iterator[Piece]:
    if not points:
        yield Piece(Decimal(0), "どの数でも")
        return
    yield Piece(_floor(points[0]) - 1, f"{feel(points[0])}より小さい")
    for place, point in enumerate(points):
        if not whole or point == _floor(point):
            yield Piece(point, feel(point))
        after = points[place + 1] if place + 1 < len(points) else None
        inside = _inside(point, after, whole)
        if inside is not None:
            yield Piece(
                inside, f"{feel(point)}より大きい" + (f"・{feel(after)}より小さい" if after is not None else "")
            )


def _inside(low: Decimal, high: Decimal | None, whole: bool) -> Decimal | None:
    """A number strictly between the two, None when there is none."""
    if not whole:
        return low + 1 if high is None else _middle(low, high)
    found = _floor(low) + 1
    return found if high is None or found < high else None


def _middle(low: Decimal, high: Decimal) -> Decimal:
    """Exact: with one digit more than the two have, there is room between them."""
    exponents = (low.as_tuple().exponent, high.as_tuple().exponent)
    finest = min(0, *(exponent for exponent in exponents if isinstance(exponent, int)))
    return low + Decimal((0, (5,), finest - 1))


def _floor(number: Decimal) -> Decimal:
    return Decimal(math.floor(number))


def _dates(points: list[date]) -> Iterator[Piece]:
    if not points:
        yield Piece(date(2026, 4, 1), "どの日付でも")
        return
    day = timedelta(days=1)
    if points[0] > date.min:
        yield Piece(points[0] - day, f"{points[0]}より前")
    for place, point in enumerate(points):
        yield Piece(point, str(point))
        after = points[place + 1] if place + 1 < len(points) else None
        if point < date.max and (after is None or point + day < after):
            yield Piece(point + day, f"{point}より後" + (f"・{after}より前" if after else ""))
