"""Evaluates expressions: a walk over the checked syntax tree, with caps on every value it makes.

Names come from the scope, functions from the registry, and neither can stand for the other. Numbers are ``int`` and
``Decimal`` (never ``float``); a date compares with a text in ISO form. Undefined names are errors, never ``None``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Clamped, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from engine.domain.errors import ExpressionError
from engine.expressions.language import MAX_INTEGER_BITS, parse

MAX_TEXT_RESULT = 10_000  #: characters of a text that an expression may make
MAX_ITEMS_RESULT = 10_000  #: items of a list that an expression may make

Functions = Mapping[str, Callable[..., object]]
Scope = Mapping[str, object]
Number = int | Decimal

_DECIMALS = Context(prec=40, Emin=-60, Emax=60, traps=[Clamped, DivisionByZero, InvalidOperation, Overflow])


class _Failure(Exception):
    """Reason, in Japanese, why a node has no value."""


def evaluate(text: str, scope: Scope, functions: Functions) -> object:
    """Value of an expression.

    scope: the visible variables. functions: what may be called. Raises ExpressionError with a Japanese reason for
    anything that has no value: undefined names, missing keys, wrong kinds, sizes beyond the caps, failing functions.
    """
    expression = parse(text)
    try:
        return _Walk(scope, functions).value(expression.body)
    except _Failure as failure:
        raise ExpressionError(text, f"{failure}。") from failure.__cause__
    except ZeroDivisionError as error:
        raise ExpressionError(text, "0で割ることはできません。") from error
    except DecimalException as error:
        raise ExpressionError(text, "計算の結果が扱える範囲を超えました。") from error
    except RecursionError as error:
        raise ExpressionError(text, "式が複雑すぎます。") from error


class _Walk:
    def __init__(self, scope: Scope, functions: Functions) -> None:
        self.scope, self.functions = scope, functions

    def value(self, node: ast.expr) -> object:
        return _KINDS[type(node)](self, node)

    def constant(self, node: ast.Constant) -> object:
        return Decimal(repr(node.value)) if isinstance(node.value, float) else node.value

    def name(self, node: ast.Name) -> object:
        try:
            return self.scope[node.id]
        except KeyError:
            raise _Failure(f"変数「{node.id}」がありません") from None

    def attribute(self, node: ast.Attribute) -> object:
        owner = self.value(node.value)
        if not isinstance(owner, Mapping):
            raise _Failure(f"「.{node.attr}」は項目を持つ値にだけ使えます")
        if node.attr not in owner:
            raise _Failure(f"項目「{node.attr}」がありません")
        return owner[node.attr]

    def subscript(self, node: ast.Subscript) -> object:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(owner, Mapping):
            if not isinstance(key, (str, int)) or key not in owner:
                raise _Failure(f"項目「{_shown(key)}」がありません")
            return owner[key]
        if not isinstance(owner, (list, tuple, str)) or isinstance(key, bool) or not isinstance(key, int):
            raise _Failure("[ ] は、一覧の番号か項目の名前にだけ使えます")
        if not -len(owner) <= key < len(owner):
            raise _Failure(f"一覧に{key}番の要素がありません")
        return owner[key]

    def items(self, node: ast.List | ast.Tuple) -> object:
        return [self.value(item) for item in node.elts]

    def choice(self, node: ast.IfExp) -> object:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def boolean(self, node: ast.BoolOp) -> object:
        wanted = isinstance(node.op, ast.Or)
        result: object = None
        for part in node.values:
            result = self.value(part)
            if bool(result) is wanted:
                break
        return result

    def unary(self, node: ast.UnaryOp) -> object:
        operand = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not operand
        number = _number(operand)
        return -number if isinstance(node.op, ast.USub) else number

    def binary(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add):
            if isinstance(left, str) and isinstance(right, str):
                _check_length(len(left) + len(right), MAX_TEXT_RESULT)
                return left + right
            if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
                _check_length(len(left) + len(right), MAX_ITEMS_RESULT)
                return [*left, *right]
        return _arithmetic(node.op, _number(left), _number(right))

    def comparison(self, node: ast.Compare) -> object:
        left = self.value(node.left)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator)
            if not _compare(op, left, right):
                return False
            left = right
        return True

    def call(self, node: ast.Call) -> object:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        function = self.functions.get(name)
        if function is None:
            raise _Failure(f"関数「{name}」はありません")
        arguments = [self.value(argument) for argument in node.args]
        try:
            return _result(function(*arguments))
        except (_Failure, RecursionError):
            raise
        except ExpressionError as error:
            raise _Failure(error.reason.rstrip("。")) from error
        except Exception as error:  # whatever a function of the host raises is the failure of this expression
            raise _Failure(f"関数「{name}」が値を返せませんでした（{type(error).__name__}: {error}）") from error


#: each method takes the node class that it stands beside, which a dict's type cannot say
_KINDS: dict[type[ast.expr], Callable[[_Walk, Any], object]] = {
    ast.Constant: _Walk.constant,
    ast.Name: _Walk.name,
    ast.Attribute: _Walk.attribute,
    ast.Subscript: _Walk.subscript,
    ast.List: _Walk.items,
    ast.Tuple: _Walk.items,
    ast.IfExp: _Walk.choice,
    ast.BoolOp: _Walk.boolean,
    ast.UnaryOp: _Walk.unary,
    ast.BinOp: _Walk.binary,
    ast.Compare: _Walk.comparison,
    ast.Call: _Walk.call,
}


def _shown(value: object) -> str:
    return str(value)[:40] if isinstance(value, (str, int)) else type(value).__name__


def _number(value: object) -> Number:
    """The operand of a calculation; a float that came with the data becomes a Decimal of the same digits."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise _Failure(f"計算は数だけにできます（{_kind_ja(value)}があります）")
    return value


