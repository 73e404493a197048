"""Running a decision table on the variables of an instance, with the hit policies as DMN 1.3 says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext

from engine.decisions.model import Aggregation, HitPolicy, Rule, Table
from engine.decisions.values import Value, as_cell_value, as_variable, feel, fitting
from engine.domain.errors import DecisionFailed

SUM_DIGITS = 64  #: more than a table of the allowed size can need, so a sum is exact or refused


@dataclass(frozen=True)
class Outcome:
    """inputs: what was read, by name. rules: numbers of the rules that count. outputs: by output name."""

    inputs: Mapping[str, object]
    rules: tuple[int, ...]
    outputs: Mapping[str, object]


def evaluate(table: Table, scope: Mapping[str, object]) -> Outcome:
    """The outcome of the table for the values in ``scope``.

    No rule applies: the declared defaults, else None for each output; C: an empty list, C#: 0, C+, C< and C>: None.
    Raises DecisionFailed with a Japanese reason when an input is missing, of another type or not among its allowed
    values, when two rules apply under U, or rules with different outputs under A.
    """
    given = {one.name: _given(table, one.name, scope) for one in table.inputs}
    values = _checked(table, given)
    matched = [rule for rule in table.rules if _applies(rule, values)]
    rules = _chosen(table, matched)
    return Outcome(given, tuple(rule.number for rule in rules), _outputs(table, rules))


def _given(table: Table, name: str, scope: Mapping[str, object]) -> object:
    if name not in scope:
        raise DecisionFailed(table.key, f"入力「{name}」という変数がありません")
    return scope[name]


def _checked(table: Table, given: Mapping[str, object]) -> list[Value]:
    values: list[Value] = []
    for one in table.inputs:
        value = given[one.name]
        if not fitting(one.kind, value):
            raise DecisionFailed(
                table.key, f"入力「{one.words}」の値（{_shown(value)}）が{one.kind.word}ではありません"
            )
        values.append(as_cell_value(value))
        if one.allowed is not None and not one.allowed.matches(values[-1]):
            raise DecisionFailed(
                table.key,
                f"入力「{one.words}」の値（{_shown(value)}）は、許された値（{one.allowed.text}）ではありません",
            )
    return values


def _applies(rule: Rule, values: list[Value]) -> bool:
    return all(cell.matches(value) for cell, value in zip(rule.cells, values, strict=True))


def _chosen(table: Table, matched: list[Rule]) -> list[Rule]:
    """The rules whose outputs make the result."""
    if table.policy is HitPolicy.UNIQUE and len(matched) > 1:
        raise DecisionFailed(table.key, f"{_numbers(matched)}の行が同時に当てはまりました（Uでは一つだけです）")
    if table.policy is HitPolicy.ANY and any(rule.outputs != matched[0].outputs for rule in matched):
        raise DecisionFailed(
            table.key, f"{_numbers(matched)}の行が当てはまり、結果が違います（Aでは同じでなければなりません）"
        )
    return matched if table.policy is HitPolicy.COLLECT else matched[:1]


def _outputs(table: Table, rules: list[Rule]) -> dict[str, object]:
    if table.policy is HitPolicy.COLLECT:
        return {table.outputs[0].name: _collected(table, rules)}
    if not rules:
        return {output.name: as_variable(output.default) for output in table.outputs}
    values = rules[0].outputs
    return {output.name: as_variable(value) for output, value in zip(table.outputs, values, strict=True)}


def _collected(table: Table, rules: list[Rule]) -> object:
    """One output only (DMN does not say how to aggregate several). Every rule counts, also with equal outputs."""
    values = [rule.outputs[0] for rule in rules]
    if table.aggregation is None:
        return [as_variable(value) for value in values]
    if table.aggregation is Aggregation.COUNT:
        return len(values)
    if not values:
        return as_variable(table.outputs[0].default)
    if None in values:
        raise DecisionFailed(table.key, f"{_numbers(rules)}の行に null があり、{table.sign} で集められません")
    return as_variable(_aggregated(table, values))


def _aggregated(table: Table, values: list[Value]) -> Value:
    if table.aggregation is Aggregation.SUM:
        numbers = [value for value in values if isinstance(value, Decimal)]
        try:
            with localcontext() as context:
                context.prec, context.traps = SUM_DIGITS, dict.fromkeys(context.traps, True)
                return sum(numbers, Decimal(0))
        except DecimalException as error:
            raise DecisionFailed(table.key, "合計の桁が多すぎます") from error
    choose = min if table.aggregation is Aggregation.MIN else max
    return choose(values)  # type: ignore[type-var]  # all of the column's kind, none of them null


def _numbers(rules: list[Rule]) -> str:
    return "・".join(str(rule.number) for rule in rules)


def _shown(value: object) -> str:
    text = feel(value) if not isinstance(value, (list, dict)) else "一覧"
    return text if len(text) <= 60 else f"{text[:57]}…"
