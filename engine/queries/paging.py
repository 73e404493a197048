"""Key pagination: a page begins after the last row of the one before, so rows that arrive do not shift it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAGE_SIZE = 50


@dataclass(frozen=True)
class After:
    """Where a page begins: the sort value (ISO text) and the id of the last row of the page before."""

    value: str
    id: str

    def token(self) -> str:
        """The form for an address."""
        plain = json.dumps([self.value, self.id], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(plain).decode().rstrip("=")

    @classmethod
    def read(cls, token: str | None) -> After | None:
        """The place behind a token; None for none and for anything that is not one of ours."""
        if not token or len(token) > 400:
            return None
        try:
            value: Any = json.loads(base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4)))
        except (ValueError, binascii.Error, UnicodeError, RecursionError):
            return None
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
            return cls(value[0], value[1])
        return None

    def moment(self) -> datetime | None:
        """The sort value as an aware instant; None when it is none."""
        try:
            value = datetime.fromisoformat(self.value)
        except ValueError:
            return None
        return value if value.tzinfo is not None else None
