"""An office on each kind of database, and how often a race is run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.casework import Casework


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often to run each race."""
    return int(request.config.getoption("--races"))


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """The small office, on SQLite and on PostgreSQL."""
    opened = Casework.open(any_database)
    yield opened
    opened.engine.database.dispose()
