"""Every scenario beside the processes comes true, on both databases, and leaves the trail and the queues sound."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.scenarios import report, world
from engine.scenarios.loader import load
from engine.scenarios.moments import VirtualClock, moment
from engine.scenarios.runner import run
from engine.services import audit, installation
from engine.services.engine import Engine

WORKFLOWS = Path(__file__).parents[2] / "workflows"
FILES = sorted([*WORKFLOWS.glob("*/scenarios/*.yaml"), *WORKFLOWS.glob("scenarios/*.yaml")])


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with every process published, for the scenarios of this module one after the other."""
    server = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
    name = f"scenarios_{secrets.token_hex(4)}"
    url = server.create(name) if server else f"sqlite:///{tmp_path_factory.mktemp('scenarios') / 'stage.sqlite3'}"
    engine = world.prepare(url, WORKFLOWS, now=VirtualClock(moment("2025-04-01T09:00")))
    yield engine
    engine.database.dispose()
    if server:
        server.drop(name)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_what_a_scenario_promises_comes_true(stage: Engine, file: Path) -> None:
    world.clear(stage)

    result = run(stage, load(file, shown_as=str(file.relative_to(WORKFLOWS))))

    assert result.passed, "\n".join(report.lines(result))
    assert audit.verify(stage) == []
    backlog = {check.name: check.text for check in installation.checks(stage, now=result.ended_at)}
    assert "止まった手続き" not in backlog["処理の滞り"]
    assert "実行できなかった時刻" not in backlog["処理の滞り"]


def test_every_process_has_a_scenario_beside_it() -> None:
    processes = {folder.parent.name for folder in WORKFLOWS.glob("*/process.bpmn")}

    assert processes == {file.parent.parent.name for file in WORKFLOWS.glob("*/scenarios/*.yaml")} & processes
