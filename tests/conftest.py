"""Fixtures that need setting up and tearing down. Objects of the domain are built by `tests/builders.py`.

A test that asks for `database_url` runs on SQLite; with `any_database` beside it, on SQLite and on PostgreSQL.
What a machine cannot offer is skipped with the way to get it; with CI=true it fails.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page

from tests.support import browser as browsers
from tests.support import databases, postgres
from tests.support.availability import unavailable
from tests.support.mail import MailServer, running_mail_server
from tests.support.postgres import PostgresServer
from tests.support.server import LiveServer
from tests.support.server import live_server as started_server

if TYPE_CHECKING:
    from engine.storage.database import Database

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a database is not for between two edits: `script/quick` leaves it out with the other slow tests.

    Long tests come first, so that no worker is left alone with one in the end.
    """
    for item in items:
        if "sqlite_template" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of our own."""
    parser.addoption("--months", type=int, default=1, help="how long tests/simulation lets its city live")
    parser.addoption("--cases", type=int, default=60, help="how many cases come to it in all")
    parser.addoption("--staff", type=int, default=12, help="how many people work there, 12 to 50")
    parser.addoption("--simulation-seed", type=int, default=20260401, help="the seed of all its chance")
    parser.addoption("--kills", type=int, default=15, help="how often tests/faults kill the server on each database")
    parser.addoption("--walks", type=int, default=376, help="random walks of tests/equivalence, half of them alone")
    parser.addoption("--walk-seed", type=int, default=1, help="seed of the first walk of tests/equivalence")
    parser.addoption("--models", type=int, default=24, help="random models of tests/unit/definitions/test_search.py")
    parser.addoption("--races", type=int, default=6, help="rounds of each race of tests/races on each database")
    parser.addoption("--moments", type=int, default=200, help="moments of tests/races/test_many_moments.py")
    parser.addoption("--seed", type=int, default=1, help="seed of what tests choose by chance; printed by each")
    parser.addoption("--minutes", type=float, default=0, help="when a long run stops by itself; 0: when it is done")
    parser.addoption("--foreign-lock", type=float, default=0, help="seconds for which a foreign writer locks SQLite")
    parser.addoption("--every-call", action="store_true", help="fail every call of an act also with all after it")
    parser.addoption("--verdicts", default=None, metavar="FOLDER", help="where long runs write what they found")


# ---- databases -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this session (one for each xdist worker)."""
    try:
        with postgres.running_server() as server:
            yield server
    except postgres.PostgresMissing as missing:
        unavailable(f"no PostgreSQL: {missing}", postgres.HOW_TO_GET_ONE)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, never written to after."""
    return databases.migrated_sqlite(tmp_path_factory.mktemp("sqlite") / "template.sqlite3")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a migrated PostgreSQL database, never written to after."""
    name = f"template_{secrets.token_hex(4)}"
    databases.migrate_postgres(postgres_server.create(name))
    yield name
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated, empty SQLite database of this test."""
    return databases.copied_sqlite(sqlite_template, tmp_path / "test.sqlite3")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """URL of a migrated, empty PostgreSQL database of this test."""
    name = f"test_{secrets.token_hex(6)}"
    yield postgres_server.create(name, postgres_template)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_database(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database; the test runs once for each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of this test's database: SQLite unless the test, or something it asks for, takes `any_database`."""
    url: str = request.getfixturevalue("any_database" if "any_database" in request.fixturenames else "sqlite_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """This test's database, opened; closed at the end, since later Pythons warn of connections left open."""
    opened = databases.opened(database_url)
    yield opened
    opened.dispose()


# ---- servers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def live_server(database_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The real server on this test's database."""
    with started_server(database_url, tmp_path) as server:
        yield server


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that keeps what it is sent."""
    with running_mail_server() as server:
        yield server


# ---- browser ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    with browsers.started_browser() as found:
        if found is None:
            unavailable("no browser starts", browsers.HOW_TO_GET_ONE)
        else:
            yield found


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page. A script error or a breach of the content security policy fails the test."""
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    errors = browsers.PageErrors(opened)
    yield opened
    if getattr(request.node, "failed_in_call", False):
        folder = ROOT / "test-results"
        folder.mkdir(exist_ok=True)
        name = re.sub(r"[^\w-]+", "-", request.node.name)[:100]
        opened.screenshot(path=folder / f"{name}.png", full_page=True)
    context.close()
    assert errors.seen == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell fixtures whether their test failed, so that a browser test leaves a picture in test-results/."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed_in_call = True  # type: ignore[attr-defined]
    return report
