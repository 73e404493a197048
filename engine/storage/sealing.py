"""The one way by which sealed values enter and leave the database.

They are stored as text with a scheme prefix; today's scheme is ``plain``. Encrypting is a change of this module alone:
a new prefix is written, both are read.
"""

from __future__ import annotations

import json
from typing import Any

_PREFIX = "plain:"


def seal(value: Any) -> str | None:
    """The stored form of a sealed value (any JSON value); None and empty text stay None."""
    if value is None or value in ("", {}, []):
        return None
    return _PREFIX + json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unseal(stored: str | None) -> Any:
    """The value behind a stored form. Raises ValueError for a scheme that this software does not know."""
    if stored is None:
        return None
    if not stored.startswith(_PREFIX):
        raise ValueError("unknown sealing scheme")
    return json.loads(stored.removeprefix(_PREFIX))
