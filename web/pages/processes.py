"""Process definitions, to read: the list, one version as picture and outline, and its file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from engine.queries import processes
from web.arguments import number
from web.policy import policy
from web.runtime import engine

blueprint = Blueprint("processes", __name__, url_prefix="/processes")
HIGHEST = 100_000


@blueprint.get("")
@policy("signed_in")
def listing() -> str:
    """All deployed processes."""
    return render_template("processes.html", processes=processes.processes(engine()))


@blueprint.get("/<key>")
@policy("signed_in")
def show(key: str) -> str:
    """The live version, or the one asked for with ``version``."""
    page = processes.process_page(engine(), key, number("version", HIGHEST))
    return render_template("process.html", process=page)


@blueprint.get("/<key>/<int(max=100000):version>.bpmn")
@policy("signed_in")
def diagram_file(key: str, version: int) -> Response:
    """The BPMN file of one version."""
    return Response(processes.process_diagram(engine(), key, version), mimetype="application/xml")
