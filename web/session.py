"""The signed-in person of a request: cookie or token, session, language, and the gate in front of every route.

Pages know the cookie alone, and programs (below ``/api``) the token alone: so no request that a browser sends by itself
can act below ``/api``, and nothing there needs the token of a form.
"""

from __future__ import annotations

from flask import Flask, Request, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import NotAuthorised, NotFound
from engine.services import api_tokens, sign_in
from web import csrf, problems
from web.errors import BadRequest, CsrfRefused, SessionEnded
from web.i18n import LANGUAGES, accepted
from web.policy import Policy, allows, max_bytes_of, policy_of
from web.problems import Unauthenticated
from web.runtime import engine

LANGUAGE_COOKIE = "tsunagu-language"
#: what somebody may do who signed in with a password for one time
WITH_ONE_TIME_PASSWORD = frozenset({"own_password.form", "own_password.change", "sign_in.leave"})


def cookie_name() -> str:
    """``__Host-`` (and Secure) where people come by https."""
    return "__Host-tsunagu" if engine().settings.secure_cookies else "tsunagu"


def install(app: Flask) -> None:
    """Let every request pass the gate."""
    app.before_request(_begin)
    app.before_request(_gate)


def _begin() -> None:
    g.now = engine().clock.now()
    g.signed_in = None
    if problems.wanted():
        g.language = accepted(request.headers.get("Accept-Language"))
        g.signed_in = _bearer()
        return
    g.language = _asked_language()
    token = request.cookies.get(cookie_name())
    if token and request.endpoint != "static_files.serve":
        g.signed_in = sign_in.session(engine(), token, now=g.now)
    if g.signed_in is not None and g.signed_in.language in LANGUAGES:
        g.language = g.signed_in.language


def _bearer() -> sign_in.SignedIn | None:
    """The person for whom a program acts; nobody without a token that counts."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    return api_tokens.bearer(engine(), given.token, now=g.now)


def _asked_language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else accepted(request.headers.get("Accept-Language"))


def _gate() -> BaseResponse | None:
    """Refuse what the route's policy does not allow; a route without a policy does not exist for anybody."""
    _allow_size()
    refuse_unreadable(request)
    if request.endpoint is None:
        return None  # no such route: answered by the table of errors
    declared = policy_of(current_app.view_functions[request.endpoint])
    if declared is None:
        raise NotFound(request.endpoint)
    if declared is Policy.PUBLIC:
        return None
    if g.signed_in is None:
        return _to_sign_in_or_error()
    if request.method in csrf.UNSAFE and not problems.wanted():
        require_csrf(g.signed_in.csrf)
    if not allows(declared, g.signed_in.actor):
        raise NotAuthorised(declared.value)
    if g.signed_in.password_due and request.endpoint not in WITH_ONE_TIME_PASSWORD:
        return redirect(url_for("own_password.form"))
    return None


def _allow_size() -> None:
    """Let a request for files be larger, before anything of it is read and only from somebody signed in."""
    most = max_bytes_of(current_app.view_functions.get(request.endpoint or ""))
    if most is not None and g.signed_in is not None:
        request.max_content_length = most


def require_csrf(expected: str | None) -> None:
    """The POST carries the token and was made by one of our pages. Raises CsrfRefused."""
    if csrf.comes_from_elsewhere(request) or not csrf.matches(request, expected):
        raise CsrfRefused


def refuse_unreadable(asked: Request) -> None:
    """A null byte has no place in an address or in a form. Raises NotFound or BadRequest."""
    if "\x00" in asked.path:
        raise NotFound("path")
    given = [*asked.args.items(multi=True), *(asked.form.items(multi=True) if asked.method in csrf.UNSAFE else ())]
    if any("\x00" in name + value for name, value in given):
        raise BadRequest


def _to_sign_in_or_error() -> BaseResponse:
    """Reading goes to the sign-in page and comes back; what was typed must not be lost by a redirect."""
    if problems.wanted():
        raise Unauthenticated
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
    raise SessionEnded


def local_path(target: str | None) -> str:
    """A path of this site to go to after sign-in; the front page for anything else."""
    plain = target or ""
    safe = plain.startswith("/") and not plain.startswith(("//", "/\\")) and not any(ord(c) < 32 for c in plain)
    return plain if safe and "\\" not in plain else url_for("home.front")


def begin(response: Response, token: str) -> None:
    """Write the cookie of a new session."""
    response.set_cookie(
        cookie_name(), token, secure=engine().settings.secure_cookies, httponly=True, samesite="Lax", path="/"
    )


def end(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(
        cookie_name(), secure=engine().settings.secure_cookies, httponly=True, samesite="Lax", path="/"
    )
