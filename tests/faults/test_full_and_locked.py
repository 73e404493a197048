"""SQLite with no room left, or with a foreign writer that does not end; a database that may not be written.

What cannot be kept is refused with 503, words and the typed text; reading goes on; when the reason is gone the same
processes go on. ``--foreign-lock SECONDS`` holds the foreign lock that long, against the timeout of an installation.
"""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from engine.domain.errors import StorageUnavailable
from engine.services.engine import Engine
from engine.storage import database
from tests.faults.at_work import PASSWORD, open_office
from tests.faults.clients import Answer, Session, hidden
from tests.faults.nemesis import children, command
from tests.support import soundness
from tests.support.casework import Casework
from tests.support.server import LiveServer, live_server
from tests.web.site import Site

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]
WORDS = "いまはデータベースを使えません"
TYPED = "消えてはいけない文章"
BUSY_S = "1"


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Casework]:
    """People and open cases."""
    opened = open_office(sqlite_url, clients=1, cases=2)
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def server(office: Casework, sqlite_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """The product; by default one that waits a second for another writer."""
    env = {} if request.config.getoption("--foreign-lock") else {"TSUNAGU_BUSY_TIMEOUT": BUSY_S}
    with live_server(sqlite_url, tmp_path, env) as running:
        yield running


class Desk:
    """Somebody at the form of a task that is theirs."""

    def __init__(self, office: Casework, server: LiveServer) -> None:
        self.session = Session(server.port)
        self.session.sign_in("person-0", PASSWORD)
        self.task = office.tasks("right", state="open")[0].id
        page = self.session.get(f"/tasks/{self.task}")
        assert self.session.post(f"/tasks/{self.task}/claim", hidden(page.text)).status == 302
        self.fields = hidden(self.session.get(f"/tasks/{self.task}").text)

    def send(self) -> Answer:
        """The form, with a text."""
        return self.session.post(f"/tasks/{self.task}/complete", {**self.fields, "note": TYPED})

    def refused(self) -> None:
        """Sending is refused for now, with words, and the text stays in the form."""
        answer = self.send()
        assert (answer.status, answer.may_be_tried_again) == (503, True)
        assert WORDS in answer.text
        assert TYPED in answer.text
        assert f'action="/tasks/{self.task}/complete"' in answer.text

    def reads(self) -> None:
        """Lists and the task can still be read."""
        for path in ("/inbox", f"/tasks/{self.task}", "/help"):
            assert self.session.get(path).status == 200, path

    def is_served(self, office: Casework) -> None:
        """The same form is taken now, once."""
        assert self.send().status == 302
        assert self.send().status == 409
        done = office.rows("SELECT data FROM record WHERE task_id = :t", t=self.task)
        assert len(done) == 1


def product(server: LiveServer) -> list[int]:
    """The web's workers and the scheduler."""
    mine = children(server.pid)
    found = [pid for master in mine if b"web" in command(master) for pid in children(master)]
    return [*found, *(pid for pid in mine if b"scheduler" in command(pid))]


@contextmanager
def file_size_limit(pids: list[int], limit: int) -> Iterator[None]:
    """No file of these processes may grow beyond ``limit`` bytes, as on a disk without room."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, before[pid][1]))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before[pid])


def wait_for(holds, seconds: float = 180) -> None:
    """Until it is so. What a scheduler had claimed when the disk was full is free again only after its lease."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def awaited(office: Casework) -> list[Any]:
    """Moments that are due and have not come yet."""
    return office.rows("SELECT id FROM timer WHERE element_id = 'is_due' AND state IN ('pending', 'claimed')")


def test_without_room_on_the_disk_reading_goes_on_and_writing_returns_with_the_room(
    office: Casework, server: LiveServer
) -> None:
    desk, processes = Desk(office, server), product(server)
    for _ in range(20):  # the next write is beyond what the limit leaves, which is room for the log of the processes
        office.start("rounds", data={})
    with file_size_limit(processes, 64 * 1024):
        desk.refused()
        desk.reads()
        desk.refused()
        office.start("rounds", data={})  # a moment that is due, from a process that has room
    desk.is_served(office)
    wait_for(lambda: not awaited(office))  # the moment of a task that was completed before it came is taken away
    assert product(server) == processes, "nothing had to start again"
    assert f"act=task_opened case={office.tasks('right')[0].case_id}" in server.log.read_text(), (
        "who read what is noted"
    )
    assert soundness.problems(office.engine) == []


def test_a_foreign_writer_is_waited_for_no_longer_than_the_setting_says(
    office: Casework, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    hold = request.config.getoption("--foreign-lock")
    desk = Desk(office, server)
    foreign = sqlite3.connect(office.engine.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    desk.refused()  # an answer, though the lock has not ended
    waited = time.monotonic() - began
    desk.reads()
    time.sleep(max(0, hold - (time.monotonic() - began)))
    print(f"\nheld {time.monotonic() - began:.1f} s, answered after {waited:.1f} s")  # noqa: T201
    foreign.execute("ROLLBACK")
    foreign.close()
    desk.is_served(office)
    assert soundness.problems(office.engine) == []


@contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """The database lets nobody write, with its own words for it: SQLITE_READONLY, or SQLSTATE 25006."""
    opened = engine.database

    def told(connection: Any, *_: object) -> None:
        if opened.is_sqlite:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.read_only = True

    event.listen(opened.engine, "checkout", told)
    try:
        yield
    finally:
        event.remove(opened.engine, "checkout", told)
        opened.dispose()


def test_a_database_that_may_not_be_written_is_still_read(any_database: str) -> None:
    site = Site.open(any_database)
    browser, task = site.browser("worker"), site.a_case().task_id
    with read_only(site.office.engine):
        assert browser.get(f"/tasks/{task}").status == 200
        assert browser.get("/inbox").status in (200, 302)
        answer = browser.post(f"/tasks/{task}/complete", {"note": TYPED})
        assert (answer.status, answer.response.headers["Retry-After"]) == (503, "10")
        assert WORDS in answer.words
        assert f'name="note" value="{TYPED}"' in answer.text, "the text is in its field still"
    assert browser.post(f"/tasks/{task}/complete", {"note": TYPED}).status == 302
    site.office.engine.database.dispose()


def test_whichever_connection_of_a_page_is_refused_the_answer_has_words_and_says_when_to_return(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site.open(sqlite_url)
    thing, browser = site.a_case(), site.browser("worker")
    plain, left = database._pooled, 0

    def pooled(engine: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StorageUnavailable("as the test wants")
        return plain(engine)

    monkeypatch.setattr(database, "_pooled", pooled)
    for path in ("/inbox?view=claimable", f"/cases/{thing.number}", f"/tasks/{thing.task_id}", "/notices"):
        for allowed in range(20):  # connections that the page gets before one is refused
            left = allowed
            answer = browser.get(path)
            if answer.status == 200:
                break
            assert (answer.status, answer.response.headers["Retry-After"]) == (503, "10"), path
            assert WORDS in answer.words
        assert answer.status == 200, path
