"""YAML 1.2 as plain data with the line of every part; ``on``, ``yes`` and ``no`` are words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.scenarios.errors import Problem, ScenarioInvalid

Path = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+\Z")


@dataclass
class Marked:
    """A document: its value, and the line (1-based) on which each part begins."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a part, or of the nearest part around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str, file: str) -> Marked:
    """Read one document. Raises ScenarioInvalid for broken YAML and for a key that is given twice."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise ScenarioInvalid([Problem(file, line, f"YAMLとして読めません（{error.problem}）。")]) from error
    marked = Marked(None)
    problems: list[tuple[int, str]] = []
    if node is not None:
        marked.value = _value(node, (), marked.lines, problems)
    if problems:
        raise ScenarioInvalid([Problem(file, line, text_ja) for line, text_ja in problems])
    return marked


def _value(node: Node, path: Path, lines: dict[Path, int], problems: list[tuple[int, str]]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        return dict(_entries(node, path, lines, problems))
    if isinstance(node, SequenceNode):
        return [_value(item, (*path, number), lines, problems) for number, item in enumerate(node.value)]
    assert isinstance(node, ScalarNode)
    return _scalar(node)


def _entries(
    node: MappingNode, path: Path, lines: dict[Path, int], problems: list[tuple[int, str]]
) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            problems.append((line, "項目の名前は文字で書いてください。"))
            continue
        key = str(key_node.value)
        if key in seen:
            problems.append((line, f"「{key}」が二度書かれています。一つにしてください。"))
            continue
        seen.add(key)
        value = _value(value_node, (*path, key), lines, problems)
        lines[(*path, key)] = line
        yield key, value


def _scalar(node: ScalarNode) -> Any:
    """Dates, moments and numbers that begin with 0 (telephone numbers) stay the text that was written."""
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if node.tag == f"{_TAG}null":
        return None
    if node.tag == f"{_TAG}bool":
        return text.lower() == "true"
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text
