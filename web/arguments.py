"""Reading arguments of addresses: whatever somebody types there, a page comes of it and never a fault."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from flask import request

E = TypeVar("E", bound=Enum)
D = TypeVar("D")


def line(name: str, longest: int) -> str:
    """A short text in one line; control characters are left out, what is too long is cut."""
    text = request.args.get(name, "")[: longest * 2]
    return "".join(character for character in text if character.isprintable()).strip()[:longest]


def choice(kind: type[E], name: str, default: D) -> E | D:
    """A member of an enum; the default for anything else."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return default


def number(name: str, highest: int) -> int | None:
    """A whole number from 1; None for anything else."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= highest else None
