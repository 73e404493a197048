"""The decision tables of a package: read from hostile bytes, by the names that business rule tasks use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from engine.decisions.model import Output, Table
from engine.decisions.reading import read_table
from engine.definitions.elements import Element
from engine.definitions.findings import Finding
from engine.definitions.package import Package
from engine.definitions.rulebook import Report
from engine.definitions.xml import parse_xml
from engine.domain.errors import DefinitionRefused

_PATH = re.compile(r"([^/]+)/decisions/([^/]+)\.dmn")


def place_of(path: str) -> tuple[str, str] | None:
    """(process key, name) of the path of a decision table inside a package; None for any other file."""
    found = _PATH.fullmatch(path)
    return (found[1], found[2]) if found else None


@lru_cache(maxsize=256)
def read_file(path: str, content: bytes) -> tuple[Table | None, tuple[Finding, ...]]:
    """The table of one file, and what is wrong with the file; a table with findings must not be used."""
    root = parse_xml(content, path)
    if isinstance(root, Finding):
        return None, (root,)
    reading, report = read_table(root), Report(path)
    findings = [report.finding(one.rule, one.element_id, "", **one.blanks) for one in reading.problems]
    place = place_of(path)
    if reading.table is not None and place is not None:
        if reading.table.key != place[1]:
            findings.append(report.finding("decision.key", reading.table.key, "", found=reading.table.key,
                                           wanted=place[1]))  # fmt: skip
        if not reading.table.name.strip():
            findings.append(report.finding("decision.name_missing", reading.table.key))
    return reading.table, tuple(findings)


def table_of(package: Package, name: str) -> Table | None:
    """The process's own table of that name, if it can be used."""
    path = f"{package.process_key}/decisions/{name}.dmn"
    table, findings = read_file(path, package.files[path]) if path in package.files else (None, ())
    return None if findings else table


def results_of(package: Package, element: Element) -> Mapping[str, Output | None]:
    """What a service or business rule task sets: variable -> the output of its decision table, None = not one output.

    A rule task sets the mapped variables, else its result variable, else variables by the names of the outputs.
    """
    table = table_of(package, element.decision) if element.decision else None
    outputs = {output.name: output for output in table.outputs} if table is not None else {}
    if element.outputs or table is None:
        named = {element.result_variable: None} if element.result_variable else {}
        return {**named, **{variable: outputs.get(key) for variable, key in element.outputs.items()}}
    if element.result_variable:
        return {element.result_variable: table.outputs[0] if len(outputs) == 1 else None}
    return dict(outputs)


def texts_of(table: Table, output: Output) -> frozenset[str] | None:
    """The texts that an output can be; None when it is no text or a list."""
    if table.result_types[output.name] != "text":
        return None
    place = table.outputs.index(output)
    values = (output.default, *(rule.outputs[place] for rule in table.rules))
    return frozenset(value for value in values if isinstance(value, str))


def tables_of(files: Mapping[str, bytes]) -> dict[str, Table]:
    """Every decision table of a published version by name. Raises DefinitionRefused for one that cannot be used."""
    found: dict[str, Table] = {}
    for path, content in files.items():
        if place_of(path) is None:
            continue
        table, findings = read_file(path, content)
        if table is None or findings:
            raise DefinitionRefused(findings)
        found[table.key] = table
    return found
