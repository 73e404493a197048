"""What is wrong with a definition: one finding per place, in words that a process owner can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  #: the definition cannot be published
    ADVICE = "advice"  #: better changed, but it runs as drawn


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, what, and what to do about it.

    rule: stable dotted name. file: path inside the package. element_id: empty when the file as a whole is meant.
    """

    file: str
    element_id: str
    rule: str
    message_ja: str
    remedy_ja: str
    element_name: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Whether the finding stops a publication."""
        return self.severity is Severity.ERROR


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a publication."""
    return tuple(finding for finding in findings if finding.is_error)


def as_text(findings: Iterable[Finding]) -> str:
    """The findings for a terminal: two lines each, errors first, then by file and element."""
    return "\n".join(_two_lines(finding) for finding in _ordered(findings))


def as_json(findings: Iterable[Finding]) -> str:
    """The findings as a JSON array of objects with the fields of Finding, ordered as in ``as_text``."""
    return json.dumps([asdict(finding) for finding in _ordered(findings)], ensure_ascii=False, indent=2)


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (not finding.is_error, finding))


def _two_lines(finding: Finding) -> str:
    where = f"「{finding.element_name}」({finding.element_id})" if finding.element_name else finding.element_id
    word = "誤り" if finding.is_error else "助言"
    place = f"{finding.file}: {where}" if where else finding.file
    return f"{word} {place}\n     {finding.message_ja}\n     → {finding.remedy_ja} [{finding.rule}]"
