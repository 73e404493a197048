"""Whole pages against a plain page with one read of as many rows, in a city with a million completed tasks."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks import plain
from benchmarks.city import NOW, City, Settled, settle
from benchmarks.databases import Scratch
from benchmarks.plain import Asked
from benchmarks.replay import recorded
from benchmarks.rounds import compare
from benchmarks.size import Size
from benchmarks.table import PUBLISHED, Goal, Line
from engine.services.engine import Engine
from engine.storage import staff as staff_store
from web.app import create_app

SESSION = timedelta(hours=12)
#: what counts as a row of a page: lines of lists, of tables and of the timeline
_ROWS = re.compile(r'<tr>|<li class="row"|<li class="entry-')


@dataclass(frozen=True)
class Measured:
    """A page: its address for a person, and the plain page that shows as much of the same."""

    name: str
    path: str
    people: tuple[str, ...]
    asked: Asked
    goal: Goal


def pages(scratch: Scratch, size: Size) -> Iterator[Line]:
    """Inbox, board and case file with everything around them, by the application's own entry point."""
    for kind in scratch.kinds:
        url = scratch.database(kind, "city")
        begun = time.perf_counter()
        city = settle(url, City(size.city_cases, size.city_done, size.years_turns))
        spent = time.perf_counter() - begun
        filled = f"{size.city_cases:,} open cases, {size.city_done:,} done, filled in {spent:.0f} s"
        app, reference = create_app(city.engine), plain.create_app(city.engine.database)
        for page in _measured(city):
            yield _line(page, kind, filled, (city, app, reference), size)
        city.engine.database.dispose()
        scratch.drop(url)


def _measured(city: Settled) -> Iterator[Measured]:
    file = f"/cases/{city.years_number}"
    writer = (city.years_worker,)
    yield Measured("inbox", "/inbox", city.workers, "mine", Goal(at_most=3))
    yield Measured("inbox, claimable", "/inbox?view=claimable", city.workers, "claimable", Goal(at_most=3))
    yield Measured("board of one office", "/board", (city.leader,), "board", Goal(at_most=3))
    yield Measured("board of the city", "/board", (city.supervisor,), "board", Goal(at_most=3))
    yield Measured("list of the board", "/board/list?bucket=late", (city.supervisor,), "late", Goal(at_most=3))
    yield Measured("moments", "/timers", (city.supervisor,), "late", PUBLISHED)
    yield Measured("months", "/reports/months", (city.supervisor,), "late", PUBLISHED)
    yield Measured("case file of ten years, timeline", file, writer, "timeline", Goal(at_most=4))
    for part in ("contacts", "records", "plans", "tasks"):
        yield Measured(f"case file of ten years, {part}", f"{file}/{part}", writer, part, Goal(at_most=4))


def _line(page: Measured, kind: str, filled: str, sides: tuple[Settled, Flask, Flask], size: Size) -> Line:
    city, app, reference = sides
    visits = [_visit(app, page.path, signed_in(city.engine, who, NOW, lasts=SESSION)) for who in page.people]
    bodies = [visit() for visit in visits]
    rows = [len(_ROWS.findall(body)) for body in bodies]
    with recorded(city.engine.database) as sent:
        visits[0]()
    shown = [
        _visit(reference, plain.address(page.asked, who, city.offices[who], city.years_number, count))
        for who, count in zip(page.people, rows, strict=True)
    ]
    for visit in shown:
        visit()
    calls = max(len(visits), size.page_calls)
    found = compare(_in_turn(visits), _in_turn(shown), time.perf_counter, rounds=size.rounds, calls=calls)
    note = f"{len(sent)} statements, {max(rows):,} rows, {len(bodies[0].encode()) // 1024} KB; {filled}"
    return Line(page.name, kind, found, page.goal, note)


def _in_turn(visits: list[Callable[[], str]]) -> Callable[[], str]:
    turns = cycle(visits)
    return lambda: next(turns)()


def _visit(app: Flask, path: str, token: str = "") -> Callable[[], str]:
    """A call of the application as a server makes it; the answer must be a page."""
    headers = [("Cookie", f"tsunagu={token}")] if token else []
    builder = EnvironBuilder(path, base_url="http://localhost", headers=headers)
    environ = builder.get_environ()
    builder.close()
    return partial(_read, app, environ, path)


def _read(app: Flask, environ: dict[str, Any], path: str) -> str:
    answer, status, _ = run_wsgi_app(app.wsgi_app, dict(environ), buffered=True)
    assert status.startswith("200"), f"{path}: {status}"
    return b"".join(answer).decode()


def signed_in(engine: Engine, staff_id: str, now: datetime, *, lasts: timedelta) -> str:
    """The token of a session as signing in makes it."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": hashlib.sha256(token.encode()).hexdigest(), "staff_id": staff_id,
        "csrf": secrets.token_urlsafe(32), "created_at": now, "last_seen_at": now, "expires_at": now + lasts,
    }  # fmt: skip
    with engine.database.write() as connection:
        staff_store.add_session(connection, row)
    return token
