"""Texts that hold expressions: scripts of ``name = expression`` lines, and timers with bare ISO values."""

from __future__ import annotations

import re

from engine.domain.errors import ExpressionError
from engine.expressions.language import parse

MAX_LINES = 50
_NAME = re.compile(r"[^\W\d_]\w*")
_DURATION = r"P(?=[0-9T])(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?"
_DATE = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?"
_BARE = re.compile(rf"(?:{_DURATION}|{_DATE}|R\d*/{_DURATION})")


def assignments(script: str) -> tuple[tuple[str, str], ...]:
    """The lines of a script task as (variable, expression); blank lines and lines starting with # are left out.

    Raises ExpressionError for a line of another form or an expression that is not in the language.
    """
    lines = [line.strip() for line in script.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) > MAX_LINES:
        raise ExpressionError(script[:80], f"スクリプトは{MAX_LINES}行までです。")
    return tuple(_assignment(line) for line in lines)


def _assignment(line: str) -> tuple[str, str]:
    name, separator, expression = line.partition("=")
    name, expression = name.strip(), expression.strip()
    if not separator or expression.startswith("=") or not _NAME.fullmatch(name):
        raise ExpressionError(line[:80], "スクリプトの行は「変数 = 式」の形で書いてください。")
    parse(expression)
    return name, expression


def timer_expression(text: str) -> str:
    """The expression of a timer: a bare ISO 8601 value (``P3D``, ``R3/P7D``, an instant) is quoted, the rest kept."""
    text = text.strip()
    return f'"{text}"' if _BARE.fullmatch(text) else text
