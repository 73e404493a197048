"""What every version before this one left behind is read, told the same way, and goes on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from engine import bootstrap
from engine.bpmn.api import Marking
from engine.bpmn.runner import Runner
from engine.bpmn.snapshot import FORMAT
from engine.config import ROOT, Settings
from engine.domain.errors import NotOpen, SnapshotUnreadable
from engine.services import messages, tasks, timers
from engine.services.access import actor_by_id
from engine.services.engine import Engine
from engine.storage import audit, backup
from engine.storage.database import migration_config
from engine.storage.schema import is_current, newest
from tests.support.postgres import PostgresServer
from tests.unit.bpmn.driving import FakeHost, Instance
from tests.upgrades.replay import open_after
from tests.upgrades.saved import ARCHIVE, SCHEMA, SavedRow, saved_rows, snapshot_files, versions
from tests.upgrades.schema_text import schema_text

ROWS = [(path.stem, row) for path in snapshot_files() for row in saved_rows(path)]


def test_this_version_has_left_something_behind() -> None:
    """Run ``python -m tests.upgrades.make`` when this fails: a format was changed."""
    assert f"snapshots-{FORMAT}" in {path.stem for path in snapshot_files()}
    assert newest() in {path.name for path in versions()}


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize(("saved_by", "row"), ROWS, ids=[f"{path} {row.name}" for path, row in ROWS])
def test_a_saved_instance_is_read_and_goes_on_as_it_would_have_then(saved_by: str, row: SavedRow) -> None:
    for number, snapshot in enumerate(row.snapshots):
        instance = Instance.restored(row.xml, snapshot)
        told = [instance.state]
        for act in row.acts[number:]:
            told.append(instance.act(tuple(act)).state)
        assert told == row.states[number:]


# ---------------------------------------------------------------- databases


@pytest.fixture(params=[path.name for path in versions()])
def version(request: pytest.FixtureRequest) -> Path:
    """The folder of a version."""
    return next(path for path in versions() if path.name == request.param)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"upgrade_{base64.b16encode(tmp_path.name.encode()).decode().lower()[-40:]}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def upgraded(version: Path, empty_database: str) -> Iterator[Engine]:
    """This version's product on what the older one saved."""
    backup.restore(empty_database, version / ARCHIVE)
    engine = bootstrap.build(Settings(database_url=empty_database, workflows=ROOT / "workflows"))
    yield engine
    engine.database.dispose()


def test_a_migration_makes_the_schema_that_it_always_made(version: Path, empty_database: str) -> None:
    command.upgrade(migration_config(empty_database), version.name)
    kind = "sqlite" if empty_database.startswith("sqlite") else "postgresql"
    assert schema_text(empty_database) == (version / f"{kind}-{SCHEMA}").read_text(encoding="utf-8").rstrip("\n")


def test_the_work_of_an_older_version_goes_on(upgraded: Engine) -> None:
    assert is_current(upgraded.database)
    with upgraded.database.read() as connection:
        assert audit.verify(connection) == []
        moment = connection.execute(text("SELECT max(at) AS at FROM history")).scalar_one()
    now = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    _tokens_agree(upgraded)
    assert _claimed(upgraded, now) > 10
    for days in (1, 30, 200):
        _let_time_pass(upgraded, now + timedelta(days=days))
        _tokens_agree(upgraded)
    assert _rows(upgraded, "SELECT id FROM incident") == []


def _rows(engine: Engine, statement: str, **values: object) -> list[Any]:
    with engine.database.read() as connection:
        return list(connection.execute(text(statement), values))


OPEN_TASKS = "SELECT ref, element_id FROM user_task WHERE instance_id = :i AND state IN ('open', 'claimed', 'held')"
PENDING = "SELECT ref FROM timer WHERE instance_id = :i AND state = 'pending' AND kind = 'token'"
OFFERED = """
    SELECT DISTINCT t.id, m.staff_id FROM user_task t
    JOIN task_candidate c ON c.task_id = t.id
    JOIN membership m ON m.org_id = c.org_id AND m.role = c.role
    WHERE t.state = 'open' ORDER BY t.id, m.staff_id
"""


def _tokens_agree(engine: Engine) -> None:
    """Snapshot, rows and history tell the same of every instance."""
    instances = _rows(engine, "SELECT id, version_id, state, status FROM process_instance")
    assert len(instances) > 20
    for instance in instances:
        marking = _marking(engine, instance)
        rows = _rows(engine, OPEN_TASKS, i=instance.id)
        assert {task.ref: task.element_id for task in marking.open_tasks} == {row.ref: row.element_id for row in rows}
        assert {row.ref for row in _rows(engine, PENDING, i=instance.id)} == {timer.ref for timer in marking.timers}
        assert marking.completed is (instance.status == "completed")
        _history_agrees(engine, instance.id, marking)


def _marking(engine: Engine, instance: Any) -> Marking:
    deployed = engine.definitions.get(instance.version_id)
    return Runner(deployed.specs, FakeHost()).inspect(bytes(instance.state))


def _history_agrees(engine: Engine, instance_id: str, marking: Marking) -> None:
    history = _rows(
        engine, "SELECT kind, element_id, ref FROM history WHERE instance_id = :i ORDER BY seq", i=instance_id
    )
    told = open_after(history)
    waiting = {task.ref for task in marking.open_tasks}
    assert waiting <= told.keys()
    standing = {element for element, _ in marking.waiting}
    assert set(told.values()) <= standing | {moment.element_id for moment in marking.timers}


def _claimed(engine: Engine, now: datetime) -> int:
    """Open tasks that somebody who may do so claims."""
    claimed = 0
    done: set[str] = set()
    for offer in _rows(engine, OFFERED):
        if offer.id in done:
            continue
        try:
            tasks.claim(engine, actor_by_id(engine, offer.staff_id, now=now), offer.id, now=now)
        except NotOpen:
            continue
        done.add(offer.id)
        claimed += 1
    return claimed


def _let_time_pass(engine: Engine, now: datetime) -> None:
    for _ in range(20):
        report = timers.tick(engine, now=now, node="upgrade")
        routed = messages.route(engine, now=now)
        if not report.fired and not routed:
            return
    raise AssertionError("the scheduler never came to rest")


def test_an_unreadable_snapshot_is_not_taken_for_an_old_one() -> None:
    _, row = ROWS[0]
    with pytest.raises(SnapshotUnreadable):
        Instance.restored(row.xml, b"\x00" + row.snapshots[0])
