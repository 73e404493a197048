"""An office on each kind of database, and how often a race is run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.casework import Casework


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often to run each race."""
    return int(request.config.getoption("--races"))


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """The small office, on SQLite and on PostgreSQL; and no deadlock, of which each costs two people a second."""
    opened = Casework.open(any_database)
    yield opened
    found = deadlocks(opened)
    opened.engine.database.dispose()
    assert found == 0


def deadlocks(office: Casework) -> int:
    """How often PostgreSQL ended one of two that waited for each other; sessions tell it with some delay."""
    if office.engine.database.is_sqlite:
        return 0
    time.sleep(1.1)
    asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(office.rows(asked)[0][0])
