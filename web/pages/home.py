"""The front page, which is the first page of one's role, and the sign of life for proxies."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from web.navigation import landing
from web.policy import policy
from web.runtime import actor

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@policy("signed_in")
def front() -> BaseResponse:
    """Lead to where the person's work is."""
    return redirect(url_for(landing(actor())))


@blueprint.get("/healthz")
@policy("public")
def alive() -> Response:
    """Say that the process answers; nothing about its content."""
    return Response("ok\n", mimetype="text/plain")
