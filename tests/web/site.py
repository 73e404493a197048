"""The site of a small office: one account for each role, a case of theirs and a case of somebody else, and a browser
without a window that checks every page it opens."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from engine.domain.roles import Role
from engine.services import casework, staff_accounts
from engine.storage import staff as staff_store
from engine.storage.tables import case_organisation
from tests.support.casework import Casework, a_process, a_task, flow
from web.app import create_app
from web.policy import ROLES, Policy

PASSWORD = "correct horse battery staple"
HOME = "AG-04"  #: the office whose case is "own"
ELSEWHERE = "AG-02"  #: the office whose case is "other"
OFFICE = {
    Role.DIVISION_OFFICER: "DV-04",
    Role.SUPERVISOR: "DV-04",
    Role.CONFERENCE_MEMBER: "AG-13",
    Role.COMMUNITY_DEVELOPER: "DV-07",
    Role.PROCESS_OWNER: "DV-07",
    Role.AUDITOR: "DV-07",
    Role.SYSADMIN: "DV-07",
}
CASE_ROLES = " ".join(sorted(ROLES[Policy.CASE_WORK] - {Role.CONFERENCE_MEMBER.value}))
PROCESS = a_process(
    "visit",
    a_task("first", roles=CASE_ROLES)
    + a_task("second", roles=CASE_ROLES)
    + '<bpmn:endEvent id="done"/>'
    + flow("st", "first")
    + flow("first", "second")
    + flow("second", "done"),
)


@dataclass
class StandingClock:
    """A clock that shows what the test says."""

    moment: datetime

    def now(self) -> datetime:
        """The moment."""
        return self.moment


@dataclass(frozen=True)
class Thing:
    """The addresses of one case: its number and the ids of what hangs on it."""

    number: str
    case_id: str
    task_id: str
    record_id: str
    instance_id: str
    comment_id: str = "0" * 32
    attachment_id: str = "0" * 32


@dataclass
class Site:
    """The office with its pages."""

    office: Casework
    app: Flask
    clock: StandingClock
    logins: dict[Role, str] = field(default_factory=dict)

    @classmethod
    def open(cls, url: str) -> Site:
        """On a migrated, empty database: people, one live process, no case yet."""
        office = Casework.open(url)
        clock = StandingClock(office.now)
        office.engine = replace(office.engine, clock=clock)
        office.deploy("visit", PROCESS)
        return cls(office, create_app(office.engine), clock)

    def employ_all_roles(self) -> None:
        """One account for each role, named like it."""
        for role in Role:
            self.employ(role)

    def employ(self, role: Role, org: str | None = None, login: str | None = None, password: str | None = None) -> str:
        """An account with one role; returns its login. Hashing a password takes a while, so most have none."""
        login = login or f"role-{role.value.replace('_', '-')}"
        until = None
        if role is Role.CONFERENCE_MEMBER:
            until = (self.clock.moment + timedelta(days=30)).date()
        staff_id = staff_accounts.create_staff(
            self.office.engine, login=login, name=f"職員 {login}", password=password,
            roles={org or OFFICE.get(role, HOME): [role.value]}, until=until, now=self.clock.moment,
        )  # fmt: skip
        self.office.staff[login] = staff_id
        self.logins.setdefault(role, login)
        return login

    def a_case(self, by: str = "worker") -> Thing:
        """A case whose first task is done (so there is a record) and whose second one waits."""
        started = self.office.start("visit", by, {"note": "訪問した。"})
        (record,) = self.office.rows("SELECT id FROM record WHERE case_id = :c", c=started.case_id)
        task = self.office.task("second", case_id=started.case_id)
        return Thing(started.case_number, started.case_id, task.id, record.id, started.instance_id)

    def a_talk(self, thing: Thing, by: str = "worker") -> Thing:
        """The case with a comment and a file of its open task."""
        engine, person, now = self.office.engine, self.office.person(by), self.clock.moment
        place = casework.at_task(engine, person, thing.task_id, now=now)
        casework.comment(engine, person, place, "電話があった。", key="", now=now)
        casework.attach(engine, person, place, "note.txt", b"hello\n", key="", now=now)
        (comment,) = self.office.rows("SELECT id FROM case_comment WHERE case_id = :c", c=thing.case_id)
        (file,) = self.office.rows("SELECT id FROM case_attachment WHERE case_id = :c", c=thing.case_id)
        return replace(thing, comment_id=comment.id, attachment_id=file.id)

    def invite(self, case_id: str, org: str, relation: str, scope: list[str] | None = None) -> None:
        """Let an organisation take part in a case."""
        with self.office.engine.database.write() as connection:
            connection.execute(
                insert(case_organisation).values(
                    id=f"{case_id}-{org}-{relation}", case_id=case_id, org_id=org, relation=relation,
                    legal_basis="consent", scope_items=scope or [], since=self.clock.moment,
                )
            )  # fmt: skip

    def visitor(self) -> Visitor:
        """A browser that is not signed in."""
        return Visitor(self.app.test_client())

    def browser(self, login: str) -> Visitor:
        """A browser in which somebody is signed in, with a session as signing in makes it."""
        visitor, token = self.visitor(), secrets.token_urlsafe(32)
        row = {
            "token_hash": hashlib.sha256(token.encode()).hexdigest(), "staff_id": self.office.staff[login],
            "csrf": secrets.token_urlsafe(32), "created_at": self.clock.moment, "last_seen_at": self.clock.moment,
            "expires_at": self.clock.moment + timedelta(hours=12),
        }  # fmt: skip
        with self.office.engine.database.write() as connection:
            staff_store.add_session(connection, row)
        visitor.client.set_cookie("tsunagu", token)
        visitor.csrf = row["csrf"]
        return visitor

    def count(self, sql: str, **parameters: Any) -> int:
        """What a counting query says."""
        return int(self.office.rows(sql, **parameters)[0][0])


class Page:
    """An answer, parsed and checked when it is a page."""

    def __init__(self, response: TestResponse, path: str, *, checked: bool = True) -> None:
        self.response, self.path = response, path
        self.status = response.status_code
        self.text = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""
        self.tree: Element | None = None
        if checked and response.mimetype == "text/html" and self.status not in (204, 301, 302, 303):
            self.tree = parsed(self.text, path)
            check(self.tree, self.text, path)

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return str(self.response.headers.get("Location", ""))

    @property
    def title(self) -> str:
        """The page's title."""
        return "" if self.tree is None else "".join(first(self.tree, "title").itertext()).strip()

    @property
    def words(self) -> str:
        """All text of the main part, spaces folded."""
        assert self.tree is not None, f"{self.path} is no page"
        return " ".join("".join(first(self.tree, "main").itertext()).split())

    def links(self) -> list[str]:
        """Every address that a link of the page leads to."""
        assert self.tree is not None
        return [node.get("href", "") for node in self.tree.iter("a")]

    def fields(self, action: str) -> dict[str, str]:
        """Names and values of the form that is sent to ``action``, as the page shows them."""
        assert self.tree is not None
        form = next(node for node in self.tree.iter("form") if node.get("action") == action)
        found: dict[str, str] = {}
        for node in form.iter("input"):
            if node.get("type") not in ("radio", "checkbox") or node.get("checked") is not None:
                found[node.get("name", "")] = node.get("value", "")
        for node in form.iter("textarea"):
            found[node.get("name", "")] = (node.text or "").removeprefix("\n")
        return found


