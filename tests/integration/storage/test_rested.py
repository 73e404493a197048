"""Connections of the pool: asked whether they live when they lay idle, forgotten when one of them turns out broken."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine.domain.errors import StorageUnavailable
from engine.storage import database as module
from engine.storage.database import Database

pytestmark = pytest.mark.postgres
BACKEND = text("SELECT pg_backend_pid()")
END = text("SELECT pg_terminate_backend(:process, 5000)")


def backend(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(BACKEND).scalar_one())


def cut(database: Database, url: str) -> int:
    """End the server's process behind the database's one pooled connection; returns its number."""
    process, other = backend(database), Database(url, pool=False)
    with other.write() as connection:
        assert connection.execute(END, {"process": process}).scalar_one()
    other.dispose()
    return process


def test_a_connection_that_lay_idle_and_is_gone_is_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "RESTED_S", 0.0)
    database = Database(postgres_url)
    assert cut(database, postgres_url) != backend(database)
    database.dispose()


def test_one_that_breaks_between_two_uses_fails_once_and_is_forgotten(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "RESTED_S", 600.0)
    database = Database(postgres_url)
    gone = cut(database, postgres_url)
    with pytest.raises(StorageUnavailable):
        backend(database)
    assert backend(database) != gone
    database.dispose()


def test_a_connection_in_use_again_and_again_is_not_asked(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    database = Database(postgres_url)
    monkeypatch.setattr(type(database.engine.dialect), "do_ping", lambda *_: asked.append(1) or True)
    assert backend(database) == backend(database)
    assert not asked
    monkeypatch.setattr(module, "RESTED_S", 0.0)
    backend(database)
    assert len(asked) == 1
    database.dispose()
