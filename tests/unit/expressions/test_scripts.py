"""Scripts of assignments, and bare ISO values of timers."""

from __future__ import annotations

import pytest

from engine.domain.errors import ExpressionError
from engine.expressions.scripts import MAX_LINES, assignments, timer_expression


def test_lines_are_assignments_in_order() -> None:
    assert assignments("\n a = 1\n# why\nb=a == 2 \n\n対応 = 'x'") == (("a", "1"), ("b", "a == 2"), ("対応", "'x'"))


@pytest.mark.parametrize(
    "script",
    [
        "import os",
        "a == 1",
        "a",
        "a += 1",
        "a.b = 1",
        "a[0] = 1",
        "a, b = 1",
        "_x = 1",
        "1a = 1",
        "a =",
        "a = b = 1",
        "a = 1; b = 2",
        "\n".join(["a = 1"] * (MAX_LINES + 1)),
    ],
    ids=lambda script: script[:12],
)
def test_anything_else_is_refused(script: str) -> None:
    with pytest.raises(ExpressionError):
        assignments(script)


@pytest.mark.parametrize(
    "text",
    [
        "P3D",
        "P1Y2M3DT4H5M6S",
        "PT30M",
        "P2W",
        "2026-04-01",
        "2026-04-01T09:00:00+09:00",
        "2026-04-01T09:00Z",
        "R3/P7D",
        "R/PT1H",
    ],
)
def test_bare_iso_values_are_quoted(text: str) -> None:
    assert timer_expression(f" {text}\n") == f'"{text}"'


@pytest.mark.parametrize("text", ['"P3D"', "due_date", "start_of(day)", "P", "PT", "P3X", "2026 - 4", "R3"])
def test_expressions_stay_as_they_are(text: str) -> None:
    assert timer_expression(text) == text
