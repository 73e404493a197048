"""What process variables may hold, and their reversible form in MessagePack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from engine.bpmn.failures import RunFailed

MAX_DEPTH = 20  #: nesting of lists and objects in one variable
_DECIMAL, _DATE, _INSTANT, _BIG_INTEGER = 1, 2, 3, 4  #: MessagePack extension codes of this snapshot format


def checked_copy(value: object, depth: int = 0) -> object:
    """A deep copy, so that no two variables share a list; RunFailed for a kind that variables may not hold.

    Allowed: bool, int, Decimal, str, date, aware datetime, None, and lists and string-keyed objects of these.
    """
    kind = type(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise RunFailed("変数に入れられない数です")
    if kind in (bool, int, str, Decimal, date) or value is None:
        return value
    if depth > MAX_DEPTH:
        raise RunFailed("変数の入れ子が深すぎます")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise RunFailed("時差の付いていない日時は変数に入れられません")
        return datetime.fromisoformat(value.isoformat())
    if isinstance(value, (list, tuple)):
        return [checked_copy(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise RunFailed("項目の名前は文字でなければなりません")
        return {str(key): checked_copy(item, depth + 1) for key, item in value.items()}
    if isinstance(value, str):  # a string enum: its text
        return str.__str__(value)
    raise RunFailed(f"この種類の値は変数に入れられません（{kind.__name__}）")


def same(left: object, right: object) -> bool:
    """Equal in kind and value (``True`` is not ``1``)."""
    return left is right or (type(left) is type(right) and bool(left == right))


def packed(value: object) -> object:
    """The value with decimals, dates, instants and large integers as extensions; lists and objects are rebuilt."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else _extension(_BIG_INTEGER, str(value))
    if isinstance(value, dict):
        return {key: packed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [packed(item) for item in value]
    if isinstance(value, Decimal):
        return _extension(_DECIMAL, str(value))
    if isinstance(value, datetime):
        return _extension(_INSTANT, value.isoformat())
    if isinstance(value, date):
        return _extension(_DATE, value.isoformat())
    return value


def _extension(code: int, text: str) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, text.encode())


def _unpacked(code: int, data: memoryview) -> object:
    text = bytes(data).decode()
    match code:
        case 1:
            return Decimal(text)
        case 2:
            return date.fromisoformat(text)
        case 3:
            return datetime.fromisoformat(text)
        case 4:
            return int(text)
    raise ValueError(f"unknown extension {code}")


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ext_hook=_unpacked)


def encode(value: object) -> bytes:
    """Plain data, whose values of variables went through ``packed``, as MessagePack."""
    return _ENCODER.encode(value)


def decode(data: bytes) -> Any:
    """The inverse of ``encode``; raises msgspec.DecodeError or ValueError for bytes that it did not write."""
    return _DECODER.decode(data)
