"""In which order lists of work stand: keys that sort their rows, and where the next page begins by the same keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_

from engine.queries.paging import After
from engine.storage.tables import support_case


class Order(StrEnum):
    """An order of the inbox. Within a case and within a process the most urgent stands first."""

    DUE = "due"  #: by deadline; what is done by its end, the newest first; what is to come by its day
    OPENED = "opened"  #: the newest task first
    CASE = "case"  #: by the number of the case
    PROCESS = "process"


@dataclass(frozen=True)
class Key:
    """One value by which rows are sorted: an instant, a text or a number, never null."""

    expression: Any
    descending: bool = False


Keys = tuple[Key, ...]

#: numbers of cases as people count them: R8-0001 before R10-0001
BY_NUMBER: Keys = (Key(func.length(support_case.c.number)), Key(support_case.c.number))


def clauses(columns: Sequence[Any], keys: Keys) -> list[Any]:
    """What to order by: ``columns`` hold the values of the keys, followed by the id, which goes with the last key."""
    downwards = [key.descending for key in keys]
    return [
        column.desc() if down else column.asc()
        for column, down in zip(columns, [*downwards, downwards[-1]], strict=True)
    ]


def after(place: After | None, keys: Keys, id_column: Any) -> list[ColumnElement[bool]]:
    """The condition that a row stands behind the place; none for the first page, or for a place of another order."""
    values = None if place is None else _read(place, len(keys))
    if place is None or values is None:
        return []
    sorted_by = [(key.expression, value, key.descending) for key, value in zip(keys, values, strict=True)]
    sorted_by.append((id_column, place.id, keys[-1].descending))
    return [or_(*(_behind(sorted_by[: place_of + 1]) for place_of in range(len(sorted_by))))]


def place(values: Sequence[Any], row_id: str) -> After:
    """Where the next page begins, behind the row with these values."""
    return After("\n".join(_written(value) for value in values), row_id)


def _behind(parts: Sequence[tuple[Any, Any, bool]]) -> ColumnElement[bool]:
    """Equal in all but the last part, and behind in that."""
    *same, (column, value, descending) = parts
    return and_(*(one == held for one, held, _ in same), column < value if descending else column > value)


_KINDS: dict[str, Callable[[str], Any]] = {"t": datetime.fromisoformat, "n": int, "s": str}


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return "t" + value.isoformat()
    return f"n{value}" if isinstance(value, int) else f"s{value}"


def _read(place_: After, expected: int) -> list[Any] | None:
    texts = place_.value.split("\n")
    try:
        values = [_KINDS[text[:1]](text[1:]) for text in texts]
    except (KeyError, ValueError):
        return None
    sound = all(not isinstance(value, datetime) or value.tzinfo is not None for value in values)
    return values if len(values) == expected and sound else None
