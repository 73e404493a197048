"""What the publish checks know beyond the file: the rest of the system, as plain values and small protocols.

``None`` means "not known here": the checks that need it are left out (a single diagram can be checked on its own).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.definitions.elements import BpmnModel
from engine.definitions.package import Package
from engine.expressions.functions import FUNCTION_NAMES


@dataclass(frozen=True)
class OperationFacts:
    """A service operation: names of its inputs and outputs; None = not declared."""

    name: str
    inputs: frozenset[str] | None = None
    outputs: frozenset[str] | None = None


@dataclass(frozen=True)
class FormVariable:
    """A field of a form that becomes a process variable.

    kind: one of VARIABLE_TYPES. options: the values that may be chosen, None when free.
    """

    field: str
    name: str
    kind: str
    options: tuple[str, ...] | None = None


@dataclass(frozen=True)
class FormFacts:
    """What the checks need of a form."""

    key: str
    variables: tuple[FormVariable, ...] = ()


class FormLookup(Protocol):
    """The forms of one package, as the form library sees them."""

    def form(self, key: str) -> FormFacts | None:
        """The form of that key; None when there is none."""

    def problems(self) -> Iterable[tuple[str, str]]:
        """What is wrong with the forms themselves: (path in the package, Japanese sentence)."""


class FormReader(Protocol):
    """Makes the lookup of a package."""

    def __call__(self, package: Package) -> FormLookup:
        """The forms of the package; never raises for what they hold."""


class TrialParser(Protocol):
    """Reads the diagram with the engine that will run it."""

    def __call__(self, bpmn: bytes, process_id: str, called: Mapping[str, bytes]) -> Iterable[tuple[str, str]]:
        """(element id, Japanese reason) for everything it refuses; never raises for what the files hold.

        called: the diagrams of the called processes by id.
        """


@dataclass(frozen=True)
class GuardRails:
    """Rules of the law and the city that no diagram may leave out, by the names of operations and elements.

    conference: operations that put a plan before a support conference. consent: those that take or require consent.
    consented_messages: messages that are sent only after consent was given, so a process that they start has it.
    statutory_elements: acts of city staff only. closing: operation that ends a case -> its input with the reason.
    """

    conference: frozenset[str] = frozenset({"plan.submit", "conference.schedule", "conference.record"})
    consent: frozenset[str] = frozenset({"consent.record", "consent.require"})
    consented_messages: frozenset[str] = frozenset({"plan.approved"})
    statutory_elements: frozenset[str] = frozenset({"em_core", "em_enter", "em_protect", "em_plan", "em_eval"})
    closing: Mapping[str, str] = field(default_factory=lambda: {"case.close_intake": "reason"})


@dataclass(frozen=True)
class CheckContext:
    """others: the models of all other processes. later_messages: messages whose other end is built later.

    previous_id: process id of the version that is live now.
    """

    roles: frozenset[str] | None = None
    organisations: frozenset[str] | None = None
    ladders: frozenset[str] | None = None
    operations: Mapping[str, OperationFacts] | None = None
    functions: frozenset[str] = FUNCTION_NAMES
    others: tuple[BpmnModel, ...] | None = None
    later_messages: frozenset[str] = frozenset()
    forms: FormReader | None = None
    trial: TrialParser | None = None
    guard_rails: GuardRails = GuardRails()
    previous_id: str | None = None
