"""The world in which a scenario happens: an engine on an empty database, a virtual clock, people and cases by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import bootstrap
from engine.config import Settings
from engine.domain.staff import SYSTEM_ID, Actor
from engine.scenarios.errors import DatabaseNotEmpty, StepFailed
from engine.scenarios.loader import SYSTEM_NAME
from engine.scenarios.model import Person, Scenario
from engine.scenarios.moments import VirtualClock
from engine.services import access, deployments, reference_data
from engine.services.engine import Engine
from engine.storage import situation, staff
from engine.storage.database import migrate

EMPLOYED_SINCE = date(2000, 1, 1)  #: long before any scenario


@dataclass
class World:
    """What the steps of one scenario share."""

    engine: Engine
    clock: VirtualClock
    schedulers: int = 1
    people: dict[str, str] = field(default_factory=dict)  #: name -> staff id
    cases: dict[str, str] = field(default_factory=dict)  #: alias -> case id
    behind: bool = False  #: the clock moved while no scheduler ran

    def actor(self, name: str) -> Actor:
        """The person with the roles of today."""
        return access.actor_by_id(self.engine, self.people[name], now=self.clock.now())

    def case(self, alias: str | None) -> str:
        """The id of a case; without an alias, of the only one there is."""
        if alias is None and len(set(self.cases.values())) == 1:
            return next(iter(self.cases.values()))
        if alias is None:
            raise StepFailed("どのケースのことか、「case」で書いてください。")
        if alias not in self.cases:
            raise StepFailed(f"ケース「{alias}」は始まっていません。")
        return self.cases[alias]

    def staff_id(self, name: str) -> str:
        """The id of a person, or of the scheduler."""
        return SYSTEM_ID if name == SYSTEM_NAME else self.people[name]

    def name_of(self, staff_id: str | None) -> str:
        """The name of a person of the scenario, for reports."""
        if staff_id is None:
            return "なし"
        return next((name for name, known in self.people.items() if known == staff_id), staff_id)


def open_world(engine: Engine, scenario: Scenario) -> World:
    """Set the clock and hire the people of a scenario."""
    clock = VirtualClock(scenario.now)
    world = World(engine, clock, scenario.schedulers)
    for person in scenario.staff:
        world.people[person.name] = hire(engine, person)
    return world


def hire(engine: Engine, person: Person, *, login: str | None = None) -> str:
    """An account with the roles of a person. Raises StepFailed for an unknown organisation."""
    for org in person.roles:
        if org not in engine.reference.organisations:
            raise StepFailed(f"機関「{org}」（{person.name}さん）は参照データにありません。")
    values = {"login": login or person.name, "name": person.name, "status": "active", "demo": engine.settings.demo}
    roles = {org: list(names) for org, names in person.roles.items()}
    with engine.database.write() as connection:
        return staff.add(connection, values, roles, EMPLOYED_SINCE)


# ---------------------------------------------------------------- databases


def prepare(url: str, workflows: Path, *, now: VirtualClock, demo: bool = False) -> Engine:
    """An engine on an empty database: migrated, with the reference data and every process published.

    Raises DatabaseNotEmpty when somebody has worked there, DefinitionRefused when a process cannot be published.
    """
    migrate(url)
    engine = bootstrap.build(Settings(database_url=url, workflows=workflows, demo=demo), clock=now)
    with engine.database.read() as connection:
        empty = situation.is_empty(connection)
    if not empty:
        engine.database.dispose()
        raise DatabaseNotEmpty(url)
    reference_data.load(engine.database, engine.reference)
    deployments.deploy_folder(engine, workflows, by=None, reason="シナリオの実行", now=now.now())
    return engine


@contextmanager
def stage(workflows: Path, scenarios: Iterable[Scenario], url: str | None = None) -> Iterator[Engine]:
    """An engine for a run of scenarios, on the named empty database or on one that is thrown away."""
    begin = VirtualClock(min(scenario.now for scenario in scenarios))
    with TemporaryDirectory(prefix="tsunagu-scenario-") as folder:
        engine = prepare(url or f"sqlite:///{folder}/scenario.sqlite3", workflows, now=begin)
        try:
            yield engine
        finally:
            engine.database.dispose()


def clear(engine: Engine) -> None:
    """Back to the empty database, between two scenarios of one run."""
    with engine.database.write() as connection:
        situation.clear(connection)
