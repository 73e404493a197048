"""From the XML tree of a DMN 1.3 file to a table, with everything that is wrong with it at once.

The tree comes from the hardened parser (``engine.definitions.xml``). The reading is an allow-list: what it does not
know it refuses, since a part that is silently ignored decides other than what its author wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.decisions.cells import Cell, parse_cell, parse_values
from engine.decisions.model import Aggregation, HitPolicy, Input, Output, Rule, Table
from engine.decisions.values import CellError, Kind, Value, literal

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
DMNDI = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
MAX_RULES = 300
MAX_COLUMNS = 20
MAX_POINTS = 2_000  #: literals in all condition cells: the analysis takes the square of it at worst

_EVERYWHERE = frozenset({"id"})
#: element -> its attributes without prefix besides ``id``, and the elements it may hold
_ALLOWED: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "definitions": (
        frozenset({"name", "namespace", "exporter", "exporterVersion"}),
        frozenset({"description", "decision"}),
    ),
    "decision": (frozenset({"name"}), frozenset({"description", "decisionTable"})),
    "decisionTable": (
        frozenset({"hitPolicy", "aggregation", "preferredOrientation", "outputLabel"}),
        frozenset({"input", "output", "annotation", "rule"}),
    ),
    "input": (frozenset({"label"}), frozenset({"inputExpression", "inputValues"})),
    "inputExpression": (frozenset({"typeRef"}), frozenset({"text"})),
    "inputValues": (frozenset(), frozenset({"text"})),
    "output": (frozenset({"label", "name", "typeRef"}), frozenset({"outputValues", "defaultOutputEntry"})),
    "outputValues": (frozenset(), frozenset({"text"})),
    "defaultOutputEntry": (frozenset(), frozenset({"text"})),
    "annotation": (frozenset({"name"}), frozenset()),
    "rule": (frozenset(), frozenset({"description", "inputEntry", "outputEntry", "annotationEntry"})),
    "inputEntry": (frozenset(), frozenset({"text"})),
    "outputEntry": (frozenset(), frozenset({"text"})),
    "annotationEntry": (frozenset(), frozenset({"text"})),
    "description": (frozenset(), frozenset()),
    "text": (frozenset(), frozenset()),
}  # fmt: skip
#: attributes of editors, without meaning for the result: widths of columns, version of the tool
_EDITORS = ("{http://bpmn.io/schema/dmn/biodi/2.0}", "{http://camunda.org/schema/modeler/1.0}")
#: children that may come more than once
_SEVERAL = frozenset(
    {"decision", "input", "output", "annotation", "rule", "inputEntry", "outputEntry", "annotationEntry"}
)
_COLLECTABLE: Mapping[Aggregation | None, frozenset[Kind]] = {
    None: frozenset(Kind),
    Aggregation.COUNT: frozenset(Kind),
    Aggregation.SUM: frozenset({Kind.NUMBER}),
    Aggregation.MIN: frozenset({Kind.NUMBER, Kind.DATE}),
    Aggregation.MAX: frozenset({Kind.NUMBER, Kind.DATE}),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. rule: key of the rulebook. blanks: what its texts need. element_id: where, if known."""

    rule: str
    element_id: str = ""
    blanks: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """table: None when it cannot be read at all; with problems it must not be used."""

    table: Table | None
    problems: tuple[Problem, ...]


