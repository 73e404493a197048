"""What a route below ``/api`` declares of itself; the description is made from it (web.api.openapi)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """What one route takes and gives.

    answer: dataclass of what it gives (None: a file of the media type). query, body: dataclasses of what it takes.
    acts: it changes something, so it needs an Idempotency-Key.
    """

    id: str
    summary: str
    answer: type | None = None
    media: str = JSON
    query: type | None = None
    body: type | None = None
    acts: bool = False


def operation(declared: Operation) -> Callable[[View], View]:
    """Declare what a route takes and gives. Stands under its policy."""

    def declare(view: View) -> View:
        view.operation = declared  # type: ignore[attr-defined]
        return view

    return declare


def operation_of(view: object) -> Operation | None:
    """What a view function declares, or None."""
    found = getattr(view, "operation", None)
    return found if isinstance(found, Operation) else None
