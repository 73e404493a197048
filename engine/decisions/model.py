"""A decision table as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.decisions.cells import Cell
from engine.decisions.values import Kind, Value


class HitPolicy(StrEnum):
    """How many rules may apply, and what becomes of their outputs; the value is DMN's ``hitPolicy``."""

    UNIQUE = "UNIQUE"  #: U: at most one rule applies
    FIRST = "FIRST"  #: F: the first rule that applies, in the order of the table
    ANY = "ANY"  #: A: several may apply, with the same outputs
    COLLECT = "COLLECT"  #: C: all that apply, in the order of the table

    @property
    def letter(self) -> str:
        """The letter drawn in the table's corner."""
        return self.value[0]

    @property
    def is_single(self) -> bool:
        """Whether one rule's outputs are the result."""
        return self is not HitPolicy.COLLECT


class Aggregation(StrEnum):
    """What C makes of the outputs; the value is DMN's ``aggregation``."""

    SUM = "SUM"  #: C+: their sum
    MIN = "MIN"  #: C<: the smallest
    MAX = "MAX"  #: C>: the largest
    COUNT = "COUNT"  #: C#: how many rules apply

    @property
    def sign(self) -> str:
        """The sign drawn beside the C."""
        return {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}[self.value]


@dataclass(frozen=True)
class Input:
    """A condition column. name: the variable it reads. allowed: its values, None = any. id: of the XML element."""

    id: str
    label: str
    name: str
    kind: Kind
    allowed: Cell | None = None

    @property
    def words(self) -> str:
        """Its label, or the name of its variable."""
        return self.label or self.name


@dataclass(frozen=True)
class Output:
    """A result column. default: its value when no rule applies; has_default tells null from none given."""

    id: str
    label: str
    name: str
    kind: Kind
    allowed: Cell | None = None
    default: Value = None
    has_default: bool = False

    @property
    def words(self) -> str:
        """Its label, or its name."""
        return self.label or self.name


@dataclass(frozen=True)
class Rule:
    """One row. number: from 1, as drawn. annotations: by column, the source of the rule among them."""

    id: str
    number: int
    cells: tuple[Cell, ...]
    outputs: tuple[Value, ...]
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A decision with its table. key: the decision's id, by which a rule task calls it."""

    key: str
    name: str
    policy: HitPolicy
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    aggregation: Aggregation | None = None
    annotation_names: tuple[str, ...] = ()
    description: str = ""

    @property
    def sign(self) -> str:
        """The hit policy as it is drawn: ``U``, ``C+``."""
        return self.policy.letter + (self.aggregation.sign if self.aggregation else "")

    @property
    def has_defaults(self) -> bool:
        """Whether a value is declared for when no rule applies."""
        return any(output.has_default for output in self.outputs)

    @property
    def result_types(self) -> Mapping[str, str]:
        """Output name -> type of the process variable that takes it (decimal takes int too)."""
        return {output.name: self._result_type(output) for output in self.outputs}

    def _result_type(self, output: Output) -> str:
        if self.policy is HitPolicy.COLLECT and self.aggregation is None:
            return "list"
        if self.aggregation is Aggregation.COUNT:
            return "int"
        return {Kind.STRING: "text", Kind.BOOLEAN: "bool", Kind.DATE: "date", Kind.NUMBER: self._number(output)}[
            output.kind
        ]

    def _number(self, output: Output) -> str:
        """int when every number of the column is whole, else decimal."""
        place = self.outputs.index(output)
        values = [rule.outputs[place] for rule in self.rules] + [output.default]
        whole = all(not isinstance(value, Decimal) or value == value.to_integral_value() for value in values)
        return "int" if whole else "decimal"
