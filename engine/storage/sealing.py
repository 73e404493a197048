"""The one way by which sealed values enter and leave the database.

They are stored as text with a scheme prefix; today's scheme is ``plain``. Encrypting is a change of this module alone:
a new prefix is written, both are read.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

_PREFIX = "plain:"


def seal(value: Any) -> str | None:
    """The stored form of a sealed value (any JSON value); None and empty text stay None."""
    if value is None or value in ("", {}, []):
        return None
    return _PREFIX + json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_sealed(value: object) -> bool:
    """Whether a stored value has the form that ``seal`` gives."""
    return isinstance(value, str) and value.startswith(_PREFIX)


def unseal(stored: str | None) -> Any:
    """The value behind a stored form. Raises ValueError for a scheme that this software does not know."""
    if stored is None:
        return None
    if not stored.startswith(_PREFIX):
        raise ValueError("unknown sealing scheme")
    return json.loads(stored.removeprefix(_PREFIX))


def split(data: Mapping[str, Any], paths: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data without the values at ``paths`` (``a/0/b``), and those values by path."""
    wanted = sorted(paths)
    open_part: dict[str, Any] = copy.deepcopy(dict(data)) if wanted else dict(data)
    hidden: dict[str, Any] = {}
    for path in wanted:
        parent, key = _parent(open_part, path.split("/"))
        if parent is not None and (key in parent if isinstance(parent, dict) else 0 <= int(key) < len(parent)):
            index = key if isinstance(parent, dict) else int(key)
            hidden[path] = parent[index]
            parent[index] = None
    return open_part, hidden


def join(data: Mapping[str, Any], sealed: str | None) -> dict[str, Any]:
    """The whole data of a record, with its sealed values put back in their places."""
    hidden = unseal(sealed) or {}
    whole: dict[str, Any] = copy.deepcopy(dict(data)) if hidden else dict(data)
    for path, value in hidden.items():
        parent, key = _parent(whole, path.split("/"))
        if parent is not None:
            parent[key if isinstance(parent, dict) else int(key)] = value
    return whole


def _parent(data: Any, parts: list[str]) -> tuple[Any, str]:
    for part in parts[:-1]:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None, parts[-1]
    return (data if isinstance(data, (dict, list)) else None), parts[-1]
