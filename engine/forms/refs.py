"""``$ref`` between form files: ``F04#/schema/properties/to_org`` is copied in, with the siblings on top.

Only forms that are loaded can be named; nothing is fetched. Every fault is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.forms.api import Finding

MAX_RESOLVED = 60_000  #: nodes of one form after copying: a few small files must not grow into millions
MAX_CHAIN = 8
MAX_DEPTH = 60  #: of one form after copying
_REFERENCE = re.compile(r"(?P<form>[A-Za-z][A-Za-z0-9_]{0,63})?#(?P<pointer>(?:/[^/#]+)+)")
_PROPERTY = re.compile(r"/schema/properties/[^/]+")
_REMEDY = "「F04#/schema/properties/to_org」のように、フォームのキーと場所を書いてください。"


class Resolver:
    """Resolves the references of one form; ``findings`` collects what is wrong, ``used`` the forms referred to."""

    def __init__(self, key: str, file: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.key, self.file, self.documents = key, file, documents
        self.findings: list[Finding] = []
        self.used: set[str] = set()
        self._size = 0
        self._too_big = False

    def resolved(self) -> dict[str, Any] | None:
        """The document without any ``$ref``; None when there are findings."""
        document = self._copy(self.documents[self.key], self.key, "", ())
        if self.findings or not isinstance(document, dict):
            return None
        return document

    def _copy(self, node: Any, home: str, pointer: str, chain: tuple[str, ...]) -> Any:
        self._size += 1
        if self._size > MAX_RESOLVED or pointer.count("/") > MAX_DEPTH:
            self._report_size(pointer)
            return None
        if isinstance(node, list):
            return [self._copy(item, home, f"{pointer}/{index}", chain) for index, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        own = {
            name: self._copy(value, home, f"{pointer}/{name}", chain) for name, value in node.items() if name != "$ref"
        }
        if "$ref" not in node:
            return own
        return self._merged(own, node["$ref"], home, pointer, chain)

    def _merged(self, own: dict[str, Any], reference: Any, home: str, pointer: str, chain: tuple[str, ...]) -> Any:
        match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        if match is None:
            self._report(
                pointer, f"参照の書き方が違います（{str(reference)[:100]}）。外部の場所は参照できません。", _REMEDY
            )
            return own
        form = match["form"] or home
        target = f"{form}#{match['pointer']}"
        if target in chain or len(chain) >= MAX_CHAIN:
            self._report(pointer, f"参照が循環しているか、長くつながりすぎています（{target}）。", _REMEDY)
            return own
        if form not in self.documents:
            self._report(pointer, f"参照先のフォームがありません（{form}）。", "フォームのキーを確かめてください。")
            return own
        found = _at(self.documents[form], match["pointer"])
        if found is None:
            self._report(pointer, f"参照先がありません（{target}）。", _REMEDY)
            return own
        self.used.add(form)
        base = self._copy(found, form, pointer, (*chain, target))
        if not isinstance(base, dict):
            return base
        if _PROPERTY.fullmatch(match["pointer"]):
            base.setdefault("x-form", form)
        return {**base, **own}

    def _report_size(self, pointer: str) -> None:
        if not self._too_big:
            self._too_big = True
            message = f"参照を展開すると大きすぎます（{MAX_RESOLVED:,}個、{MAX_DEPTH}段まで）。"
            self._report(pointer, message, "参照を減らしてください。")

    def _report(self, pointer: str, message: str, remedy: str) -> None:
        if len(self.findings) < 100:
            self.findings.append(Finding(self.file, pointer, message, remedy))


def _at(document: Any, pointer: str) -> Any:
    """What a JSON pointer names, or None."""
    node = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(name)
        elif isinstance(node, list) and name.isdecimal() and name.isascii() and len(name) < 6 and int(name) < len(node):
            node = node[int(name)]
        else:
            return None
    return node
