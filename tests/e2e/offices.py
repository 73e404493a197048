"""Offices in the middle of their work: told through the services, then opened in browsers for a story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect
from sqlalchemy import text

from engine.config import ROOT
from engine.scenarios.model import Person as Employee
from engine.scenarios.model import Scenario, Step
from engine.scenarios.moments import VirtualClock, moment
from engine.scenarios.runner import take
from engine.scenarios.world import World, open_world, prepare
from engine.services import staff_accounts
from tests.e2e.people import PASSWORD, SHOTS, City, Person
from tests.support.clock import MovedClock
from tests.support.server import live_server

WINDOW = {"width": 1280, "height": 900}
expect.set_options(timeout=30_000)  # a page of a story may come late on a machine that does much else


def begun(url: str, now: str, staff: Mapping[str, tuple[str, str]]) -> World:
    """Every process published on an empty database, and people by name: organisation, role. now: in Tokyo."""
    clock = VirtualClock(moment(now))
    people = tuple(Employee(name, {org: (role,)}) for name, (org, role) in staff.items())
    scenario = Scenario("", "", clock.now(), people, 1, ())
    return open_world(prepare(url, ROOT / "workflows", now=clock), scenario)


def tell(world: World, verb: str, **data: Any) -> None:
    """Take a step as a scenario writes it (docs/scenarios.md); ``given`` stands for ``with``."""
    if "given" in data:
        data["with"] = data.pop("given")
    failures = take(world, Step(0, 0, verb, data))
    assert not failures, failures[0].text_ja


@contextmanager
def opened(world: World, folder: Path, browser: Browser) -> Iterator[City]:
    """The server on what was told, with its scheduler; what went wrong is seen in a picture of every open window."""
    clock = MovedClock(folder / "clock", world.clock.now())
    url = world.engine.settings.database_url
    with live_server(url, folder, clock.environment()) as server:
        city = City(world.engine, server, clock, browser)
        try:
            yield city
        except BaseException:
            SHOTS.mkdir(parents=True, exist_ok=True)
            for person in city.people.values():
                person.page.screenshot(path=SHOTS / f"failed-{person.login}.png", full_page=True)
            raise
        city.close()
    world.engine.database.dispose()


def sits_down(city: City, world: World, key: str, name: str, login: str, **window: Any) -> Person:
    """Somebody of the story at a computer: gets a full name and a sign-in. window: see Playwright's new_context."""
    staff_id, engine = world.people[key], world.engine
    with engine.database.write() as connection:
        values = {"id": staff_id, "name": name, "login": login}
        connection.execute(text("UPDATE staff SET name = :name, login = :login WHERE id = :id"), values)
    staff_accounts.set_password(engine, staff_id, PASSWORD, now=world.clock.now())
    context = city.browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", **{"viewport": WINDOW, **window})
    context.set_default_timeout(40_000)
    city.people[name] = Person(city, name, login, context)
    return city.people[name]


def catches_up(world: World, city: City) -> None:
    """What is told next happens now, by the clock of the office."""
    world.clock.moment = city.clock.now()


def number_of(world: World, name: str) -> str:
    """The number of the case that the story calls so."""
    with world.engine.database.read() as connection:
        query = text("SELECT number FROM support_case WHERE id = :id")
        return str(connection.execute(query, {"id": world.case(name)}).scalar_one())
