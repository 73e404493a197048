"""The small office with its pages, for every test of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import databases
from tests.web.site import Site


@pytest.fixture
def site(sqlite_url: str) -> Site:
    """The pages of a small office on a fresh database."""
    return Site.open(sqlite_url)


@pytest.fixture(scope="module")
def full_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The same with an account for every role, shared by the tests of a module that only look."""
    folder = tmp_path_factory.mktemp("site")
    opened = Site.open(databases.copied_sqlite(sqlite_template, folder / "site.sqlite3"))
    opened.employ_all_roles()
    return opened