class Visitor:
    """A browser without a window: keeps cookies and the token of its session, and checks each page.

    ``checked`` off leaves the checks out, for tests that open hundreds of pages for their status.
    """

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.csrf = ""
        self.checked = True

    def get(self, path: str, **arguments: Any) -> Page:
        """Open an address."""
        page = Page(self.client.get(path, **arguments), path, checked=self.checked)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        self.csrf = found[1] if found else self.csrf
        return page

    def post(self, path: str, data: dict[str, Any] | None = None, **arguments: Any) -> Page:
        """Send a form, with the session's token unless the data name another."""
        response = self.client.post(path, data={"csrf_token": self.csrf, **(data or {})}, **arguments)
        return Page(response, path, checked=self.checked)

    def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        """Sign in by the form."""
        self.get("/sign-in")
        page = self.post("/sign-in", {"login": login, "password": password})
        if page.status == 302:
            self.get("/settings")
        return page

    def stays_signed_in(self) -> bool:
        """Whether the session still counts."""
        return self.get("/settings").status == 200


# ---------------------------------------------------------------- what every page must be


def parsed(text: str, path: str) -> Element:
    """The page as a tree; invalid HTML fails."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree: Element = parser.parse(text)
    problems = [(place, code, data) for place, code, data in parser.errors if code not in _TOLERATED]
    assert not problems, f"{path}: {problems[:5]}"
    return tree


_TOLERATED: frozenset[str] = frozenset()


def first(tree: Element, tag: str) -> Element:
    """The first element with a tag."""
    found = next(tree.iter(tag), None)
    assert found is not None, f"no <{tag}>"
    return found


def check(tree: Element, text: str, path: str) -> None:
    """Title, one heading, unique ids, labelled controls, forms with their token, nothing inline."""
    assert "".join(first(tree, "title").itertext()).strip().endswith(" - つなぐ") or " - Tsunagu" in text, path
    assert len(list(tree.iter("h1"))) == 1, f"{path}: {len(list(tree.iter('h1')))} headings of the first level"
    assert first(tree, "html").get("lang") in ("ja", "en"), path
    twice = [name for name, count in Counter(n.get("id") for n in tree.iter() if n.get("id")).items() if count > 1]
    assert not twice, f"{path}: ids twice: {twice}"
    _check_forms(tree, path)
    for node in tree.iter():
        assert node.get("style") is None, f"{path}: inline style on <{node.tag}>"
        assert not any(str(name).startswith("on") for name in node.attrib), f"{path}: inline script on <{node.tag}>"
        assert node.tag != "script" or node.get("src"), f"{path}: inline script"


def _check_forms(tree: Element, path: str) -> None:
    ids = {node.get("id") for node in tree.iter() if node.get("id")}
    for form in tree.iter("form"):
        assert (form.get("action") or "").startswith("/"), f"{path}: a form without an action of this site"
        if form.get("method") == "post":
            tokens = [n for n in form.iter("input") if n.get("name") == "csrf_token" and n.get("value")]
            assert tokens, f"{path}: {form.get('action')} carries no token"
    for label in tree.iter("label"):
        assert label.get("for") is None or label.get("for") in ids, f"{path}: label for {label.get('for')}"
    labelled = {label.get("for") for label in tree.iter("label")} | {
        node.get("id") for label in tree.iter("label") for node in label.iter() if node is not label
    }
    inside = {id(node) for label in tree.iter("label") for node in label.iter()}
    for tag in ("input", "select", "textarea"):
        for node in tree.iter(tag):
            if node.get("type") != "hidden" and id(node) not in inside:
                assert node.get("id") in labelled, f"{path}: <{tag} name={node.get('name')}> has no label"
