"""Declared variables, and every expression of the diagram: does it parse, does it use what exists, can it be true?"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from engine.decisions.model import Output
from engine.definitions.elements import BUILT_IN_VARIABLES, VARIABLE_TYPES, Element, Flow
from engine.definitions.findings import Finding
from engine.definitions.rules.scripts import parts, targets
from engine.definitions.rules.subject import Subject
from engine.definitions.tables import results_of, table_of, texts_of
from engine.domain.errors import ExpressionError
from engine.expressions.language import parse, problems
from engine.expressions.scripts import timer_expression

_RESERVED = frozenset({"loop_index", "typename", *(variable.name for variable in BUILT_IN_VARIABLES)})
_ORGANISATION = re.compile(r"[A-Z]{2}-\d{2}(?:-\d+)?")


@dataclass(frozen=True)
class _Use:
    """An expression and where it stands; flow is the line that carries it, if one does.

    around: it sees the locals around the element, not the element's own.
    """

    element: Element
    where: str
    text: str
    flow: Flow | None = None
    around: bool = False


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about variables and expressions."""
    yield from _declarations(subject)
    for use in _uses(subject):
        yield from _expression(subject, use)
    yield from _unused(subject)


def _uses(subject: Subject) -> Iterator[_Use]:
    for element in subject.known():
        if element.task is not None and element.task.due is not None:
            yield _Use(element, "期限の式", element.task.due)
        if element.timer is not None and element.timer.expression:
            yield _Use(element, "タイマーの式", timer_expression(element.timer.expression))
        for name, text in element.inputs.items():
            yield _Use(element, f"入力「{name}」の式", text)
        for name, text in parts(element.script):
            yield _Use(element, f"スクリプト「{name}」の式", text)
        if element.multi_instance is not None and element.multi_instance.cardinality:
            yield _Use(element, "回数の式", element.multi_instance.cardinality, around=True)
        if element.loop is not None and element.loop.condition:
            yield _Use(element, "くり返しの条件", element.loop.condition, around=True)
        for flow in subject.model.flows_out(element.id):
            if flow.condition is not None:
                yield _Use(element, "条件", flow.condition, flow)


# ---------------------------------------------------------------- variables


def _declarations(subject: Subject) -> Iterator[Finding]:
    for name, count in Counter(variable.name for variable in subject.model.variables).items():
        if count > 1:
            yield subject.report.finding("variable.twice", subject.model.process_id, name, name=name)
        if name in _RESERVED or name in subject.context.functions:
            yield subject.report.finding("variable.reserved", subject.model.process_id, name, name=name)
    for variable in subject.model.variables:
        if variable.type not in VARIABLE_TYPES:
            yield subject.report.finding("variable.type", subject.model.process_id, variable.name, name=variable.name)


def _unused(subject: Subject) -> Iterator[Finding]:
    """Variables that nothing sets, where everything that could do so is known."""
    forms_known = all(subject.form_of(element) is not None for element in subject.model.user_tasks)
    if subject.forms is None or subject.context.operations is None or not forms_known:
        return
    written, read = set(_written(subject)), set(_read(subject))
    for variable in subject.model.variables:
        if variable.name not in written:
            rule = "variable.never_set" if variable.name in read else "variable.unused"
            yield subject.report.finding(rule, subject.model.process_id, variable.name, name=variable.name)


def _written(subject: Subject) -> Iterator[str]:
    yield from (variable.name for variable in subject.model.variables if variable.is_input)
    for element in subject.known():
        form = subject.form_of(element)
        yield from (variable.name for variable in form.variables) if form is not None else ()
        yield from results_of(subject.package, element)
        yield from targets(element.script)
        yield from element.payload if element.catches or element is subject.model.start else ()
        for operation in element.operations if element.task is not None else ():
            facts = (subject.context.operations or {}).get(operation)
            yield from (facts.outputs or ()) if facts is not None else ()
        if element.multi_instance is not None:
            yield element.multi_instance.output_collection
    yield from _sent_to_entries(subject)


def _sent_to_entries(subject: Subject) -> Iterator[str]:
    """What the messages that start the process bring along."""
    starting = {use.name for use in subject.model.caught if use.starts}
    for model in subject.context.others or ():
        yield from (name for use in model.thrown if use.name in starting for name in use.payload)


def _read(subject: Subject) -> Iterator[str]:
    for use in _uses(subject):
        try:
            yield from parse(use.text).names
        except ExpressionError:
            continue
    for element in subject.known():
        yield from (*element.payload, *element.correlate) if element.throws else element.correlate
        if element.multi_instance is not None:
            yield element.multi_instance.collection
        if element.task is not None:
            yield from element.task.org_scopes
            yield element.task.assign_to or ""
        table = table_of(subject.package, element.decision) if element.decision else None
        yield from (one.name for one in table.inputs if one.name not in element.inputs) if table is not None else ()


