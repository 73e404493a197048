"""The `tsunagu` command in this process, on a database of the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from engine.cli import main
from engine.config import ROOT
from engine.services import passwords


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()


@pytest.fixture
def new_url(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'var' / 'new.sqlite3'}"


@pytest.fixture
def tsunagu(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command: ``tsunagu(url, "user", "list", typed="…")``."""

    def run(url: str, *arguments: str, typed: str = "") -> Result:
        monkeypatch.setenv("TSUNAGU_DATABASE_URL", url)
        result = CliRunner().invoke(main, list(arguments), input=typed, prog_name="tsunagu")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture(autouse=True)
def umask_of_before() -> Iterator[None]:
    """The command sets the umask of its process, which is ours here."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def copied_workflows(tmp_path: Path) -> Path:
    """A copy of ``workflows/`` that a test may spoil."""
    return Path(shutil.copytree(ROOT / "workflows", tmp_path / "workflows"))
