"""The publish checks: everything that is wrong with a package, at once, in words that a process owner can act on.

Order: hardened XML, the profile, our rules by theme, bpmn.io's lint, soundness, a trial parse by the engine. A file
that is no XML stops there; soundness needs a connected graph, the trial parse a file without errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lxml import etree

from engine.definitions.context import CheckContext
from engine.definitions.findings import Finding, Severity, errors_in
from engine.definitions.lint import RULES as LINT_RULES
from engine.definitions.lint import lint
from engine.definitions.model import BpmnModel, model_of
from engine.definitions.package import PROCESS_FILE, Package
from engine.definitions.rulebook import Report
from engine.definitions.rules import (
    allowed,
    calls,
    decisions,
    expressions,
    forms,
    gateways,
    graph,
    guard_rails,
    messages,
    repeats,
    scripts,
    structure,
    tasks,
    throws,
)
from engine.definitions.rules.subject import Subject
from engine.definitions.soundness import Trouble, explore
from engine.definitions.ways import way_ja
from engine.definitions.xml import BPMN, parse_xml
from engine.domain.errors import DefinitionRefused

_THEMES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    structure.check,
    graph.check,
    gateways.check,
    tasks.check,
    repeats.check,
    scripts.check,
    expressions.check,
    decisions.check,
    messages.check,
    calls.check,
    throws.check,
    guard_rails.check,
    forms.check,
)
_SHAPE = ("structure.", "flow.", "gateway.", "call.", "call.", "profile.event", "profile.element", "profile.place")


def check_package(package: Package, context: CheckContext) -> tuple[Finding, ...]:
    """Every finding of a package, errors and advice, ordered by file and element. Never raises for what it holds.

    Files of a called process are named ``<its key>/process.bpmn``.
    """
    found = [*package.findings]
    if PROCESS_FILE in package.files:
        found += diagram_findings(package, context)
        for key in package.called:
            found += _called(package, key, context)
    return tuple(sorted(set(found), key=lambda finding: (finding.severity is Severity.ADVICE, finding)))


def require_accepted(package: Package, context: CheckContext) -> tuple[Finding, ...]:
    """The advice for a package that may be published; raises DefinitionRefused with all findings for any other."""
    findings = check_package(package, context)
    if errors_in(findings):
        raise DefinitionRefused(findings)
    return findings


def _called(package: Package, key: str, context: CheckContext) -> Iterator[Finding]:
    """What is wrong with a process that comes along because it is called."""
    others = [*_models(package).values(), *(context.others or ())]
    around = tuple(model for model in {m.process_id: m for m in others}.values() if model.process_id != key)
    inner = replace(context, others=None if context.others is None else around, previous_id=None)
    for finding in diagram_findings(package.part(key), inner):
        yield replace(finding, file=f"{key}/{PROCESS_FILE}") if finding.file == PROCESS_FILE else finding


def _models(package: Package) -> dict[str, BpmnModel]:
    """The models of the package's own diagram and of the called ones by process id."""
    found = {}
    for content in (package.bpmn, *package.called.values()):
        root = parse_xml(content, PROCESS_FILE)
        model = None if isinstance(root, Finding) else model_of(root)
        if model is not None:
            found[model.process_id] = model
    return found


def diagram_findings(package: Package, context: CheckContext) -> list[Finding]:
    """What is wrong with the package's own diagram, the called ones left out."""
    report = Report(PROCESS_FILE)
    root = parse_xml(package.bpmn, PROCESS_FILE)
    if isinstance(root, Finding):
        return [root]
    found = list(allowed.check(root, report))
    subject = _subject(package, context, root, report)
    if subject is None:
        count = len(root.findall(f"{{{BPMN}}}process"))
        return [*found, report.finding("structure.process", count=count)]
    if len(subject.model.elements) > structure.MAX_ELEMENTS:
        return [*found, *structure.too_big(subject)]
    found += [finding for theme in _THEMES for finding in theme(subject)]
    found += _lint(package, found)
    if not any(finding.rule.startswith(_SHAPE) for finding in errors_in(found)):
        found += _soundness(subject)
    if context.trial is not None and not errors_in(found):
        found += _trial(subject, context.trial(package.bpmn, subject.model.process_id, package.called))
    return found


def _subject(package: Package, context: CheckContext, root: etree._Element, report: Report) -> Subject | None:
    model = model_of(root)
    if model is None:
        return None
    lookup = context.forms(package) if context.forms is not None else None
    called = _models(package) if package.called else {}
    called.pop(model.process_id, None)
    return Subject(package, context, root, model, report, lookup, called)


def _lint(package: Package, found: list[Finding]) -> Iterator[Finding]:
    """bpmn.io's findings, without those that our own rules say better of the same element."""
    said = {(finding.element_id, finding.rule) for finding in found}
    for finding in lint(package.bpmn, PROCESS_FILE):
        rule = LINT_RULES.get(finding.rule.removeprefix("lint."))
        if rule is None or not any((finding.element_id, ours) in said for ours in rule.covered):
            yield finding


def _soundness(subject: Subject) -> Iterator[Finding]:
    model, report = subject.model.with_called(subject.called), subject.report
    result = explore(model)
    for example in result.examples:
        rule = "soundness.several_tokens" if example.trouble is Trouble.DOUBLED else "soundness.stuck"
        element = model.elements[example.elements[0]]
        names = "」「".join(model.elements[element_id].label for element_id in example.elements)
        yield subject.at(rule, element, names=names, name=element.label, way=way_ja(model, example))
    for element_id in result.never:
        yield subject.at("soundness.never", model.elements[element_id], name=subject.label(element_id))
    if not result.decided:
        yield report.finding("soundness.undecided", model.process_id, model.name, count=result.markings)


def _trial(subject: Subject, refusals: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    for element_id, reason in refusals:
        name = subject.label(element_id) if element_id in subject.model.elements else ""
        yield subject.report.finding("trial.refused", element_id, name, reason=reason)
