"""Where in the inbox somebody is, so that whatever they do to a task leads back to the same place.

The place is carried in the addresses of the task's page and forms: the inbox's own arguments, words hidden as there,
and the row that comes next. It is read as such and nothing else, so it leads nowhere but to the inbox.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import request, url_for

NAME = "at"  #: of the argument that carries the place
LONGEST = 1500
_KEPT = ("view", "due", "process", "org", "sort", "w", "after")
_ROW = "row"


def here(view: str) -> str:
    """The place of the page of the inbox that is being shown."""
    kept = {name: request.args[name] for name in _KEPT if request.args.get(name)}
    return urlencode({**kept, "view": view})


def at(place: str, row: str) -> str:
    """The place with the row at which to go on."""
    return f"{place}&{_ROW}={row}" if row else place


def given() -> str | None:
    """The place that came with the request, cleaned; None without one."""
    found = _read(request.values.get(NAME, ""))
    return urlencode(found) if found else None


def back(task_id: str = "", **said: str) -> str | None:
    """The address of the place that came along, at the row of the task, else at the row that follows what was done.

    said: what was just done, for the inbox to say. None without a place.
    """
    found = _read(request.values.get(NAME, ""))
    if not found:
        return None
    row = task_id or found.pop(_ROW, "")
    found.pop(_ROW, None)
    return url_for("inbox.show", **{**found, **said}, _anchor=f"at-{row}" if row else None)  # type: ignore[arg-type]


def _read(text: str) -> dict[str, str]:
    if not text or len(text) > LONGEST or not text.isprintable():
        return {}
    try:
        pairs = parse_qsl(text, max_num_fields=len(_KEPT) + 1)
    except ValueError:
        return {}
    return {name: value for name, value in pairs if name in _KEPT or (name == _ROW and value.isalnum())}
