"""Every route, for every role, on the own case, on somebody else's and on one that does not exist.

The table of what to expect is made from each route's policy and arguments, so a new route is walked without a change
here; one with an argument that this test does not know fails it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from werkzeug.routing import Rule

from engine.domain.roles import Role
from tests.web.site import ELSEWHERE, Page, Site, Thing, Visitor
from web.policy import ROLES, Policy, policy_of

ABSENT = Thing("R8-9999", "absent", "0" * 32, "0" * 32, "0" * 32)
#: routes of case content whose object a conference member does not see on a case that is theirs for the conference
NOT_FOR_GUESTS = ("task_id", "record_id", "instance_id", "comment_id", "attachment_id")
#: what administrators change
ADMINISTERED = {"org_id": "AG-01-1", "parameter": "review_interval", "ladder": "standard"}
FREE = {"path": "own/none/none.css", "key": "visit", "version": "1", "batch": "1", "staff_id": "1", **ADMINISTERED}
FREE["incident_id"] = FREE["token_id"] = "0" * 32
FREE["form"] = "note"
#: arguments whose object none of these cases has
NOWHERE = {"path", "batch", "staff_id", "incident_id"}
#: answers of a POST that was let through the gate: done, refused by a rule of the task, or incomplete
LET_THROUGH = {200, 204, 302, 400, 403, 404, 409, 422}


@dataclass(frozen=True)
class Situation:
    """Three cases as one person meets them."""

    own: Thing
    other: Thing


@pytest.fixture(scope="module")
def situation(full_site: Site) -> Situation:
    """A case of the home office, to which a conference member was invited, and one of another office."""
    own = full_site.a_talk(full_site.a_case("worker"))
    other = full_site.a_talk(full_site.a_case("stranger"), "stranger")
    full_site.invite(own.case_id, "AG-13", "conference_member")
    return Situation(own, other)


@pytest.fixture(scope="module")
def browsers(full_site: Site) -> dict[Role, Visitor]:
    """A browser for each role; the pages of one are checked as pages, those of the others for their status."""
    found = {role: full_site.browser(login) for role, login in full_site.logins.items()}
    for role, browser in found.items():
        browser.checked = role is Role.INTAKE_WORKER
    return found


def rules(site: Site, method: str) -> list[Rule]:
    """The routes of pages that take a method; those for programs know no session (tests/web/api)."""
    found = [rule for rule in site.app.url_map.iter_rules() if method in (rule.methods or ())]
    return [rule for rule in found if not rule.rule.startswith("/api/")]


def address(rule: Rule, thing: Thing) -> str:
    """The route's address for one case."""
    values = {
        "number": thing.number, "task_id": thing.task_id, "record_id": thing.record_id,
        "instance_id": thing.instance_id, "comment_id": thing.comment_id, "attachment_id": thing.attachment_id, **FREE,
    }  # fmt: skip
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda part: values[part[1]], rule.rule)


def declared(site: Site, rule: Rule) -> Policy:
    """The route's policy."""
    found = policy_of(site.app.view_functions[rule.endpoint])
    assert found is not None, f"{rule.endpoint} declares no policy: add @policy(...) under its route"
    return found


def about_a_case(rule: Rule) -> bool:
    """Whether the address names a case or something that hangs on one."""
    return bool(rule.arguments & {"number", *NOT_FOR_GUESTS})


def test_every_route_declares_its_policy(site: Site) -> None:
    for rule in site.app.url_map.iter_rules():
        declared(site, rule)


def test_addresses_are_written_in_one_way(site: Site) -> None:
    for rule in site.app.url_map.iter_rules():
        plain = re.sub(r"<[^>]+>", "x", rule.rule)
        assert re.fullmatch(r"/|(/[a-z0-9.-]+)+", plain), f"{rule.rule}: lower case words joined by hyphens"


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_reading(role: Role, full_site: Site, situation: Situation, browsers: dict[Role, Visitor]) -> None:
    for rule in rules(full_site, "GET"):
        policy = declared(full_site, rule)
        pages = {
            which: browsers[role].get(address(rule, thing))
            for which, thing in (("own", situation.own), ("other", situation.other), ("absent", ABSENT))
        }
        refused = role.value not in ROLES.get(policy, {role.value})
        if refused:
            assert {page.status for page in pages.values()} == {403}, f"{role.value} {rule.rule}"
        elif about_a_case(rule):
            guest = role is Role.CONFERENCE_MEMBER and rule.arguments & set(NOT_FOR_GUESTS)
            assert pages["own"].status == (404 if guest else 200), f"{role.value} {rule.rule} {pages['own'].location}"
            assert pages["other"].status == pages["absent"].status == 404, f"{role.value} {rule.rule}"
            assert "ページが見つかりません" in pages["other"].text
            assert pages["other"].text == pages["absent"].text, f"{role.value} {rule.rule}: the answers differ"
        else:
            assert pages["own"].status in ({404} if rule.arguments & NOWHERE else {200, 302}), rule.rule


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_acting_on_what_is_not_ones_own(
    role: Role, full_site: Site, situation: Situation, browsers: dict[Role, Visitor]
) -> None:
    for rule in rules(full_site, "POST"):
        if not about_a_case(rule):
            continue
        refused = role.value not in ROLES.get(declared(full_site, rule), {role.value})
        other = browsers[role].post(address(rule, situation.other))
        absent = browsers[role].post(address(rule, ABSENT))
        assert other.status == absent.status == (403 if refused else 404), f"{role.value} {rule.rule}"
        assert other.text == absent.text, f"{role.value} {rule.rule}: the answers differ"


def test_nothing_was_changed_by_those_attempts(full_site: Site, situation: Situation) -> None:
    task = full_site.office.task("second", case_id=situation.other.case_id)
    assert (task.state, task.assignee_id, task.version) == ("open", None, 1)


def test_a_post_without_the_token_is_refused_on_every_route(
    full_site: Site, situation: Situation, browsers: dict[Role, Visitor]
) -> None:
    for rule in rules(full_site, "POST"):
        page = browsers[Role.INTAKE_WORKER].post(address(rule, situation.own), {"csrf_token": "another"})
        assert page.status == 400, rule.rule


def test_nobody_reads_without_signing_in(full_site: Site, situation: Situation) -> None:
    for rule in rules(full_site, "GET"):
        if declared(full_site, rule) is Policy.PUBLIC:
            continue
        page = full_site.visitor().get(address(rule, situation.own))
        assert page.status == 302, rule.rule
        assert page.location.startswith("/sign-in?next="), rule.rule


def test_own_posts_are_answered_without_a_fault(site: Site) -> None:
    browser = site.browser(site.employ(Role.INTAKE_WORKER))
    for rule in rules(site, "POST"):
        if rule.endpoint == "sign_in.leave":
            continue
        page = browser.post(address(rule, site.a_case("worker")))
        assert page.status in LET_THROUGH, f"{rule.rule}: {page.status}"


def test_the_policy_of_a_route_is_not_only_a_word(site: Site) -> None:
    """A view that declares nothing is answered to nobody, however it came into the map."""
    site.app.add_url_rule("/undeclared", "undeclared", lambda: "secret")
    page: Page = site.browser(site.employ(Role.INTAKE_WORKER)).get("/undeclared")
    assert page.status == 404
    assert "secret" not in page.text


def test_the_other_office_has_its_own_case(full_site: Site, situation: Situation) -> None:
    (row,) = full_site.office.rows("SELECT owner_org FROM support_case WHERE id = :c", c=situation.other.case_id)
    assert row.owner_org == ELSEWHERE
