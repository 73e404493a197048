"""Refusals below ``/api`` as problem documents (RFC 9457): the rows of the one table of errors, told to a program.

``type`` is a stable word, ``title`` and ``detail`` are for people, in the language asked for. Members beside those of
the RFC: ``errors`` names what is wrong of the request place by place, ``reference`` is for the installation's own log;
a route may put more into ``g.problem_more`` before it lets a refusal pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from flask import Response, g, request
from werkzeug.exceptions import UnsupportedMediaType

from engine.domain.errors import EngineError, FormInvalid, KeyReused
from web.i18n import gettext, mark

PREFIX = "urn:tsunagu:problem:"
MEDIA_TYPE = "application/problem+json"
ROOT = "/api"
CHALLENGE = 'Bearer realm="tsunagu"'


class Refusal(Exception):
    """A request that cannot be understood as one of the interface for programs; ``code`` says why."""

    code = "bad_request"


class Unauthenticated(Refusal):
    """No token, or one that counts no more or never did."""

    code = "unauthenticated"


class KeyMissing(Refusal):
    """A request that changes something came without a usable Idempotency-Key."""

    code = "key_missing"


class BodyUnreadable(Refusal):
    """The body is not JSON, or not an object."""

    code = "body_unreadable"


class NotAsDescribed(Refusal):
    """Parameters or body are not as the description of the interface has them.

    places: JSON pointer into the body, or ``?name`` of a parameter, to what is wrong with it.
    """

    code = "not_as_described"

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__(", ".join(places))
        self.places = dict(places)


class Row(Protocol):
    """What the table of errors says of one."""

    @property
    def status(self) -> int:
        """Status of the answer."""

    @property
    def title(self) -> str:
        """What happened, a text of the catalogue."""

    @property
    def advice(self) -> str:
        """What to do, a text of the catalogue."""


#: the others' advice speaks of what is on a page
TOLD_BY_THE_TABLE = (Refusal, KeyReused, UnsupportedMediaType)
#: what programs are told where a page says something else, by code of the refusal
TITLES = {
    "not_found": mark("見つかりません"),
    "method_not_allowed": mark("この方法では受け付けられません"),
    "stale": mark("読んだあとに内容が変わりました"),
}
DETAILS = {
    "not_found": mark("番号が違うか、あなたに見せられるものではありません。"),
    "stale": mark("違いは「differences」にあります。確かめて、いまの「version」でもう一度送ってください。"),
    "form_invalid": mark("直すところは「errors」にあります。"),
    "too_large": mark("本文は2MBまでです。"),
    "storage_unavailable": mark("少し待って、もう一度送ってください。変える依頼も、同じ鍵なら二重に記録しません。"),
}
_CODES = {
    400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type",
    429: "too_many_attempts",
}  # fmt: skip


def wanted() -> bool:
    """Whether the request is a program's, so that it is answered with a problem document."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def code_of(error: Exception, status: int) -> str:
    """The stable word of an error."""
    if isinstance(error, (EngineError, Refusal)):
        return error.code
    return _CODES.get(status, "bad_request" if status < 500 else "failed")


def problem(error: Exception, row: Row, *, detail: str = "", reference: str = "") -> Response:
    """The problem document of an error. row: of the table of errors; detail: what this one error adds to it."""
    code, status = code_of(error, row.status), row.status
    advice = DETAILS.get(code) or (row.advice if isinstance(error, TOLD_BY_THE_TABLE) else "")
    document: dict[str, Any] = {
        "type": PREFIX + code,
        "title": gettext(TITLES.get(code, row.title)),
        "status": status,
        "detail": (detail if not isinstance(error, FormInvalid) else "") or gettext(advice) or None,
        "errors": _places(error),
        "reference": reference or None,
        **getattr(g, "problem_more", {}),
    }
    text = json.dumps({name: value for name, value in document.items() if value is not None}, ensure_ascii=False)
    response = Response(text, status, mimetype=MEDIA_TYPE)
    _headers(response, error)
    return response


def _headers(response: Response, error: Exception) -> None:
    if response.status_code == 401:
        given = "Authorization" in request.headers
        response.headers["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"' if given else CHALLENGE
    allowed = getattr(error, "valid_methods", None)
    if response.status_code == 405 and allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))


def _places(error: Exception) -> list[dict[str, str]] | None:
    """What is wrong, place by place: a JSON pointer into the body, or the name of a parameter."""
    if isinstance(error, FormInvalid):
        return [{"pointer": _pointer(path), "detail": text} for path, text in error.fields.items()]
    if isinstance(error, NotAsDescribed):
        return [
            {"parameter": place[1:], "detail": gettext(text)} if place.startswith("?") else
            {"pointer": place, "detail": gettext(text)}
            for place, text in error.places.items()
        ]  # fmt: skip
    return None


def _pointer(path: str) -> str:
    """The place of a form's field in the body that completes a task: ``rows/0/issue`` is ``/data/rows/0/issue``."""
    return "/data" + "".join("/" + part.replace("~", "~0") for part in path.split("/") if part)
