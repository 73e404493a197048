"""`tsunagu user`: accounts on the server's own terminal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.errors import NotFound, SignInFailed
from engine.services import access, audit, sign_in, staff_accounts, tasks
from tests.support.casework import Casework, a_process, a_task, flow

PASSWORD = "ひまわりの種を三つ数える"
PROCESS = a_process(
    "review", a_task("evaluate") + '<bpmn:endEvent id="end"/>' + flow("st", "evaluate") + flow("evaluate", "end")
)


@pytest.fixture
def office(database_url):
    """The services on this test's database, with a process of one task."""
    opened = Casework.open(database_url)
    opened.deploy("review", PROCESS)
    yield opened
    opened.engine.database.dispose()


def test_a_person_added_on_the_terminal_can_sign_in_with_these_roles(any_database, tsunagu, office):
    result = tsunagu(
        any_database, "user", "add", "Tanaka.H", "--name", "田中 花子", "--kana", "たなか はなこ",
        "--role", "AG-01-1:intake_worker", "--role", "AG-01-1:agency_manager", "--role", "DV-01:supervisor",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    now = office.engine.clock.now()
    found = sign_in.session(office.engine, sign_in.sign_in(office.engine, "tanaka.h", PASSWORD, now=now), now=now)
    held = {(m.org_id, m.role, m.city_staff) for m in found.actor.memberships}
    assert held == {
        ("AG-01-1", "intake_worker", False), ("AG-01-1", "agency_manager", False), ("DV-01", "supervisor", True),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["worker", "--name", "田中"], "使われています"),
        (["田中", "--name", "田中"], "半角の英小文字"),
        (["tanaka", "--name", " "], "氏名を入力"),
        (["tanaka", "--name", "田中", "--role", "AG-99:intake_worker"], "組織「AG-99」がありません"),
        (["tanaka", "--name", "田中", "--role", "AG-04:boss"], "役割「boss」がありません"),
        (["tanaka", "--name", "田中", "--role", "intake_worker"], "組織のコード:役割のコード"),
        (["tanaka", "--name", "田中", "--role", "MT-01:conference_member"], "終わりの日が必要"),
        (["tanaka", "--name", "田中", "--until", "いつか"], "--until"),
    ],
)
def test_a_person_is_not_added_with_wrong_facts(tsunagu, office, database_url, arguments, words):
    before = len(staff_accounts.everybody(office.engine))
    result = tsunagu(database_url, "user", "add", *arguments, "--no-password")
    assert result.exit_code == 1
    assert words in result.output
    assert len(staff_accounts.everybody(office.engine)) == before


def test_a_role_for_a_time_ends_after_its_last_day(tsunagu, office, database_url):
    arguments = ["user", "add", "sato", "--name", "佐藤 医師", "--role", "MT-01:conference_member", "--no-password"]
    result = tsunagu(database_url, *arguments, "--until", "令和19年3月31日")
    assert result.exit_code == 0, result.output
    assert "R19.3.31まで" in tsunagu(database_url, "user", "list").output


def test_a_role_is_gone_the_day_after_its_last(office):
    staff_id = staff_accounts.create_staff(
        office.engine, login="sato", name="佐藤", roles={"MT-01": ["conference_member"]}, until=office.now.date(),
        now=office.now,
    )  # fmt: skip
    assert access.actor_by_id(office.engine, staff_id, now=office.now).memberships
    assert access.actor_by_id(office.engine, staff_id, now=office.now + timedelta(days=1)).memberships == ()


def test_the_password_is_asked_for_until_it_is_good(tsunagu, office, database_url):
    result = tsunagu(
        database_url,
        "user",
        "password",
        "worker",
        typed=f"short\nshort\npassword1\npassword1\n{PASSWORD}\n{PASSWORD}\n",
    )
    assert result.exit_code == 0, result.output
    assert "8文字以上" in result.output
    assert sign_in.sign_in(office.engine, "worker", PASSWORD, now=office.engine.clock.now())


def test_a_new_password_also_ends_the_rest_after_too_many_tries(office):
    now = office.now
    for _ in range(6):
        with pytest.raises(SignInFailed):
            sign_in.sign_in(office.engine, "worker", "違うパスワード", now=now)
    staff_accounts.set_password(office.engine, office.staff["worker"], PASSWORD, now=now)
    assert sign_in.sign_in(office.engine, "worker", PASSWORD, now=now)


def test_who_leaves_gives_the_work_back_to_the_group(any_database, tsunagu, office):
    started = [office.start("review") for _ in range(3)]
    worker = office.person("worker")
    claimed = [office.task("evaluate", case_id=case.case_id) for case in started[:2]]
    for task in claimed:
        tasks.claim(office.engine, worker, task.id, now=office.now)
    tasks.hold(
        office.engine, worker, claimed[1].id, until=office.now.date().replace(day=20), reason="入院", now=office.now
    )
    result = tsunagu(any_database, "user", "deactivate", "worker", "--yes")
    assert result.exit_code == 0, result.output
    assert "グループに戻した作業は2件" in result.output
    rows = office.rows("SELECT id, state, assignee_id FROM user_task")
    assert {row.id: row.state for row in rows if row.id in {t.id for t in claimed}} == {
        claimed[0].id: "open", claimed[1].id: "held",
    }  # fmt: skip
    assert [row.assignee_id for row in rows] == [None] * 3
    tasks.claim(office.engine, office.person("other_worker"), claimed[0].id, now=office.now)
    with pytest.raises(NotFound):
        office.person("worker")
    assert audit.verify(office.engine) == []
    released = office.rows("SELECT chain FROM audit_event WHERE act = 'task.released'")
    assert {row.chain for row in released} == {case.case_id for case in started[:2]}


def test_leaving_is_confirmed_and_happens_once(tsunagu, office, database_url):
    assert tsunagu(database_url, "user", "deactivate", "worker", typed="n\n").exit_code == 1
    assert office.person("worker")
    assert tsunagu(database_url, "user", "deactivate", "worker", typed="y\n").exit_code == 0
    again = tsunagu(database_url, "user", "deactivate", "worker", typed="y\n")
    assert again.exit_code == 1
    assert "見つかりません" in again.output


def test_the_list_leaves_out_who_left_unless_asked(tsunagu, office, database_url):
    tsunagu(database_url, "user", "deactivate", "worker", "--yes")
    assert "worker  " not in tsunagu(database_url, "user", "list").output.replace("other_worker", "")
    assert "［利用終了］" in tsunagu(database_url, "user", "list", "--all").output


def test_making_and_closing_accounts_is_in_the_trail(office):
    staff_id = staff_accounts.create_staff(
        office.engine,
        login="tanaka",
        name="田中",
        password=PASSWORD,
        roles={"AG-04": ["intake_worker"]},
        now=office.now,
    )
    staff_accounts.set_password(office.engine, staff_id, PASSWORD + "と数える", now=office.now)
    staff_accounts.deactivate(office.engine, staff_id, by=office.staff["manager"], now=office.now)
    events = office.rows("SELECT act, actor, data FROM audit_event WHERE chain = 'system' ORDER BY seq")
    assert [event.act for event in events] == ["staff.created", "staff.password_set", "staff.deactivated"]
    assert events[2].actor == office.staff["manager"]
    assert PASSWORD not in str(events)