# ---------------------------------------------------------------- expressions


def _expression(subject: Subject, use: _Use) -> Iterator[Finding]:
    local = subject.model.locals_around if use.around else subject.model.locals_at
    names = {*subject.model.all_variables, *local(use.element.id)}
    for reason in problems(use.text, names, subject.context.functions):
        yield _at(subject, use, "expression.refused", reason=reason, hint=_hint(use.text))
    try:
        tree = parse(use.text).body
    except ExpressionError:
        return
    for name, constant in _comparisons(tree):
        yield from _comparison(subject, use, name, constant)
    for code in _organisations(tree):
        if subject.context.organisations is not None and code not in subject.context.organisations:
            hint = "機関の一覧の番号にしてください。"
            yield _at(subject, use, "expression.refused", reason=f"機関「{code}」はありません。", hint=hint)


def _at(subject: Subject, use: _Use, rule: str, **blanks: object) -> Finding:
    blanks |= {"where": use.where, "expression": use.text}
    return subject.at(rule, use.element, **blanks) if use.flow is None else subject.at_flow(rule, use.flow, **blanks)


def _hint(text: str) -> str:
    if "${" in text or "#{" in text:
        return '${ } を取り除いて、中の式だけを書いてください（例: level == "高"）。'
    if text.lstrip().startswith("=") and not text.lstrip().startswith("=="):
        return "先頭の = を取り除いてください。"
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return '等しいかどうかは == で書きます（例: level == "高"）。'
    return "変数は tsunagu:variable で宣言したものだけ、関数は一覧にあるものだけが使えます。"


def _organisations(tree: ast.expr) -> Iterator[str]:
    """The texts of an expression that are written like the number of an organisation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ORGANISATION.fullmatch(node.value):
            yield node.value


def _comparisons(tree: ast.expr) -> Iterator[tuple[str, object]]:
    """(variable, constant) of every ``variable == constant``, ``!=`` and ``variable in [constants]``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        left, op, right = node.left, node.ops[0], node.comparators[0]
        if isinstance(left, ast.Constant) and isinstance(right, ast.Name):
            left, right = right, left
        if not isinstance(left, ast.Name):
            continue
        if isinstance(op, ast.Eq | ast.NotEq) and isinstance(right, ast.Constant):
            yield left.id, right.value
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
            yield from ((left.id, item.value) for item in right.elts if isinstance(item, ast.Constant))


_FITTING: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "decimal": (int, float),
    "text": (str,),
    "date": (str,),
    "instant": (str,),
}


def _comparison(subject: Subject, use: _Use, name: str, constant: object) -> Iterator[Finding]:
    variable = subject.model.all_variables.get(name)
    if variable is None or constant is None:
        return
    fitting = _FITTING.get(variable.type)
    wrong_bool = isinstance(constant, bool) and variable.type != "bool"
    if fitting is not None and (not isinstance(constant, fitting) or wrong_bool):
        shown = f"「{constant}」"
        yield _at(subject, use, "expression.kind", name=name, kind=variable.type, other=shown)
        return
    options = options_of(subject, name)
    if options is not None and isinstance(constant, str) and constant not in options:
        yield _at(subject, use, "expression.option", value=constant, name=name, known="・".join(sorted(options)))


def options_of(subject: Subject, name: str) -> frozenset[str] | None:
    """The values that the variable can have, when only fields with options (or the ways in) set it."""
    if name == "entry":
        return frozenset(entry.name for entry in subject.model.entries) or frozenset({"message"})
    if subject.forms is None or subject.context.operations is None:
        return None
    found: set[str] = set()
    for element in subject.known():
        if name in targets(element.script) or (element.catches and name in element.payload):
            return None
        if name in (results := results_of(subject.package, element)):
            texts = _texts_of(subject, element, results[name])
            if texts is None:
                return None
            found |= texts
        if any(name in (_outputs(subject, operation)) for operation in element.operations):
            return None
        form = subject.form_of(element)
        for variable in form.variables if form is not None else ():
            if variable.name == name:
                if variable.options is None:
                    return None
                found.update(variable.options)
    return frozenset(found) if found and name not in set(_sent_to_entries(subject)) else None


def _texts_of(subject: Subject, element: Element, output: Output | None) -> frozenset[str] | None:
    table = table_of(subject.package, element.decision) if element.decision else None
    return texts_of(table, output) if table is not None and output is not None else None


def _outputs(subject: Subject, operation: str) -> frozenset[str]:
    facts = (subject.context.operations or {}).get(operation)
    return (facts.outputs or frozenset()) if facts is not None else frozenset()
