"""Decision tables as people read them: on the page of a process, and what they decided in a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.decisions.model import Rule, Table
from engine.decisions.words import cell_words, value_words
from engine.services.deployed import Deployed


@dataclass(frozen=True)
class DecisionRow:
    """One rule. ``number``: as drawn, from 1; None for the defaults when no rule applies."""

    number: int | None
    conditions: tuple[str, ...]
    results: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DecisionView:
    """One table to read. ``sign``: its hit policy as drawn (U, F, A, C, C+ ...). ``notes``: heads of the notes."""

    key: str
    name: str
    description: str
    sign: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[DecisionRow, ...]


@dataclass(frozen=True)
class Decided:
    """What a table decided in a step. ``rules``: numbers of the rules that applied; ``results``: (head, value)."""

    name: str
    rules: tuple[int, ...]
    results: tuple[tuple[str, str], ...]


def decision_views(deployed: Deployed, names: Mapping[str, str]) -> tuple[DecisionView, ...]:
    """The decision tables of a version by name. names: of organisations by number, shown in their place."""
    return tuple(_view(table, names) for _, table in sorted(deployed.decisions.items()))


def decided(data: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Decided, ...]:
    """The decisions that the audit event of a step keeps. names: of organisations by number, shown in their place."""
    return tuple(
        Decided(
            str(one["name"]),
            tuple(one["rules"]),
            tuple((head, value_words(value, names)) for head, value in one["outputs"].items()),
        )
        for one in data.get("decisions", ())
    )


def _view(table: Table, names: Mapping[str, str]) -> DecisionView:
    width = max((len(rule.annotations) for rule in table.rules), default=0)
    heads = [name for name in table.annotation_names if name]
    return DecisionView(
        key=table.key,
        name=table.name,
        description=table.description,
        sign=table.sign,
        inputs=tuple(one.words for one in table.inputs),
        outputs=tuple(one.words for one in table.outputs),
        notes=tuple((*heads, *[""] * width)[:width]),
        rows=(*(_row(rule, width, names) for rule in table.rules), *_defaults(table, width, names)),
    )


def _row(rule: Rule, width: int, names: Mapping[str, str]) -> DecisionRow:
    return DecisionRow(
        rule.number,
        tuple(cell_words(cell, names) for cell in rule.cells),
        tuple(value_words(value, names) for value in rule.outputs),
        (*rule.annotations, *[""] * (width - len(rule.annotations))),
    )


def _defaults(table: Table, width: int, names: Mapping[str, str]) -> tuple[DecisionRow, ...]:
    if not table.has_defaults:
        return ()
    values = tuple(value_words(output.default, names) for output in table.outputs)
    return (DecisionRow(None, ("",) * len(table.inputs), values, ("",) * width),)
