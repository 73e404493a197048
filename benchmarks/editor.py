"""The editor of processes against the bare modeler it is built on: how soon each can be worked with, in a real browser.

Both come from one server in this process and draw the same file: ours is the page of a draft for somebody signed in,
the other one a page that loads bpmn-js as it is published, with its own styles, and imports the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flask import Flask, Response, send_from_directory
from playwright.sync_api import Browser, BrowserContext
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from benchmarks.databases import Scratch
from benchmarks.pages import signed_in
from benchmarks.rounds import measured
from benchmarks.size import Size
from benchmarks.table import Goal, Line
from engine import bootstrap
from engine.config import ROOT, Settings
from engine.services import access, deployments, drafting, reference_data, staff_accounts
from engine.services.engine import Engine
from tests.support.browser import started_browser
from web.app import create_app

MODELER = ROOT / "web" / "frontend" / "node_modules" / "bpmn-js" / "dist"
PROCESS = "plan_execution"  #: the largest of the shipped files
WAIT_MS = 60_000
GOAL = Goal(at_most=2)
#: both pages say in the same way when they can be worked with: milliseconds since the address was asked for
NOTE_READY = """
new MutationObserver(() => {
  const root = document.documentElement;
  if (!root.dataset.readyAfter && document.querySelector('[data-editor="shown"]')) {
    root.dataset.readyAfter = performance.now();
  }
}).observe(document, { attributes: true, childList: true, subtree: true });
"""
BARE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>bare</title>
<link rel="stylesheet" href="/bare/assets/diagram-js.css"><link rel="stylesheet" href="/bare/assets/bpmn-js.css">
<link rel="stylesheet" href="/bare/assets/bpmn-font/css/bpmn.css">
<style>html, body, #canvas { height: 100%; margin: 0; }</style>
<script src="/bare/bpmn-modeler.production.min.js" defer></script>
<script type="module">
const answer = await fetch('/bare/file.bpmn');
const modeler = new BpmnJS({ container: '#canvas' });
await modeler.importXML(await answer.text());
modeler.get('canvas').zoom('fit-viewport', 'auto');
document.querySelector('#canvas').dataset.editor = 'shown';
</script></head><body><div id="canvas"></div></body></html>
"""


def editor(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Until the drawing stands and the page says so: with everything to load, and with scripts and styles at hand."""
    url = scratch.database("sqlite", "editor")
    engine, token, file = _drafted(url)
    with started_browser() as browser, _served(engine, file) as address:
        if browser is None:
            raise RuntimeError("no browser starts: see script/browser")
        for name, visits in (("first visit", _first), ("again", _again)):
            with visits(browser, address, token) as (ours, theirs):
                ours(), theirs()
                found = measured(ours, theirs, rounds=size.editor_rounds, calls=1)
            note = f"{PROCESS}, {len(file) // 1024} KB; wall clock from the address to the mark"
            yield Line(f"editor ready, {name}", "-", found, GOAL, note)
    engine.database.dispose()
    scratch.drop(url)


def _drafted(url: str) -> tuple[Engine, str, bytes]:
    """An office with an open draft; the token of a session of its owner, and the file that is drawn."""
    engine, now = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows")), datetime.now(UTC)
    reference_data.load(engine.database, engine.reference)
    deployments.deploy_folder(engine, ROOT / "workflows", by=None, reason="計測", now=now)
    staff_id = staff_accounts.create_staff(
        engine, login="owner", name="手続きの梓（架空）", password=None, roles={"DV-07": ["process_owner"]}, now=now
    )
    drafting.begin(engine, access.actor_by_id(engine, staff_id, now=now), PROCESS, now=now)
    token = signed_in(engine, staff_id, now, lasts=timedelta(hours=4))
    return engine, token, (ROOT / "workflows" / PROCESS / "process.bpmn").read_bytes()


@contextmanager
def _served(engine: Engine, file: bytes) -> Iterator[str]:
    """One server for both; its address."""
    app = create_app(engine)
    both = DispatcherMiddleware(app.wsgi_app, {"/bare": _bare(file).wsgi_app})
    server = make_server("127.0.0.1", 0, both, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _bare(file: bytes) -> Flask:
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/", "page", lambda: BARE)
    app.add_url_rule("/file.bpmn", "file", lambda: Response(file, mimetype="application/xml"))

    @app.get("/<path:path>")
    def of_the_modeler(path: str) -> Response:
        return send_from_directory(Path(MODELER), path, max_age=31_536_000)

    return app


Sides = tuple[Callable[[], float], Callable[[], float]]


@contextmanager
def _first(browser: Browser, address: str, token: str) -> Iterator[Sides]:
    """Each visit with a browser that has nothing yet."""

    def visit(path: str) -> float:
        context = _context(browser, address, token)
        try:
            return _ready_after(context, address + path)
        finally:
            context.close()

    yield partial(visit, _OURS), partial(visit, "/bare/")


@contextmanager
def _again(browser: Browser, address: str, token: str) -> Iterator[Sides]:
    """Each visit with a browser that was there before."""
    context = _context(browser, address, token)
    yield partial(_ready_after, context, address + _OURS), partial(_ready_after, context, f"{address}/bare/")
    context.close()


_OURS = f"/processes/{PROCESS}/draft"


def _context(browser: Browser, address: str, token: str) -> BrowserContext:
    context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "tsunagu", "value": token, "url": address}])
    context.add_init_script(NOTE_READY)
    return context


def _ready_after(context: BrowserContext, address: str) -> float:
    """Seconds from asking for the page until it can be worked with."""
    page = context.new_page()
    try:
        page.goto(address, wait_until="commit")
        root = page.locator("html[data-ready-after]")
        return float(root.get_attribute("data-ready-after", timeout=WAIT_MS) or "nan") / 1000
    finally:
        page.close()
