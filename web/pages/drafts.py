"""The editor of a process: its draft on the server, what is wrong with it, and what was saved of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.definitions.findings import Finding
from engine.definitions.package import PROCESS_FILE
from engine.domain.errors import FormInvalid
from engine.queries import processes, staff_list
from engine.services import draft_presence, drafting, editing
from engine.services.comparing import Change
from engine.services.drafting import Draft, DraftTaken
from web.arguments import number
from web.draft_words import REVISIONS
from web.formatting import clock_time, moment, with_san
from web.headers import EDITOR_SECURITY_POLICY
from web.i18n import gettext
from web.policy import policy
from web.publishing_words import CHANGES, THEMES
from web.runtime import actor, engine, now

blueprint = Blueprint("drafts", __name__, url_prefix="/processes")
HIGHEST = 1_000_000


@blueprint.get("/<key>/draft")
@policy("process_owner")
def show(key: str) -> Response:
    """The editor with the open draft and its outline, or how to begin one."""
    page = processes.process_page(engine(), key, begun=True)
    draft = drafting.current(engine(), actor(), key)
    if draft is None:
        again = drafting.can_reopen(engine(), actor(), key)
        return make_response(render_template("draft_begin.html", process=page, can_reopen=again))
    files = drafting.files(engine(), actor(), key)
    answer = make_response(
        render_template(
            "draft.html",
            process=page,
            draft=draft,
            findings=editing.findings(engine(), actor(), key, files[PROCESS_FILE]),
            people=_people([draft.changed_by]),
            presence=presence(key),
        )
    )
    answer.headers["Content-Security-Policy"] = EDITOR_SECURITY_POLICY
    return answer


def _people(ids: Iterable[str]) -> dict[str, str]:
    return staff_list.names(engine(), ids)


@blueprint.post("/<key>/draft/here")
@policy("process_owner")
def here(key: str) -> Response:
    """Note that the person still has the draft open; answers who else has, and the last save."""
    return jsonify({"text": presence(key)})


def presence(key: str) -> str:
    """In words who else has the draft open, and when another saved it last; notes that the person has it open."""
    found = draft_presence.here(engine(), actor(), key, now=now())
    names = _people([*found.others, found.draft.changed_by])
    if not found.others and found.draft.changed_by == actor().staff_id:
        return ""
    saved = gettext("最後の保存は%(at)s、%(name)sです（%(n)s回目）。") % {
        "at": moment(found.draft.changed_at), "name": with_san(names.get(found.draft.changed_by, "")),
        "n": found.draft.revision,
    }  # fmt: skip
    if not found.others:
        return saved
    others = gettext("、").join(with_san(names.get(one, "")) for one in found.others)
    return gettext("%(names)sもこの下書きを開いています。") % {"names": others} + " " + saved


@blueprint.post("/<key>/draft/open")
@policy("process_owner")
def begin(key: str) -> BaseResponse:
    """Open a draft from the live version, or from the one chosen."""
    chosen = request.form.get("version", "")
    version = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 7 else None
    drafting.begin(engine(), actor(), key, version, now=now())
    return _editor(key)


@blueprint.post("/<key>/draft/reopen")
@policy("process_owner")
def reopen(key: str) -> BaseResponse:
    """Bring back the draft that was discarded last."""
    drafting.reopen(engine(), actor(), key, now=now())
    return _editor(key)


@blueprint.post("/<key>/draft/discard")
@policy("process_owner")
def discard(key: str) -> BaseResponse:
    """Close the draft without publishing it."""
    drafting.discard(engine(), actor(), key, seen=seen_revision(), now=now())
    return _editor(key)


@blueprint.get("/<key>/draft/diagram.bpmn")
@policy("process_owner")
def diagram(key: str) -> BaseResponse:
    """The diagram of the draft (of the revision asked for)."""
    if drafting.current(engine(), actor(), key) is None:
        return _editor(key)
    files = drafting.files(engine(), actor(), key, number("revision", HIGHEST))
    return Response(files[PROCESS_FILE], mimetype="application/xml")


@blueprint.get("/<key>/draft/facts")
@policy("process_owner")
def facts(key: str) -> BaseResponse:
    """What may be chosen in the editor, as JSON."""
    if drafting.current(engine(), actor(), key) is None:
        return _editor(key)
    return jsonify(editing.facts(engine(), actor(), key))


@blueprint.post("/<key>/draft/check")
@policy("process_owner")
def check(key: str) -> Response:
    """What is wrong with a diagram, by the rules of publishing; nothing is kept."""
    return jsonify({"findings": [_finding(f) for f in editing.findings(engine(), actor(), key, _sent())]})


@blueprint.post("/<key>/draft/save")
@policy("process_owner")
def save(key: str) -> BaseResponse:
    """Keep the diagram as the next revision; answers the editor in JSON, a form with a page."""
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        draft = drafting.save(engine(), actor(), key, _sent(), seen=seen_revision(), now=now())
    except DraftTaken as taken:
        return taken_page(key, taken, wants_json=wants_json)
    except FormInvalid as refusal:
        if not wants_json:
            raise
        return make_response(jsonify({"message": " ".join(refusal.fields.values())}), 422)
    return jsonify(_saved(draft)) if wants_json else _editor(key)


def taken_page(key: str, taken: DraftTaken, *, wants_json: bool = False) -> Response:
    """Somebody else saved first: who, when, and what differs between theirs and what was sent."""
    theirs, mine = (drafting.files(engine(), actor(), key, n) for n in (taken.draft.revision, taken.aside))
    changes = editing.differences(key, theirs, mine)
    by = _people([taken.draft.changed_by]).get(taken.draft.changed_by, "")
    if wants_json:
        told = None if changes is None else [_told(change) for change in changes]
        return make_response(jsonify({**_saved(taken.draft), "by": by, "aside": taken.aside, "changes": told}), 409)
    page = render_template(
        "draft_taken.html", key=key, draft=taken.draft, aside=taken.aside, by=by, changes=changes,
    )  # fmt: skip
    return make_response(page, 409)


@blueprint.get("/<key>/draft/revisions")
@policy("process_owner")
def revisions(key: str) -> BaseResponse:
    """What was saved of the draft, newest first."""
    draft = drafting.current(engine(), actor(), key)
    if draft is None:
        return _editor(key)
    rows = drafting.revisions(engine(), actor(), key)
    people = _people(row.by for row in rows)
    page = processes.process_page(engine(), key, begun=True)
    return make_response(
        render_template("draft_revisions.html", process=page, draft=draft, rows=rows, people=people, kinds=REVISIONS)
    )  # fmt: skip


@blueprint.post("/<key>/draft/restore")
@policy("process_owner")
def restore(key: str) -> BaseResponse:
    """Make an earlier revision the newest."""
    chosen = request.form.get("revision", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 7):
        raise FormInvalid({"revision": gettext("戻す保存を選んでください。")})
    drafting.restore(engine(), actor(), key, int(chosen), seen=seen_revision(), now=now())
    return _editor(key)


def _editor(key: str) -> BaseResponse:
    return redirect(url_for("drafts.show", key=key))


def seen_revision() -> int:
    """The revision on which the person worked; 0 (no revision) for anything else."""
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _sent() -> bytes:
    """The diagram of the request: a text of the editor, or a file."""
    file = request.files.get("file")
    content = file.read() if file is not None else request.form.get("diagram", "").encode()
    if not content:
        raise FormInvalid({"diagram": gettext("図のファイルを選んでください。")})
    return content


def _saved(draft: Draft) -> dict[str, Any]:
    return {"revision": draft.revision, "at": clock_time(draft.changed_at), "moment": moment(draft.changed_at)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "element": finding.element_id if finding.file == PROCESS_FILE else "", "name": finding.element_name,
        "file": finding.file, "rule": finding.rule, "error": finding.is_error, "message": finding.message_ja,
        "remedy": finding.remedy_ja,
    }  # fmt: skip


def _told(change: Change) -> dict[str, str]:
    return {
        "kind": gettext(CHANGES[change.kind]), "theme": gettext(THEMES[change.theme]), "name": change.name,
        "before": change.before, "after": change.after,
    }  # fmt: skip
