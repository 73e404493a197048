"""What the publish checks need to know of this installation: roles, organisations, operations, forms, the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.bpmn.parser import parse_process
from engine.definitions.context import CheckContext, FormFacts, FormVariable, OperationFacts
from engine.definitions.elements import BpmnModel
from engine.definitions.package import Package
from engine.domain.errors import DefinitionRefused, ReferenceMissing
from engine.forms.api import Field, Kind
from engine.forms.library import FormLibrary
from engine.reference.model import Reference
from engine.services.deployed import GIVEN
from engine.services.operations.registry import registered

_KINDS = {
    Kind.INT: "int", Kind.BOOL: "bool", Kind.DATE: "date", Kind.DATE_WAREKI: "date", Kind.DATETIME: "instant",
    Kind.DATERANGE: "object", Kind.TEXT_DATE: "object", Kind.MATRIX: "object", Kind.GROUP: "object",
    Kind.MULTI: "list", Kind.SUBTABLE: "list", Kind.BOOL_TEXT: "bool",
}  # fmt: skip


def check_context(reference: Reference, others: Iterable[BpmnModel] | None) -> CheckContext:
    """The context in which packages are checked here; ``others``: the models of all other processes, None: unknown."""
    return CheckContext(
        roles=frozenset(role.value for role in reference.roles),
        organisations=frozenset(reference.organisations),
        ladders=frozenset({*reference.ladders, "none"}),
        operations={
            name: OperationFacts(name, frozenset(info.inputs) or None, frozenset(info.outputs) or None)
            for name, info in registered().items()
        },
        others=None if others is None else tuple(others),
        later_messages=frozenset(reference.outside_messages),
        forms=PackageForms,
        trial=trial_parse,
    )


class PackageForms:
    """The forms of one package, as the form library reads them."""

    def __init__(self, package: Package) -> None:
        self._process_key = package.process_key
        self._problems: list[tuple[str, str]] = []
        self._library: FormLibrary | None = None
        try:
            self._library = FormLibrary.load(package.forms)
        except DefinitionRefused as refusal:
            self._problems = [_problem(finding) for finding in refusal.findings]

    def form(self, key: str) -> FormFacts | None:
        """The form of that key; None when there is none (or the forms cannot be read at all)."""
        if self._library is None:
            return None
        try:
            form = self._library.form(key, self._process_key)
        except ReferenceMissing:
            return None
        return FormFacts(key, tuple(_variables(form.fields)))

    def problems(self) -> Iterable[tuple[str, str]]:
        """What is wrong with the forms themselves: (path in the package, Japanese sentence)."""
        return tuple(self._problems)


def _problem(finding: object) -> tuple[str, str]:
    place, text = getattr(finding, "element_id", ""), getattr(finding, "message_ja", str(finding))
    return getattr(finding, "file", ""), f"{place}: {text}" if place else text


def _variables(fields: Iterable[Field]) -> Iterator[FormVariable]:
    for field in fields:
        if field.variable is not None:
            options = None if field.open or not field.options else tuple(option.value for option in field.options)
            yield FormVariable(field.key, field.variable, variable_kind(field), options)


def variable_kind(field: Field) -> str:
    """What a variable gets that takes the value of a field: one of VARIABLE_TYPES."""
    return _KINDS.get(field.kind, "text")


def trial_parse(bpmn: bytes, process_id: str, called: Mapping[str, bytes]) -> Iterable[tuple[str, str]]:
    """(element id, Japanese reason) for everything that the engine would not run; never raises."""
    try:
        parse_process(bpmn, process_id, called, GIVEN)
    except DefinitionRefused as refusal:
        return tuple(
            (getattr(problem, "element_id", ""), getattr(problem, "message_ja", str(problem)))
            for problem in refusal.findings
        )
    return ()
