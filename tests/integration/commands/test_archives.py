"""`tsunagu backup`, `restore`, `audit verify` as an administrator meets them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine.bootstrap import build
from engine.config import ROOT, Settings
from engine.services import audit
from engine.storage import nodes
from tests.support.casework import Casework, a_process, a_task, flow

PROCESS = a_process(
    "review", a_task("evaluate") + '<bpmn:endEvent id="end"/>' + flow("st", "evaluate") + flow("evaluate", "end")
)


@pytest.fixture
def office(any_database):
    """A database with two cases, on SQLite and on PostgreSQL."""
    opened = Casework.open(any_database)
    opened.deploy("review", PROCESS)
    for _ in range(2):
        opened.start("review")
    yield opened
    opened.engine.database.dispose()


def test_what_was_backed_up_goes_on_where_it_stood(tsunagu, office, any_database, new_url, tmp_path):
    file = str(tmp_path / "evening.backup")
    assert tsunagu(any_database, "backup", file).exit_code == 0
    result = tsunagu(new_url, "restore", file)
    assert result.exit_code == 0, result.output
    assert "監査記録のつながりを確かめました" in result.output
    restored = office_on(new_url, office)
    restored.complete("evaluate", "worker")
    assert [task.state for task in restored.tasks("evaluate")].count("completed") == 1
    assert audit.verify(restored.engine) == []
    acts = [row.act for row in restored.rows("SELECT act FROM audit_event WHERE chain = 'system' ORDER BY seq")]
    assert acts[-2:] == ["installation.backed_up", "installation.restored"]
    restored.engine.database.dispose()


def office_on(url, like):
    """The same people on another database."""
    return Casework(build(Settings(database_url=url, workflows=ROOT / "workflows")), like.now, like.staff)


def test_backing_up_onto_an_existing_file_or_into_no_folder_is_refused(tsunagu, office, any_database, tmp_path):
    file = tmp_path / "there"
    file.write_text("something else")
    for place, words in ((file, "既にあります"), (tmp_path / "no" / "folder", "書き込めません")):
        result = tsunagu(any_database, "backup", str(place))
        assert result.exit_code == 1
        assert words in result.output
    assert file.read_text() == "something else"


def test_a_database_in_use_is_replaced_only_when_told(tsunagu, office, any_database, tmp_path):
    file = str(tmp_path / "b")
    tsunagu(any_database, "backup", file)
    office.start("review")
    refused = tsunagu(any_database, "restore", file)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert len(office.tasks("evaluate")) == 3
    assert tsunagu(any_database, "restore", file, "--force").exit_code == 0
    assert len(office.tasks("evaluate")) == 2


def test_nothing_is_restored_under_a_running_scheduler(tsunagu, office, any_database, tmp_path):
    file = str(tmp_path / "b")
    tsunagu(any_database, "backup", file)
    with office.engine.database.write() as connection:
        nodes.start(connection, "here", office.engine.clock.now())
    result = tsunagu(any_database, "restore", file, "--force")
    assert result.exit_code == 1
    assert "スケジューラーが動いています" in result.output


def test_a_file_that_is_no_backup_is_refused(tsunagu, office, any_database, tmp_path):
    for name in ("missing", "text"):
        file = tmp_path / name
        if name == "text":
            file.write_text("バックアップではありません")
        result = tsunagu(any_database, "restore", str(file), "--force")
        assert result.exit_code == 1
        assert "バックアップとして読めません" in result.output
    assert len(office.tasks("evaluate")) == 2


def test_a_sound_trail_is_confirmed_and_a_changed_one_is_named(tsunagu, office, any_database):
    assert tsunagu(any_database, "audit", "verify").exit_code == 0
    chain = office.task("evaluate").case_id
    with office.engine.database.write() as connection:
        connection.execute(text("UPDATE audit_event SET actor = 'nobody' WHERE chain = :c AND seq = 1"), {"c": chain})
    result = tsunagu(any_database, "audit", "verify")
    assert result.exit_code == 1
    assert f"{chain} の1番の記録が書き換えられています。" in result.output
