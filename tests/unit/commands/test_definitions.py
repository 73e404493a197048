"""``tsunagu validate``: what it prints and how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.commands.definitions import validate
from tests.models import accepted_models

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "tests" / "models"


def run(*arguments: object):
    return CliRunner().invoke(validate, [str(argument) for argument in arguments])


def test_a_diagram_in_order_ends_with_success():
    result = run(MODELS / "accepted" / "userTask.bpmn")
    assert (result.exit_code, result.output) == (0, "誤りはありません。\n")


def test_a_diagram_with_an_error_ends_with_one_and_says_element_name_and_remedy():
    result = run(MODELS / "refused" / "condition_after_task.bpmn")
    assert result.exit_code == 1
    assert "「話を聴く」(hear)" in result.output
    assert "黙って" not in result.output.splitlines()[0]
    assert "→ 排他ゲートウェイを置き、その出口に条件を書いてください。 [flow.condition_misplaced]" in result.output
    assert result.output.splitlines()[-1].startswith("誤り")


def test_findings_come_as_json_too():
    result = run("--json", MODELS / "refused" / "signal_end.bpmn")
    rows = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {"file", "element_id", "element_name", "rule", "severity", "message_ja", "remedy_ja"} == rows[0].keys()
    assert ("profile.event", "finish", "error") in [(r["rule"], r["element_id"], r["severity"]) for r in rows]


def test_json_without_findings_is_an_empty_list():
    result = run("--json", MODELS / "accepted" / "userTask.bpmn")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_advice_alone_ends_with_success(tmp_path):
    file = tmp_path / "sample.bpmn"
    spare = '<bpmn:message id="m_spare" name="case.spare"/><bpmn:process '
    file.write_text(accepted_models.none_start().text().replace("<bpmn:process ", spare, 1), encoding="utf-8")
    result = run(file)
    assert result.exit_code == 0
    assert result.output.startswith("助言 ")
    assert result.output.endswith("誤り0件、助言1件\n")


def test_several_files_are_checked_in_one_go():
    result = run(MODELS / "accepted" / "userTask.bpmn", MODELS / "refused" / "signal_end.bpmn")
    assert result.exit_code == 1
    assert "signal_end.bpmn" in result.output
    assert "userTask.bpmn" not in result.output


@pytest.mark.parametrize("name", ["nowhere.bpmn", "nowhere", "empty"])
def test_what_is_not_there_is_a_finding(tmp_path, name):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / name)
    assert result.exit_code == 1
    assert "process.bpmn がありません。" in result.output


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rest", b"\xff\xfe<\x00", b"<a>" * 10_000, b"x" * 6_000_000])
def test_no_bytes_make_it_fail(tmp_path, content):
    file = tmp_path / "odd.bpmn"
    file.write_bytes(content)
    result = run(file)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "→" in result.output


@pytest.fixture
def workflows(tmp_path):
    """A folder of processes with the city's reference data and one process of its own."""
    shutil.copytree(ROOT / "workflows" / "reference", tmp_path / "reference")
    shutil.copytree(ROOT / "workflows" / "calendars", tmp_path / "calendars")
    (tmp_path / "forms").mkdir()
    (tmp_path / "sample" / "forms").mkdir(parents=True)
    (tmp_path / "sample" / "process.bpmn").write_text(accepted_models.none_start().text(), encoding="utf-8")
    return tmp_path


def test_a_folder_is_checked_with_its_forms_and_the_reference_data(workflows):
    result = run(workflows / "sample")
    assert result.exit_code == 1
    assert "[task.form_missing]" in result.output
    assert f"{workflows / 'sample' / 'process.bpmn'}: 「話を聴く」(hear)" in result.output


def test_a_folder_of_processes_is_checked_as_a_whole(workflows):
    (workflows / "second").mkdir()
    text = accepted_models.none_start().text().replace("sample", "second")
    (workflows / "second" / "process.bpmn").write_text(text, encoding="utf-8")
    result = run(workflows)
    assert result.output.count("[structure.id_in_other_file]") == 6
    assert "「begin」は、プロセス「second」でも使われています" in result.output


def test_the_diagram_of_a_folder_is_checked_as_its_folder(workflows):
    assert run(workflows / "sample" / "process.bpmn").output == run(workflows / "sample").output


def test_a_form_that_is_no_json_is_named_with_its_path(workflows):
    (workflows / "sample" / "forms" / "hear.json").write_text("{", encoding="utf-8")
    assert str(workflows / "sample" / "forms" / "hear.json") in run(workflows / "sample").output


def test_unknown_roles_are_those_that_the_reference_data_do_not_have(workflows):
    file = workflows / "sample" / "process.bpmn"
    file.write_text(file.read_text(encoding="utf-8").replace("intake_worker", "boss"), encoding="utf-8")
    assert "役割「boss」はありません。" in run(workflows / "sample").output
