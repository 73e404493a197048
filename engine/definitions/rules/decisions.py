"""Decision tables: are they sound, and do the business rule tasks give them what they need?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from engine.decisions.analysis import Analysis, Overlap, analyse, words
from engine.decisions.model import HitPolicy, Input, Table
from engine.decisions.values import Kind as ValueKind
from engine.definitions.elements import Element, Kind
from engine.definitions.findings import Finding
from engine.definitions.rulebook import Report
from engine.definitions.rules.expressions import options_of
from engine.definitions.rules.subject import Subject
from engine.definitions.tables import place_of, read_file, results_of

MAX_SHOWN = 5  #: findings of one kind per table
#: type of a variable -> columns that take its values
_FITS = {
    "text": ValueKind.STRING,
    "int": ValueKind.NUMBER,
    "decimal": ValueKind.NUMBER,
    "bool": ValueKind.BOOLEAN,
    "date": ValueKind.DATE,
}


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about the tables of the process and about its business rule tasks."""
    tables, findings = _read(subject)
    yield from findings
    tasks = [element for element in subject.known() if element.kind is Kind.RULE_TASK and element.decision]
    for path, table in tables.items():
        callers = [task for task in tasks if task.decision == table.key]
        yield from _table(Report(path), table, _whole(subject, callers))
        if not callers:
            yield Report(path).finding("decision.unused", table.key, table.name, name=table.key)
    known = {table.key: table for table in tables.values()}
    places = filter(None, map(place_of, subject.package.decisions))
    present = {name for owner, name in places if owner == subject.package.process_key}
    for task in tasks:
        if task.decision in known:
            yield from _task(subject, task, known[task.decision])
        elif task.decision not in present:  # an unreadable table has its own findings
            yield subject.at("decision.unknown", task, name=task.decision)


def _read(subject: Subject) -> tuple[dict[str, Table], list[Finding]]:
    """The usable tables of this process by path, and what is wrong with the others."""
    tables, findings = {}, []
    names: dict[str, str] = {}
    for path, content in subject.package.decisions.items():
        place = place_of(path)
        owner, name = place if place is not None else ("", "")
        if name in names:
            findings.append(Report(path).finding("decision.name_shared", "", "", name=name))
        names[name] = path
        if owner != subject.package.process_key:
            continue  # examined with the called process
        table, found = read_file(path, content)
        findings += found
        if table is not None and not found:
            tables[path] = table
    return tables, findings


# ---------------------------------------------------------------- the table


def _table(report: Report, table: Table, whole: frozenset[str]) -> Iterator[Finding]:
    found = analyse(table, whole)
    if not all(output.has_default for output in table.outputs):
        yield from _gaps(report, table, found)
    if table.policy is HitPolicy.UNIQUE:
        yield from _overlaps(report, table, "decision.overlap", found.overlaps)
    if table.policy is HitPolicy.ANY:
        different = [overlap for overlap in found.overlaps if not overlap.same_outputs]
        yield from _overlaps(report, table, "decision.contradiction", different)
    for rule, rules in (("decision.never", found.never), ("decision.hidden", found.hidden)):
        for one in rules:
            yield report.finding(rule, one.id, "", number=one.number)
    if not found.decided:
        yield report.finding("decision.undecided", table.key, table.name)


def _gaps(report: Report, table: Table, found: Analysis) -> Iterator[Finding]:
    rules = {HitPolicy.UNIQUE: "decision.gap", HitPolicy.ANY: "decision.gap", HitPolicy.FIRST: "decision.gap_first"}
    if table.policy in rules:
        for gap in found.gaps:
            yield report.finding(rules[table.policy], table.key, table.name, situation=words(gap))


def _overlaps(report: Report, table: Table, rule: str, overlaps: Sequence[Overlap]) -> Iterator[Finding]:
    for one in islice(overlaps, MAX_SHOWN):
        yield report.finding(
            rule, one.second.id, "", first=one.first.number, second=one.second.number, situation=words(one.situation)
        )
    if len(overlaps) > MAX_SHOWN:
        yield report.finding("decision.more", table.key, table.name, count=len(overlaps) - MAX_SHOWN)


def _whole(subject: Subject, callers: Iterable[Element]) -> frozenset[str]:
    """Variables of type int that every caller gives as they are."""
    mapped = {name for task in callers for name in task.inputs}
    return frozenset(v.name for v in subject.model.all_variables.values() if v.type == "int") - mapped


# ---------------------------------------------------------------- the task


def _task(subject: Subject, task: Element, table: Table) -> Iterator[Finding]:
    local = subject.model.locals_at(task.id)
    for one in table.inputs:
        if one.name not in task.inputs and one.name not in local:
            yield from _input(subject, task, table, one)
    known = "、".join(one.name for one in table.inputs)
    for name in task.inputs:
        if name not in {one.name for one in table.inputs}:
            yield subject.at("decision.parameter_unknown", task, table=table.key, name=name, known=known)
    yield from _results(subject, task, table, local)


def _input(subject: Subject, task: Element, table: Table, one: Input) -> Iterator[Finding]:
    variable = subject.model.all_variables.get(one.name)
    if variable is None:
        yield subject.at("decision.input_undeclared", task, table=table.key, name=one.name)
    elif _FITS.get(variable.type) is not one.kind:
        yield subject.at(
            "decision.input_type", task, table=table.key, name=one.name, kind=one.kind.word, ours=variable.type
        )
    else:
        yield from _options(subject, task, table, one)


def _options(subject: Subject, task: Element, table: Table, one: Input) -> Iterator[Finding]:
    """Texts of a column against the choices of the fields that set the variable."""
    options = options_of(subject, one.name)
    if options is None:
        return
    blanks = {"table": table.key, "name": one.words, "known": "・".join(sorted(options))}
    place = table.inputs.index(one)
    named = dict.fromkeys(point for rule in table.rules for point in rule.cells[place].points)
    for value in named:
        if isinstance(value, str) and value not in options:
            yield subject.at("decision.input_option", task, value=value, **blanks)
    for option in sorted(options):
        if one.allowed is not None and not one.allowed.matches(option):
            yield subject.at("decision.input_not_allowed", task, value=option, **blanks)


def _results(subject: Subject, task: Element, table: Table, local: frozenset[str]) -> Iterator[Finding]:
    types = table.result_types
    for key in task.outputs.values():
        if key not in types:
            known = "、".join(types)
            yield subject.at("decision.result_unknown", task, table=table.key, name=key, known=known)
    if task.outputs and task.result_variable:
        yield subject.at("decision.result_twice", task)
    for name, theirs in _targets(subject, task, types):
        variable = subject.model.all_variables.get(name)
        if variable is None and name not in local:
            yield subject.at("decision.output_undeclared", task, table=table.key, name=name)
        elif variable is not None and variable.type not in ({theirs, "decimal"} if theirs == "int" else {theirs}):
            yield subject.at(
                "decision.output_type", task, table=table.key, name=name, theirs=theirs, ours=variable.type
            )


def _targets(subject: Subject, task: Element, types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each variable that the task sets, with the type of what is put into it."""
    for variable, output in results_of(subject.package, task).items():
        if output is not None:
            yield variable, types[output.name]
        elif variable == task.result_variable:
            yield variable, "object"
