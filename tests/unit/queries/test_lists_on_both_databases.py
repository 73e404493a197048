"""Every query once on SQLite and on PostgreSQL: the same SQL must mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from engine.domain.errors import NotFound
from engine.queries import (
    board,
    case_file,
    case_plans,
    cases,
    diagrams,
    inbox,
    notices,
    oversight,
    processes,
    records,
    reviews,
    staff_list,
    task_page,
    timeline,
    upcoming,
)
from engine.queries.board_filter import NOBODY, BoardFilter, Side
from engine.queries.cases import CaseFilter
from engine.queries.inbox import DueFilter, InboxFilter, View
from engine.queries.oversight import Moments
from engine.queries.paging import After
from engine.storage.tables import person, support_case
from tests.support.casework import Casework, a_process, a_task, flow

WAIT = (
    '<bpmn:intermediateCatchEvent id="later" name="来月"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>start_of(days_after(started_on, 30))</bpmn:timeDate>"
    "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
BODY = (
    a_task("first") + '<bpmn:parallelGateway id="g"/>' + a_task("px_eval") + WAIT + a_task("check")
    + '<bpmn:endEvent id="e"/><bpmn:endEvent id="f"/>' + flow("st", "first") + flow("first", "g")
    + flow("g", "px_eval") + flow("g", "later") + flow("later", "check") + flow("check", "e") + flow("px_eval", "f")
)  # fmt: skip


@pytest.fixture
def office(database_url: str, any_database: str) -> Iterator[Casework]:
    """An office with one case that waits for a person and for a day."""
    opened = Casework.open(database_url)
    opened.deploy("plan", a_process("plan", BODY))
    yield opened
    opened.engine.database.dispose()


def test_all_queries_answer_alike(office: Casework) -> None:
    engine, worker = office.engine, office.person("worker")
    started = office.start("plan", "worker", {"note": "聞き取り"})
    now = office.now
    with engine.database.write() as connection:
        named = {"name": "柳 和夫", "name_folded": "柳和夫"}
        connection.execute(update(person).values(**named))

    counts = inbox.task_counts(engine, worker, now=now)
    assert counts == {View.MINE: 0, View.CLAIMABLE: 1, View.HELD: 0, View.DONE_TODAY: 1}
    claimable = inbox.inbox(engine, worker, View.CLAIMABLE, InboxFilter(words="柳", due=DueFilter.SOON), now=now)
    assert [row.name for row in claimable.rows] == ["px_eval"]
    assert dict(claimable.processes) == {"plan": "plan"}
    assert inbox.inbox(engine, worker, View.DONE_TODAY, InboxFilter(), now=now).total == 1

    assert upcoming.count_upcoming(engine, worker, now=now) == 1
    (coming,) = upcoming.upcoming(engine, worker, InboxFilter(words="R8-0001"), now=now).rows
    assert (coming.task_name, coming.case_number) == ("check", started.case_number)

    listed = cases.list_cases(engine, worker, CaseFilter(words="柳", status="open", org="AG-04"), now=now)
    assert [(row.number, row.open_tasks, row.late_tasks) for row in listed.rows] == [("R8-0001", 1, 0)]

    head = case_file.case_head(engine, worker, "R8-0001", now=now)
    assert head.whole
    assert head.subject.name == "柳 和夫"
    assert case_file.people(engine, head) is not None
    assert [part.relation for part in case_file.parts(engine, worker, head, now=now)] == ["owner"]
    assert case_file.related_cases(engine, worker, head, now=now) == ()
    assert case_plans.consents(engine, worker, head, now=now) == ()
    assert case_plans.plans(engine, head) == ()
    assert case_plans.referrals(engine, worker, head) == ()
    acts = [entry.act for entry in timeline.timeline(engine, worker, head, None, now=now)]
    assert sorted(acts) == ["instance.started", "task.completed"]
    (record,) = records.records(engine, worker, head, now=now)
    view = records.record_view(engine, worker, head, record.id, wareki=True, now=now)
    assert view.sections[0].fields[0].text == "聞き取り"

    (instance,) = diagrams.instances(engine, worker, head, now=now)
    assert {mark.element_id: mark.kind for mark in instance.marks} == {
        "px_eval": "here", "later": "waiting", "st": "done", "first": "done", "g": "done",
    }  # fmt: skip
    page = task_page.task_page(engine, worker, claimable.rows[0].task_id, now=now)
    assert page.may_do
    assert not page.mine
    assert page.clock is not None
    assert [step.name for step in page.following] == ["終わり"]

    (process,) = processes.processes(engine)
    assert (process.running, process.user_tasks) == (1, 3)
    assert processes.process_page(engine, "plan").version.live
    assert notices.notices(engine, worker, now=now) == ()
    assert notices.unread_count(engine, worker) == 0
    assert staff_list.demo_people(engine) == ()
    assert [desk.role for desk in staff_list.desks(engine, worker)] == ["intake_worker"]

    later = now + timedelta(days=20)
    (late,) = reviews.late_reviews(engine, office.person("supervisor"), now=later)
    assert (late.case_number, late.due.days, late.watch) == ("R8-0001", 9, None)
    assert reviews.late_reviews(engine, worker, now=later) == ()

    with pytest.raises(NotFound):
        case_file.case_head(engine, office.person("stranger"), "R8-0001", now=now)


def test_pages_of_a_list_meet_without_gap_or_overlap(office: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (inbox, cases, upcoming):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    engine, worker = office.engine, office.person("worker")
    for number in range(5):
        office.now += timedelta(minutes=number % 2)  # some begin at the same moment
        office.start("plan", "worker", {"note": "x"})
    now = office.now

    def walk(page_at: object) -> list[str]:
        """Everything that the pages of a list show, one after the other."""
        seen, after = [], None
        while True:
            page = page_at(after)  # type: ignore[operator]
            seen += [getattr(row, "number", None) or row.case_number for row in page.rows]
            after = page.next
            if after is None:
                return seen

    numbers = {f"R8-000{n}" for n in range(1, 6)}
    for found in (
        walk(lambda after: inbox.inbox(engine, worker, View.CLAIMABLE, InboxFilter(after=after), now=now)),
        walk(lambda after: upcoming.upcoming(engine, worker, InboxFilter(after=after), now=now)),
        walk(lambda after: cases.list_cases(engine, worker, CaseFilter(after=after), now=now)),
    ):
        assert len(found) == 5
        assert set(found) == numbers


def test_a_duplicate_of_a_search_word_is_not_a_pattern(office: Casework) -> None:
    engine, worker = office.engine, office.person("worker")
    office.start("plan", "worker", {"note": "x"})
    for words in ("%", "_", "\\", "R8%"):
        assert cases.list_cases(engine, worker, CaseFilter(words=words), now=office.now).total == 0, words


@pytest.mark.parametrize("token", ["", "x", "ZZZ", "W10", "WyJhIl0", "bnVsbA", "e30", "a" * 500, "日本"])
def test_a_place_that_is_none_of_ours_is_the_first_page(token: str) -> None:
    assert After.read(token) is None


def test_a_place_survives_its_address() -> None:
    place = After("2026-04-01T00:00:00+00:00", "abc")
    assert After.read(place.token()) == place
    assert After("never", "abc").moment() is None
    assert After("2026-04-01T00:00:00", "abc").moment() is None


def test_a_suspended_case_stays_in_the_list(office: Casework) -> None:
    engine, worker = office.engine, office.person("worker")
    office.start("plan", "worker", {"note": "x"})
    with engine.database.write() as connection:
        connection.execute(update(support_case).values(status="suspended"))
        connection.execute(insert(person).values(id="unrelated", created_at=office.now))
    found = cases.list_cases(engine, worker, CaseFilter(status="suspended"), now=office.now)
    assert (found.total, found.unfiltered) == (1, 1)


def test_what_supervisors_read_answers_alike(office: Casework) -> None:
    engine, manager = office.engine, office.person("manager")
    office.start("plan", "worker", {"note": "聞き取り"})
    now = office.now

    found = board.board(engine, manager, BoardFilter(), Side.PERSON, now=now)
    assert (found.total, found.unowned) == (1, 1)
    assert [(line.key, line.total) for line in found.lines] == [(NOBODY, 1)]
    for side in Side:
        assert sum(line.total for line in board.board(engine, manager, BoardFilter(), side, now=now).lines) == 1
    within = board.board(engine, manager, BoardFilter(process="plan"), Side.ORG, now=now)
    assert within.matrix.columns == (("px_eval", "px_eval"),)
    assert board.tasks_on_board(engine, manager, BoardFilter(org="AG-04"), now=now).total == 1

    newest = oversight.months(engine, manager, now=now)[-1]
    assert (newest.new_cases, newest.completed, newest.met) == (1, 1, 1)
    assert oversight.moment_counts(engine, manager, now=now)[Moments.COMING] > 0
