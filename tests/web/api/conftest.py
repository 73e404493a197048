"""An office that the tests of one module share, for those that do not count on being alone in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import databases
from tests.web.api.client import Program
from tests.web.site import Site


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The pages of a small office; each test brings the cases and people that it changes."""
    return Site.open(databases.copied_sqlite(sqlite_template, tmp_path_factory.mktemp("site") / "site.sqlite3"))


@pytest.fixture(scope="module")
def worker(office: Site) -> Program:
    """The program of a consultation worker of that office."""
    return Program.of(office, "worker")
