"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware instant: timestamptz on PostgreSQL, sortable UTC text on SQLite. Naive values are refused."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """timestamptz where the database has it."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Straight to our own function: a step writes some thirty instants."""
        return _in_utc if dialect.name == "postgresql" else _as_text

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """UTC with microseconds, so that text order is time order."""
        return self.bind_processor(dialect)(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Straight to our own function, as ``bind_processor``."""
        return _read

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        return _read(value)


def _read(value: Any) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return None if value is None else value.astimezone(UTC)


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("naive datetime")
    return value.astimezone(UTC)


@lru_cache(256)  # a step writes its own instant again and again
def _as_text(value: datetime | None) -> str | None:
    utc = _in_utc(value)
    return None if utc is None else utc.isoformat(timespec="microseconds")[:-6] + "Z"


def plain(value: object) -> object:
    """The JSON form of a date, instant, decimal or collection; TypeError for anything else that JSON does not have."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not stored")


class Json(TypeDecorator[Any]):
    """A JSON value kept as text: key order survives and nothing is re-interpreted (never JSONB)."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Straight to our own function, as for ``Instant``."""
        return as_json

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Compact UTF-8 text; ``None`` stays NULL."""
        return as_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Straight to our own function."""
        return _from_json

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The parsed value."""
        return _from_json(value)


_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain).encode


def as_json(value: Any) -> str | None:
    """The compact text under which a JSON value is kept; ``None`` stays NULL."""
    return None if value is None else _encoded(value)


def _from_json(value: str | None) -> Any:
    return None if value is None else json.loads(value)
