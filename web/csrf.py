"""Against requests that another site makes in a signed-in person's browser.

Every POST needs the token of the person's session; before sign-in, one that only this browser was given. In addition
a request that a browser declares to come from elsewhere is refused.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request, Response

FIELD = "csrf_token"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def comes_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site began the request."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    if not origin:
        return False
    return origin == "null" or urlsplit(origin).netloc != request.host


def matches(request: Request, expected: str | None) -> bool:
    """Whether the form carries the expected token."""
    given = request.form.get(FIELD, "")
    return bool(expected) and hmac.compare_digest(given.encode(), str(expected).encode())


def form_cookie_name(*, secure: bool) -> str:
    """The cookie that ties the sign-in form to this browser."""
    return "__Host-tsunagu-form" if secure else "tsunagu-form"


def new_form_token(response: Response, *, secure: bool) -> str:
    """Give this browser a token for the sign-in form."""
    token = secrets.token_urlsafe(32)
    set_form_token(response, token, secure=secure)
    return token


def set_form_token(response: Response, token: str, *, secure: bool) -> None:
    """Write the cookie of the sign-in form."""
    response.set_cookie(form_cookie_name(secure=secure), token, secure=secure, httponly=True, samesite="Lax", path="/")
