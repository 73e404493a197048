"""What may be written: the subset, the caps, and hostile texts."""

from __future__ import annotations

import pytest

from engine.domain.errors import ExpressionError
from engine.expressions.functions import FUNCTION_NAMES, PURE
from engine.expressions.interpreter import evaluate
from engine.expressions.language import MAX_TEXT, functions_in, names_in, parse, problems

SCOPE: dict[str, object] = {
    "a": 1,
    "text": "x",
    "items": [1, 2],
    "case": {"owner": "org", "__class__": "a key"},
    "len": lambda value: 99,
    "__builtins__": {},
}

HOSTILE = [
    "__import__('os').system('id')",
    "().__class__.__base__.__subclasses__()",
    "''.__class__",
    "a.__class__",
    "case.__class__",
    "case.items()",
    "text.format(a)",
    "text.upper()",
    "'{0.__class__}'.format(a)",
    "'%s' % a",
    "'%1000000000d' % 1",
    "f'{a}'",
    "f'{a.__class__}'",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in items]",
    "{x for x in items}",
    "{x: 1 for x in items}",
    "(x for x in items)",
    "[*items]",
    "len(*items)",
    "len(**case)",
    "len(items, key=1)",
    "(x := 1)",
    "a if a",
    "2 ** 8",
    "9 ** 9 ** 9",
    "'a' * 1000000000",
    "[1] * 1000000000",
    "1000000000 * 'a'",
    "1 << 1000000",
    "1 >> 1",
    "1 | 2",
    "1 & 2",
    "1 ^ 2",
    "~1",
    "a @ a",
    "await a",
    "yield a",
    "yield from a",
    "{}",
    "{'a': 1}",
    "{1, 2}",
    "items[0:1]",
    "items[:]",
    "items[a:]",
    "...",
    "b'bytes'",
    "1j",
    "1e999",
    "1e400",
    "9" * 60,
    "a = 1",
    "a; a",
    "import os",
    "del a",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "getattr(a, 'b')",
    "globals()",
    "vars()",
    "type(a)",
    "print(a)",
    "__builtins__",
    "__builtins__.open",
    "_private",
    "case._private",
    "items[0]()",
    "case.owner()",
    "len(len)",
    "(len)(items)(1)",
    "a is a",
    "a is 1",
    "'\\x41'",
    "a\x00",
    "",
    "   ",
    "#",
    "a b",
    "a +",
    "((((",
    "(" * 300 + "a" + ")" * 300,
    "-" * 900 + "1",
    "not " * 200 + "a",
    "a" + ".b" * 300,
    "[" * 90 + "]" * 90,
    "a+" * 400 + "a",
    "a" * (MAX_TEXT + 1),
    "1 if " * 60 + "1",
    "@a",
    "a?b:c",
    "$a",
    "`id`",
    "async def f(): pass",
]


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:40]))
def test_a_hostile_text_has_no_value(text: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        evaluate(text, SCOPE, PURE)
    assert refusal.value.reason.endswith("。")


@pytest.mark.parametrize(
    "text",
    ["a + 1", "case.owner", "items[0]", "len(items) > 1 and not a", "[a, 'x']", "(1, 2)", "a is not None", "-a", "+a"],
)
def test_the_subset_is_accepted(text: str) -> None:
    assert problems(text, SCOPE, FUNCTION_NAMES) == []


def test_names_and_functions_are_told_apart() -> None:
    text = "len(items) + case.owner + (x if flag else today())"
    assert names_in(text) == {"items", "case", "x", "flag"}
    assert functions_in(text) == {"len", "today"}


def test_problems_name_each_unknown_word_in_japanese() -> None:
    assert problems("later(x) + y", {"x"}, FUNCTION_NAMES) == [
        "変数「y」は宣言されていません。",
        "関数「later」はありません。",
    ]
    assert problems("x +", {"x"}, FUNCTION_NAMES) == ["式の書き方が正しくありません。"]
    assert problems("x ** 2", {"x"}, FUNCTION_NAMES) == ["べき乗（**）は使えません。"]


def test_a_text_is_parsed_once() -> None:
    assert parse("a + 12345") is parse("a + 12345")


def test_japanese_names_are_names() -> None:
    assert evaluate("対応方針 == '受付'", {"対応方針": "受付"}, {}) is True
