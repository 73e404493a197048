"""What would miss a field of a form: the diagram, decision tables, other forms, scenarios, operations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.definitions.reads import reads_of
from engine.definitions.tables import tables_of
from engine.domain.errors import DefinitionRefused
from engine.forms import links
from engine.forms.api import Field
from engine.services import publications
from engine.services.engine import Engine
from engine.services.first_task import first_task
from engine.services.form_editing import Forms, tasks_of

_KEYWORDS = ("x-prefill", "x-default", "x-rows-from", "x-not-before", "x-not-after")


class UseKind(StrEnum):
    """What uses the field."""

    DIAGRAM = "diagram"  #: an expression or a name in the diagram reads its variable
    TABLE = "table"  #: a decision table asks its variable
    TAKEN = "taken"  #: another form takes the field
    SOURCE = "source"  #: a field of another form begins with its value or its variable
    SCENARIO = "scenario"  #: a scenario of the process fills it in
    OPERATION = "operation"  #: the operation of a step that asks the form may read it


@dataclass(frozen=True)
class Use:
    """One use. name: of the step, form or scenario; detail: the expression or the field, may be empty."""

    kind: UseKind
    name: str
    detail: str = ""


def uses_of(engine: Engine, forms: Forms, key: str, field: Field) -> tuple[Use, ...]:
    """Everything that uses a field of the form ``key``."""
    return (
        *_in_diagram(forms, field),
        *_in_forms(forms, key, field),
        *_in_operations(forms, key),
        *_in_scenarios(engine, forms, key, field),
    )


def _in_diagram(forms: Forms, field: Field) -> Iterator[Use]:
    if field.variable is None or forms.model is None:
        return
    for read in reads_of(forms.model):
        if field.variable in read.names:
            yield Use(UseKind.DIAGRAM, read.label, read.where)
    try:
        tables = tables_of(forms.files)
    except DefinitionRefused:
        return
    for element in forms.model.elements.values():
        table = tables.get(element.decision) if element.decision else None
        if table is not None and field.variable in {one.name for one in table.inputs} - set(element.inputs):
            yield Use(UseKind.TABLE, table.name, element.label)


def _in_forms(forms: Forms, key: str, field: Field) -> Iterator[Use]:
    for one in links.takers(forms.documents, key, field.key):
        yield Use(UseKind.TAKEN, one.title, one.key)
    sheets = (field.form, *field.also)
    paths = {f"record.{sheet}.{field.key}" for sheet in sheets} | {f"variable.{field.variable}"}
    for form, document in forms.documents.items():
        for other, schema in links.properties_of(document).items():
            if (form, other) != (key, field.key) and any(_starts(path, paths) for path in _sources(schema)):
                yield Use(UseKind.SOURCE, str(document.get("title", form)), str(schema.get("title", other)))


def _sources(schema: Mapping[str, Any]) -> Iterator[str]:
    for name in _KEYWORDS:
        said = schema.get(name)
        for text in said if isinstance(said, list) else [said]:
            yield from re.split(r" \+ ", text) if isinstance(text, str) else ()


def _starts(path: str, wanted: set[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in wanted)


def _in_operations(forms: Forms, key: str) -> Iterator[Use]:
    for element_id, label in tasks_of(forms, key):
        for operation in forms.model.elements[element_id].operations if forms.model is not None else ():
            yield Use(UseKind.OPERATION, label, operation)


def _in_scenarios(engine: Engine, forms: Forms, key: str, field: Field) -> Iterator[Use]:
    asked = {element_id for element_id, _ in tasks_of(forms, key)}
    names = {field.key, field.label, *field.aliases}
    for path in publications.scenario_files(engine, forms.process_key) if asked else ():
        text = path.read_text(encoding="utf-8")
        if any(name in text for name in names):
            found = _read(path)
            if any(names & given for given in _given(forms, found, asked)):
                yield Use(UseKind.SCENARIO, str(found.get("scenario", path.stem)), path.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _given(forms: Forms, scenario: Mapping[str, Any], asked: set[str]) -> Iterator[set[str]]:
    """The names under which a scenario gives values to the steps that ask the form."""
    for step in scenario.get("steps") or ():
        for verb, data in step.items() if isinstance(step, dict) else ():
            given = data.get("with") if isinstance(data, dict) else None
            if isinstance(given, dict) and _task(forms, verb, data) in asked:
                yield {str(name) for name in given}


def _task(forms: Forms, verb: str, data: Mapping[str, Any]) -> str:
    if verb != "start" or forms.model is None or data.get("process") != forms.process_key:
        return str(data.get("task", ""))
    first = first_task(forms.model, str(data.get("entry", "manual")))
    return first.element_id if first is not None else ""
