"""Decision tables in a few lines: as XML, and as objects for what needs no XML."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from lxml import etree

from engine.decisions.cells import parse_cell, parse_values
from engine.decisions.model import Aggregation, HitPolicy, Input, Output, Rule, Table
from engine.decisions.reading import DMN, Reading, read_table
from engine.decisions.values import Kind, Value, literal

POLICIES = {
    "U": (HitPolicy.UNIQUE, None),
    "F": (HitPolicy.FIRST, None),
    "A": (HitPolicy.ANY, None),
    "C": (HitPolicy.COLLECT, None),
    "C+": (HitPolicy.COLLECT, Aggregation.SUM),
    "C<": (HitPolicy.COLLECT, Aggregation.MIN),
    "C>": (HitPolicy.COLLECT, Aggregation.MAX),
    "C#": (HitPolicy.COLLECT, Aggregation.COUNT),
}


def table(
    sign: str,
    rows: Sequence[str],
    *,
    kinds: Sequence[Kind] = (Kind.NUMBER,),
    out: Sequence[Kind] = (Kind.STRING,),
    allowed: Sequence[str | None] = (),
    defaults: Sequence[str | None] = (),
) -> Table:
    """A table with inputs a, b, …, outputs x, y, …; a row is ``cell | cell => value | value``."""
    policy, aggregation = POLICIES[sign]
    limits = [*allowed, *[None] * len(kinds)]
    given = [*defaults, *[None] * len(out)]
    return Table(
        key="t",
        name="表",
        policy=policy,
        aggregation=aggregation,
        inputs=tuple(
            Input(f"i{n}", "", "abcdefgh"[n], kind, parse_values(limit, kind) if limit else None)
            for n, (kind, limit) in enumerate(zip(kinds, limits, strict=False))
        ),
        outputs=tuple(
            Output(f"o{n}", "", "xyzw"[n], kind, None, literal(text, kind) if text else None, text is not None)
            for n, (kind, text) in enumerate(zip(out, given, strict=False))
        ),
        rules=tuple(_rule(number, row, kinds, out) for number, row in enumerate(rows, 1)),
    )


def _rule(number: int, row: str, kinds: Sequence[Kind], out: Sequence[Kind]) -> Rule:
    before, _, after = row.partition("=>")
    cells = [parse_cell(text, kind) for text, kind in zip(before.split("|"), kinds, strict=True)]
    values: list[Value] = [literal(text, kind) for text, kind in zip(after.split("|"), out, strict=True)]
    return Rule(f"r{number}", number, tuple(cells), tuple(values))


def xml(
    rows: Sequence[tuple[Sequence[str], Sequence[str]]],
    *,
    inputs: Sequence[tuple[str, str]] = (("a", "number"),),
    outputs: Sequence[tuple[str, str]] = (("x", "string"),),
    table_attributes: str = 'hitPolicy="UNIQUE"',
    key: str = "t",
    columns: str = "",
    beside: str = "",
) -> str:
    """A DMN file with one table. columns: more XML inside the table, beside: more inside definitions."""
    parts = [f'<input id="in_{n}" label="{n}"><inputExpression typeRef="{t}"><text>{n}</text></inputExpression></input>'
             for n, t in inputs]  # fmt: skip
    parts += [f'<output id="out_{n}" name="{n}" typeRef="{t}"/>' for n, t in outputs]
    parts += [columns]
    for number, (cells, values) in enumerate(rows, 1):
        entries = "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in cells)
        entries += "".join(f"<outputEntry><text>{escape(value)}</text></outputEntry>" for value in values)
        parts.append(f'<rule id="r_{number}">{entries}</rule>')
    return (
        f'<definitions xmlns="{DMN}" id="d" name="d" namespace="urn:tsunagu:decision">{beside}'
        f'<decision id="{key}" name="表"><decisionTable id="dt" {table_attributes}>{"".join(parts)}</decisionTable>'
        "</decision></definitions>"
    )


def read(text: str) -> Reading:
    """The reading of such a file."""
    return read_table(etree.fromstring(text))


def problems(text: str) -> list[str]:
    """The rules broken by such a file."""
    return [problem.rule for problem in read(text).problems]
