"""Script tasks: lines of ``variable = expression`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.elements import BUILT_IN_VARIABLES, Element, Kind
from engine.definitions.findings import Finding
from engine.definitions.rules.subject import Subject
from engine.domain.errors import ExpressionError
from engine.expressions.scripts import MAX_LINES, assignments

_BUILT_IN = frozenset(variable.name for variable in BUILT_IN_VARIABLES)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about every script; what its expressions say is looked at with all other expressions."""
    for element in subject.known():
        if element.kind is Kind.SCRIPT_TASK:
            yield from _lines(subject, element)
            yield from _variables(subject, element)


def _lines(subject: Subject, element: Element) -> Iterator[Finding]:
    lines = _written(element.script)
    if not lines:
        yield subject.at("script.empty", element)
    if len(lines) > MAX_LINES:
        yield subject.at("script.line", element, line=lines[MAX_LINES], reason=f"スクリプトは{MAX_LINES}行までです。")
    for line in lines[:MAX_LINES]:
        try:
            assignments(line)
        except ExpressionError as error:
            yield subject.at("script.line", element, line=line, reason=error.reason)


def _variables(subject: Subject, element: Element) -> Iterator[Finding]:
    local = subject.model.locals_at(element.id)
    for name in targets(element.script):
        if name in _BUILT_IN:
            yield subject.at("script.built_in", element, name=name)
        elif name not in subject.model.all_variables and name not in local:
            yield subject.at("script.variable", element, name=name)


def _written(script: str) -> list[str]:
    lines = [line.strip() for line in script.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def parts(script: str) -> Iterator[tuple[str, str]]:
    """(variable, expression) of every line that can be read."""
    for line in _written(script)[:MAX_LINES]:
        try:
            yield from assignments(line)
        except ExpressionError:
            continue


def targets(script: str) -> tuple[str, ...]:
    """The variables that a script sets, each once."""
    return tuple(dict.fromkeys(name for name, _ in parts(script)))
