"""What bpmn.io tools say of a diagram: the only module that imports the Python port of bpmn-moddle and bpmnlint.

The editor runs npm's bpmnlint with the same rules and levels; a contract test holds the two together.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bpmn_io import BpmnModdle
from bpmn_io.lint import Linter
from bpmn_io.lint.resolver import NodeResolver
from bpmn_io.moddle_xml import ParseError

from engine.definitions.findings import Finding, Severity
from engine.definitions.rulebook import Report

_log = logging.getLogger(__name__)

#: references that name variables, not elements of the file
_VARIABLE_REFERENCES = frozenset({"bpmn:loopDataInputRef", "bpmn:loopDataOutputRef"})


@dataclass(frozen=True)
class LintRule:
    """level: error, warn (shown as advice) or off. covered: our rules that say the same of the same element."""

    level: str
    message_ja: str = ""
    remedy_ja: str = ""
    covered: tuple[str, ...] = ()


_DRAW = "エディターで描き直してください。"
#: every rule of bpmnlint 11.15.0 with its level
RULES: dict[str, LintRule] = {
    "ad-hoc-sub-process": LintRule("off", covered=("profile.element",)),
    "conditional-event": LintRule("off", covered=("profile.event",)),
    "conditional-flows": LintRule(
        "error", "分岐の出口に条件が足りません。", "条件を書いてください。", ("gateway.condition_missing",)
    ),
    "end-event-required": LintRule(
        "error", "終了イベントがありません。", "終了イベントを置いてください。", ("structure.end_missing",)
    ),
    "event-based-gateway": LintRule(
        "error",
        "イベントゲートウェイの出口が足りません。",
        "出口を二つ以上にしてください。",
        ("gateway.event_few", "gateway.event_target"),
    ),
    "event-sub-process-typed-start-event": LintRule("off", covered=("profile.value",)),
    "fake-join": LintRule("off"),  # several lines into a task are an ordinary way to merge
    "global": LintRule("warn", "名前のない定義か、使われていない定義です。", "名前を付けるか、取り除いてください。",
                       ("message.unused", "message.name_missing", "message.twice", "event.unused",
                        "event.code_missing", "event.twice")),
    "label-required": LintRule(
        "error",
        "名前がありません。",
        "日本語の名前を付けてください。",
        ("structure.name_missing", "gateway.name_missing", "gateway.label_missing"),
    ),
    "link-event": LintRule("off", covered=("profile.event",)),
    "no-bpmndi": LintRule("error", "図に描かれていません。", _DRAW),
    "no-complex-gateway": LintRule("off", covered=("profile.element",)),
    "no-disconnected": LintRule(
        "error",
        "どこにもつながっていません。",
        "線でつなぐか、取り除いてください。",
        ("structure.no_incoming", "structure.dead_end", "structure.unreachable"),
    ),
    "no-duplicate-sequence-flows": LintRule(
        "error", "同じ線が二本あります。", "一本にしてください。", ("flow.duplicate",)
    ),
    "no-gateway-join-fork": LintRule(
        "error",
        "合流と分岐を兼ねています。",
        "別々のゲートウェイにしてください。",
        ("gateway.join_and_fork", "gateway.merge_and_choose"),
    ),
    "no-implicit-end": LintRule(
        "error", "終了イベントなしに終わっています。", "終了イベントへつないでください。", ("structure.dead_end",)
    ),
    "no-implicit-split": LintRule(
        "error", "ゲートウェイなしに分かれています。", "ゲートウェイを置いてください。", ("flow.implicit_split",)
    ),
    "no-implicit-start": LintRule(
        "error",
        "開始イベントなしに始まっています。",
        "開始イベントからつないでください。",
        ("structure.no_incoming", "structure.unreachable"),
    ),
    "no-inclusive-gateway": LintRule("off"),  # our own join is right; stock engines differ
    "no-overlapping-elements": LintRule("warn", "図形が重なっています。", "重ならないように動かしてください。"),
    "single-blank-start-event": LintRule(
        "error", "開始イベントが二つ以上あります。", "一つにしてください。", ("structure.start_count",)
    ),
    "single-event-definition": LintRule("off", covered=("profile.event",)),
    "standard-size": LintRule("off"),  # Japanese names need room
    "start-event-required": LintRule(
        "error", "開始イベントがありません。", "開始イベントを置いてください。", ("structure.start_count",)
    ),
    "sub-process-blank-start-event": LintRule(
        "error", "サブプロセスの開始イベントに種類が付いています。", "種類をなしにしてください。",
        ("structure.sub_process_start",),
    ),
    "superfluous-gateway": LintRule(
        "warn", "なくてもよいゲートウェイです。", "取り除けます。", ("gateway.pointless",)
    ),
    "superfluous-label": LintRule("off"),  # every way out of a gateway carries a label here
    "superfluous-termination": LintRule("off"),  # 強制終了 says to the reader that other branches end
}  # fmt: skip


def lint(bpmn: bytes, file: str) -> Iterator[Finding]:
    """Unresolved references, odd spellings, and bpmnlint's findings. Never raises for what the file holds."""
    report = Report(file)
    try:
        yield from _lint(bpmn.decode("utf-8-sig"), report)
    except ParseError as error:
        yield report.finding("lint.warning", detail=error)
    except Exception:  # noqa: BLE001 - a young library on hostile input: its failure is a finding, not ours
        _log.exception("the lint library failed")
        yield report.finding("lint.warning", detail="検査の途中で読めなくなりました")


