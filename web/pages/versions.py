"""The versions of a process, what differs between two, and how a new one is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.definitions.findings import errors_in
from engine.domain.errors import DefinitionRefused, FormInvalid, NotFound
from engine.queries import processes, publishing, standing
from engine.queries.publishing import PublicationView
from engine.services import comparing, drafting, publications, rehearsals, repairers
from engine.services.comparing import Change, Contents
from engine.services.publications import Material
from web.arguments import number
from web.i18n import gettext
from web.policy import policy
from web.publishing_words import CHANGES
from web.runtime import actor, engine, now

blueprint = Blueprint("versions", __name__, url_prefix="/processes")
HIGHEST = 100_000
LONGEST_REASON = 2000
SCENARIOS_PER_REQUEST = 2  #: run in a request where no scheduler does it


@blueprint.get("/<key>/versions")
@policy("signed_in")
def listing(key: str) -> str:
    """Who published each version, when and why, and what still runs on it."""
    page = processes.process_page(engine(), key)
    return render_template(
        "versions.html", process=page, approvers=publishing.approvers(engine(), key),
        wish=publishing.publication_of(engine(), key), owner=repairers.is_process_owner(actor()),
    )  # fmt: skip


# ---------------------------------------------------------------- comparing


@blueprint.get("/<key>/compare")
@policy("signed_in")
def compare(key: str) -> str:
    """What differs between versions ``a`` and ``b`` (without them: the live one and the one before)."""
    numbers = publishing.version_numbers(engine(), key)
    late = number("b", HIGHEST) or max(numbers)
    early = number("a", HIGHEST) or max((n for n in numbers if n < late), default=late)
    if early not in numbers or late not in numbers:
        raise NotFound("process")
    old, new = (engine().definitions.get(numbers[n]) for n in (early, late))
    changes = comparing.compare(comparing.contents_of_version(old), comparing.contents_of_version(new))
    return render_template(
        "compare.html", key=key, name=new.name, numbers=list(numbers), early=early, late=late,
        **_told(changes),
    )  # fmt: skip


def _told(changes: tuple[Change, ...]) -> dict[str, Any]:
    """The list without what is only drawn elsewhere, that apart, and the marks of both pictures."""
    earlier, later = comparing.marks(changes)
    return {
        "changes": [change for change in changes if change.kind != "moved"],
        "drawn_elsewhere": [change for change in changes if change.kind == "moved"],
        "marks_before": _marks(earlier),
        "marks_after": _marks(later),
    }


def _marks(kinds: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"id": element_id, "kind": kind, "label": gettext(CHANGES[kind])} for element_id, kind in kinds.items()]


# ---------------------------------------------------------------- publishing


@blueprint.get("/<key>/publish")
@policy("publishing")
def publish(key: str) -> str:
    """The open wish with everything that was found of it, or the form that begins one."""
    return _page(key)


def _page(key: str, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None) -> str:
    page, wish = processes.process_page(engine(), key, begun=True), publishing.publication_of(engine(), key)
    owner = repairers.is_process_owner(actor())
    shared = {
        "process": page, "wish": wish, "errors": errors or {}, "typed": typed or {}, "owner": owner,
        "draft": drafting.current(engine(), actor(), key) if owner else None,
        "needs_second": engine().settings.publish_approval,
    }  # fmt: skip
    if wish is None or not wish.row.is_open:
        return render_template("publish_begin.html", **shared)
    return render_template("publish.html", **shared, **_found(key, page.version.id, wish))


def _found(key: str, live_id: str, wish: PublicationView) -> dict[str, Any]:
    """Findings, changes, and whom it hits; nothing of the last two while the diagram cannot be read."""
    findings = publications.read_findings(wish.row)
    contents = _contents(key, publications.files_of(engine(), wish.row.id))
    stands = standing.standings(engine(), key, now=now())
    names = standing.names_of(engine(), key, stands)
    changes: tuple[Change, ...] = ()
    if contents is not None:
        live = engine().definitions.get(wish.row.base_version_id or live_id)
        changes = comparing.compare(comparing.contents_of_version(live), contents)
    mine = actor().staff_id in (wish.row.prepared_by, wish.row.requested_by)
    return {
        "findings": findings, "refused": errors_in(findings), "readable": contents is not None, **_told(changes),
        "hits": publishing.hits(contents.model if contents else None, stands, names), "mine": mine,
        "callers": _callers(key), "versions_standing": sorted({one.version for one in stands}, reverse=True),
        "may_approve": publications.is_approver(actor()) and not mine,
    }  # fmt: skip


def _contents(key: str, files: Mapping[str, bytes]) -> Contents | None:
    try:
        return comparing.contents_of(key, files)
    except (DefinitionRefused, KeyError):
        return None


def _callers(key: str) -> list[str]:
    """Names of the live processes that call this one: they keep it as it was until they are published anew."""
    return [d.name for d in engine().definitions.all_live() if d.process_key != key and key in d.model.called]


@blueprint.get("/<key>/publish/diagram.bpmn")
@policy("publishing")
def wished_diagram(key: str) -> Response:
    """The diagram of the open wish."""
    wish = publishing.publication_of(engine(), key)
    if wish is None:  # the address exists for every process that exists
        return Response(processes.process_diagram(engine(), key, processes.process_page(engine(), key).version.number),
                        mimetype="application/xml")  # fmt: skip
    files = publications.files_of(engine(), wish.row.id)
    return Response(files.get("process.bpmn", b""), mimetype="application/xml")


@blueprint.post("/<key>/publish/prepare")
@policy("process_owner")
def prepare(key: str) -> BaseResponse:
    """Check the draft, a diagram from elsewhere or an earlier version, and keep it as the open wish."""

    def act() -> None:
        again = request.form.get("again") == "1"
        publications.prepare(engine(), actor(), key, _material(key), again=again, now=now())

    return _acted(key, act)


def _material(key: str) -> Material:
    if request.form.get("source") == "version":
        chosen = request.form.get("version", "")
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 7):
            raise FormInvalid({"version": gettext("戻す版を選んでください。")})
        return publications.of_version(engine(), key, int(chosen))
    if request.form.get("source") == "draft":
        return publications.of_draft(engine(), actor(), key)
    file = request.files.get("diagram")
    content = file.read() if file is not None else b""
    if not content:
        raise FormInvalid({"diagram": gettext("図のファイルを選んでください。")})
    return publications.with_diagram(engine(), key, content)


@blueprint.post("/<key>/publish/continue")
@policy("process_owner")
def go_on(key: str) -> BaseResponse:
    """Try the next scenarios within this request, where no scheduler does it."""
    rehearsals.work(engine(), now=now(), limit=SCENARIOS_PER_REQUEST)
    return redirect(url_for("versions.publish", key=key))


@blueprint.post("/<key>/publish/request")
@policy("process_owner")
def ask(key: str) -> BaseResponse:
    """Ask for approval, or publish where none is needed."""

    def act() -> None:
        accepts = request.form.get("accepts") == "1"
        publications.request(
            engine(), actor(), key, reason=_reason("reason"), accepts_differences=accepts, now=now()
        )  # fmt: skip

    return _acted(key, act)


@blueprint.post("/<key>/publish/approve")
@policy("publishing")
def approve(key: str) -> BaseResponse:
    """Agree to what somebody else asked for."""
    return _acted(key, lambda: publications.approve(engine(), actor(), key, note=_reason("note"), now=now()))


@blueprint.post("/<key>/publish/refuse")
@policy("publishing")
def refuse(key: str) -> BaseResponse:
    """Send it back with a reason."""
    return _acted(key, lambda: publications.refuse(engine(), actor(), key, note=_reason("note"), now=now()), "note")


@blueprint.post("/<key>/publish/withdraw")
@policy("process_owner")
def withdraw(key: str) -> BaseResponse:
    """Give it up."""
    return _acted(key, lambda: publications.withdraw(engine(), actor(), key, now=now()))


def _acted(key: str, act: Callable[[], object], reason_field: str = "reason") -> BaseResponse:
    """The page again after the act, or with what is missing beside its field."""
    try:
        act()
    except FormInvalid as refusal:
        errors = {reason_field if name == "reason" else name: text for name, text in refusal.fields.items()}
        typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
        return make_response(_page(key, errors, typed), 422)
    return redirect(url_for("versions.publish", key=key))


def _reason(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_REASON]
