"""Reading what somebody typed into an address or a form: a page comes of it, or a refusal in words, never a fault."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TypeVar

from flask import request

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid
from engine.domain.wareki import DateNotUnderstood, parse_date
from web import search_words
from web.runtime import now, signed_in

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


def day(name: str, missing: str = "日付を入力してください。") -> date:
    """A date of the form, in either calendar. Raises FormInvalid with what to write; missing: when nothing was."""
    text = request.form.get(name, "").strip()
    if not text:
        raise FormInvalid({name: missing})
    try:
        return parse_date(text[:40], today=tokyo_date(now()))
    except DateNotUnderstood as wrong:
        raise FormInvalid({name: wrong.message_ja}) from None