def read_table(root: etree._Element) -> Reading:
    """The table of a file's only decision."""
    return _Reader().read(root)


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.untyped: set[str] = set()  #: ids of columns whose type is not known: their cells are not read

    def read(self, root: etree._Element) -> Reading:
        if root.tag != f"{{{DMN}}}definitions":
            self.refuse("decision.root", root, found=root.tag)
            return Reading(None, tuple(self.problems))
        self.check_allowed(root)
        decisions = root.findall(f"{{{DMN}}}decision")
        tables = [table for decision in decisions for table in decision.findall(f"{{{DMN}}}decisionTable")]
        if len(decisions) != 1 or len(tables) != 1:
            self.refuse("decision.count", root, count=len(decisions), tables=len(tables))
            return Reading(None, tuple(self.problems))
        table = self.table(decisions[0], tables[0])
        return Reading(table, tuple(self.problems))

    def refuse(self, rule: str, node: etree._Element, **blanks: object) -> None:
        self.problems.append(Problem(rule, node.get("id", ""), blanks))

    # ------------------------------------------------------------ allow-list

    def check_allowed(self, node: etree._Element) -> None:
        name = etree.QName(node).localname
        attributes, children = _ALLOWED[name]
        for key, value in node.attrib.items():
            self.check_attribute(node, str(key), str(value), attributes)
        seen: set[str] = set()
        for child in node:
            tag = etree.QName(child)
            if tag.localname in seen - _SEVERAL:
                self.refuse("decision.repeated", child, found=tag.localname, parent=name)
            seen.add(tag.localname)
            if tag.namespace == DMN and tag.localname in children:
                self.check_allowed(child)
            elif tag.namespace != DMNDI or name != "definitions":  # the drawing says nothing about the result
                self.refuse("decision.element", child, found=tag.localname, parent=name)

    def check_attribute(self, node: etree._Element, key: str, value: str, allowed: frozenset[str]) -> None:
        name = etree.QName(node).localname
        if key in allowed or key in _EVERYWHERE or key.startswith(_EDITORS):
            if key == "preferredOrientation" and value != "Rule-as-Row":
                self.refuse("decision.value", node, name=key, value=value, known="Rule-as-Row")
        elif key == "expressionLanguage":
            if "FEEL" not in value.upper():
                self.refuse("decision.value", node, name=key, value=value, known="FEEL")
        else:
            self.refuse("decision.attribute", node, name=etree.QName(key).localname, parent=name)

    # ------------------------------------------------------------ the table

    def table(self, decision: etree._Element, node: etree._Element) -> Table:
        policy, aggregation = self.policy(node)
        inputs = [self.input(one, place) for place, one in enumerate(node.findall(f"{{{DMN}}}input"), 1)]
        outputs = [self.output(one, place) for place, one in enumerate(node.findall(f"{{{DMN}}}output"), 1)]
        rows = node.findall(f"{{{DMN}}}rule")
        self.check_size(node, len(inputs), len(outputs), len(rows))
        rules = [self.rule(row, number, inputs, outputs) for number, row in enumerate(rows[:MAX_RULES], 1)]
        names = tuple(one.get("name", "") for one in node.findall(f"{{{DMN}}}annotation"))
        table = Table(
            key=decision.get("id", ""),
            name=decision.get("name", ""),
            policy=policy,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            rules=tuple(rule for rule in rules if rule is not None),
            aggregation=aggregation,
            annotation_names=names,
            description=_text_of(decision.find(f"{{{DMN}}}description")),
        )
        self.check_columns(table, node)
        points = sum(len(cell.points) for rule in table.rules for cell in rule.cells)
        if points > MAX_POINTS:
            self.refuse("decision.points", node, count=points, limit=MAX_POINTS)
        return table

    def policy(self, node: etree._Element) -> tuple[HitPolicy, Aggregation | None]:
        policy, aggregation = node.get("hitPolicy", "UNIQUE"), node.get("aggregation")
        if policy not in set(HitPolicy):
            self.refuse("decision.hit_policy", node, found=policy)
            return HitPolicy.COLLECT, None
        if aggregation is not None and (aggregation not in set(Aggregation) or policy != HitPolicy.COLLECT):
            self.refuse("decision.aggregation", node, found=aggregation, policy=policy)
            aggregation = None
        return HitPolicy(policy), Aggregation(aggregation) if aggregation else None

    def check_size(self, node: etree._Element, inputs: int, outputs: int, rules: int) -> None:
        if not inputs or not outputs or not rules:
            self.refuse("decision.empty", node, inputs=inputs, outputs=outputs, rules=rules)
        if inputs + outputs > MAX_COLUMNS or rules > MAX_RULES:
            self.refuse("decision.size", node, columns=inputs + outputs, rules=rules,
                        max_columns=MAX_COLUMNS, max_rules=MAX_RULES)  # fmt: skip

    def input(self, node: etree._Element, place: int) -> Input:
        expression = node.find(f"{{{DMN}}}inputExpression")
        name = _text_of(expression)
        label = node.get("label", "")
        where = f"{place}列目の入力「{label or name}」"
        if not name.isidentifier() or not name.isascii():
            self.refuse("decision.input_name", node, where=where, found=name)
        kind = self.kind(node, expression.get("typeRef") if expression is not None else None, where)
        return Input(node.get("id", ""), label, name, kind, self.allowed(node, "inputValues", kind, where))

    def output(self, node: etree._Element, place: int) -> Output:
        name, label = node.get("name", ""), node.get("label", "")
        where = f"{place}列目の結果「{label or name}」"
        if not name.isidentifier() or not name.isascii():
            self.refuse("decision.output_name", node, where=where, found=name)
        kind = self.kind(node, node.get("typeRef"), where)
        allowed = self.allowed(node, "outputValues", kind, where)
        entry = node.find(f"{{{DMN}}}defaultOutputEntry")
        default = self.value(node, _text_of(entry), kind, allowed, f"{where}の既定値") if entry is not None else None
        return Output(node.get("id", ""), label, name, kind, allowed, default, entry is not None)

    def kind(self, node: etree._Element, found: str | None, where: str) -> Kind:
        if found in set(Kind):
            return Kind(found)
        self.refuse("decision.type", node, where=where, found=found or "")
        self.untyped.add(node.get("id", ""))
        return Kind.STRING

    def allowed(self, node: etree._Element, tag: str, kind: Kind, where: str) -> Cell | None:
        values = node.find(f"{{{DMN}}}{tag}")
        if values is None:
            return None
        try:
            return parse_values(_text_of(values), kind)
        except CellError as error:
            self.refuse("decision.cell", node, where=f"{where}の許す値", reason=str(error))
            return None

    # ------------------------------------------------------------ a row

    def rule(self, row: etree._Element, number: int, inputs: list[Input], outputs: list[Output]) -> Rule | None:
        """None for a row with too few or too many cells, or with one that cannot be read."""
        given, results = row.findall(f"{{{DMN}}}inputEntry"), row.findall(f"{{{DMN}}}outputEntry")
        if len(given) != len(inputs) or len(results) != len(outputs):
            self.refuse("decision.ragged", row, number=number, inputs=len(given), outputs=len(results),
                        wanted_inputs=len(inputs), wanted_outputs=len(outputs))  # fmt: skip
            return None
        before = len(self.problems)
        cells = [self.cell(row, node, one, number) for node, one in zip(given, inputs, strict=True)]
        values = [
            self.value(row, _text_of(node), one.kind, one.allowed, f"{number}行目の「{one.words}」")
            for node, one in zip(results, outputs, strict=True)
            if one.id not in self.untyped
        ]
        if len(self.problems) > before:
            return None
        notes = [_text_of(node) for node in row.findall(f"{{{DMN}}}annotationEntry")]
        notes += [text for text in [_text_of(row.find(f"{{{DMN}}}description"))] if text]
        return Rule(row.get("id", ""), number, tuple(cells), tuple(values), tuple(notes))

    def cell(self, row: etree._Element, node: etree._Element, one: Input, number: int) -> Cell:
        try:
            return Cell("-") if one.id in self.untyped else parse_cell(_text_of(node), one.kind)
        except CellError as error:
            self.refuse("decision.cell", row, where=f"{number}行目の「{one.words}」", reason=str(error))
            return Cell("-")

    def value(self, node: etree._Element, text: str, kind: Kind, allowed: Cell | None, where: str) -> Value:
        try:
            value = literal(text, kind)
        except CellError as error:
            self.refuse("decision.cell", node, where=where, reason=str(error))
            return None
        if allowed is not None and value is not None and not allowed.matches(value):
            self.refuse("decision.cell", node, where=where, reason=f"「{text}」は許す値（{allowed.text}）にありません")
        return value

    # ------------------------------------------------------------ columns together

    def check_columns(self, table: Table, node: etree._Element) -> None:
        for columns in (table.inputs, table.outputs):
            names = [column.name for column in columns]
            for name in sorted({name for name in names if names.count(name) > 1}):
                self.refuse("decision.column_twice", node, name=name)
        if table.policy is HitPolicy.COLLECT and len(table.outputs) > 1:
            self.refuse("decision.collect_outputs", node, count=len(table.outputs))
        for output in table.outputs if table.policy is HitPolicy.COLLECT else ():
            self.check_collected(table, output, node)

    def check_collected(self, table: Table, output: Output, node: etree._Element) -> None:
        if output.kind not in _COLLECTABLE[table.aggregation]:
            self.refuse("decision.aggregation_type", node, sign=table.sign, where=output.words, kind=output.kind.word)
        if output.has_default and table.aggregation in (None, Aggregation.COUNT):
            self.refuse("decision.collect_default", node, where=output.words, sign=table.sign)


def _text_of(node: etree._Element | None) -> str:
    """The text of the element, or of its ``text`` child where it has one."""
    if node is None:
        return ""
    inner = node.find(f"{{{DMN}}}text")
    return ((inner if inner is not None else node).text or "").strip()
