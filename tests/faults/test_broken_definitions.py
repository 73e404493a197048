"""`tsunagu deploy` of a folder with something broken or hostile in it: words, exit code 1, and no version more."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from engine.config import ROOT
from engine.scenarios.moments import VirtualClock
from engine.scenarios.world import prepare
from engine.services.engine import Engine
from engine.storage import situation
from tests.support.casework import tokyo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
KEY = "participation_support"
FORM = f"{KEY}/forms/ps_needs.json"
SECRET = "root:x:0:0"


def write(path: str, content: bytes) -> Callable[[Path], None]:
    """Put this in place of a file."""
    return lambda folder: (folder / path).write_bytes(content) and None


def change(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Exchange a text in a file."""

    def spoil(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text, f"{path} has no {old!r} to exchange"
        (folder / path).write_text(text.replace(old, new, 1))

    return spoil


def form(**schema: Any) -> Callable[[Path], None]:
    """A form with one strange field beside its own."""

    def spoil(folder: Path) -> None:
        content = json.loads((folder / FORM).read_text())
        content["schema"]["properties"]["strange"] = schema
        (folder / FORM).write_text(json.dumps(content))

    return spoil


def remove(path: str) -> Callable[[Path], None]:
    """Take a file away."""
    return lambda folder: (folder / path).unlink()


def link_to(path: str, target: str) -> Callable[[Path], None]:
    """A link in place of a file."""

    def spoil(folder: Path) -> None:
        (folder / path).unlink()
        (folder / path).symlink_to(target)

    return spoil


BPMN = f"{KEY}/process.bpmn"
BROKEN: dict[str, Callable[[Path], None]] = {
    "diagram cut in two": lambda folder: (folder / BPMN).write_bytes((folder / BPMN).read_bytes()[:2000]) and None,
    "empty diagram": write(BPMN, b""),
    "entity that reads a file": write(
        BPMN, b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
    ),
    "random bytes as a diagram": write(BPMN, bytes(range(256)) * 40),
    "flow to nowhere": change(BPMN, 'targetRef="', 'targetRef="nowhere_'),
    "unknown role": change(BPMN, 'camunda:candidateGroups="', 'camunda:candidateGroups="nobody '),
    "python in a condition": change(
        BPMN, "<bpmn:conditionExpression", "<bpmn:conditionExpression language='python'"
    ),
    "script task": change(BPMN, "<bpmn:userTask ", "<bpmn:scriptTask id='x1' scriptFormat='python'><bpmn:script>"
                          "__import__('os').system('id')</bpmn:script></bpmn:scriptTask><bpmn:userTask "),
    "form that is no JSON": write(FORM, b"{"),
    "form of another encoding": write(FORM, '{"key": "要"}'.encode("shift_jis")),
    "form ten thousand levels deep": write(FORM, b"[" * 10_000 + b"]" * 10_000),
    "form of five megabytes": write(FORM, b'{"key": "' + b"x" * 5_000_000 + b'"}'),
    "form that is a list": write(FORM, b"[1, 2, 3]"),
    "form with a number as a name": write(FORM, b'{"key": 1, "schema": [], "ui": 3}'),
    "form that is missing": remove(FORM),
    "form that is a link to a file of the system": link_to(FORM, "/etc/passwd"),
    "form with the same name twice": write(FORM, b'{"key": "ps_needs", "key": "ps_needs", "schema": {}, "ui": {}}'),
    "field taken from itself": form(**{"$ref": "ps_needs#/schema/properties/strange"}),
    "field taken from the network": form(**{"$ref": "https://example.test/x.json"}),
    "field taken from a file": form(**{"$ref": "../../../../etc/passwd#/x"}),
    "field of an unknown type": form(title="?", type="function"),
    "field with a dangerous pattern": form(title="?", type="string", pattern="(a+)+$"),
    "field with an unknown keyword": form(title="?", type="string", **{"x-script": "alert(1)"}),
    "field with an unknown source": form(title="?", type="string", **{"x-prefill": "os.environ"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Everything is published as it lies in the repository."""
    file = tmp_path_factory.mktemp("broken") / "office.sqlite3"
    shutil.copyfile(sqlite_template, file)
    prepared = prepare(f"sqlite:///{file}", ROOT / "workflows", now=VirtualClock(tokyo("2026-04-06T09:00")))
    yield prepared
    prepared.database.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two processes with the shared forms, to be spoiled."""
    for name in (KEY, "participation_handoff", "forms"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    return tmp_path / "workflows"


def deploy(engine: Engine, folder: Path) -> Result:
    """The command, in this process."""
    before = os.umask(0o022)
    try:
        env = {"TSUNAGU_DATABASE_URL": engine.settings.database_url}
        return CliRunner().invoke(main, ["deploy", str(folder)], env=env, prog_name="tsunagu")
    finally:
        os.umask(before)


def kept(engine: Engine) -> dict[str, tuple[int, str]]:
    """Every table; of those with definitions only the number of rows matters."""
    with engine.database.read() as connection:
        found = situation.fingerprint(connection)
        for table in ("definition_version", "deployment"):
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            found[table] = (int(rows), "")
    return found


@pytest.mark.parametrize("what", BROKEN)
def test_something_broken_keeps_all_from_being_published_and_is_said(what: str, engine: Engine, folder: Path) -> None:
    change("participation_handoff/process.bpmn", 'name="', 'name="新しい')(folder)  # this one alone could be published
    BROKEN[what](folder)
    before = kept(engine)
    result = deploy(engine, folder)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert KEY in result.output
    assert "公開していません" in result.output
    assert SECRET not in result.output
    assert kept(engine) == before


def test_the_folder_as_it_is_would_be_published(engine: Engine, folder: Path) -> None:
    """So that the refusals above are due to what was spoiled."""
    result = deploy(engine, folder)
    assert result.exit_code == 0, result.output
    assert "公開済みです" in result.output
