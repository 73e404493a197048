"""Form files as JSON from strangers: read within limits, every fault a finding, never an exception."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from engine.forms.api import Finding

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40
MAX_NODES = 30_000
_REMEDY = "JSONとして正しいファイルに直してください。"


class _Unreadable(ValueError):
    """A fault of the JSON text that the parser itself would accept."""


def read_document(path: str, content: bytes) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The JSON object of a file, or None with the findings that say why not."""
    text, fault = _decoded(content)
    if text is None:
        return None, [Finding(path, "", fault, _REMEDY)]
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _Unreadable as error:
        return None, [Finding(path, "", str(error), _REMEDY)]
    except (ValueError, RecursionError) as error:
        return None, [Finding(path, "", f"JSONとして読めません（{_where(error)}）。", _REMEDY)]
    if not isinstance(document, dict):
        return None, [Finding(path, "", "フォームのファイルはJSONのオブジェクト（{ }）でなければなりません。", _REMEDY)]
    if _nodes(document) > MAX_NODES:
        return None, [Finding(path, "", f"要素が多すぎます（{MAX_NODES:,}個まで）。", "フォームを分けてください。")]
    return document, []


def _decoded(content: bytes) -> tuple[str | None, str]:
    if len(content) > MAX_BYTES:
        return None, f"ファイルが大きすぎます（{len(content):,}バイト。{MAX_BYTES:,}バイトまで）。"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, "文字コードがUTF-8ではありません。"
    if _depth(text) > MAX_DEPTH:
        return None, f"入れ子が深すぎます（{MAX_DEPTH}段まで）。"
    return text, ""


def _depth(text: str) -> int:
    """Deepest nesting of brackets outside strings, found without recursion."""
    deepest = depth = 0
    inside = escaped = False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Unreadable(f"同じ名前が2回書かれています（{key[:80]}）。")
        found[key] = value
    return found


def _no_constant(name: str) -> None:
    raise _Unreadable(f"{name}は使えません。")


def _where(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.lineno}行目{error.colno}文字目"
    return "数字が長すぎるか、入れ子が深すぎます"


def _nodes(value: Any) -> int:
    count, todo = 0, [value]
    while todo:
        item = todo.pop()
        count += 1
        if count > MAX_NODES:
            return count
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return count
