"""The web application. Made by a function, so that tests and servers each have their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request, url_for
from jinja2 import StrictUndefined

from web import assets, errors, headers, i18n, publishing_words, runtime, session, words
from web.api.areas import BLUEPRINTS
from web.formatting import FILTERS, printable
from web.navigation import navigation
from web.pages import (
    admin_import,
    admin_mail,
    admin_reference,
    admin_staff,
    board,
    capacity,
    cases,
    casework,
    draft_forms,
    draft_outline,
    drafts,
    help_pages,
    home,
    inbox,
    intake,
    moves,
    new_process,
    notices,
    oversight,
    own_password,
    own_tokens,
    processes,
    reassign,
    reviews,
    sealed,
    settings,
    sign_in,
    static_files,
    tasks,
    versions,
)
from web.policy import Policy, allows

if TYPE_CHECKING:
    from engine.services.engine import Engine

MAX_BYTES = 2 * 1024 * 1024
MAX_FIELDS = 5000
_AREAS = (
    home, sign_in, inbox, tasks, intake, cases, casework, reviews, processes, versions, moves, notices, settings,
    help_pages, static_files, drafts, draft_outline, draft_forms, new_process, own_tokens,
    own_password, capacity, sealed, board, reassign, oversight, admin_staff, admin_reference, admin_mail, admin_import,
)  # fmt: skip


def create_app(engine: Engine) -> Flask:
    """The application on one engine; nothing happens at import time."""
    app = Flask("web", root_path=str(Path(__file__).resolve().parent), static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        MAX_FORM_PARTS=MAX_FIELDS,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.extensions[runtime.ENGINE] = engine
    app.extensions[runtime.ASSETS] = assets.Shelf()
    session.install(app)
    errors.install(app)
    _templates(app)
    for blueprint in (*(area.blueprint for area in _AREAS), *BLUEPRINTS):
        app.register_blueprint(blueprint)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    https = runtime.engine().settings.secure_cookies
    response.headers.setdefault("Content-Language", i18n.language())
    return headers.protect(response, https=https)


def _templates(app: Flask) -> None:
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.finalize = printable
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(FILTERS)
    env.globals.update(
        words=words,
        due_words=words.due_words,
        due_day=words.due_day,
        role_name=words.role,
        word=words.word,
        pw=publishing_words,
    )
    app.context_processor(_page_facts)


def _page_facts() -> dict[str, Any]:
    """What every template may use about the request."""
    signed_in = getattr(g, "signed_in", None)
    return {
        "language": i18n.language(),
        "me": signed_in,
        "now": getattr(g, "now", None),
        "nav": navigation(signed_in.actor) if signed_in else None,
        "asset": _asset_url,
        "csrf_value": signed_in.csrf if signed_in else "",
        "section": (request.blueprint or "") if request else "",
        "demo": runtime.engine().settings.demo,
        "plain": _plain,
        "may": _may,
    }


def _may(area: str) -> bool:
    """Whether the area is for the person who is signed in; pages link only to what will open."""
    signed_in = getattr(g, "signed_in", None)
    return signed_in is not None and allows(Policy(area), signed_in.actor)


def _asset_url(name: str) -> str | None:
    """The address of a style or script, or None when it was not built."""
    found = runtime.current_assets().path(name)
    return url_for("static_files.serve", path=found) if found else None


def _plain(text: str) -> str:
    """A text in one line, for attributes."""
    return re.sub(r"\s+", " ", text).strip()
