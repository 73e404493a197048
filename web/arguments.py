"""Reading arguments of addresses: whatever somebody types there, a page comes of it and never a fault."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from flask import request

from web import search_words
from web.runtime import signed_in

E = TypeVar("E", bound=Enum)
D = TypeVar("D")


def line(name: str, longest: int) -> str:
    """A short text in one line; control characters are left out, what is too long is cut."""
    text = request.args.get(name, "")[: longest * 2]
    return "".join(character for character in text if character.isprintable()).strip()[:longest]


def words() -> str:
    """The words searched for, from the hidden form in the address (``w``) that this session made."""
    return search_words.reveal(request.args.get("w", ""), signed_in().csrf)


def hidden_words() -> str:
    """What a search form sent, as it may stand in an address."""
    return search_words.hide(request.form.get("q", ""), signed_in().csrf)


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
