"""Rules are judged alike by the browser's script and by the server."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.forms.keywords import CONDITION
from tests.support.availability import unavailable

FRONTEND = Path(__file__).parents[3] / "web" / "frontend"
JUDGE = """
import { KEYWORDS, matches } from './app/rules.js';
const cases = JSON.parse(await new Promise((done) => {
  let text = ''; process.stdin.on('data', (part) => { text += part; }).on('end', () => done(text));
}));
const verdicts = cases.map(([schema, value]) => matches(schema, value));
console.log(JSON.stringify({ keywords: Object.keys(KEYWORDS), verdicts }));
"""
WORDS = ["あり", "なし", "不明", "𠮷", ""]


def a_value(dice: random.Random, depth: int = 0) -> Any:
    """Something a field may hold."""
    kinds = ["word", "null", "bool", "number", "list"] + (["object"] if depth == 0 else [])
    match dice.choice(kinds):
        case "word":
            return dice.choice(WORDS)
        case "bool":
            return dice.random() < 0.5
        case "number":
            return dice.randint(-2, 3)
        case "list":
            return [dice.choice(WORDS) for _ in range(dice.randint(0, 3))]
        case "object":
            return {name: a_value(dice, 1) for name in "abc" if dice.random() < 0.6}
    return None


def a_schema(dice: random.Random, depth: int = 0) -> Any:
    """A condition; constants are texts, since a page delivers texts."""
    simple = {
        "const": lambda: dice.choice([*WORDS, None]),
        "enum": lambda: dice.sample(WORDS, 2),
        "type": lambda: dice.choice(["string", "integer", "boolean", "array", "object", "null"]),
        "minItems": lambda: dice.randint(0, 3),
        "maxItems": lambda: dice.randint(0, 3),
        "minLength": lambda: dice.randint(0, 3),
        "minimum": lambda: dice.randint(-2, 3),
        "maximum": lambda: dice.randint(-2, 3),
        "required": lambda: dice.sample("abc", 2),
        "minProperties": lambda: dice.randint(0, 3),
    }
    nested = {
        "not": lambda: a_schema(dice, depth + 1),
        "allOf": lambda: [a_schema(dice, depth + 1), a_schema(dice, depth + 1)],
        "anyOf": lambda: [a_schema(dice, depth + 1), a_schema(dice, depth + 1)],
        "contains": lambda: a_schema(dice, depth + 1),
        "items": lambda: a_schema(dice, depth + 1),
        "properties": lambda: {name: a_schema(dice, depth + 1) for name in dice.sample("abc", 2)},
    }
    choices = simple | (nested if depth < 2 else {})
    return {name: choices[name]() for name in dice.sample(sorted(choices), dice.randint(1, 2))}


def judged_by_the_browser(cases: list[tuple[Any, Any]]) -> dict[str, Any]:
    """What the script says, run without a page."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=search)
    if node is None:
        unavailable("no Node", "run script/setup --test")
    run = subprocess.run(
        [node, "--input-type=module", "-e", JUDGE],
        input=json.dumps(cases), capture_output=True, text=True, cwd=FRONTEND, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def test_the_script_knows_the_same_words_as_the_server() -> None:
    assert set(judged_by_the_browser([])["keywords"]) == set(CONDITION)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_judge_every_condition_alike(seed: int) -> None:
    dice = random.Random(seed)
    cases = [(a_schema(dice), a_value(dice)) for _ in range(2000)]
    here = [Draft202012Validator(schema).is_valid(value) for schema, value in cases]
    there = judged_by_the_browser(cases)["verdicts"]
    assert 200 < sum(here) < 1800
    assert [case for case, one, other in zip(cases, here, there, strict=True) if one != other] == []
