"""Process definitions, to read: the list, one version as picture and outline, and its file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from engine.queries import processes, publishing, standing
from engine.queries.standing import Heat
from web.arguments import number
from web.policy import policy
from web.publishing_words import heat_label
from web.runtime import engine, now

blueprint = Blueprint("processes", __name__, url_prefix="/processes")
HIGHEST = 100_000


@blueprint.get("")
@policy("signed_in")
def listing() -> str:
    """All deployed processes."""
    return render_template(
        "processes.html",
        processes=processes.processes(engine()),
        wishes=publishing.open_publications(engine()),
        counts=standing.overview(engine(), now=now()),
    )


@blueprint.get("/<key>")
@policy("signed_in")
def show(key: str) -> str:
    """The live version, or the one asked for with ``version``."""
    page = processes.process_page(engine(), key, number("version", HIGHEST))
    heat = standing.heat(engine(), key, page.version.number, now=now())
    return render_template("process.html", process=page, heat=heat, marks=_marks(heat))


def _marks(heat: Heat) -> list[dict[str, str]]:
    """For the picture: a class and a badge with the numbers; a stopped place first."""
    return [
        {
            "id": place.element_id,
            "kind": "incident" if place.counts.stopped else f"heat{place.counts.heat}",
            "label": heat_label(place.counts),
        }
        for place in heat.places
        if place.drawn
    ]


@blueprint.get("/<key>/<int(max=100000):version>.bpmn")
@policy("signed_in")
def diagram_file(key: str, version: int) -> Response:
    """The BPMN file of one version."""
    return Response(processes.process_diagram(engine(), key, version), mimetype="application/xml")
