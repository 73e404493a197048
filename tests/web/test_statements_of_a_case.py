"""A page of a case asks as often in its tenth year as in its first week."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from engine.domain.roles import Role
from engine.storage.sql import new_id
from engine.storage.tables import contact
from tests.support.casework import a_form, a_process, a_task, flow
from tests.web.site import HOME, Site

FEW, MANY = 10, 200
PAGES = ("", "/household", "/sharing", "/plans", "/contacts", "/tasks", "/records", "/diagram", "/documents")
ROUND = a_process(
    "round",
    '<bpmn:exclusiveGateway id="merge"/>' + a_task("turn") + flow("st", "merge") + flow("merge", "turn")
    + flow("turn", "merge"),
)  # fmt: skip


def _turns(site: Site, case_id: str, times: int) -> None:
    for _ in range(times):
        site.office.now += timedelta(days=1)
        site.office.complete("turn", "worker", case_id=case_id, note="変わりなし。")


def _contacts(site: Site, case_id: str, times: int) -> None:
    rows = [
        {
            "id": new_id(), "case_id": case_id, "source_key": f"{case_id}:{times}:{n}", "org_id": HOME, "stage": n % 5,
            "staff_id": site.office.staff["worker"], "at": site.office.now - timedelta(hours=n), "means": "訪問",
        }
        for n in range(times)
    ]  # fmt: skip
    with site.office.engine.database.write() as connection:
        connection.execute(insert(contact), rows)


@pytest.fixture
def asked(site: Site) -> list[str]:
    """What is sent to the database from now on."""
    found: list[str] = []
    event.listen(
        site.office.engine.database.engine, "before_cursor_execute", lambda c, cursor, sql, *more: found.append(sql)
    )
    return found


def test_pages_of_a_case_ask_as_often_after_two_hundred_turns_as_after_ten(site: Site, asked: list[str]) -> None:
    site.office.deploy("round", ROUND, {"note": a_form("note", optional=("note",))})
    started = site.office.start("round")
    login = site.employ(Role.AGENCY_MANAGER, HOME, "who-reads")
    numbers: list[dict[str, int]] = []
    for times in (FEW, MANY - FEW):
        _turns(site, started.case_id, times)
        _contacts(site, started.case_id, times)
        site.clock.moment = site.office.now
        browser = site.browser(login)
        counted = {}
        for page in PAGES:
            asked.clear()
            assert browser.get(f"/cases/{started.case_number}{page}").status == 200
            counted[page] = len(asked)
        numbers.append(counted)
    assert numbers[0] == numbers[1]
    assert max(numbers[1].values()) < 40
