"""PostgreSQL gone again and again while people work: nothing half, no error without a hint, soon at work again.

``--minutes 5`` drops the connections every second for five minutes; without, for a few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.faults import moments
from tests.faults.at_work import at_work, open_office, settle
from tests.faults.checker import Verdict, judge
from tests.faults.clients import Office
from tests.faults.history import Outcome
from tests.faults.proxy import Proxy, proxy_to
from tests.support.casework import Casework
from tests.support.postgres import PostgresServer
from tests.support.server import LiveServer, live_server

pytestmark = [pytest.mark.fault, pytest.mark.postgres, pytest.mark.timeout(1200)]
DROPS, REFUSED_S = 5, 3.0
BACK_WITHIN_S = 10.0
DROP = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@pytest.fixture
def office(postgres_url: str) -> Iterator[Casework]:
    """People and cases; the test's own connections do not pass the proxy."""
    opened = open_office(postgres_url)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    """Between the product and its database."""
    with proxy_to(make_url(postgres_url).port or 5432) as opened:
        yield opened


@pytest.fixture
def server(office: Casework, postgres_url: str, proxy: Proxy, tmp_path) -> Iterator[LiveServer]:
    """The product, which knows the database by the proxy's port."""
    url = make_url(postgres_url).set(port=proxy.port).render_as_string(hide_password=False)
    with live_server(url, tmp_path) as running:
        yield running


def progress(desk: Office, more: int, seconds: float) -> float:
    """How long it takes until some more attempts are acknowledged."""
    began, before = time.monotonic(), desk.history.count(Outcome.OK)
    while desk.history.count(Outcome.OK) < before + more:
        assert time.monotonic() < began + seconds, f"nothing is acknowledged: {desk.faults[:5]}"
        time.sleep(0.01)
    return time.monotonic() - began


def sound(office: Casework, desk: Office) -> None:
    """No error without a hint when to return, and the database agrees with what people were told."""
    assert desk.faults == []
    settle(office)
    judgement = judge(office.engine, desk.history.attempts, at_least=10)
    counts = {str(outcome): desk.history.count(outcome) for outcome in Outcome}
    print(f"\nattempts {counts}; {judgement}")  # noqa: T201
    assert judgement.verdict is Verdict.VALID, str(judgement)
    assert moments.left(office.engine) == []


def test_connections_that_are_ended_every_second_cost_no_more_than_a_retry(
    office: Casework, server: LiveServer, postgres_server: PostgresServer, postgres_url: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    drops = int(60 * request.config.getoption("--minutes")) or DROPS
    name, dropped = make_url(postgres_url).database, 0
    with at_work(server.port, seed=request.config.getoption("--seed"), outages=True) as desk:
        progress(desk, 5, 60)
        with psycopg.connect(postgres_server.conninfo, autocommit=True) as admin:
            for _ in range(drops):
                time.sleep(1)
                office.engine.database.dispose()
                dropped += admin.execute(DROP, [name]).fetchone()[0]
        progress(desk, 5, BACK_WITHIN_S * 6)
    print(f"\n{dropped} connections ended in {drops} blows")  # noqa: T201
    assert dropped >= drops
    sound(office, desk)


@pytest.mark.parametrize("away", ["restarted", "refused"])
def test_a_database_that_was_away_is_found_again(
    office: Casework, server: LiveServer, proxy: Proxy, away: str, request: pytest.FixtureRequest
) -> None:
    absent: Callable[[], None] = lambda: time.sleep(REFUSED_S if away == "refused" else 0.2)  # noqa: E731
    with at_work(server.port, seed=request.config.getoption("--seed"), outages=True) as desk:
        progress(desk, 5, 60)
        proxy.refuse()
        absent()
        proxy.accept()
        print(f"\nback after {progress(desk, 1, 60):.1f} s")  # noqa: T201
        progress(desk, 5, 60)
    sound(office, desk)