def _lint(text: str, report: Report) -> Iterator[Finding]:
    result = BpmnModdle().from_xml(text)
    for warning in result.warnings:
        yield from _warning(warning.message, warning.property, warning.element, report)
    for rule, found in _run(result.root_element).items():
        for item in found:
            yield _finding(rule, item, report)


def _warning(message: str, attribute: str | None, element: object, report: Report) -> Iterator[Finding]:
    if message.startswith("unresolved reference <"):
        if attribute not in _VARIABLE_REFERENCES:
            found = message.removeprefix("unresolved reference <").removesuffix(">")
            yield report.finding("lint.unresolved", _id_of(element), found=found)
    elif not message.startswith("duplicate ID"):  # named by structure.id_duplicate
        yield report.finding("lint.warning", _id_of(element), detail=message)


class _Resolver:
    """Finds each rule once; the library's own resolver reads all installed packages each time."""

    def resolve_rule(self, pkg: str, rule_name: str) -> Any:
        return _factory(pkg, rule_name)

    def resolve_config(self, pkg: str, config_name: str) -> dict[str, Any] | None:
        raise LookupError(f"no configuration but our own: {pkg} {config_name}")


@cache
def _factory(pkg: str, rule_name: str) -> object:
    return NodeResolver().resolve_rule(pkg, rule_name)


def _run(root: Any) -> dict[str, list[dict[str, object]]]:
    """bpmnlint's reports by rule; a rule keeps state between runs, so each file has its own linter."""
    config = {"rules": levels()}
    reports: dict[str, list[dict[str, object]]] = Linter({"resolver": _Resolver(), "config": config}).lint(root)
    return reports


def levels() -> dict[str, str]:
    """bpmnlint's configuration: rule -> level."""
    return {name: rule.level for name, rule in RULES.items()}


def _finding(rule: str, item: dict[str, object], report: Report) -> Finding:
    known = RULES[rule]
    broken = item.get("category") == "rule-error"
    return Finding(
        file=report.file,
        element_id=str(item.get("id") or ""),
        rule=f"lint.{rule}",
        message_ja=f"検査「{rule}」が終わりませんでした。" if broken else known.message_ja,
        remedy_ja=known.remedy_ja,
        element_name=_name(item),
        severity=Severity.ERROR if known.level == "error" or broken else Severity.ADVICE,
    )


def _name(item: dict[str, object]) -> str:
    name = item.get("name")
    return name if isinstance(name, str) else ""


def _id_of(element: object) -> str:
    get = getattr(element, "get", None)
    found = get("id") if callable(get) else None
    return found if isinstance(found, str) else ""
