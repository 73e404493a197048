"""A city hall in a browser: accounts, each with a browser of its own, and what people do there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine import bootstrap
from engine.config import ROOT, Settings
from engine.services import deployments, reference_data, staff_accounts
from engine.services.engine import Engine
from tests.support.browser import PageErrors
from tests.support.clock import MovedClock
from tests.support.filling import fill
from tests.support.server import LiveServer

PASSWORD = "midori-no-machi-2026"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SHOTS = ROOT / "test-results" / "whole-path"


@cache
def task_names() -> dict[str, str]:
    """The Japanese name of every user task that is drawn, by element id."""
    names = {}
    for file in sorted((ROOT / "workflows").glob("*/process.bpmn")):
        for task in ElementTree.parse(file).iter(f"{BPMN}userTask"):
            names[task.get("id", "")] = task.get("name", "")
    return names


def prepared(url: str, clock: MovedClock) -> Engine:
    """An engine on a migrated, empty database on which every process is published."""
    engine = bootstrap.build(Settings(database_url=url, workflows=ROOT / "workflows"), clock=clock)
    reference_data.load(engine.database, engine.reference)
    deployments.deploy_folder(engine, ROOT / "workflows", by=None, reason="初期設定", now=clock.now())
    return engine


@dataclass
class City:
    """The office: the server, its clock, its people."""

    engine: Engine
    server: LiveServer
    clock: MovedClock
    browser: Browser
    people: dict[str, Person] = field(default_factory=dict)
    shots: int = 0

    def person(self, name: str, login: str, org: str, *roles: str) -> Person:
        """Somebody with an account and a browser of their own."""
        staff_accounts.create_staff(
            self.engine, login=login, name=name, password=PASSWORD, roles={org: list(roles)}, now=self.clock.now()
        )
        context = self.browser.new_context(
            locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(15_000)
        self.people[name] = Person(self, name, login, context)
        return self.people[name]

    def at(self, moment: str) -> None:
        """The time comes; whoever was signed in has been away too long."""
        self.clock.set(moment)

    def waits_until(self, holds: Callable[[], object], seconds: float = 30) -> None:
        """The scheduler's own process does its work within a second or so."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "the scheduler did not do it in time"
            time.sleep(0.2)

    def close(self) -> None:
        """Every window; a script error or a breach of the content security policy in one of them fails the test."""
        for person in self.people.values():
            person.context.close()
        seen = [f"{person.name}: {error}" for person in self.people.values() for error in person.errors.seen]
        assert not seen, "\n".join(seen)


