"""The forms of the package against the variables of the diagram."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.context import FormFacts
from engine.definitions.elements import Element
from engine.definitions.findings import Finding
from engine.definitions.rulebook import Report
from engine.definitions.rules.subject import Subject

#: kind of a field -> types of variables that take its values
_FITS = {
    "bool": {"bool"},
    "int": {"int", "decimal"},
    "decimal": {"decimal"},
    "text": {"text"},
    "date": {"date"},
    "instant": {"instant"},
    "list": {"list"},
    "object": {"object"},
}


def check(subject: Subject) -> Iterator[Finding]:
    """Findings about forms; nothing when forms are not known."""
    if subject.forms is None:
        return
    for path, sentence in subject.forms.problems():
        hint = "帳票の定義を直してください。"
        yield Report(path).finding("form.refused", reason=sentence, hint=hint)
    used = set()
    for element in subject.known():
        form = subject.form_of(element)
        if form is not None:
            used.add(form.key)
            yield from _variables(subject, element, form)
    folder = f"{subject.package.process_key}/forms/"
    for path in subject.package.forms:
        key = path.removeprefix(folder).removesuffix(".json")
        if path.startswith(folder) and key not in used and not _taken_by_others(subject, key):
            yield Report(path).finding("form.unused", form=key)


def _taken_by_others(subject: Subject, key: str) -> bool:
    mark = f'"{key}#'.encode()
    return any(mark in content for content in subject.package.forms.values())


def _variables(subject: Subject, element: Element, form: FormFacts) -> Iterator[Finding]:
    local = subject.model.locals_at(element.id)
    declared = subject.model.all_variables
    for variable in form.variables:
        blanks = {"form": form.key, "field": variable.field, "name": variable.name}
        if variable.name in local:
            continue
        if variable.name not in declared:
            yield subject.at("form.variable_undeclared", element, **blanks)
        elif not fits(variable.kind, declared[variable.name].type):
            ours = declared[variable.name].type
            yield subject.at("form.variable_type", element, theirs=variable.kind, ours=ours, **blanks)


def fits(kind: str, declared: str) -> bool:
    """Whether a variable declared as one type takes what a field of a kind gives."""
    return declared in _FITS.get(kind, set())
