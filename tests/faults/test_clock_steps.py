"""The clock jumps, forward and back: nothing happens twice, nothing is locked away, the trail keeps its order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine.services import scheduler_nodes, tasks, timers
from engine.services.engine import Engine
from engine.storage import timers as timer_store
from tests.faults import moments
from tests.faults.rounds import deploy_rounds
from tests.support import soundness
from tests.support.casework import Casework
from tests.web.site import Site

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
#: forward and back again, by the steps of a wrong time server, a summer time and a dead battery
STEPS = (HOUR, -HOUR, -HOUR, HOUR, YEAR, -YEAR, timedelta(seconds=-90), timedelta(seconds=90))
NEGATIVE = re.compile(r"[-−‐–][0-9０-９]+\s*(営業日|日|時間|分|秒)")


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """Cases with late tasks and due timers."""
    opened = Casework.open(any_database)
    deploy_rounds(opened)
    for _ in range(3):
        opened.start("rounds", data={})
    yield opened
    opened.engine.database.dispose()


def happened(engine: Engine, office: Casework) -> Counter[tuple[str, ...]]:
    """Everything that is to happen once, with how often it did."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in office.rows("SELECT task_id, level FROM raised"):
        found["raised", row.task_id, row.level] += 1
    for row in office.rows("SELECT occurrence FROM timer WHERE state = 'fired'"):
        found["fired", row.occurrence] += 1
    for row in office.rows("SELECT instance_id, element_id, ref FROM history WHERE kind = 'fired'"):
        found["history", row.instance_id, row.element_id, row.ref] += 1
    return found


def test_whatever_the_clock_does_each_moment_comes_once_and_the_trail_keeps_its_order(office: Casework) -> None:
    office.tick()
    worker = office.person("worker")
    for step in STEPS:
        office.now += step
        office.tick()
        for element in ("left", "right", "sum"):
            found = office.tasks(element, state="open")
            if found:
                tasks.complete(office.engine, worker, found[0].id, {"note": str(step)}, now=office.now)
        office.tick()
    before = happened(office.engine, office)
    assert set(before.values()) == {1}
    for step in STEPS:
        office.now += step
        office.tick()
    again = happened(office.engine, office)
    assert set(again.values()) == {1}
    assert soundness.problems(office.engine) == [], "by number, the trail is one unbroken chain"
    assert moments.problems(office.engine) == []
    trail = [row.at for row in office.rows("SELECT at FROM audit_event WHERE chain <> 'system' ORDER BY chain, seq")]
    assert trail != sorted(trail), "the clock went back while the trail went on"


def test_what_a_scheduler_claimed_while_its_clock_was_wrong_is_not_locked_away(office: Casework) -> None:
    with office.engine.database.write() as connection:
        claimed = timer_store.claim_due(
            connection, now=office.now + YEAR, node="wrong", limit=500, lease=timers.LEASE
        )  # fmt: skip
    assert claimed
    report = office.tick()  # the clock is right again, the other scheduler is dead
    assert report.fired == 3
    assert report.raised > 0
    assert moments.problems(office.engine) == []


def test_two_schedulers_whose_clocks_differ_a_little_leave_each_other_their_moments(office: Casework) -> None:
    ahead = office.now + timedelta(seconds=30)
    with office.engine.database.write() as connection:
        claimed = timer_store.claim_due(connection, now=ahead, node="ahead", limit=500, lease=timers.LEASE)
        assert claimed
        assert timer_store.claim_due(connection, now=office.now, node="n1", limit=500, lease=timers.LEASE) == []


def test_pages_show_no_negative_time_after_the_clock_went_back(sqlite_url: str) -> None:
    site = Site.open(sqlite_url)
    thing, other = site.a_case(), site.a_case()
    site.office.now += HOUR
    site.office.complete("second", "worker", case_id=thing.case_id)
    tasks.claim(site.office.engine, site.office.person("worker"), other.task_id, now=site.office.now)
    scheduler_nodes.start(site.office.engine, "node", now=site.office.now)
    visitor = site.browser("worker")
    for path in ("/inbox?view=mine", "/inbox?view=done-today", f"/cases/{thing.number}", f"/cases/{other.number}",
                 f"/tasks/{other.task_id}", f"/tasks/{thing.task_id}", "/notices"):  # fmt: skip
        page = visitor.get(path)
        assert page.status == 200, path
        assert not NEGATIVE.search(page.words), path
    assert visitor.post(f"/tasks/{other.task_id}/complete", {"note": "時計が戻った"}).status == 302
