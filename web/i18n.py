"""Two languages: Japanese is written in the sources, English comes from translations/en (gettext).

The catalogue is read as it is (``.po``), so nothing has to be compiled: ``messages.po`` for what all pages share, and
one file for each area of pages. A text without a translation stays Japanese.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from flask import g, has_request_context

LANGUAGES = {"ja": "日本語", "en": "English"}
DEFAULT = "ja"
TRANSLATIONS = Path(__file__).resolve().parent / "translations"


@cache
def catalogue(language: str) -> dict[str, str]:
    """Source text to translation; empty for Japanese."""
    if language == DEFAULT:
        return {}
    found: dict[str, str] = {}
    for file in sorted((TRANSLATIONS / language / "LC_MESSAGES").glob("*.po")):
        found |= _read(file, language)
    return found


def _read(file: Path, language: str) -> dict[str, str]:
    with file.open("rb") as handle:
        messages = read_po(handle, locale=language)
    return {
        message.id: message.string
        for message in messages
        if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
    }


def language() -> str:
    """The language of the page being made."""
    return str(getattr(g, "language", DEFAULT)) if has_request_context() else DEFAULT


def gettext(text: str) -> str:
    """The text in the language of the page."""
    return catalogue(language()).get(text, text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The text for one or for several; each form is an entry of its own."""
    return gettext(singular if count == 1 else plural)


def mark(text: str) -> str:
    """Name a text for the catalogue where it is not shown at once."""
    return text


def accepted(header: str | None) -> str:
    """The first language of an Accept-Language header that we have."""
    for part in (header or "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return DEFAULT