class Person:
    """A member of staff at their own computer."""

    def __init__(self, city: City, name: str, login: str, context: BrowserContext) -> None:
        self.city, self.name, self.login, self.context = city, name, login, context
        self.page: Page = context.new_page()
        self.errors = PageErrors(self.page)

    def opens(self, path: str) -> Page:
        """Go to an address; sign in on the way when nobody is signed in (any more)."""
        self.page.goto(self.city.server.url + path)
        if "/sign-in" in self.page.url:
            self.page.get_by_label("ログインID").fill(self.login)
            self.page.get_by_label("パスワード").fill(PASSWORD)
            self.page.get_by_role("button", name="サインイン", exact=True).click()
            self.page.wait_for_url(lambda url: "/sign-in" not in url)
        return self.page

    # ------------------------------------------------------------ work

    def takes_a_call(self, way: str, data: Mapping[str, Any]) -> str:
        """Take up something new by one of the ways that the page offers; returns the number of the case."""
        self.opens("/inbox")
        for link in ("新しい相談", way):
            with self.page.expect_navigation():
                self.page.get_by_role("link", name=link).click()
        fill(self.page, data)
        self._submit()
        found = re.search(r"started=(R\d+-\d+)", self.page.url) or re.search(r"/cases/(R\d+-\d+)", self.page.url)
        assert found, f"{self.name} could not start: {self.page.url} {self._problems()}"
        return found[1]

    def does(self, element_id: str, case: str, data: Mapping[str, Any]) -> None:
        """Find the task in one's own inbox, take it, fill in its form, submit."""
        self.finds(element_id, case).click()
        self.takes_it()
        fill(self.page, data)
        self._submit()
        done = re.search(r"/tasks/[^/]+/completed|done=", self.page.url)
        assert done, f"{self.name} could not complete {element_id}: {self.page.url} {self._problems()}"

    def finds(self, element_id: str, case: str) -> Locator:
        """The line of a task in the inbox: among those to be taken, else among one's own."""
        name = task_names()[element_id]
        for view in ("claimable", "mine"):
            self.opens(f"/inbox?view={view}")
            rows = self.page.locator("li.row").filter(has=self.page.locator(".number", has_text=case))
            links = rows.get_by_role("link", name=name, exact=True)
            if links.count():
                return links.first
        raise AssertionError(f"{self.name} has no {name} ({element_id}) of {case} in the inbox")

    def has(self, element_id: str, case: str) -> bool:
        """Whether the task stands in one's inbox."""
        try:
            self.finds(element_id, case)
        except AssertionError:
            return False
        return True

    def takes_it(self) -> None:
        """Claim the task that was opened, unless it is one's own already."""
        self.page.wait_for_url(re.compile(r"/tasks/\w+"))
        button = self.page.get_by_role("button", name="引き受ける", exact=True)
        if button.count():
            with self.page.expect_navigation():
                button.click()
            expect(self.page.get_by_text("自分の担当", exact=True)).to_be_visible()

    def _submit(self) -> None:
        before = self.page.url
        with self.page.expect_navigation():
            self.page.locator("form.sheet [data-primary]").click()
        if self.page.url == before:  # the page came back with what is wrong
            return

    def _problems(self) -> str:
        found = self.page.locator(".errors, .field-error, main h1").all_inner_texts()
        return " / ".join(text.strip().replace("\n", " ") for text in found)

    # ------------------------------------------------------------ what is not one's own

    def is_refused(self, task: str) -> None:
        """Sees the task but cannot do it: no button, no form, and a forged request is answered with a refusal."""
        self.opens(task)
        expect(self.page.locator("main h1")).to_be_visible()
        assert not self.page.get_by_role("button", name="引き受ける", exact=True).count()
        assert not self.page.locator("form.sheet").count()
        self._forge(f"{task}/complete")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("この操作はできません")

    def finds_nothing_at(self, path: str) -> None:
        """What is not theirs looks as if it were not there."""
        self.opens(path)
        expect(self.page.get_by_role("heading", level=1)).to_have_text("ページが見つかりません")

    def _forge(self, path: str) -> None:
        """Send a form that the page does not offer, with the token of one's own session."""
        with self.page.expect_navigation():
            self.page.evaluate(
                """path => {
                  const form = Object.assign(document.createElement('form'), {method: 'post', action: path});
                  form.append(document.querySelector('[name=csrf_token]').cloneNode());
                  document.body.append(form);
                  form.submit();
                }""",
                path,
            )

    # ------------------------------------------------------------ looking

    def address_of(self, element_id: str, case: str) -> str:
        """The path of a task that one can see in the inbox, without the place in the inbox."""
        return (self.finds(element_id, case).get_attribute("href") or "").partition("?")[0]

    def is_here(self, case: str, element_id: str) -> None:
        """The diagram of the case shows this step as the current one, in the picture and in words."""
        self.opens(f"/cases/{case}/diagram")
        name = task_names()[element_id]
        expect(self.page.get_by_text("いまここ：").filter(has_text=name).first).to_be_visible()
        drawn = self.page.locator("[data-bpmn-url]", has=self.page.locator(f'[data-element-id="{element_id}"]'))
        expect(drawn.first).to_have_attribute("data-bpmn-state", "shown")

    def shoots(self, name: str) -> None:
        """Keep a picture of the page for somebody to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.city.shots += 1
        self.page.screenshot(path=SHOTS / f"{self.city.shots:02}-{name}.png", full_page=True)
