"""The expression language: what may be written, and what a text refers to.

A subset of Python's expressions, read with ``ast.parse`` and never turned into a code object. Everything that is
not listed here is refused when the text is parsed, so a published definition holds nothing that could not run.
The language has no loops: each node is evaluated at most once, and the cap on nodes is the budget of an evaluation.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from engine.domain.errors import ExpressionError

MAX_TEXT = 1_000  #: characters of one expression
MAX_NODES = 300  #: syntax nodes, so also steps of one evaluation
MAX_DEPTH = 40  #: nesting of the syntax tree
MAX_INTEGER_BITS = 128  #: size of an integer, written or computed

_LITERALS = (bool, int, str, type(None))
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_UNARY = (ast.Not, ast.USub, ast.UAdd)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_WORDS_JA = {
    ast.Lambda: "lambda は使えません",
    ast.ListComp: "内包表記は使えません",
    ast.SetComp: "内包表記は使えません",
    ast.DictComp: "内包表記は使えません",
    ast.GeneratorExp: "内包表記は使えません",
    ast.JoinedStr: "f文字列は使えません",
    ast.NamedExpr: "式の中での代入は使えません",
    ast.Slice: "範囲の切り出しは使えません",
    ast.Starred: "* による展開は使えません",
    ast.Dict: "辞書は書けません",
    ast.Set: "集合は書けません",
    ast.Await: "await は使えません",
    ast.Yield: "yield は使えません",
    ast.YieldFrom: "yield は使えません",
}


@dataclass(frozen=True)
class Expression:
    """A text of the language with its syntax tree; names and functions are those it refers to."""

    text: str
    body: ast.expr
    names: frozenset[str]
    functions: frozenset[str]


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read one expression; raises ExpressionError with a Japanese reason when it is not in the language."""
    body = _syntax_tree(text)
    check = _Check(text)
    check.visit(body, 1)
    return Expression(text, body, frozenset(check.names), frozenset(check.functions))


def names_in(text: str) -> frozenset[str]:
    """Variables that the expression reads."""
    return parse(text).names


def functions_in(text: str) -> frozenset[str]:
    """Functions that the expression calls."""
    return parse(text).functions


def problems(text: str, known_names: Collection[str], known_functions: Collection[str]) -> list[str]:
    """What is wrong with an expression of a definition, in Japanese; empty when nothing is."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        return [error.reason]
    unknown = [f"変数「{name}」は宣言されていません。" for name in sorted(expression.names - set(known_names))]
    return unknown + [f"関数「{name}」はありません。" for name in sorted(expression.functions - set(known_functions))]


def _syntax_tree(text: str) -> ast.expr:
    if not isinstance(text, str) or not text.strip():
        raise ExpressionError(str(text), "式が空です。")
    if len(text) > MAX_TEXT:
        raise ExpressionError(text[:80], f"式が長すぎます（{MAX_TEXT}文字まで）。")
    if "\\" in text or "\x00" in text:
        raise ExpressionError(text, "式の中で「\\」は使えません。")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(text, "式の書き方が正しくありません。") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(text, "式が複雑すぎます。") from error


class _Check:
    """Walks the tree once; every node is of an allowed kind or the text is refused."""

    def __init__(self, text: str) -> None:
        self.text, self.nodes = text, 0
        self.names: set[str] = set()
        self.functions: set[str] = set()

    def visit(self, node: ast.expr, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise self.refusal("式が複雑すぎます")
        for child in self.children(node):
            self.visit(child, depth + 1)

    def refusal(self, reason: str) -> ExpressionError:
        return ExpressionError(self.text, f"{reason}。")

    def children(self, node: ast.expr) -> list[ast.expr]:
        """Check the node itself; returns the expressions in it."""
        match node:
            case ast.Constant():
                self.literal(node.value)
                return []
            case ast.Name():
                self.names.add(self.word(node.id))
                return []
            case ast.BinOp(op=op) if isinstance(op, _BINARY):
                return [node.left, node.right]
            case ast.UnaryOp(op=op) if isinstance(op, _UNARY):
                return [node.operand]
            case ast.BoolOp():
                return node.values
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp():
                return [node.test, node.body, node.orelse]
            case ast.Attribute():
                self.word(node.attr)
                return [node.value]
            case ast.Subscript():
                return [node.value, node.slice]
            case ast.List() | ast.Tuple():
                return node.elts
            case ast.Call():
                return self.call(node)
        raise self.refusal(self.why_not(node))

    def why_not(self, node: ast.expr) -> str:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return "べき乗（**）は使えません"
        return _WORDS_JA.get(type(node), "使えない書き方があります")

    def literal(self, value: object) -> None:
        if isinstance(value, float):
            if not math.isfinite(value) or abs(Decimal(repr(value)).adjusted()) > 30:
                raise self.refusal("数が大きすぎます")
        elif not isinstance(value, _LITERALS):
            raise self.refusal("使えない値があります")
        elif isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
            raise self.refusal("数が大きすぎます")

    def word(self, name: str) -> str:
        if name.startswith("_"):
            raise self.refusal(f"「_」で始まる名前「{name[:40]}」は使えません")
        return name

    def comparison(self, node: ast.Compare) -> list[ast.expr]:
        for op, right in zip(node.ops, node.comparators, strict=True):
            if not isinstance(op, _COMPARISONS):
                raise self.refusal("使えない比較があります")
            none = isinstance(right, ast.Constant) and right.value is None
            if isinstance(op, (ast.Is, ast.IsNot)) and not none:
                raise self.refusal("is は None との比較だけに使えます")
        return [node.left, *node.comparators]

    def call(self, node: ast.Call) -> list[ast.expr]:
        if not isinstance(node.func, ast.Name):
            raise self.refusal("関数は名前だけで呼び出せます")
        if node.keywords:
            raise self.refusal("名前付きの引数は使えません")
        self.functions.add(self.word(node.func.id))
        return node.args
