"""`tsunagu deploy`: all of a folder or nothing, and what is the same stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.services import deployments
from tests.support.casework import Casework


@pytest.fixture
def office(database_url):
    """The services on this test's database."""
    opened = Casework.open(database_url)
    yield opened
    opened.engine.database.dispose()


def published(office):
    return office.rows("SELECT process_key, version_id FROM deployment ORDER BY id")


def test_a_folder_is_published_once_however_often_it_is_deployed(any_database, tsunagu, office, copied_workflows):
    first = tsunagu(any_database, "deploy", str(copied_workflows), "--reason", "開始")
    assert first.exit_code == 0, first.output
    before = published(office)
    assert "plan_execution 第1版: 公開しました。" in first.output
    second = tsunagu(any_database, "deploy", str(copied_workflows))
    assert "plan_execution 第1版: 公開済みです。" in second.output
    assert published(office) == before
    assert len(before) == len(deployments.keys_in(copied_workflows)) >= 7
    events = office.rows("SELECT act, data FROM audit_event WHERE chain = 'system'")
    assert len(events) == len(before)
    assert "開始" in events[0].data


def test_one_error_keeps_the_whole_folder_from_being_published(tsunagu, office, database_url, copied_workflows):
    spoil(copied_workflows)
    result = tsunagu(database_url, "deploy", str(copied_workflows))
    assert result.exit_code == 1
    assert "outreach/process.bpmn" in result.output
    assert "公開していません。" in result.output
    assert published(office) == []


def spoil(workflows):
    diagram = workflows / "outreach" / "process.bpmn"
    diagram.write_text(diagram.read_text().replace('camunda:candidateGroups="', 'camunda:candidateGroups="nobody ', 1))


def test_a_changed_form_makes_a_new_version_of_the_processes_that_use_it(
    tsunagu, office, database_url, copied_workflows
):
    tsunagu(database_url, "deploy", str(copied_workflows))
    form = copied_workflows / "forms" / "F07.json"
    form.write_text(form.read_text() + "\n")
    output = tsunagu(database_url, "deploy", str(copied_workflows)).output
    assert "plan_approval 第2版: 公開しました。" in output
    assert "participation_support 第1版: 公開済みです。" in output


def test_going_back_to_an_earlier_content_makes_its_version_live_again(office, copied_workflows):
    engine, now = office.engine, office.now
    diagram = copied_workflows / "outreach" / "process.bpmn"
    original = diagram.read_bytes()
    results = []
    for content in (original, original + b"\n", original):
        diagram.write_bytes(content)
        found = deployments.deploy_folder(engine, copied_workflows, by=None, reason="", now=now)
        results.append(next(result for result in found if result.process_key == "outreach"))
    assert [(r.number, r.published) for r in results] == [(1, True), (2, True), (1, True)]
    assert results[0].version_id == results[2].version_id
    with engine.database.read() as connection:
        assert engine.definitions.live(connection, "outreach").version_id == results[0].version_id


def test_a_folder_without_processes_is_refused(tsunagu, office, database_url, tmp_path):
    result = tsunagu(database_url, "deploy", str(tmp_path))
    assert result.exit_code == 1
    assert "プロセスの定義がありません" in result.output


def test_one_process_alone_is_checked_against_what_is_live(tsunagu, office, database_url, copied_workflows):
    tsunagu(database_url, "deploy", str(copied_workflows))
    alone = copied_workflows / "outreach"
    assert "outreach 第1版: 公開済みです。" in tsunagu(database_url, "deploy", str(alone)).output


def test_what_was_changed_and_not_published_is_known(office, copied_workflows):
    engine = office.engine
    deployments.deploy_folder(engine, copied_workflows, by=None, reason="", now=office.now)
    diagram = copied_workflows / "outreach" / "process.bpmn"
    diagram.write_bytes(diagram.read_bytes() + b"\n")
    there = replace(engine, settings=replace(engine.settings, workflows=copied_workflows))
    assert deployments.changed(there) == ["outreach"]
