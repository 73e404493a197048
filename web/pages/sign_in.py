"""Sign-in and sign-out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import SignInFailed, TooManyAttempts
from engine.queries import staff_list
from engine.services import capacities, sign_in
from web import csrf, session
from web.errors import page_for
from web.policy import policy
from web.runtime import engine, now, signed_in

blueprint = Blueprint("sign_in", __name__)
DEMO_PASSWORD = "tsunagu-demo-2026"  #: of the invented people; no account outside a demo has it
LONGEST = 200  #: of a login or password; anything longer is nobody's


@blueprint.get("/sign-in")
@policy("public")
def form() -> Response:
    """The sign-in form; in a demo with its people."""
    return _form_page(200)


@blueprint.post("/sign-in")
@policy("public")
def enter() -> BaseResponse:
    """Begin a session with a new id, whatever cookie came along."""
    session.require_csrf(request.cookies.get(csrf.form_cookie_name(secure=_secure())))
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    try:
        if not login or not password or len(login) > LONGEST or len(password) > LONGEST or "\x00" in login + password:
            raise SignInFailed
        token = sign_in.sign_in(engine(), login, password, now=now())
    except (SignInFailed, TooManyAttempts) as refusal:
        row = page_for(refusal)
        return _form_page(row.status, problem=row.advice, login=login[:LONGEST])
    then = session.local_path(request.form.get("next"))
    person = sign_in.session(engine(), token, now=now())
    if person is not None and len(capacities.offices(person.actor)) > 1:
        then = url_for("capacity.show", next=then)
    response = make_response(redirect(then))
    session.begin(response, token)
    response.delete_cookie(csrf.form_cookie_name(secure=_secure()), secure=_secure(), path="/")
    return response


@blueprint.post("/sign-out")
@policy("signed_in")
def leave() -> BaseResponse:
    """End the session on the server, then take the cookie away."""
    signed_in()
    sign_in.sign_out(engine(), request.cookies.get(session.cookie_name(), ""))
    response = make_response(redirect(url_for("sign_in.form")))
    session.end(response)
    return response


def _secure() -> bool:
    return engine().settings.secure_cookies


def _form_page(status: int, *, problem: str = "", login: str = "") -> Response:
    name = csrf.form_cookie_name(secure=_secure())
    token = request.cookies.get(name) or ""
    response = make_response("", status)
    if len(token) < 32:
        token = csrf.new_form_token(response, secure=_secure())
    response.set_data(
        render_template(
            "sign_in.html",
            token=token,
            problem=problem,
            login=login,
            next=request.values.get("next", ""),
            people=staff_list.demo_people(engine()) if engine().settings.demo else (),
            demo_password=DEMO_PASSWORD,
            obstacle=_obstacle(),
        )
    )
    return response


def _obstacle() -> str:
    """Why signing in cannot work from this address, or what is unsafe about it: ``https``, ``plain`` or nothing.

    With an https base address the cookies are Secure, so a browser that came by plain http does not send them back.
    """
    if request.is_secure:
        return ""
    if _secure():
        return "https"
    host = request.host.rpartition(":")[0] or request.host
    return "" if host.strip("[]") in ("localhost", "127.0.0.1", "::1") else "plain"
