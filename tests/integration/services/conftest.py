"""An office for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.casework import Casework


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """People and reference data on this test's database."""
    opened = Casework.open(any_database)
    yield opened
    opened.engine.database.dispose()
