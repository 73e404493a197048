"""The demo: invented people and cases, made by running stories through the services, the last of them ending today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine import bootstrap
from engine.config import Settings
from engine.domain.business_days import TOKYO, Calendar, tokyo_date
from engine.ports import Clock
from engine.scenarios import shifting
from engine.scenarios.errors import StepFailed
from engine.scenarios.loader import load
from engine.scenarios.marked import read
from engine.scenarios.model import Scenario, Step
from engine.scenarios.moments import VirtualClock
from engine.scenarios.runner import take
from engine.scenarios.world import EMPLOYED_SINCE, World
from engine.services import deployments, installation, passwords, reference_data, timers
from engine.services.engine import Engine
from engine.storage import reference_rows, situation, staff
from engine.storage.database import migrate

PASSWORD = "tsunagu-demo-2026"  #: of the invented people; no account outside a demo has it
MADE_ON = "demo_made_on"  #: setting: the day on which the demo was finished
STAFF = "staff.yaml"
#: fields of forms that name a staff member
STAFF_FIELDS = frozenset({"worker", "received_by"})


@dataclass(frozen=True)
class DemoSignIn:
    """One invented person: how to sign in, and who that is. roles: names in Japanese."""

    login: str
    password: str
    name: str
    org: str
    roles: tuple[str, ...]

    @property
    def who(self) -> str:
        """Name, organisation and roles in one line."""
        return f"{self.name}　{self.org}　{'・'.join(self.roles)}"


@dataclass(frozen=True)
class _Employee:
    """An entry of ``workflows/demo/staff.yaml``; ``key`` is the name in the stories."""

    key: str
    login: str
    name: str
    kana: str
    org: str
    role: str


def ensure_demo(settings: Settings, *, clock: Clock | None = None) -> list[DemoSignIn]:
    """Make the demo's people and cases unless they are there; who can sign in.

    Raises WrongPurpose for a database that holds real data, StepFailed when a story does not go as written.
    """
    wanted = replace(settings, demo=True)
    migrate(wanted.database_url)
    engine = bootstrap.build(wanted, clock=clock)
    employees = _employees(wanted.workflows / "demo" / STAFF)
    try:
        installation.dedicate(engine, installation.Purpose.DEMO)
        reference_data.load(engine.database, engine.reference)
        if not _is_made(engine):
            _make(engine, employees, engine.clock.now())
        return [_sign_in(engine, employee) for employee in employees]
    finally:
        engine.database.dispose()


def _employees(path: Path) -> list[_Employee]:
    entries: Mapping[str, Mapping[str, str]] = read(path.read_text(encoding="utf-8"), str(path)).value
    return [_Employee(key=key, **entry) for key, entry in entries.items()]


def _sign_in(engine: Engine, employee: _Employee) -> DemoSignIn:
    traits = engine.reference.traits(engine.reference.role(employee.role))
    org = engine.reference.organisation(employee.org).name
    return DemoSignIn(employee.login, PASSWORD, employee.name, org, (traits.role.name_ja,))


def _is_made(engine: Engine) -> bool:
    with engine.database.read() as connection:
        return reference_rows.get_setting(connection, MADE_ON) is not None


def _make(engine: Engine, employees: Sequence[_Employee], now: datetime) -> None:
    """From an empty demo; what an interrupted attempt left behind is taken away first."""
    with engine.database.write() as connection:
        situation.clear(connection)
    stories = sorted(_stories(engine, now), key=lambda story: story.now)
    deployments.deploy_folder(engine, engine.settings.workflows, by=None, reason="デモ", now=stories[0].now)
    people = _hire(engine, employees)
    for story in stories:
        _tell(engine, story, people)
    timers.tick(engine, now=now, node="demo")
    with engine.database.write() as connection:
        reference_rows.put_setting(connection, MADE_ON, tokyo_date(now).isoformat())


def _stories(engine: Engine, now: datetime) -> Iterable[Scenario]:
    logins = {e.key: e.login for e in _employees(engine.settings.workflows / "demo" / STAFF)}
    for path in sorted((engine.settings.workflows / "demo").glob("[0-9]*.yaml")):
        story = load(path)
        moved = shifting.ending_on(story, _last_day(story, now, engine.reference.calendar), engine.reference.calendar)
        yield replace(moved, steps=tuple(_with_logins(step, logins) for step in moved.steps))


def _last_day(story: Scenario, now: datetime, calendar: Calendar) -> date:
    """Today, or the last business day on which the story's time of day has come already."""
    today = tokyo_date(now)
    time = story.now.astimezone(TOKYO).timetz()
    begun = datetime.combine(today, time) <= now
    return calendar.previous_open(today if begun else date.fromordinal(today.toordinal() - 1))


def _with_logins(step: Step, logins: Mapping[str, str]) -> Step:
    """People whom a form names are found by their login, because their names carry the mark of the demo."""
    form: Mapping[str, Any] = step.data.get("with") or {}
    if not STAFF_FIELDS & set(form):
        return step
    named = {key: logins.get(value, value) if key in STAFF_FIELDS else value for key, value in form.items()}
    return replace(step, data={**step.data, "with": named})


def _hire(engine: Engine, employees: Sequence[_Employee]) -> dict[str, str]:
    stored = passwords.hashed(PASSWORD)
    with engine.database.write() as connection:
        return {
            e.key: staff.add(
                connection,
                {"login": e.login, "name": e.name, "name_kana": e.kana, "password_hash": stored, "status": "active",
                 "demo": True},
                {e.org: [e.role]},
                EMPLOYED_SINCE,
            )
            for e in employees
        }  # fmt: skip


def _tell(engine: Engine, story: Scenario, people: Mapping[str, str]) -> None:
    """Run the acts of a story; what it expects is checked by tests, on its own dates."""
    world = World(engine, VirtualClock(story.now), story.schedulers, people=dict(people))
    for step in story.steps:
        if step.verb == "expect":
            continue
        for failure in take(world, step):
            raise StepFailed(f"{story.file}:{step.line}: {failure.text_ja}")
