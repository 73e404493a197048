"""`tsunagu init`, `migrate`, `doctor`: an installation from nothing, and what is said of its health."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.services import deployments, installation, staff_accounts
from engine.storage import nodes
from engine.storage.database import Database
from engine.storage.tables import metadata
from tests.support.casework import Casework, a_process, a_task, flow

PASSWORD = "ひまわりの種を三つ数える"
PROCESS = a_process(
    "review", a_task("evaluate") + '<bpmn:endEvent id="end"/>' + flow("st", "evaluate") + flow("evaluate", "end")
)
TYPED = f"Kanri\n管理 太郎\nかんり たろう\n\n{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture
def office(database_url):
    """The services on this test's database."""
    opened = Casework.open(database_url)
    yield opened
    opened.engine.database.dispose()


def test_init_makes_everything_and_asks_for_the_first_administrator(tsunagu, new_url):
    result = tsunagu(new_url, "init", typed=TYPED)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    doctor = tsunagu(new_url, "doctor").output
    assert "［良］データベース" in doctor
    assert "うちシステム管理者は1人" in doctor
    assert "［良］プロセス: 7つを公開中です。" in doctor
    assert "kanri  管理 太郎  ［利用中］  福祉政策課（DV-07）システム管理者" in tsunagu(new_url, "user", "list").output
    assert stat.S_IMODE(Path(new_url.removeprefix("sqlite:///")).stat().st_mode) == 0o600
    again = tsunagu(new_url, "init", typed=TYPED)
    assert again.exit_code == 1
    assert "既にデータがあります" in again.output


def test_init_asks_again_instead_of_taking_a_bad_answer(tsunagu, new_url):
    wrong = "管理\n管理 太郎\n\n\n12345678\n12345678\n" + f"{PASSWORD}\n{PASSWORD}\n"
    result = tsunagu(new_url, "init", typed=wrong + TYPED)
    assert result.exit_code == 0, result.output
    assert "よく使われるパスワードです" in result.output
    assert "半角の英小文字" in result.output


def test_init_that_is_broken_off_can_be_done_again(tsunagu, new_url):
    assert tsunagu(new_url, "init", typed="kanri\n").exit_code == 1
    assert tsunagu(new_url, "init", typed=TYPED).exit_code == 0


def test_init_publishes_nothing_when_a_definition_is_wrong(tsunagu, new_url, copied_workflows, monkeypatch):
    diagram = copied_workflows / "outreach" / "process.bpmn"
    diagram.write_text(diagram.read_text().replace('camunda:candidateGroups="', 'camunda:candidateGroups="nobody ', 1))
    monkeypatch.setenv("TSUNAGU_WORKFLOWS", str(copied_workflows))
    result = tsunagu(new_url, "init", typed=TYPED)
    assert result.exit_code == 1
    assert "outreach/process.bpmn" in result.output
    assert "公開していません。" in result.output
    assert "公開された定義がありません" in tsunagu(new_url, "doctor").output


def test_migrate_makes_an_empty_database_and_may_be_repeated(tsunagu, new_url):
    first, second = tsunagu(new_url, "migrate"), tsunagu(new_url, "migrate")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "参照データの変更0件" in second.output


def test_doctor_names_what_does_not_work_and_ends_with_one(any_database, tsunagu, office):
    result = tsunagu(any_database, "doctor")
    assert result.exit_code == 1
    assert "［異常］プロセス" in result.output
    assert "［異常］スケジューラー: 動いていません" in result.output


def test_doctor_is_content_with_a_healthy_installation(any_database, tsunagu, office):
    engine = office.engine
    now = engine.clock.now()
    deployments.deploy_folder(engine, engine.settings.workflows, by=None, reason="", now=now)
    staff_accounts.create_staff(engine, login="kanri", name="管理 太郎", password=PASSWORD,
                                roles={"DV-07": ["sysadmin"]}, now=now)  # fmt: skip
    with engine.database.write() as connection:
        nodes.start(connection, "here", now)
    result = tsunagu(any_database, "doctor")
    assert result.exit_code == 0, result.output
    assert "異常" not in result.output
    assert "注意］プロセス" not in result.output


def test_doctor_sees_a_scheduler_that_fell_silent_and_work_that_waits(tsunagu, office, database_url):
    office.deploy("review", PROCESS)
    office.start("review")  # due months ago
    with office.engine.database.write() as connection:
        nodes.start(connection, "there", office.now)
    output = tsunagu(database_url, "doctor").output
    assert "［異常］スケジューラー: 動いていません（最後の応答は令和8年4月1日（水） 09:00）" in output
    assert "5分以上遅れている時刻" in output


def test_doctor_says_why_a_database_cannot_be_reached(tsunagu):
    result = tsunagu("postgresql://nobody@127.0.0.1:1/none", "doctor")
    assert result.exit_code == 1
    assert "［異常］データベース: つながりません" in result.output
    assert "スケジューラー" not in result.output


@pytest.mark.parametrize("command", [["user", "list"], ["audit", "verify"], ["backup", "x"], ["deploy", "."]])
def test_a_command_on_a_database_without_a_schema_says_what_to_do(tsunagu, new_url, command):
    result = tsunagu(new_url, *command)
    assert result.exit_code == 1
    assert "tsunagu migrate" in result.output


def test_a_wrong_setting_is_named_and_ends_with_two(tsunagu):
    result = tsunagu("mysql://x", "doctor")
    assert result.exit_code == 2
    assert "TSUNAGU_DATABASE_URL" in result.output


def test_demo_and_real_data_do_not_mix(tsunagu, office, database_url, monkeypatch):
    installation.dedicate(office.engine, installation.Purpose.REAL)
    with pytest.raises(installation.WrongPurpose):
        installation.dedicate(office.engine, installation.Purpose.DEMO)
    result = tsunagu(database_url, "demo")
    assert result.exit_code == 1
    assert "実際のデータがあります" in result.output


def test_a_database_with_accounts_of_nobody_knows_whom_does_not_become_a_demo(office):
    with pytest.raises(installation.WrongPurpose):
        installation.dedicate(office.engine, installation.Purpose.DEMO)
    assert installation.purpose(office.engine) is None


def test_real_accounts_are_not_added_to_a_demo(tsunagu, new_url):
    tsunagu(new_url, "migrate")
    demo = Database(new_url, pool=False)
    with demo.write() as connection:
        connection.execute(metadata.tables["setting"].insert().values(key="purpose", value="demo"))
    for command in (["user", "add", "tanaka", "--name", "田中 花子", "--no-password"], ["init"]):
        result = tsunagu(new_url, *command, typed=TYPED)
        assert result.exit_code == 1
        assert "デモ用です" in result.output
