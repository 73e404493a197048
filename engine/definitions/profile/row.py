"""The shape of a line of the profile table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """Part of the table a row belongs to."""

    NODE = "node"  #: activities and gateways
    EVENT = "event"  #: an event with its definition, as ``tag+definition``
    STRUCTURE = "structure"  #: elements that hold others or say how they behave
    DRAWING = "drawing"  #: the picture, and notes on it
    EXTENSION = "extension"  #: elements of the camunda and tsunagu namespaces
    ATTRIBUTE = "attribute"  #: attributes, as ``@name``


@dataclass(frozen=True)
class Row:
    """One line of the profile.

    key: prefixed tag, ``tag+definition`` or ``@attribute``. condition: when accepted, under what condition; when
    refused, what to do instead. reason: why. inside: parents it may stand in (elements), or elements it may stand on
    (attributes). values: regular expression of the whole value of an attribute. text: whether it holds text.
    once: at most one in its parent.
    """

    key: str
    group: Group
    ja: str
    en: str
    accepted: bool = True
    condition: str = ""
    reason: str = ""
    inside: frozenset[str] = frozenset()
    values: str = ""
    text: bool = False
    once: bool = False
