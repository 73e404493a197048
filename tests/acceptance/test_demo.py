"""The demo: every process, every role's inbox and every state of a deadline has something in it, up to today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import bootstrap, demo
from engine.config import Settings
from engine.demo import DemoSignIn, ensure_demo
from engine.domain.business_days import TOKYO
from engine.domain.deadline import DeadlineState
from engine.queries.inbox import InboxFilter, InboxRow, View, inbox
from engine.scenarios import report, world
from engine.scenarios.loader import load
from engine.scenarios.moments import VirtualClock
from engine.scenarios.runner import run
from engine.services import access, audit, installation, sign_in
from engine.services.engine import Engine
from engine.storage.tables import audit_event, process_instance, staff, support_case
from web.pages.sign_in import DEMO_PASSWORD

WORKFLOWS = Path(__file__).parents[2] / "workflows"
STORIES = sorted((WORKFLOWS / "demo").glob("[0-9]*.yaml"))
NOW = datetime(2026, 9, 25, 15, 0, tzinfo=TOKYO).astimezone(UTC)  # just after five closed days
WITHOUT_TASKS = frozenset({"process_owner"})  #: looks at processes, has no case data

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.sqlite3'}", WORKFLOWS)


@pytest.fixture(scope="module")
def people(settings: Settings) -> list[DemoSignIn]:
    return ensure_demo(settings, clock=VirtualClock(NOW))


@pytest.fixture(scope="module")
def engine(settings: Settings, people: list[DemoSignIn]) -> Iterator[Engine]:
    found = bootstrap.build(settings, clock=VirtualClock(NOW))
    yield found
    found.database.dispose()


def rows_of(engine: Engine, login: str) -> list[InboxRow]:
    actor = access.actor_by_login(engine, login, now=NOW)
    views = (View.MINE, View.CLAIMABLE, View.HELD)
    return [row for view in views for row in inbox(engine, actor, view, InboxFilter(), now=NOW).rows]


def test_there_are_at_least_twelve_different_stories() -> None:
    assert len({load(path).title for path in STORIES}) >= 12


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_ends_as_it_says(stage: Engine, path: Path) -> None:
    world.clear(stage)

    result = run(stage, load(path))

    assert result.passed, "\n".join(report.lines(result))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('stories') / 'stories.sqlite3'}"
    found = world.prepare(url, WORKFLOWS, now=VirtualClock(NOW))
    yield found
    found.database.dispose()


def test_every_process_has_an_instance(engine: Engine) -> None:
    with engine.database.read() as connection:
        found = set(connection.execute(select(process_instance.c.process_key)).scalars())

    assert found == {path.parent.name for path in WORKFLOWS.glob("*/process.bpmn")}


def test_every_person_has_work_of_the_own_role(engine: Engine, people: list[DemoSignIn]) -> None:
    idle = [person.login for person in people if not rows_of(engine, person.login)]

    with engine.database.read() as connection:
        logins = connection.execute(select(staff.c.login)).scalars().all()
    roles = {login: {m.role for m in access.actor_by_login(engine, login, now=NOW).memberships} for login in logins}
    assert [login for login in idle if not roles[login] <= WITHOUT_TASKS] == []


def test_every_state_of_a_task_and_of_its_deadline_occurs(engine: Engine, people: list[DemoSignIn]) -> None:
    rows = [row for person in people for row in rows_of(engine, person.login)]

    assert {row.state for row in rows} == {"open", "claimed", "held"}
    wanted = {DeadlineState.ON_TIME, DeadlineState.DUE_SOON, DeadlineState.OVERDUE, DeadlineState.HELD}
    assert wanted <= {row.due.state for row in rows}


def test_nobody_holds_two_roles(engine: Engine, people: list[DemoSignIn]) -> None:
    held = [access.actor_by_login(engine, person.login, now=NOW).memberships for person in people]

    assert all(len(memberships) == 1 for memberships in held)
    places = Counter((m.org_id, m.role) for (m,) in held)
    assert [place for place, count in places.items() if count > 1] == [("DV-07", "process_owner")]  # one approves


def test_everybody_is_marked_as_invented_and_can_sign_in(engine: Engine, people: list[DemoSignIn]) -> None:
    assert all("（架空）" in person.name and person.password == DEMO_PASSWORD for person in people)
    assert sign_in.sign_in(engine, people[0].login, people[0].password, now=NOW)
    with engine.database.read() as connection:
        assert all(connection.execute(select(staff.c.demo)).scalars())
        assert all(connection.execute(select(support_case.c.demo)).scalars())


def test_the_last_act_is_of_today_and_none_lies_in_the_future(engine: Engine) -> None:
    with engine.database.read() as connection:
        acts = connection.execute(select(audit_event.c.at).where(audit_event.c.act == "task.completed")).scalars().all()

    assert NOW - timedelta(hours=15) < max(acts) <= NOW
    assert audit.verify(engine) == []


def test_nothing_stands_still(engine: Engine) -> None:
    backlog = [check.text for check in installation.checks(engine, now=NOW) if check.name == "処理の滞り"]

    assert backlog == ["ありません。"]


def test_a_second_start_changes_nothing(settings: Settings, engine: Engine, people: list[DemoSignIn]) -> None:
    with engine.database.write() as connection:
        connection.execute(update(staff).where(staff.c.login == people[0].login).values(email="kept@example.jp"))

    assert ensure_demo(settings, clock=VirtualClock(NOW)) == people
    with engine.database.read() as connection:
        assert connection.execute(select(staff.c.email).where(staff.c.login == people[0].login)).scalar_one()


def test_a_demo_that_was_interrupted_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(f"sqlite:///{tmp_path / 'demo.sqlite3'}", WORKFLOWS)
    tell, told = demo._tell, []

    def stumble(*args: object) -> None:
        told.append(args)
        if len(told) == 3:
            raise KeyboardInterrupt
        tell(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(demo, "_tell", stumble)
    with pytest.raises(KeyboardInterrupt):
        ensure_demo(settings, clock=VirtualClock(NOW))
    monkeypatch.setattr(demo, "_tell", lambda *args: None)

    assert len(ensure_demo(settings, clock=VirtualClock(NOW))) >= 12


def test_a_database_with_real_data_is_refused(sqlite_url: str) -> None:
    settings = Settings(sqlite_url, WORKFLOWS)
    engine = bootstrap.build(settings)
    installation.dedicate(engine, installation.Purpose.REAL)
    engine.database.dispose()

    with pytest.raises(installation.WrongPurpose):
        ensure_demo(settings)
