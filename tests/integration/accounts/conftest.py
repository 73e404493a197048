"""An engine on this test's database, with the reference data of the city."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from engine.bootstrap import build
from engine.config import ROOT, Settings
from engine.services import passwords, reference_data
from engine.services.engine import Engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Migrated, with organisations and programmes, without accounts."""
    made = build(Settings(database_url=database_url, workflows=ROOT / "workflows"))
    reference_data.load(made.database, made.reference)
    yield made
    made.database.dispose()


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time, for tests that are not about their strength."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
