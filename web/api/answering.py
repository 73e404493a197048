"""Answers of the interface for programs: JSON, and the address of the next page."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from engine.queries.paging import After
from web.api.describing import JSON
from web.api.schemas import as_json
from web.i18n import mark
from web.problems import NotAsDescribed

PLACE = mark("続きの場所（after）は、前のページの「after」の値をそのまま入れてください。")


def answer(shape: object) -> Response:
    """A dataclass as the answer."""
    return json_answer(as_json(shape))


def json_answer(value: Any) -> Response:
    """A value of JSON as the answer."""
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")), mimetype=JSON)


def place(token: str, where: str) -> After | None:
    """The place behind an ``after`` that came at ``where``. Raises NotAsDescribed for one that is not ours."""
    if not token:
        return None
    found = After.read(token)
    if found is None:
        raise NotAsDescribed({where: PLACE})
    return found


def next_address(after: After | None) -> str | None:
    """The address of the next page of this list, with the same filter; None on the last page and for a search."""
    if after is None or request.method != "GET":
        return None
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return f"{request.path}?{urlencode({**kept, 'after': after.token()})}"


def token(after: After | None) -> str | None:
    """Where the next page begins, as it is told; None on the last page."""
    return after.token() if after is not None else None
