"""What is installed is what was tested, from any registry, and is named with its licence."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = sorted(path for path in ROOT.glob("*/*/package-lock.json") if "node_modules" not in path.parts)


def pins(requirements: list[str]) -> dict[str, str]:
    """Package to version; each requirement must be pinned."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", requirement)
        assert match, f"{requirement} in pyproject.toml is not pinned: write package==version"
        found[match[1].lower().replace(".", "-")] = match[2]
    return found


def locked(path: Path) -> dict[str, str]:
    """Package to version of a lock file."""
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "extra"), [("run", None), ("run", "install"), ("build", "build"), ("test", None), ("test", "test")]
)
def test_the_locks_hold_what_the_project_pins(lock: str, extra: str | None) -> None:
    wanted = pins(PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra])
    found = locked(ROOT / "requirements" / f"{lock}.txt")
    assert wanted.items() <= found.items(), "run script/lock after a change of pyproject.toml"


def test_no_two_locks_name_different_releases() -> None:
    largest = locked(ROOT / "requirements" / "test.txt")
    for path in LOCKS:
        differing = {name for name, version in locked(path).items() if largest.get(name, version) != version}
        assert not differing, f"{path.name}: run script/lock"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert "file:" not in text
    for entry in re.split(r"\n(?=\w)", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("path", NPM_LOCKS, ids=lambda path: path.parent.name)
def test_an_npm_lock_has_hashes_and_no_address_of_a_registry(path: Path) -> None:
    packages = {name: entry for name, entry in json.loads(path.read_text())["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_every_library_that_runs_is_named_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text().lower()
    assert [
        name for name in pins(PROJECT["dependencies"]) if name.replace("ruamel-yaml", "ruamel.yaml") not in notice
    ] == []


@pytest.mark.parametrize("name", ["run", "test", "quick", "setup", "lock", "bench"])
def test_a_command_can_be_executed(name: str) -> None:
    assert (ROOT / "script" / name).stat().st_mode & 0o111 == 0o111
