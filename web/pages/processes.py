"""Process definitions, to read: the list, one version as picture and outline, and its file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from engine.queries import oversight, processes, publishing, standing
from engine.queries.paging import After
from engine.queries.standing import Heat
from engine.services import new_process
from web.arguments import number
from web.policy import Policy, allows, policy
from web.publishing_words import heat_label
from web.runtime import actor, engine, now

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
        begun=new_process.unpublished(engine(), actor()) if allows(Policy.PROCESS_OWNER, actor()) else (),
    )


@blueprint.get("/<key>")
@policy("signed_in")
def show(key: str) -> str:
    """The live version, or the one asked for with ``version``."""
    page = processes.process_page(engine(), key, number("version", HIGHEST))
    heat = standing.heat(engine(), key, page.version.number, now=now())
    return render_template("process.html", process=page, heat=heat, marks=_marks(key, heat))


@blueprint.get("/<key>/stopped")
@policy("signed_in")
def stopped(key: str) -> str:
    """What stopped in the process, on ``element`` alone where it is given; the way on for those who watch the case."""
    page, element_id = processes.process_page(engine(), key), request.args.get("element")
    rows, following = standing.stops(engine(), key, element_id, After.read(request.args.get("after")))
    ids = [row.id for row in rows]
    watched = oversight.watched_incidents(engine(), actor(), ids, now=now()) if _watches() else frozenset()
    places = standing.standings(engine(), key, now=now())
    return render_template(
        "process_stopped.html", process=page, rows=rows, next=following, element=element_id, watched=watched,
        names=standing.names_of(engine(), key, places),
    )  # fmt: skip


def _watches() -> bool:
    return allows(Policy.REVIEWS, actor())


def _marks(key: str, heat: Heat) -> list[dict[str, str]]:
    """For the picture: a class and a badge with the numbers; a stopped place first, and it leads to what stopped."""
    return [
        {
            "id": place.element_id,
            "kind": "incident" if place.counts.stopped else f"heat{place.counts.heat}",
            "label": heat_label(place.counts),
            **(
                {"href": url_for("processes.stopped", key=key, element=place.element_id)}
                if place.counts.stopped
                else {}
            ),
        }
        for place in heat.places
        if place.drawn
    ]


@blueprint.get("/<key>/<int(max=100000):version>.bpmn")
@policy("signed_in")
def diagram_file(key: str, version: int) -> Response:
    """The BPMN file of one version."""
    return Response(processes.process_diagram(engine(), key, version), mimetype="application/xml")