def _arithmetic(op: ast.operator, left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and not isinstance(op, ast.Div):
        result = _INTEGERS[type(op)](left, right)
        if result.bit_length() > MAX_INTEGER_BITS:
            raise _Failure("計算の結果が大きすぎます")
        return result
    return _decimal_arithmetic(op, Decimal(left), Decimal(right))


def _decimal_arithmetic(op: ast.operator, left: Decimal, right: Decimal) -> Decimal:
    match op:
        case ast.Add():
            return _DECIMALS.add(left, right)
        case ast.Sub():
            return _DECIMALS.subtract(left, right)
        case ast.Mult():
            return _DECIMALS.multiply(left, right)
    if right == 0:
        raise ZeroDivisionError
    if isinstance(op, ast.Div):
        return _DECIMALS.divide(left, right)
    quotient, rest = _DECIMALS.divmod(left, right)  # truncates; // and % round down, as they do for integers
    if rest != 0 and (rest < 0) != (right < 0):
        quotient, rest = _DECIMALS.subtract(quotient, Decimal(1)), _DECIMALS.add(rest, right)
    return quotient if isinstance(op, ast.FloorDiv) else rest


_INTEGERS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: int.__add__,
    ast.Sub: int.__sub__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
    ast.Mod: int.__mod__,
}


def _check_length(length: int, cap: int) -> None:
    if length > cap:
        raise _Failure("結果が長すぎます")


def _compare(op: ast.cmpop, left: object, right: object) -> bool:
    match op:
        case ast.Is():
            return left is None
        case ast.IsNot():
            return left is not None
        case ast.Eq():
            return _equal(left, right)
        case ast.NotEq():
            return not _equal(left, right)
        case ast.In():
            return _contains(right, left)
        case ast.NotIn():
            return not _contains(right, left)
    return _ordered(op, left, right)


def _equal(left: object, right: object) -> bool:
    left, right = _aligned(left, right)
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _contains(container: object, item: object) -> bool:
    if isinstance(container, str):
        if not isinstance(item, str):
            raise _Failure("文字の中で探せるのは文字だけです")
        return item in container
    if isinstance(container, Mapping):
        return isinstance(item, (str, int)) and item in container
    if isinstance(container, (list, tuple)):
        return any(_equal(item, other) for other in container)
    raise _Failure("in は、一覧・文字・項目を持つ値にだけ使えます")


def _ordered(op: ast.cmpop, left: object, right: object) -> bool:
    left, right = _aligned(left, right)
    if not any(_both(kind, left, right) for kind in ((int, Decimal), (str,), (datetime,))):
        plain_dates = _both((date,), left, right) and not isinstance(left, datetime) and not isinstance(right, datetime)
        if not plain_dates:
            raise _Failure(f"{_kind_ja(left)}と{_kind_ja(right)}の大小は比べられません")
    try:
        return bool(_ORDER[type(op)](left, right))
    except TypeError as error:  # an instant with and one without a time zone
        raise _Failure("時差の付いた日時と付いていない日時は比べられません") from error


def _both(kinds: tuple[type, ...], left: object, right: object) -> bool:
    boolean = isinstance(left, bool) or isinstance(right, bool)
    return isinstance(left, kinds) and isinstance(right, kinds) and not boolean


def _aligned(left: object, right: object) -> tuple[object, object]:
    """A date beside an ISO text compares as dates; a float of the data as its digits."""
    left = Decimal(repr(left)) if isinstance(left, float) else left
    right = Decimal(repr(right)) if isinstance(right, float) else right
    if isinstance(left, str) and isinstance(right, date):
        return _moment_like(left, right), right
    if isinstance(right, str) and isinstance(left, date):
        return left, _moment_like(right, left)
    return left, right


def _moment_like(text: str, other: date) -> object:
    try:
        return datetime.fromisoformat(text) if isinstance(other, datetime) else date.fromisoformat(text)
    except ValueError:
        return text


_ORDER: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}


def _result(value: object) -> object:
    """The value of a function, of a kind that variables may hold and within the caps."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, (str, list)):
        _check_length(len(value), MAX_TEXT_RESULT if isinstance(value, str) else MAX_ITEMS_RESULT)
    if value is not None and not isinstance(value, (bool, int, Decimal, str, date, list, Mapping)):
        raise _Failure("関数が扱えない値を返しました")
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise _Failure("計算の結果が大きすぎます")
    return value


def _kind_ja(value: object) -> str:
    match value:
        case None:
            return "空の値"
        case bool():
            return "はい・いいえ"
        case int() | Decimal() | float():
            return "数"
        case str():
            return "文字"
        case datetime():
            return "日時"
        case date():
            return "日付"
        case list() | tuple():
            return "一覧"
    return "項目を持つ値" if isinstance(value, Mapping) else "扱えない値"
