"""A city hall of its own for each test: fresh database, real accounts, the real server with its scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.people import SHOTS, City, prepared
from tests.support.clock import MovedClock
from tests.support.server import live_server

BEGIN = "2026-04-06T10:00"


@pytest.fixture
def city(sqlite_url: str, tmp_path: Path, browser: Browser, request: pytest.FixtureRequest) -> Iterator[City]:
    """On the morning of 6 April 2026; what went wrong is seen in a picture of every open window."""
    clock = MovedClock(tmp_path / "clock", BEGIN)
    engine = prepared(sqlite_url, clock)
    with live_server(sqlite_url, tmp_path, clock.environment()) as server:
        opened = City(engine, server, clock, browser)
        yield opened
        if getattr(request.node, "failed_in_call", False):
            SHOTS.mkdir(parents=True, exist_ok=True)
            for person in opened.people.values():
                person.page.screenshot(path=SHOTS / f"failed-{person.login}.png", full_page=True)
        opened.close()
    engine.database.dispose()
