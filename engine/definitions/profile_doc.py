"""``python -m engine.definitions.profile_doc``: writes docs/bpmn-profile.md from the tables that the checker reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.definitions.lint import RULES as LINT_RULES
from engine.definitions.profile.row import Group, Row
from engine.definitions.profile.table import PROFILE
from engine.definitions.rulebook import RULES

FILE = Path(__file__).parents[2] / "docs" / "bpmn-profile.md"

_HEAD = """# BPMN profile: what a process file may contain

Made by `python -m engine.definitions.profile_doc` from the tables in `engine/definitions`; do not edit it by hand
(a test compares). `tsunagu validate FILE…` checks a file against it. Everything that is not listed is **refused**.

プロセスの図に使えるもの・使えないものの一覧です。ここにないものは、すべて公開の前の検査で断られます。
検査は、直すところを一度に全部、要素の識別子と名前、何が問題か、どう直すかを添えて示します。
"""
_SECTIONS = {
    Group.NODE: ("活動・ゲートウェイ", "Activities and gateways"),
    Group.EVENT: ("イベント", "Events"),
    Group.STRUCTURE: ("図を組み立てるもの", "Parts"),
    Group.EXTENSION: ("拡張要素", "Extension elements"),
    Group.DRAWING: ("図の表示", "Drawing"),
    Group.ATTRIBUTE: ("属性", "Attributes"),
}
_THEMES = {
    "profile": "許可の一覧との照合",
    "structure": "識別子・名前・レーン・つながり",
    "flow": "線",
    "gateway": "ゲートウェイ",
    "timer": "タイマー",
    "multi_instance": "複数実行",
    "task": "ユーザータスク",
    "service": "サービスタスク",
    "variable": "変数",
    "entry": "始まり方",
    "expression": "式",
    "message": "メッセージ",
    "call": "呼び出し",
    "event": "シグナル・エラー・エスカレーション",
    "script": "スクリプト",
    "loop": "くり返し（標準）",
    "rule": "ビジネスルールタスク",
    "decision": "判定表",
    "guard": "守るべきこと",
    "form": "帳票",
    "package": "ファイル",
    "lint": "図の形式",
    "soundness": "最後まで進めるか",
    "trial": "試しの読み込み",
}


def document() -> str:
    """The text of the document."""
    return "\n".join([_HEAD, *_accepted(), *_refused(), *_rules(), *_lint()])


def _accepted() -> Iterator[str]:
    yield "## 使えるもの (accepted)\n"
    for group, (ja, en) in _SECTIONS.items():
        rows = [row for row in PROFILE if row.accepted and row.group is group]
        yield f"### {ja} ({en})\n"
        if group is Group.ATTRIBUTE:
            yield from _table(("属性", "名前", "置く要素", "値・条件"), (_attribute(row) for row in rows))
        else:
            yield from _table(("要素", "名前", "English", "条件"), (_element(row) for row in rows))


def _element(row: Row) -> tuple[str, ...]:
    return f"`{row.key}`", row.ja, row.en, f"{row.condition}{row.reason}"


def _attribute(row: Row) -> tuple[str, ...]:
    places = "すべて" if "*" in row.inside else " ".join(sorted(f"`{tag}`" for tag in row.inside))
    values = f"`{row.values}`" if row.values else ""
    return f"`{row.key[1:]}`", row.ja, places, " ".join(filter(None, [values, row.condition]))


def _refused() -> Iterator[str]:
    yield "## 使えないもの (refused)\n"
    yield "ここに名前のない要素・属性も、同じように断られます。\n"
    rows = ((f"`{row.key}`", row.ja, row.condition, row.reason) for row in PROFILE if not row.accepted)
    yield from _table(("要素", "名前", "代わりに", "理由"), rows)


def _rules() -> Iterator[str]:
    yield "## 公開前の検査 (publish checks)\n"
    for theme, words in _THEMES.items():
        rows = [rule for rule in RULES.values() if rule.key.partition(".")[0] == theme]
        yield f"### {words}\n"
        lines = ((f"`{rule.key}`", _level(rule.severity), rule.message, rule.remedy, rule.why) for rule in rows)
        yield from _table(("規則", "重さ", "何が問題か", "どう直すか", "理由"), lines)


def _lint() -> Iterator[str]:
    yield "### bpmnlint の規則 (rules of bpmnlint 11.15.0)\n"
    yield "水準 off は、より詳しい自前の規則があるか、この現場では当てはまらないものです。\n"
    lines = ((f"`{name}`", rule.level, rule.message_ja, rule.remedy_ja) for name, rule in LINT_RULES.items())
    yield from _table(("規則", "水準", "何が問題か", "どう直すか"), lines)


def _level(severity: str) -> str:
    return "誤り" if severity == "error" else "助言"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def main() -> None:
    """Write the document."""
    FILE.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
