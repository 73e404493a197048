"""People at their browsers, as threads: they sign in, read pages, claim, and send forms over HTTP, whatever happens."""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape

from tests.faults.history import Attempt, History, Outcome

TIMEOUT_S = 20
START, AGAIN = 0.05, 0.2  #: how often a client takes up a new case, or sends a form once more from the page before
PATIENCE_S = 90  #: how long a client waits for the server to come back
TASK = re.compile(r'href="/tasks/([\w-]+)(?:\?[^"#]*)?"')
HIDDEN = re.compile(r'<input type="hidden" name="(csrf_token|task_version)" value="([^"]*)"')


class Gone(Exception):
    """No answer: the connection was refused, or broke; or the answer that it may be tried again in some seconds."""


@dataclass
class Answer:
    """What the server said."""

    status: int
    location: str
    text: str
    retry_after: str = ""

    @property
    def may_be_tried_again(self) -> bool:
        """A refusal for now, which says so."""
        return self.status == 503 and self.retry_after.isdigit()


class Session:
    """One browser: keeps cookies, opens a connection for each request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """Open a page. Raises Gone."""
        return self._ask("GET", path, None, lambda: None)

    def post(self, path: str, data: Mapping[str, str], *, sent: Callable[[], None] = lambda: None) -> Answer:
        """Send a form; ``sent`` is called when the whole request has left. Raises Gone."""
        return self._ask("POST", path, urllib.parse.urlencode(data), sent)

    def _ask(self, method: str, path: str, body: str | None, sent: Callable[[], None]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            sent()
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Gone(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        headers = response.headers
        return Answer(response.status, headers.get("Location", ""), text, headers.get("Retry-After", ""))

    def sign_in(self, login: str, password: str) -> None:
        """Through the form, as everybody."""
        page = self.get("/sign-in")
        data = {**hidden(page.text), "login": login, "password": password}
        answer = self.post("/sign-in", data)
        if answer.may_be_tried_again:
            raise Gone("503")
        assert answer.status == 302, f"{login} could not sign in: {answer.status}"


def hidden(text: str) -> dict[str, str]:
    """The token and the version that a page's form carries."""
    return {name: unescape(value) for name, value in HIDDEN.findall(text)}


@dataclass
class Office:
    """What the clients share: the tasks they know of, the gate at which the nemesis can stop them, the end."""

    port: int
    history: History
    known: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    faults: list[str] = field(default_factory=list)
    outages: bool = False  #: whether the server may say that the database cannot be used

    def learn(self, task_ids: list[str]) -> None:
        """Tasks that somebody has seen open."""
        with self.lock:
            self.known += [task_id for task_id in task_ids if task_id not in self.known]

    def forget(self, task_id: str) -> None:
        """A task that is done."""
        with self.lock:
            if task_id in self.known:
                self.known.remove(task_id)

    def pick(self, chance: random.Random) -> str | None:
        """Any task; two clients may well pick the same."""
        with self.lock:
            return chance.choice(self.known) if self.known else None


class Client(threading.Thread):
    """One person who works until told to stop."""

    def __init__(self, office: Office, login: str, password: str, seed: int) -> None:
        super().__init__(name=login, daemon=True)
        self.office, self.login, self.password = office, login, password
        self.chance = random.Random(seed)
        self.session = Session(office.port)

    def run(self) -> None:
        """Work; a fault of the test itself, or an answer that must never come, is kept for the test to see."""
        try:
            self._patiently(lambda: self.session.sign_in(self.login, self.password))
            while not self.office.stop.is_set():
                self.office.gate.wait(1)
                if self.office.gate.is_set():
                    self._patiently(self._work)
        except Exception as error:  # noqa: BLE001 - reported by the test
            self.office.faults.append(f"{self.login}: {type(error).__name__}: {error}")

    def _patiently(self, act: Callable[[], None]) -> None:
        """Do it; when the server is gone, wait for it to come back and leave the rest to the next try."""
        try:
            act()
        except Gone:
            deadline = time.monotonic() + PATIENCE_S
            while not self.office.stop.is_set() and time.monotonic() < deadline:
                time.sleep(0.1)
                try:
                    self.session.get("/help")
                except Gone:
                    continue
                if "tsunagu" not in self.session.cookies:
                    self._patiently(act)
                return

    def _work(self) -> None:
        task_id = self.office.pick(self.chance)
        if task_id is None:
            self._look_for_work()
        elif self.chance.random() < START:
            self._start()
        else:
            self._complete(task_id)

    def _look_for_work(self) -> None:
        for view in ("claimable", "mine"):
            page = self._expect(self.session.get(f"/inbox?view={view}"))
            self.office.learn(list(dict.fromkeys(TASK.findall(page.text))))

    def _start(self) -> None:
        """Take up a new case by the page for it; its first form is completed with it."""
        page = self._expect(self.session.get("/intake/new?process=rounds"))
        attempt = self.office.history.begin("start", "", self.login)
        data = {**hidden(page.text), "process": "rounds", "org": "AG-04", "entry": "manual", "note": attempt.token}
        self._send("/intake/new", data, attempt)

    def _complete(self, task_id: str) -> None:
        page = self._expect(self.session.get(f"/tasks/{task_id}"))
        if f'action="/tasks/{task_id}/claim"' in page.text:
            self.session.post(f"/tasks/{task_id}/claim", hidden(page.text))
            page = self._expect(self.session.get(f"/tasks/{task_id}"))
        if f'action="/tasks/{task_id}/complete"' not in page.text:  # done, or somebody else's
            self.office.forget(task_id)
            return
        self._submit(task_id, hidden(page.text))
        self.office.forget(task_id)
        if self.chance.random() < AGAIN:
            self._submit(task_id, hidden(page.text))

    def _submit(self, task_id: str, fields: Mapping[str, str]) -> None:
        attempt = self.office.history.begin("complete", task_id, self.login)
        self._send(f"/tasks/{task_id}/complete", {**fields, "note": attempt.token}, attempt)

    def _send(self, path: str, data: Mapping[str, str], attempt: Attempt) -> None:
        """Send the form and note what became of it; then read the page that the answer leads to."""
        history = self.office.history
        try:
            answer = self.session.post(path, data, sent=lambda: history.sent(attempt))
        except Gone as gone:
            history.end(attempt, Outcome.UNKNOWN, str(gone))
            raise
        if answer.status >= 500:
            history.end(attempt, Outcome.UNKNOWN, str(answer.status))
            self._expect(answer)
            return
        accepted = answer.status == 302 and answer.location.startswith(("/tasks/", "/inbox?done", "/cases/"))
        history.end(attempt, Outcome.OK if accepted else Outcome.REFUSED, f"{answer.status} {answer.location}")
        self._expect(answer)
        if accepted:
            self.office.learn(TASK.findall(self._expect(self.session.get(answer.location)).text))
            started = re.match(r"/tasks/([\w-]+)\?started", answer.location)
            self.office.learn([started[1]] if started else [])

    def _expect(self, answer: Answer) -> Answer:
        """Pages, redirects and refusals are answers; a server error never is, but for one that says when to return."""
        if self.office.outages and answer.may_be_tried_again:
            raise Gone("503")
        if answer.status >= 500:
            self.office.faults.append(f"{self.login}: {answer.status}")
        return answer
